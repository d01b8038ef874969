"""What 1,000 and 10,000 requests a second take: gateways, replicas, database, disk, money, and what ends first.

    python -m benchmarks.capacity --validate
    python -m benchmarks.capacity --rate 1000 --local-share 0.6 --prompt 300 --answer 150

The replicas are simulated (benchmarks/capacity/engine.py), with requests that come at random and lengths that are drawn
from a log-normal distribution; the rest is arithmetic over figures that other benchmarks measure, each an option.
"""

import argparse
import math
from collections.abc import Iterator
from datetime import date

from benchmarks.capacity.engine import EngineSpeed
from benchmarks.capacity.simulation import Load, most_per_s, simulate
from benchmarks.capacity.validate import validate
from models.engine.native.machine import processor_name
from models.usage.pricing import PriceBook
from models.usage.usage import Usage

POOL = 8
"""Replicas that are simulated together; more of them share no better."""

ASSUMED = "assumed"

SPEEDS = {
    "135M": EngineSpeed(1_700, 105, 2.1, 8),
    "1.5B": EngineSpeed(150, 28, 2.0, 8),
    "3.8B": EngineSpeed(57, 13, 1.9, 8),
    f"3.8B, GPU ({ASSUMED})": EngineSpeed(8_000, 90, 8, 32),
}
"""On 2 cores: of the bundled model and of Phi-3-mini's size as `benchmarks.engine` measures them; 1.5B between them, by
the bytes of the weights. No GPU was at hand: that row is an assumption, to be replaced with --speed."""

LEAST_PER_S = 1e-3
"""Less is never."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, nargs="+", default=[1000.0, 10_000.0], help="requests a second")
    parser.add_argument("--local-share", type=float, default=0.6, help="share that the threshold keeps local (0.6)")
    parser.add_argument("--prompt", type=float, nargs="+", default=[100.0, 500.0, 2000.0], help="mean prompt tokens")
    parser.add_argument("--answer", type=float, default=150.0, help="mean answer tokens (150)")
    parser.add_argument("--kept", type=float, default=0.3, help="share of a prompt in the prefix cache (0.3)")
    parser.add_argument("--limit-s", type=float, default=10.0, help="first token of 95 %% within so many seconds (10)")
    parser.add_argument("--burst", type=float, default=1.3, help="the busiest minutes over the mean (1.3)")
    parser.add_argument(
        "--speed", action="append", default=[], metavar="NAME:READS:WRITES:GAIN:ANSWERS",
        help="a replica: tokens/s it reads, writes alone, gain with so many answers at once; may be repeated",
    )  # fmt: skip
    parser.add_argument("--cpu-ms", type=float, default=0.9, help="a gateway's CPU a request (README: a stream, 0.89)")
    parser.add_argument(
        "--rows-per-s", type=float, default=4200, help="that PostgreSQL takes (benchmarks.ledger_writes)"
    )
    parser.add_argument("--row-bytes", type=float, default=1200, help="bytes of a request in it (the same)")
    parser.add_argument("--model", default="gpt-4.1", help="the cloud model whose price counts (gpt-4.1)")
    parser.add_argument("--usd-per-core-hour", type=float, default=0.04, help="what a core costs (0.04)")
    parser.add_argument("--cores", type=int, default=2, help="cores of a replica, as its speed was measured (2)")
    parser.add_argument("--validate", action="store_true", help="compare the model with the real engine first (1 min)")
    arguments = parser.parse_args()
    print(f"{date.today()}, {processor_name()}\n")
    if arguments.validate:
        speed, lines = validate()
        SPEEDS["135M"] = speed
        print("\n".join(lines), end="\n\n")
    speeds = SPEEDS | dict(map(parsed, arguments.speed))
    for part in (gateways_and_database, replicas, overflow, money):
        print("\n".join(part(arguments, speeds)), end="\n\n")


def parsed(text: str) -> tuple[str, EngineSpeed]:
    """What --speed names."""
    name, reads, writes, gain, answers = text.split(":")
    return name, EngineSpeed(float(reads), float(writes), float(gain), int(answers))


def gateways_and_database(arguments: argparse.Namespace, _speeds: dict[str, EngineSpeed]) -> Iterator[str]:
    yield "| requests/s | gateway cores, 60 % busy | rows/s, of what PostgreSQL takes | GB a day | GB in 30 days |"
    yield "| --- | --- | --- | --- | --- |"
    for rate in arguments.rate:
        cores = math.ceil(rate * arguments.cpu_ms / 1000 / 0.6)
        gb = rate * 86_400 * arguments.row_bytes / 1e9
        yield f"| {rate:,.0f} | {cores} | {rate:,.0f}, {rate / arguments.rows_per_s:.0%} | {gb:,.0f} | {30 * gb:,.0f} |"


def replicas(arguments: argparse.Namespace, speeds: dict[str, EngineSpeed]) -> Iterator[str]:
    rates = "".join(f" for {rate:,.0f} requests a second |" for rate in arguments.rate)
    yield f"| model | prompt tokens | local answers a second of a replica | replicas{rates}"
    yield "| --- " * (3 + len(arguments.rate)) + "|"
    for name, speed in speeds.items():
        for n_prompt in arguments.prompt:
            each = best_rate(arguments, speed, n_prompt)
            counts = "".join(f" {_count(rate * arguments.local_share, each)} |" for rate in arguments.rate)
            yield f"| {name} | {n_prompt:,.0f} | {each:.2f} |{counts}"


def overflow(arguments: argparse.Namespace, speeds: dict[str, EngineSpeed]) -> Iterator[str]:
    """What the time rule does when more come than the replicas were bought for."""
    yield "| model, prompt of 500 tokens | at 70 % of that rate: to the cloud, first token p95 | at 100 % | at 150 % |"
    yield "| --- | --- | --- | --- |"
    for name, speed in speeds.items():
        each = best_rate(arguments, speed, 500)
        if each < LEAST_PER_S:
            yield f"| {name} | never in time | | |"
            continue
        cells = []
        for factor in (0.7, 1.0, 1.5):
            load = load_of(arguments, POOL * each * factor, 500)
            found = simulate(load, speed, POOL, max_first_token_s=arguments.limit_s, n_requests=8000)
            cells.append(f"{found.overflow:.1%}, {found.percentile(0.95):.1f} s")
        yield f"| {name} | {' | '.join(cells)} |"


def money(arguments: argparse.Namespace, speeds: dict[str, EngineSpeed]) -> Iterator[str]:
    """A million requests: what the cloud takes for those that it answers, and the replicas for theirs."""
    n_prompt = 500
    usage = Usage(prompt_tokens=n_prompt, completion_tokens=round(arguments.answer))
    usd = PriceBook().cost_usd(arguments.model, usage)
    if usd is None:
        yield f"there is no price for {arguments.model}"
        return
    yield f"{arguments.model}: ${usd:.6f} a request of {n_prompt} and {arguments.answer:.0f} tokens\n"
    shares = (0.0, 0.3, 0.6, 0.9)
    yield "| a million requests, local share | " + " | ".join(f"{share:.0%}" for share in shares) + " |"
    yield "| --- " * (1 + len(shares)) + "|"
    yield "| the cloud | " + " | ".join(f"${float(usd) * 1e6 * (1 - share):,.0f}" for share in shares) + " |"
    for name, speed in speeds.items():
        each = best_rate(arguments, speed, n_prompt)
        if each >= LEAST_PER_S and ASSUMED not in name:
            usd_each = arguments.cores * arguments.usd_per_core_hour / 3600 / each
            row = " | ".join(f"${usd_each * 1e6 * share:,.0f}" for share in shares)
            yield f"| replicas, {name}, always busy | {row} |"


def load_of(arguments: argparse.Namespace, rate: float, n_prompt: float) -> Load:
    return Load(rate, n_prompt, arguments.answer, kept=arguments.kept, burst=arguments.burst)


def best_rate(arguments: argparse.Namespace, speed: EngineSpeed, n_prompt: float) -> float:
    """Requests a second that one of several replicas answers in time."""
    return most_per_s(lambda rate: load_of(arguments, rate, n_prompt), speed, POOL, limit_s=arguments.limit_s) / POOL


def _count(rate: float, each: float) -> str:
    return f"{math.ceil(rate / each):,}" if each >= LEAST_PER_S else "never in time"


if __name__ == "__main__":
    main()
