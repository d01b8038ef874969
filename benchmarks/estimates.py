"""How far the gateway's estimates of the local model's time are off, before and after: 50 mixed requests.

    python -m benchmarks.estimates [--model FILE]

A real `slimgate serve` answers them with the bundled model, or the one that is named; no cloud is asked. It estimates
the time to the first token and to the end of the answer when it decides a request. Both are read from /v1/decisions,
together with what came true. Short and long prompts come one after the other, then prompts whose beginning the prefix
cache holds, then several at once, then some that are not streamed, of which only the whole answer can be compared.

The relative error is |estimated − true| / true. Target: a median of at most 25 %. Figures belong to a machine.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from benchmarks.engine import THINGS
from models.catalogue.bundled import bundled_model_path
from models.engine.native.machine import processor_name, usable_cores
from tests.process import Command, running_command

TARGET_RATIO = 0.25
READY_S = 600
ANSWER_S = 600
WARM_UP = 2
"""Requests before the first that counts: a gateway that has answered nothing yet knows no speed."""

NOTES = "Note {number}: the shop by the harbour sold {number} ropes, and the lantern in window {number} was mended. "
SHORT_NOTES, LONG_NOTES, SHARED_NOTES = 1, 24, 20


@dataclass(frozen=True)
class Kind:
    """Requests of one kind.

    Attributes
    ----------
    n_notes : int
        How long the prompt is: each note has about 30 tokens.
    shared : bool
        Whether the notes are the same in each of them, so that the prefix cache holds them.
    at_once : int
        How many are sent at the same moment.
    """

    name: str
    count: int
    n_notes: int
    shared: bool = False
    at_once: int = 1
    stream: bool = True


KINDS = (
    Kind("short prompt", 12, SHORT_NOTES),
    Kind("long prompt", 10, LONG_NOTES),
    Kind("repeated prefix", 10, SHARED_NOTES, shared=True),
    Kind("4 at once, short", 8, SHORT_NOTES, at_once=4),
    Kind("4 at once, long", 4, LONG_NOTES, at_once=4),
    Kind("not streamed", 6, SHORT_NOTES, stream=False),
)


@dataclass(frozen=True)
class Compared:
    """One request's estimate and what came true, in milliseconds, and the relative errors; None where unknown."""

    kind: str
    outcome: str
    first_token: tuple[float | None, float | None, float | None]
    answer: tuple[float | None, float | None, float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="GGUF file (default: the bundled model)")
    parser.add_argument("--max-tokens", type=int, default=32, help="longest answer, in tokens (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.max_tokens < 1:
        parser.error(f"--max-tokens: must be at least 1, got {arguments.max_tokens}")
    model = arguments.model or bundled_model_path()
    if not model.is_file():
        parser.error(f"--model: there is no file {model}")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_command(state_dir=Path(folder), **environment(model)) as command,
    ):
        wait_ready(command)
        compared = measure(command, arguments.max_tokens)
    print("\n".join(report(compared, model, arguments.max_tokens)))


def environment(model: Path) -> dict[str, str]:
    """The settings of the gateway: room for the longest prompt, and patience with a slow machine."""
    local = {
        "MODEL_PATH": model.resolve(),
        "N_CTX": 2048,
        "FIRST_BYTE_TIMEOUT_S": ANSWER_S,
        "TOTAL_TIMEOUT_S": ANSWER_S,
    }
    return {f"SLIMGATE_LOCAL__{name}": str(value) for name, value in local.items()}


def wait_ready(command: Command) -> None:
    """Wait until the model answers, and say what it waits for."""
    deadline, told = time.monotonic() + READY_S, None
    while (health := command.get("/health/ready").json())["local"] != "up":
        if health["local_trouble"] != told:
            told = health["local_trouble"]
            print(f"the model is not ready yet: {told}", file=sys.stderr, flush=True)
        if command.process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the model did not come up within {READY_S} s:\n{command.output}")
        time.sleep(0.5)


def measure(command: Command, max_tokens: int) -> list[Compared]:
    """Send all requests, kind by kind, and read each one's row."""
    found: list[Compared] = []
    total = sum(kind.count for kind in KINDS)
    for number in range(WARM_UP):
        ask(command, Kind("warm-up", WARM_UP, SHORT_NOTES), -1 - number, max_tokens)
    for kind in KINDS:
        for start in range(0, kind.count, kind.at_once):
            with ThreadPoolExecutor(kind.at_once) as pool:
                numbers = range(start, min(start + kind.at_once, kind.count))
                ids = list(pool.map(lambda number, kind=kind: ask(command, kind, number, max_tokens), numbers))
            found += [compare(kind, command.get(f"/v1/decisions/{id}").raise_for_status().json()) for id in ids]
            print(f"{len(found)} of {total} requests: {kind.name}", file=sys.stderr, flush=True)
    return found


def ask(command: Command, kind: Kind, number: int, max_tokens: int) -> str:
    """One request; its id in the ledger."""
    first = 0 if kind.shared else 1000 * (KINDS.index(kind) if kind in KINDS else 99) + 50 * number
    notes = "".join(NOTES.format(number=first + i) for i in range(kind.n_notes))
    question = f"Tell a story, number {number}, about {THINGS[number % len(THINGS)]}."
    body = {
        "model": "local",
        "messages": [{"role": "system", "content": notes}, {"role": "user", "content": question}],
        "max_tokens": max_tokens,
        "stream": kind.stream,
    }
    answer = httpx.post(f"{command.url}/v1/chat/completions", json=body, timeout=ANSWER_S + 60)
    if answer.status_code != 200:
        print(f"{kind.name}: not answered: {answer.status_code} {answer.text[:300]}", file=sys.stderr)
    return answer.headers["x-request-id"]


def compare(kind: Kind, row: dict[str, Any]) -> Compared:
    """The figures of a row of /v1/decisions."""
    return Compared(
        kind.name,
        row["outcome"],
        (row["estimated_first_token_ms"], row["true_first_token_ms"], row["first_token_error_ratio"]),
        (row["estimated_answer_ms"], row["true_answer_ms"], row["answer_error_ratio"]),
    )


def report(compared: Sequence[Compared], model: Path, max_tokens: int) -> Iterator[str]:
    """Markdown: medians by kind, and over all."""
    machine = f"{processor_name() or platform.machine()}, {usable_cores()} cores"
    yield f"{date.today()}, {machine}, {model.name}, {len(compared)} requests, answers of at most {max_tokens} tokens\n"
    yield "| requests | n | failed | first token: estimated | true | error | whole answer: estimated | true | error |"
    yield "|" + " --- |" * 9
    for name in dict.fromkeys(each.kind for each in compared):
        of_kind = [each for each in compared if each.kind == name]
        cells = [*figures([each.first_token for each in of_kind]), *figures([each.answer for each in of_kind])]
        failed = sum(each.outcome != "ok" for each in of_kind)
        yield f"| {name} | {len(of_kind)} | {failed} | {' | '.join(cells)} |"
    yield "\nAll figures are medians of their kind."
    yield verdict("first token", [each.first_token[2] for each in compared])
    yield verdict("whole answer", [each.answer[2] for each in compared])


def figures(values: Sequence[tuple[float | None, float | None, float | None]]) -> list[str]:
    estimated_ms, true_ms, error_ratio = (median(column) for column in zip(*values, strict=True))
    return [seconds(estimated_ms), seconds(true_ms), "–" if error_ratio is None else f"{error_ratio:.0%}"]


def verdict(what: str, error_ratios: Sequence[float | None]) -> str:
    """One line: the median of all, and whether it is within the target."""
    middle = median(error_ratios)
    if middle is None:
        return f"{what}: no request had an estimate: this slimgate does not estimate the time of this local model"
    n = sum(ratio is not None for ratio in error_ratios)
    within = "within" if middle <= TARGET_RATIO else "beyond"
    return f"{what}: median error {middle:.0%} of {n} requests, {within} the target of {TARGET_RATIO:.0%}"


def median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def seconds(ms: float | None) -> str:
    return "–" if ms is None else f"{ms / 1000:.2f} s"


if __name__ == "__main__":
    main()
