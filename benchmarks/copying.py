"""Tokens a second with and without computing ahead what an answer copies (`local.prompt_lookup`), interleaved.

    python -m benchmarks.copying
    python -m benchmarks.copying --model phi-3-mini.gguf --callers 1,4

Four tasks: extraction, spelling, JSON and free writing. Each is written in two ways:

- `free`: the model writes what it likes, greedily. A model of 135 million parameters copies badly, so this says what it
  gains, not what a larger one would; the share of accepted tokens tells.
- `forced`: the sampler takes the expected answer's tokens, whatever the model thinks of them. That is what a model
  gains that does the task well; the time is real, the answer is not the model's. Any model can be measured so, one with
  random weights too.

One engine writes all of it in this process, with the same cells and threads; only the guesses are left out in every
other answer. Guesses never change an answer but for rounding. The first token and the prompt do not count. The first
round is shown and not counted: in it the engine finds out what steps cost.

On a machine that does other things too, `--processor-time` with one thread counts the time that the process computed.
The engine itself still goes by the clock, so that it learns the costs less exactly than on a quiet machine.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from models.catalogue.bundled import bundled_model_path
from models.engine.loading.loading import load, self_test
from models.engine.native.llama import Context, Model
from models.engine.native.machine import processor_name, usable_cores
from models.engine.native.samplers import Sampler
from models.engine.options import EngineOptions
from models.engine.request.sampling import SamplingParams, build_sampler
from models.engine.scheduling.generation import Event, Failed, Finished, Generation, TextDelta
from models.engine.scheduling.metrics import EngineMetrics
from models.engine.scheduling.parked import Parking
from models.engine.scheduling.prompt_lookup import CopyLookup
from models.engine.scheduling.scheduler import Scheduler, SchedulerOutput
from models.engine.scheduling.speeds import Speeds
from models.engine.scheduling.token_selection import SelectedToken, TokenSelector

LETTER = (
    "Dear Ms Lindqvist, thank you for your order number 48213 of 3 March. We are sorry to say that the brass lantern "
    "(article 7714, 89 euros) is out of stock until the end of April. The rope of 25 metres (article 1032, 34 euros) "
    "and the two cork fenders (article 5520, 18 euros each) left our warehouse in Bremerhaven yesterday with the "
    "carrier Nordfracht, parcel number NF-99-2041. Please tell us whether you would like to wait for the lantern, or "
    "to have your money back. You can reach us on weekdays from 8 to 17 under 0471 555 0199. With kind regards, "
    "Jonas Petersen."
)
MISSPELT = (
    "The harber was quiet when the first boats came back. Old Henrik counted them from the wall, as he had done evry "
    "morning for fourty years, and wrote the number into his little book. There where eleven. One was missing, the "
    "blue one with the patched sail that belongd to his neighbour. He looked at the sky, which was clear, and at the "
    "watter, which was not, and decided to wait another hour before he rang the bell of the rescue station."
)
CORRECTED = (
    MISSPELT.replace("harber", "harbour")
    .replace("evry", "every")
    .replace("fourty", "forty")
    .replace("There where", "There were")
    .replace("belongd", "belonged")
    .replace("watter", "water")
)
ROWS = (
    "Ane Solberg, born 1961, skipper, Bergen; Peter Maas, born 1974, carpenter, Den Helder; Lucie Morvan, born 1988, "
    "biologist, Brest; Tomasz Zielinski, born 1990, welder, Gdynia; Ines Carvalho, born 1969, cook, Setubal"
)
STORY = (
    "Nobody in the village remembered who had built the lighthouse, only that it was older than the church. Its "
    "keeper, a woman with grey plaits and a loud laugh, painted the door in another colour each spring. This year she "
    "chose yellow. On the first warm evening children came up the hill with lanterns of paper, and she told them "
    "about the winter when the sea froze so hard that foxes walked over it to the islands and came back with fish."
)


def _as_json(rows: str) -> str:
    people = [row.strip().split(", ") for row in rows.split(";")]
    lines = [
        f'  {{"name": "{name}", "born": {born.removeprefix("born ")}, "trade": "{trade}", "town": "{town}"}}'
        for name, born, trade, town in people
    ]
    return "[\n" + ",\n".join(lines) + "\n]"


TASKS = {
    "extraction": (
        f"Which goods were sent, by whom, and with what parcel number? Quote the letter.\n\n{LETTER}",
        LETTER[LETTER.index("The rope") : LETTER.index(" Please")],
    ),
    "spelling": (f"Correct the spelling and change nothing else.\n\n{MISSPELT}", CORRECTED),
    "JSON": (f"Turn this list into a JSON array of objects with name, born, trade and town.\n\n{ROWS}", _as_json(ROWS)),
    "free writing": ("Write the beginning of a story about a lighthouse.", STORY),
}
"""What is asked, and the answer that is expected."""

CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
ANSWER_S = 900.0
N_CTX = 1024


class Told(TokenSelector):
    """Takes given tokens, whatever the model thinks of them; it samples all the same, so that the time is real."""

    def __init__(self, chain: Sampler, told: Sequence[int]) -> None:
        super().__init__(chain)
        self._told = iter(told)

    def select(self, context: Context, index: int) -> SelectedToken:
        super().select(context, index)
        return SelectedToken(next(self._told))


@dataclass
class Answer:
    """One answer on its way, and when its tokens came."""

    generation: Generation
    clock: Callable[[], float]
    began: float = 0.0
    took_s: float = 0.0
    failure: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def take(self, event: Event) -> None:
        now = self.clock()
        if isinstance(event, TextDelta):
            self.began = self.began or now
        elif isinstance(event, Finished | Failed):
            self.took_s = now - (self.began or now)
            self.failure = str(event.error) if isinstance(event, Failed) else ""
            self.ended.set()


@dataclass
class Figures:
    """What was measured of one task, way and number of callers."""

    speeds: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    written: int = 0
    proposed: int = 0
    accepted: int = 0


class Writer:
    """One model and its scheduler."""

    def __init__(self, path: Path, n_threads: int, n_answers: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        options = EngineOptions(path, n_ctx=N_CTX, n_threads=n_threads, max_sequences=n_answers)
        self.loaded = load(options, use_extra_bufts=False)
        self_test(self.loaded)
        self.model: Model = self.loaded.model
        self.scheduler = Scheduler(
            self.model,
            self.loaded.context,
            max_sequences=n_answers,
            max_queue=n_answers,
            max_gap_s=1.0,
            reading_tokens_per_s=self.loaded.reading_tokens_per_s,
            speeds=Speeds(self.loaded.reading_tokens_per_s, self.loaded.writing_tokens_per_s),
            parking=Parking(),
            metrics=EngineMetrics(),
            deliver=_deliver,
            on_fatal=sys.exit,
        )
        self.scheduler.start()

    def write(self, task: str, *, forced: bool, ahead: bool, n_answers: int) -> list[Answer]:
        """`n_answers` at the same time."""
        question, expected = TASKS[task]
        prompt = self.model.tokenize(CHAT.format(question), add_special=True)
        told = self.model.tokenize(expected, add_special=False)
        generations = [self._generation(prompt, told, forced=forced, ahead=ahead) for _ in range(n_answers)]
        answers = [Answer(generation, self._clock) for generation in generations]
        for answer in answers:
            answer.generation.listener = answer.take
        self.scheduler.submit([answer.generation for answer in answers])
        for answer in answers:
            if not answer.ended.wait(ANSWER_S) or answer.failure:
                sys.exit(f"{task}: {answer.failure or f'no answer within {ANSWER_S:g} s'}")
        return answers

    def _generation(self, prompt: list[int], told: list[int], *, forced: bool, ahead: bool) -> Generation:
        chain = build_sampler(SamplingParams(temperature=0), self.model.n_vocab, N_CTX)
        selector = Told(chain, told) if forced else TokenSelector(chain)
        lookup = CopyLookup(prompt, len(told), never=self.model.end_tokens) if ahead else None
        return Generation(prompt, len(told), selector, lookup=lookup)

    def close(self) -> None:
        self.scheduler.stop()
        self.loaded.close()


def _deliver(output: SchedulerOutput) -> None:
    for generation, event in output:
        generation.listener(event)


def measure(writer: Writer, arguments: argparse.Namespace) -> dict[tuple[int, str, str], Figures]:
    """Every round writes every answer with and without, one after the other."""
    found: dict[tuple[int, str, str], Figures] = {}
    for n_answers in arguments.callers:
        for round_number in range(1 + arguments.rounds):
            for task in arguments.tasks:
                for way in arguments.ways:
                    figures = found.setdefault((n_answers, task, way), Figures())
                    for ahead in (False, True) if round_number % 2 else (True, False):
                        answers = writer.write(task, forced=way == "forced", ahead=ahead, n_answers=n_answers)
                        speed = _speed(answers)
                        how = f"{task}, {way}, {'with' if ahead else 'without'}: {speed:.1f} tokens/s"
                        print(f"{n_answers} callers, round {round_number}, {how}", file=sys.stderr)
                        if round_number and speed:
                            _add(figures, answers, speed, ahead=ahead)
    return found


def _speed(answers: list[Answer]) -> float:
    """Tokens a second of all answers together; 0 where none has more than its first."""
    return _n_later(answers) / (max(answer.took_s for answer in answers) or float("inf"))


def _n_later(answers: list[Answer]) -> int:
    return sum(max(0, answer.generation.usage.completion_tokens - 1) for answer in answers)


def _add(figures: Figures, answers: list[Answer], speed: float, *, ahead: bool) -> None:
    figures.speeds[ahead].append(speed)
    if ahead:
        figures.written += _n_later(answers)
        figures.proposed += sum(answer.generation.proposals.proposed for answer in answers)
        figures.accepted += sum(answer.generation.proposals.accepted for answer in answers)


def table(found: dict[tuple[int, str, str], Figures], arguments: argparse.Namespace) -> Iterator[str]:
    """Medians, as Markdown."""
    machine = f"{processor_name()}, {arguments.threads} threads{', processor time' if arguments.processor_time else ''}"
    yield f"{date.today()}, {machine}, {arguments.model.name}, medians of {arguments.rounds} rounds\n"
    yield "`forced`: the expected answer is written whatever the model thinks, as a model would that copies well.\n"
    yield "| callers | task | answer | tokens/s without | with | ratio | guessed | of these right | of all tokens |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for (n_answers, task, way), figures in found.items():
        without, ahead = (statistics.median(figures.speeds[key] or [float("nan")]) for key in (False, True))
        right, share = figures.accepted / (figures.proposed or 1), figures.accepted / (figures.written or 1)
        yield (
            f"| {n_answers} | {task} | {way} | {without:.1f} | {ahead:.1f} | {ahead / without:.2f} "
            f"| {figures.proposed} | {right:.0%} | {share:.0%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="GGUF file. Default: the bundled one.")
    parser.add_argument("--callers", default="1", help="How many answers at a time, comma-separated.")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor-time", action="store_true", help="For busy machines, with --threads 1.")
    parser.add_argument("--tasks", default=",".join(TASKS), help="Which of the tasks, comma-separated.")
    parser.add_argument("--ways", default="free,forced", help="free, forced, or both, comma-separated.")
    arguments = parser.parse_args()
    arguments.model = arguments.model or bundled_model_path()
    arguments.callers = [int(number) for number in arguments.callers.split(",")]
    arguments.ways, arguments.tasks = arguments.ways.split(","), arguments.tasks.split(",")
    clock = time.process_time if arguments.processor_time else time.perf_counter
    writer = Writer(arguments.model, arguments.threads, max(arguments.callers), clock)
    try:
        found = measure(writer, arguments)
    finally:
        writer.close()
    print("\n".join(table(found, arguments)))


if __name__ == "__main__":
    main()
