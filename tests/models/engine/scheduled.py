"""A scheduler in this process, with a model of its own: tests choose what is proposed, and see which tokens come."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.engine.loading.loading import Loaded, load, self_test
from models.engine.native.guidance import Grammar
from models.engine.options import EngineOptions
from models.engine.request.sampling import SamplingParams, build_sampler
from models.engine.scheduling.generation import Event, Failed, Finished, Generation, TextDelta
from models.engine.scheduling.metrics import EngineMetrics
from models.engine.scheduling.parked import Parking
from models.engine.scheduling.prompt_lookup import CopyLookup
from models.engine.scheduling.scheduler import Scheduler, SchedulerOutput
from models.engine.scheduling.speeds import Speeds
from models.engine.scheduling.token_selection import SelectedToken, TokenSelector

ANSWER_S = 100.0


@dataclass
class Answer:
    """What came of one generation."""

    generation: Generation
    events: list[Event] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def take(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Finished | Failed):
            self.ended.set()

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def selected(self) -> list[SelectedToken]:
        """The tokens with their probabilities."""
        return [token for event in self.events if isinstance(event, TextDelta) for token in event.tokens]

    @property
    def tokens(self) -> list[int]:
        """The answer's tokens, without the one that ended it."""
        return self.generation.tokens[len(self.generation.prompt) :]

    @property
    def finished(self) -> Finished:
        (last,) = self.events[-1:]
        assert isinstance(last, Finished), last
        return last


class Scheduled:
    """One model and its scheduler."""

    def __init__(self, loaded: Loaded, n_sequences: int) -> None:
        self.model, self.metrics, self.context = loaded.model, EngineMetrics(), loaded.context
        self.fatal: list[str] = []
        self.scheduler = Scheduler(
            loaded.model,
            loaded.context,
            max_sequences=n_sequences,
            max_queue=500,
            max_gap_s=1.0,
            reading_tokens_per_s=loaded.reading_tokens_per_s,
            speeds=Speeds(loaded.reading_tokens_per_s, loaded.writing_tokens_per_s),
            parking=Parking(),
            metrics=self.metrics,
            deliver=_deliver,
            on_fatal=self.fatal.append,
        )
        self.scheduler.start()

    @property
    def n_free(self) -> int:
        """KV cells that no sequence holds."""
        return self.scheduler.call(lambda: self.scheduler._kv_cache.n_free).result(ANSWER_S)

    def counted(self, name: str) -> float:
        """One series of the metrics."""
        lines = self.metrics.text().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"slimgate_engine_{name}"))

    def start(
        self,
        prompt: Sequence[int],
        max_new: int,
        *,
        lookup: CopyLookup | None = None,
        grammar: Grammar | None = None,
        stops: Sequence[str] = (),
        sampling: SamplingParams | None = None,
        selects: Callable[..., TokenSelector] = TokenSelector,
        gives_way: bool = False,
        owner: str = "",
    ) -> Answer:
        """Queue one answer; greedy unless `sampling` says otherwise."""
        chain = build_sampler(sampling or SamplingParams(temperature=0), self.model.n_vocab, 2048)
        generation = Generation(prompt, max_new, selects(chain, grammar, 5), stops=stops, lookup=lookup, owner=owner)
        generation.gives_way = gives_way
        answer = Answer(generation)
        generation.listener = answer.take
        self.scheduler.submit([generation])
        return answer

    def write(self, prompt: Sequence[int], max_new: int, **how: Any) -> Answer:
        """One whole answer."""
        answer = self.start(prompt, max_new, **how)
        assert answer.ended.wait(ANSWER_S)
        return answer


def _deliver(output: SchedulerOutput) -> None:
    for generation, event in output:
        generation.listener(event)


@contextmanager
def scheduled(model_path: Path, *, max_sequences: int = 8, **options: Any) -> Iterator[Scheduled]:
    """A model, loaded and tested, until the block ends."""
    loaded = load(EngineOptions(model_path, max_sequences=max_sequences, **options), use_extra_bufts=False)
    self_test(loaded)
    running = Scheduled(loaded, max_sequences)
    try:
        yield running
        assert not running.fatal
    finally:
        running.scheduler.stop()
        loaded.close()
