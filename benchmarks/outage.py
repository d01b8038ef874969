"""Whether a database that is away costs anything: rows in PostgreSQL after an outage against the provider's count.

    python -m benchmarks.outage [--seconds 60]

Two gateways, one of them with two workers, over one PostgreSQL; 16 callers ask both all the while, streams and not. The
database crashes, stays away for so long, and is started again. No request may fail, no row be lost or doubled; the exit
code is 1 if one is.
"""

import argparse
import asyncio
import contextlib
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.chaos.books import Books
from benchmarks.servers import Postgres, running_postgres
from tests.live import wait_for
from tests.process import Command, running_command
from tests.provider import running_provider

CALLERS = 16
PAUSE_S = 0.1
AROUND_S = 5.0
"""Load before the outage and after it."""


@dataclass
class Asked:
    """References of requests by what became of them, and when that was."""

    statuses: Counter[str] = field(default_factory=Counter)
    refs: set[str] = field(default_factory=set)
    during: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of outage (default: %(default)s)")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(running_postgres())
        provider = stack.enter_context(running_provider())
        books = Books(seed=1)
        provider.always = "booked"
        settings = {
            "SLIMGATE_LOCAL__ENABLED": "false",
            "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
            "SLIMGATE_CLOUD__API_KEY": "sk-outage",
            "SLIMGATE_LEDGER__URL": postgres.url,
            "SLIMGATE_SECRET": "s" * 32,
        }
        gateways = [
            stack.enter_context(running_command("--workers", workers, state_dir=folder / workers, **settings))
            for workers in "12"
        ]
        wait_for(lambda: all(gateway.get("/health/ready").status_code == 200 for gateway in gateways), 60)
        asked = asyncio.run(ask_through(gateways, postgres, options.seconds))
        waited_s = wait_for_rows(postgres.url, asked)
        good = compare(postgres.url, asked, books, options.seconds, waited_s)
    sys.exit(not good)


async def ask_through(gateways: Sequence[Command], postgres: Postgres, seconds: float) -> Asked:
    """Ask before, during and after the outage."""
    asked, stopping = Asked(), asyncio.Event()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        callers = [
            asyncio.create_task(ask_on(session, gateways[number % len(gateways)].url, asked, stopping, number % 4 < 2))
            for number in range(CALLERS)
        ]
        await asyncio.sleep(AROUND_S)
        await asyncio.to_thread(postgres.stop)
        before = len(asked.refs)
        await asyncio.sleep(seconds)
        asked.during = len(asked.refs) - before
        await asyncio.to_thread(postgres.start)
        await asyncio.sleep(AROUND_S)
        stopping.set()
        await asyncio.gather(*callers)
    return asked


async def ask_on(session: aiohttp.ClientSession, url: str, asked: Asked, stopping: asyncio.Event, stream: bool) -> None:
    """One caller, one request after the other."""
    while not stopping.is_set():
        ref = f"ref-{secrets.token_hex(8)}"
        body = {"model": "cloud", "stream": stream, "user": ref, "messages": [{"role": "user", "content": ref}]}
        asked.refs.add(ref)
        try:
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                text = await response.text()
                whole = "[DONE]" in text if stream else '"usage"' in text
                asked.statuses[f"{response.status}{'' if whole else ', not whole'}"] += 1
        except (aiohttp.ClientError, TimeoutError) as exc:
            asked.statuses[type(exc).__name__] += 1
        await asyncio.sleep(PAUSE_S)


def wait_for_rows(url: str, asked: Asked) -> float:
    """Until all are there, or for a minute at most; how long that took, in seconds."""
    since = time.monotonic()
    while time.monotonic() - since < 60:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
            if connection.execute("SELECT count(*) FROM requests").fetchone() == (len(asked.refs),):
                break
        time.sleep(0.2)
    return time.monotonic() - since


def compare(url: str, asked: Asked, books: Books, seconds: float, waited_s: float) -> bool:
    """The ledger against callers and provider."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT end_user, outcome, prompt_tokens, completion_tokens, cost_nusd FROM requests"
        ).fetchall()
    count = Counter(row[0] for row in rows)
    bills = {ref: billed for ref, billed in books.bills.items() if ref}
    table = Table("", "callers", "provider", "ledger", box=None)
    table.add_row("requests", str(len(asked.refs)), str(sum(map(len, bills.values()))), str(len(rows)))
    table.add_row("not answered whole", str(len(asked.refs) - asked.statuses["200"]), "", "")
    table.add_row("lost", "", "", str(len(asked.refs - count.keys())))
    table.add_row("doubled", "", "", str(sum(n > 1 for n in count.values())))
    told = [sum(row[i] for row in rows) for i in (2, 3, 4)]
    every = [bill for billed in bills.values() for bill in billed]
    billed = [sum(getattr(bill, name) for bill in every) for name in ("prompt_tokens", "completion_tokens", "nusd")]
    for name, theirs, ours in zip(("prompt tokens", "completion tokens", "nano-dollars"), billed, told, strict=True):
        table.add_row(name, "", str(theirs), str(ours))
    print(f"PostgreSQL was away for {seconds:.0f} s, in which {asked.during} requests began.")
    print(f"The last rows were there {waited_s:.1f} s after the last answer. Callers saw {dict(asked.statuses)}.")
    Console(width=100).print(table)
    good = asked.statuses["200"] == len(asked.refs) == len(rows) == len(count) and billed == told
    print("Nothing failed, was lost or doubled." if good else "THIS IS NOT AS IT SHOULD BE.")
    return good


if __name__ == "__main__":
    main()
