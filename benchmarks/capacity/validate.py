"""Whether the model of an engine says what the real engine does: the bundled model, on this machine."""

import asyncio
import json
import statistics
import urllib.request
from collections.abc import Iterator

from benchmarks.capacity.engine import EngineSpeed
from benchmarks.capacity.simulation import at_once
from benchmarks.engine import Burst, Engine, burst, free_port, running, slimgate_command
from models.catalogue.bundled import bundled_model_path
from models.engine.native.machine import usable_cores

ANSWER_TOKENS, ROUNDS, SLOTS = 48, 3, 8
CALLERS = (1, 4, 8, 16)
UNREAD_TOKENS = 20
"""Of each of `benchmarks.engine`'s prompts, once the part that all share is kept."""


def validate() -> tuple[EngineSpeed, Iterator[str]]:
    """The speed as measured with 1 and 8 callers, and a table of what it predicts for others."""
    port = free_port()
    options = f"engine --model {bundled_model_path()} --port {port} --max-sequences {SLOTS} --ctx 2048"
    engine = Engine("slimgate", [slimgate_command(), *options.split()], port)
    with running(engine):
        asyncio.run(burst(engine, 2, 8, 0))
        bursts = {n: [_burst(engine, n, k) for k in range(ROUNDS)] for n in CALLERS}
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
            health = json.loads(answer.read())
    speed = _speed(bursts, float(health["reading_tokens_per_s"]))
    return speed, _table(speed, bursts)


def _burst(engine: Engine, n_callers: int, number: int) -> Burst:
    return asyncio.run(burst(engine, n_callers, ANSWER_TOKENS, 1000 * n_callers + 100 * number))


def _speed(bursts: dict[int, list[Burst]], reads_per_s: float) -> EngineSpeed:
    alone, together = (_tokens_per_s(bursts[n]) for n in (1, SLOTS))
    # Part of each burst was spent with reading: what is left is writing.
    alone = 1 / (1 / alone - UNREAD_TOKENS / reads_per_s / ANSWER_TOKENS)
    together = 1 / (1 / together - UNREAD_TOKENS / reads_per_s / ANSWER_TOKENS)
    return EngineSpeed(reads_per_s, alone, together / alone, SLOTS)


def _tokens_per_s(found: list[Burst]) -> float:
    return statistics.median(each.tokens_per_s for each in found)


def _table(speed: EngineSpeed, bursts: dict[int, list[Burst]]) -> Iterator[str]:
    yield f"{usable_cores()} cores: reads {speed.reads_per_s:,.0f}, writes {speed.writes_per_s:.0f} tokens/s alone, "
    yield f"{speed.gain:.2f} times as many with {SLOTS} answers\n"
    yield "| callers at once | tokens/s: real | simulated | first token, p95: real | simulated |"
    yield "| --- | --- | --- | --- | --- |"
    for n, found in bursts.items():
        first = sorted(second for each in found for second in each.first_token_s)
        real = first[min(len(first) - 1, int(0.95 * len(first)))]
        model = at_once(speed, n, UNREAD_TOKENS, ANSWER_TOKENS)
        simulated = n * ANSWER_TOKENS / model.took_s
        yield (
            f"| {n} | {_tokens_per_s(found):.0f} | {simulated:.0f} | {real:.2f} s | {model.percentile(0.95):.2f} s |"
        )
