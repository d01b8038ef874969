"""Throughput of one, two and four gateway processes over one PostgreSQL, side by side, and whether the rows add up.

    python -m benchmarks.gateways [--callers 64] [--seconds 5] [--rounds 3]

Separate gateways on ports of their own, and workers behind one port, each started for its bursts alone, in turn and
round by round. `wrk` drives each port; the provider answers at once and counts. Nothing is pinned to a core. Load
generator, provider, gateways and PostgreSQL share the cores of this machine: the figures show what more processes gain
beside all that, and not what they gain on machines of their own. At the end the ledger's rows are compared with the
provider's count; the exit code is 1 if they do not agree.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.gateway import HERE, Sample, burst, free_port, start, start_slimgate
from benchmarks.servers import Postgres, running_postgres
from benchmarks.upstream import COMPLETION_TOKENS, PROMPT_TOKENS


@dataclass(frozen=True)
class Shape:
    """So many gateways with so many workers each."""

    name: str
    gateways: int
    workers: int = 1


SHAPES = (
    Shape("1 gateway", 1),
    Shape("2 gateways", 2),
    Shape("4 gateways", 4),
    Shape("1 gateway, 2 workers", 1, 2),
    Shape("1 gateway, 4 workers", 1, 4),
)
KINDS = {False: "JSON", True: "streams"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=64, help="how many at a time in all (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=5, help="length of each burst (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="bursts for each figure (default: %(default)s)")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk drives the load and is not here: apt-get install wrk")
    cores = os.cpu_count() or 1
    print(f"{cores} cores for everything; load at the beginning: {os.getloadavg()[0]:.1f}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(running_postgres())
        provider = free_port()
        start(stack, [sys.executable, str(HERE / "upstream.py"), str(provider)], all_cores(), provider, {})
        samples: dict[tuple[str, bool], list[Sample]] = {}
        for number in range(options.rounds):
            for shape in SHAPES:
                for stream, sample in measure(shape, provider, postgres, folder, options.callers, options.seconds):
                    samples.setdefault((shape.name, stream), []).append(sample)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        report(samples)
        agree = compare(postgres.url, int(httpx.get(f"http://127.0.0.1:{provider}/count").text))
    print(f"What this shows: how far {cores} cores carry that are shared with load, provider and database.")
    sys.exit(not agree)


def measure(
    shape: Shape, provider: int, postgres: Postgres, folder: Path, callers: int, seconds: int
) -> list[tuple[bool, Sample]]:
    """One burst of each kind; the gateways end afterwards, and with that book all their rows."""
    with ExitStack() as stack:
        more = {
            "SLIMGATE_LEDGER__URL": postgres.url,
            "SLIMGATE_SECRET": "s" * 32,
            "SLIMGATE_RESPONSES__KEEP_DAYS": "0",
            "SLIMGATE_WORKERS": str(shape.workers),
        }
        url = f"http://127.0.0.1:{provider}/v1"
        targets = [
            start_slimgate(stack, url, folder, f"{shape.workers}-{number}", cpu=all_cores(), **more)
            for number in range(shape.gateways)
        ]
        measured = []
        for stream in KINDS:
            with ThreadPoolExecutor(len(targets)) as pool:
                bursts = [pool.submit(burst, each, callers // len(targets), seconds, stream) for each in targets]
                measured.append((stream, together([one.result() for one in bursts])))
        return measured


def together(samples: Sequence[Sample]) -> Sample:
    """Bursts at the same time as one; of times the longest."""
    return Sample(
        rps=sum(one.rps for one in samples),
        p50_ms=max(one.p50_ms for one in samples),
        p99_ms=max(one.p99_ms for one in samples),
        cpu_us=0,
        errors=sum(one.errors for one in samples),
    )


def report(samples: dict[tuple[str, bool], list[Sample]]) -> None:
    """Medians, and the ratio to one gateway."""
    table = Table("", *(f"{kind}: {what}" for kind in KINDS.values() for what in ("a second", "ratio", "p50/p99 ms")))
    table.add_column("errors")
    for shape in SHAPES:
        cells = []
        for stream in KINDS:
            median = statistics.median(one.rps for one in samples[shape.name, stream])
            base = statistics.median(one.rps for one in samples[SHAPES[0].name, stream])
            times = [statistics.median(getattr(one, name) for one in samples[shape.name, stream]) for name in TIMES]
            cells += [f"{median:,.0f}", f"{median / base:.2f}", f"{times[0]:.0f}/{times[1]:.0f}"]
        errors = sum(one.errors for stream in KINDS for one in samples[shape.name, stream])
        table.add_row(shape.name, *cells, str(errors))
    Console(width=130).print(table)


TIMES = ("p50_ms", "p99_ms")


def compare(url: str, answered: int) -> bool:
    """Whether each answer of the provider has one row: an `ok` one, or that of a caller who left when a burst ended."""
    query = "SELECT outcome, count(*), sum(prompt_tokens), sum(completion_tokens) FROM requests GROUP BY outcome"
    with psycopg.connect(url) as connection:
        rows = {outcome: counts for outcome, *counts in connection.execute(query)}
    ok, prompt, completion = (int(value) for value in rows.get("ok", (0, 0, 0)))
    left = int(rows.get("cancelled", (0,))[0])
    others = sum(int(counts[0]) for outcome, counts in rows.items() if outcome not in ("ok", "cancelled"))
    print(
        f"The provider answered {answered:,}; the ledger has {ok:,} ok, {left:,} cancelled (a burst ends by hanging up)"
    )
    print(f"and {others} others; the tokens of those that are ok: {prompt:,} + {completion:,}")
    tokens_agree = (prompt, completion) == (ok * PROMPT_TOKENS, ok * COMPLETION_TOKENS)
    agree = ok <= answered <= ok + left and others == 0 and tokens_agree
    print("They agree." if agree else "THEY DO NOT AGREE.")
    return agree


def all_cores() -> str:
    """For `taskset`."""
    return f"0-{(os.cpu_count() or 1) - 1}"


if __name__ == "__main__":
    main()
