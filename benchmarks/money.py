"""Whether the money adds up when things go wrong: the ledger against the provider's own count, and against the budget.

    python -m benchmarks.money [--postgres URL] [NAME ...]

Each drill runs `slimgate serve` as a process of its own in front of a provider that counts what it answers, breaks
something, mends it, and compares. Answers cost $0.000086. `disk full` mounts a small file system and so needs root;
`midnight` needs the command faketime. A PostgreSQL database that is named is emptied before each drill.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

from tests.gateway import seed
from tests.process import Command, running_command
from tests.provider import FAULTS, WORDS, Call, Provider, running_provider

ANSWER_USD = 0.000086
BUDGET_USD = 12 * ANSWER_USD
LOCKED_S = 30
ASK = {"model": "cloud", "messages": [{"role": "user", "content": "Say hello now."}], "max_tokens": 8}

USAGES: list[Any] = [
    {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 900}},
    {"prompt_tokens": 11, "completion_tokens": 2**64 - 1, "total_tokens": 10},
    {"prompt_tokens": True, "completion_tokens": 3},
    {"prompt_tokens": -1, "completion_tokens": "many"},
    {"prompt_tokens": 1e400, "completion_tokens": None},
    {"prompt_tokens": [], "completion_tokens": {}},
    [],
    "none",
]
"""What no honest provider says."""

NAMES = ["auto\0", "x" * 100_000, "\u202eauto", "'; DROP TABLE requests; --", "\n"]
"""What a caller may call a model."""


@dataclass
class Drill:
    """One run: the gateway as it is started, and what its callers saw.

    Attributes
    ----------
    remarks : list of str
        What the table should say beside the figures.
    """

    provider: Provider
    state_dir: Path
    ledger_url: str
    environment: dict[str, str]
    statuses: Counter[int] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def gateway(self, *arguments: str, **more: str) -> Iterator[Command]:
        environment = {**self.environment, **more}
        with running_command(*arguments, state_dir=self.state_dir, **environment) as command:
            wait_until(lambda: command.get("/health/live").status_code == 200)
            yield command

    def ask(self, command: Command, body: dict[str, Any] = ASK) -> int:
        """One request; 0 stands for no answer."""
        try:
            status = httpx.post(f"{command.url}/v1/chat/completions", json=body, timeout=30).status_code
        except httpx.HTTPError:
            status = 0
        self.statuses[status] += 1
        return status


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(httpx.HTTPError, AssertionError):
            if condition():
                return
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.2)


def poisoned_rows(drill: Drill) -> None:
    """Callers and providers say what cannot be."""
    for number, usage in enumerate(USAGES):
        FAULTS[f"usage {number}"] = tells(usage)
    drill.provider.faults.extend(f"usage {number}" for number in range(len(USAGES)))
    with drill.gateway() as command:
        for name in NAMES:
            drill.ask(command, {**ASK, "model": name})
        for _ in range(40):
            drill.ask(command)
    drill.remarks.append("8 answers tell impossible counts, which are estimated")


def tells(usage: Any) -> Callable[[Call], Any]:
    async def answer(call: Call) -> None:
        call.usage()
        choice = {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}
        await call.answer("200 OK", {"model": "gpt-4.1", "choices": [choice], "usage": usage})

    return answer


def database_locked(drill: Drill) -> None:
    """Nobody can write for half a minute; callers go on asking."""
    with drill.gateway() as command:
        for _ in range(3):
            drill.ask(command)
        with locked(drill.ledger_url):
            ends = time.monotonic() + LOCKED_S
            while time.monotonic() < ends:
                drill.ask(command)
                time.sleep(1)
        time.sleep(8)
        for _ in range(20):
            drill.ask(command)


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("COMMIT")
        connection.close()
        return
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as held:
        held.execute(text("LOCK TABLE requests, rollup IN ACCESS EXCLUSIVE MODE"))
        yield
    engine.dispose()


def disk_full(drill: Drill) -> None:
    """The state folder's disk takes nothing more, then it has room again."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(drill.state_dir)], check=True)
    try:
        with drill.gateway() as command:
            for _ in range(3):
                drill.ask(command)
            filler = drill.state_dir / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(b"0" * 4096):
                    pass
            for _ in range(20):
                drill.ask(command)
                time.sleep(0.5)
            filler.unlink()
            time.sleep(8)
            for _ in range(20):
                drill.ask(command)
        shutil.copytree(drill.state_dir, drill.state_dir.with_name("kept"))
    finally:
        subprocess.run(["umount", str(drill.state_dir)], check=True)
    shutil.copytree(drill.state_dir.with_name("kept"), drill.state_dir, dirs_exist_ok=True)


def midnight(drill: Drill) -> None:
    """A day ends while callers ask; each day has its own budget."""
    days: list[list[int]] = [[], []]
    with drill.gateway(**just_before_midnight()) as command:
        ends = time.monotonic() + 24
        while time.monotonic() < ends:
            status = drill.ask(command)
            has_begun = command.get("/v1/status").json()["budget"][0]["until"].startswith("2026-04-02")
            days[has_begun].append(status)
            time.sleep(0.1)
    told = [f"{day.count(200)} answered, then {day.count(429)} refused" for day in days]
    drill.remarks.append(f"before midnight {told[0]}; after it {told[1]}")
    drill.environment["DRILL_DAYS"] = "2"


def just_before_midnight() -> dict[str, str]:
    """The environment of a process for which it is twelve seconds to midnight; its other clocks are not touched."""
    told = subprocess.run(["faketime", "-f", "@2026-03-31 23:59:48", "env"], capture_output=True, text=True, check=True)
    library = next(line for line in told.stdout.splitlines() if line.startswith("LD_PRELOAD="))
    return {
        "LD_PRELOAD": library.partition("=")[2],
        "FAKETIME": "@2026-03-31 23:59:48",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


def slow_exports(drill: Drill) -> None:
    """Sixteen readers ask for everything and take nothing."""
    engine = create_engine(drill.ledger_url.replace("postgresql:", "postgresql+psycopg:"))
    seed.write_to(engine, seed.traffic(20_000, int(time.time() * 1000) - 40 * seed.DAY_MS))
    engine.dispose()
    with drill.gateway() as command, contextlib.ExitStack() as stack:
        address = urlsplit(command.url)
        for _ in range(16):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((address.hostname, address.port))
            sock.sendall(b"GET /v1/decisions/export HTTP/1.1\r\nhost: localhost\r\n\r\n")
        time.sleep(20)
        for _ in range(40):
            drill.ask(command)


def gateway_killed(drill: Drill) -> None:
    """The end (kill -9) of the whole gateway, three times, with requests in hand."""
    drill.provider.pause_s = 0.2
    for _ in range(3):
        with drill.gateway() as command, ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(drill.ask, command, {**ASK, "stream": True}) for _ in range(2)]
            time.sleep(1)
            command.process.kill()
            command.process.wait()
            for one in asking:
                one.result()
    drill.provider.pause_s = 0
    with drill.gateway() as command:
        for _ in range(20):
            drill.ask(command)


def worker_killed(drill: Drill) -> None:
    """The end (kill -9) of one of two workers, three times."""
    with drill.gateway("--workers", "2") as command, ThreadPoolExecutor(4) as pool:
        wait_until(lambda: len(children(command.process.pid)) >= 2)
        drill.provider.pause_s = 0.2
        for _ in range(3):
            asking = [pool.submit(drill.ask, command, {**ASK, "stream": True}) for _ in range(2)]
            time.sleep(1)
            os.kill(children(command.process.pid)[0], signal.SIGKILL)
            for one in asking:
                one.result()
            time.sleep(3)
            wait_until(lambda: command.get("/health/live").status_code == 200)
        drill.provider.pause_s = 0
        time.sleep(6)
        for _ in range(20):
            drill.ask(command)


def engine_killed(drill: Drill) -> None:
    """The end (kill -9) of the engine, in the middle of local answers; the cloud answers next."""
    with drill.gateway(SLIMGATE_LOCAL__ENABLED="true", SLIMGATE_LOCAL__REENCODE="false") as command:
        wait_until(lambda: command.get("/health/ready").json()["local"] == "up")
        with ThreadPoolExecutor(4) as pool:
            local = {**ASK, "model": "local", "max_tokens": 200}
            asking = [pool.submit(drill.ask, command, local) for _ in range(3)]
            time.sleep(1)
            os.kill(children(command.process.pid)[0], signal.SIGKILL)
            for one in asking:
                one.result()
        for _ in range(20):
            drill.ask(command)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


DRILLS: dict[str, Callable[[Drill], None]] = {
    "poisoned rows": poisoned_rows,
    "database locked for 30 s": database_locked,
    "disk full": disk_full,
    "midnight": midnight,
    "sixteen slow exports": slow_exports,
    "gateway killed": gateway_killed,
    "worker killed": worker_killed,
    "engine killed": engine_killed,
}


def run(name: str, postgres: str | None) -> list[str]:
    """One drill, and the line of the table that it gives."""
    with tempfile.TemporaryDirectory() as folder, running_provider() as provider:
        state_dir = Path(folder, "state")
        state_dir.mkdir()
        if postgres:
            empty(postgres)
        url = postgres or f"sqlite:///{state_dir / 'ledger.db'}"
        environment = {
            "SLIMGATE_LOCAL__ENABLED": "false",
            "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
            "SLIMGATE_CLOUD__API_KEY": "sk-drill",
            "SLIMGATE_BUDGET__USD_PER_DAY": f"{BUDGET_USD:.6f}",
            "SLIMGATE_LEDGER__URL": url,
        }
        drill = Drill(provider, state_dir, url, environment)
        DRILLS[name](drill)
        with drill.gateway() as command:  # the next start takes in what is left
            time.sleep(1)
            lines = command.get("/v1/decisions/export?format=json").text.splitlines()
            status = command.get("/v1/status").json()
        return _line(name, drill, [json.loads(line) for line in lines], status)


def _line(name: str, drill: Drill, rows: list[dict[str, Any]], status: dict[str, Any]) -> list[str]:
    rows = [row for row in rows if not row["id"].startswith("req_000000")]  # the seeds
    cloud = [row for row in rows if row["route"] == "cloud"]
    spent = sum(float(row["cost_usd"] or 0) for row in cloud)
    days = int(drill.environment.get("DRILL_DAYS", 1))
    billed = drill.provider.billed
    outcomes = Counter(row["outcome"] for row in rows)
    left = status["ledger"]
    return [
        name,
        ", ".join(f"{count} × {code or 'cut off'}" for code, count in sorted(drill.statuses.items())),
        ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())),
        f"{left['set_aside_rows']} / {left['refused_rows']} / {left['pending_bytes']}",
        f"{sum(p for p, _ in billed)}+{sum(c for _, c in billed)}",
        f"{sum(row['prompt_tokens'] for row in cloud)}+{sum(row['completion_tokens'] for row in cloud)}",
        f"${spent:.6f} of ${days * BUDGET_USD:.6f}",
        "; ".join(drill.remarks),
    ]


def empty(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DRILLS)}; all by default")
    parser.add_argument("--postgres", metavar="URL", help="keep the ledger there instead of in SQLite")
    options = parser.parse_args()
    if unknown := set(options.names) - DRILLS.keys():
        parser.error(f"no such drill: {', '.join(unknown)}")
    table = Table(
        "drill", "callers saw", "rows", "set aside / refused / pending", "provider's tokens", "ledger's", "spent", ""
    )
    console = Console(width=220)
    with console.status("") as status:
        for name in options.names or DRILLS:
            status.update(name)
            table.add_row(*run(name, options.postgres))
    console.print(table)


if __name__ == "__main__":
    main()
