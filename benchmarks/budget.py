"""Whether a budget holds when everybody asks at once: 200 slow callers against $0.10, at $0.00215 an answer.

    python -m benchmarks.budget [--postgres URL]

First at one gateway; then at two that share a PostgreSQL database, which is emptied, one of which is killed while its
callers wait. What was spent is the provider's own count.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx
from sqlalchemy import create_engine, text

from tests.process import Command, running_command
from tests.provider import Provider, running_provider

CALLERS = 200
BUDGET_USD = 0.10
PRICES = {"input_usd_per_mtok": 50, "output_usd_per_mtok": 200}
ASK = {"model": "cloud", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 8, "stream": True}
FIRST = 12
"""Callers who come half a second before the others, so that each gateway has some in hand."""

PAUSE_S = 0.4
"""Between two words of an answer, of which there are eight."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"), help="an empty database's URL")
    options = parser.parse_args()
    measure("one gateway", 1, None)
    if options.postgres:
        empty(options.postgres)
        measure("two gateways, one of them killed", 2, options.postgres)


def measure(name: str, n_gateways: int, database: str | None) -> None:
    """Start the gateways, let all callers ask, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder, running_provider() as provider, contextlib.ExitStack() as stack:
        provider.pause_s = PAUSE_S
        gateways = [
            stack.enter_context(running_command(state_dir=Path(folder, str(number)), **settings(provider, database)))
            for number in range(n_gateways)
        ]
        statuses = asyncio.run(ask_all(gateways, killed=gateways[0] if n_gateways > 1 else None))
        time.sleep(2.5)  # rows are booked, and what is not needed is given back
        (limit,) = gateways[-1].get("/v1/status").json()["budget"]
    print(f"{name}: {CALLERS} callers at once, budget ${BUDGET_USD:.2f}")
    print(f"  answers      {', '.join(f'{count} x {status}' for status, count in sorted(statuses.items()))}")
    print(f"  spent        ${spent_usd(provider):.4f} by the provider's count, ${limit['spent_usd']} by the ledger's")
    print(f"  still held   ${limit['reserved_usd']}", flush=True)


def settings(provider: Provider, database: str | None) -> dict[str, str]:
    """The gateway's environment."""
    given = {
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
        "SLIMGATE_CLOUD__API_KEY": "sk-benchmark",
        "SLIMGATE_BUDGET__USD_PER_DAY": str(BUDGET_USD),
        "SLIMGATE_PRICES": json.dumps({"gpt-4.1": PRICES}),
    }
    if database is not None:
        given |= {"SLIMGATE_LEDGER__URL": database, "SLIMGATE_RESPONSES__KEEP_DAYS": "0", "SLIMGATE_SECRET": "s" * 32}
    return given


async def ask_all(gateways: Sequence[Command], killed: Command | None) -> Counter[str]:
    """The statuses of all answers; one gateway is killed while its answers are on their way."""
    urls = [f"{gateway.url}/v1/chat/completions" for gateway in gateways]
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client:
        asked = [asyncio.create_task(ask(client, urls[number % len(urls)])) for number in range(FIRST)]
        await asyncio.sleep(0.5)
        asked += [asyncio.create_task(ask(client, urls[number % len(urls)])) for number in range(CALLERS - FIRST)]
        if killed is not None:
            await asyncio.sleep(0.7)
            killed.signal(signal.SIGKILL)
        return Counter(await asyncio.gather(*asked))


async def ask(client: httpx.AsyncClient, url: str) -> str:
    """The status of one answer, which is read to its end."""
    try:
        return str((await client.post(url, json=ASK)).status_code)
    except httpx.TransportError:
        return "cut off"


def spent_usd(provider: Provider) -> float:
    """What the provider charges."""
    prompt, completion = sum(prompt for prompt, _ in provider.billed), sum(answer for _, answer in provider.billed)
    return (prompt * PRICES["input_usd_per_mtok"] + completion * PRICES["output_usd_per_mtok"]) / 1_000_000


def empty(url: str) -> None:
    """Remove everything from the database."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


if __name__ == "__main__":
    main()
