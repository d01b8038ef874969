"""Chaos and soak: 50 callers at three gateways over one PostgreSQL and one Redis, of which anything may break.

    python -m benchmarks.chaos [--minutes 10] [--seed 1]

Three gateways, one of them with two workers, each with the real engine and a tiny model, kept as systemd would keep
them; a provider that keeps its own books; callers in four shapes with keys, limits, budgets and private texts. In
random order, the same for the same seed: kill -9 of a gateway, a worker or an engine; PostgreSQL crashes or freezes;
Redis dies or freezes; the disk of one gateway is full and its clock jumps; the provider flaps. Everything is mended,
rows settle, and a table says what held; the exit code is 1 if anything did not. Needs PostgreSQL and redis-server; as
root also a full disk, and with libfaketime (Debian: faketime) the clock. Takes a minute longer than it is told.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.chaos import invariants
from benchmarks.chaos.books import Books
from benchmarks.chaos.callers import Callers, Seen, names
from benchmarks.chaos.fleet import ADMIN, Unit, descriptors, role, rss_mib, running
from benchmarks.chaos.invariants import Finding, Row
from benchmarks.chaos.mischief import Mischief, moving_clock, small_disk
from benchmarks.gateway import free_port
from benchmarks.servers import Postgres, Redis, running_postgres, running_redis
from tests.models.engine.tiny import tiny_model
from tests.provider import running_provider

WARM_UP_S, COOL_DOWN_S = 20.0, 15.0
"""Load without faults before and after: memory is compared between their ends."""

REST_S = 5.0
"""From the last answer to the measurement."""

SETTLE_S = 180.0
"""Longest wait for the last rows: what a killed process held of a budget expires after two minutes."""

WORD_PAUSE_S = 0.05
MAX_MORE_MIB, MAX_MORE_DESCRIPTORS = 48, 16

BUDGETS = {"poor": 0.005, "modest": 0.03}
"""US dollars a month by key; an answer costs $0.000086."""

TERMS: dict[str, dict[str, Any]] = {
    "rich": {},
    "poor": {"usd_per_month": str(BUDGETS["poor"])},
    "modest": {"usd_per_month": str(BUDGETS["modest"]), "max_concurrent": 30},
    "hurried": {"requests_per_minute": 300, "tokens_per_minute": 100_000},
    "private": {"local_only": True},
}


@dataclass
class World:
    """All parts of a run."""

    folder: Path
    postgres: Postgres
    redis: Redis
    books: Books
    units: list[Unit]
    small_disk: Path | None
    clock: Path | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="of chaos (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: %(default)s)")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="copy what the gateways logged there")
    options = parser.parse_args()
    with running_world(options.seed) as world:
        try:
            findings = run(world, options.seed, options.minutes * 60)
        finally:
            if options.logs:
                options.logs.mkdir(parents=True, exist_ok=True)
                for unit in world.units:
                    (options.logs / unit.log.name).write_bytes(unit.log.read_bytes())
    show(findings)
    sys.exit(not all(finding.passed for finding in findings))


@contextlib.contextmanager
def running_world(seed: int) -> Iterator[World]:
    """Servers, provider and gateways, all of them ready."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slimgate-chaos-")))
        postgres = stack.enter_context(running_postgres())
        redis = stack.enter_context(running_redis())
        books = Books(seed)
        provider = stack.enter_context(running_provider())
        provider.always, provider.pause_s = "booked", WORD_PAUSE_S
        disk = stack.enter_context(small_disk(folder / "c"))
        clock_file = folder / "clock"
        clock = moving_clock(clock_file)
        shared = environment(provider.base_url, postgres.url, redis.url)
        arguments: dict[str, tuple[str, ...]] = {"a": (), "b": ("--workers", "2"), "c": ()}
        units = [
            Unit(
                name,
                free_port(),
                given,
                {**shared, "SLIMGATE_STATE_DIR": str(folder / name), **(clock if name == "c" else {})},
                folder / f"{name}.log",
            )
            for name, given in arguments.items()
        ]
        stack.enter_context(running(units))
        wait_until(lambda: all(unit.is_ready() for unit in units), 120, "the gateways are ready")
        yield World(folder, postgres, redis, books, units, disk, clock_file if clock else None)


def environment(provider: str, ledger: str, limits: str) -> dict[str, str]:
    """What all gateways are told."""
    return {
        "SLIMGATE_API_KEY": ADMIN,
        "SLIMGATE_SECRET": "chaos" * 8,
        "SLIMGATE_CLOUD__BASE_URL": provider,
        "SLIMGATE_CLOUD__API_KEY": "sk-chaos",
        "SLIMGATE_CLOUD__FIRST_BYTE_TIMEOUT_S": "3",
        "SLIMGATE_CLOUD__CHUNK_TIMEOUT_S": "2",
        "SLIMGATE_CLOUD__TOTAL_TIMEOUT_S": "5",
        "SLIMGATE_CLOUD__BREAKER_REST_S": "1",
        "SLIMGATE_LOCAL__MODEL_PATH": str(tiny_model()),
        "SLIMGATE_LOCAL__N_THREADS": "1",
        "SLIMGATE_LOCAL__REENCODE": "false",
        "SLIMGATE_LOCAL__READY_TIMEOUT_S": "20",
        "SLIMGATE_EXAM__ENABLED": "false",
        "SLIMGATE_PRIVACY__DETECT": json.dumps(["email"]),
        "SLIMGATE_LEDGER__URL": ledger,
        "SLIMGATE_LIMITS__REDIS_URL": limits,
        "SLIMGATE_RESPONSES__KEEP_DAYS": "0",
        "SLIMGATE_GRACE_S": "10",
        "SLIMGATE_LOG__FORMAT": "text",
        "COLUMNS": "200",
    }


def run(world: World, seed: int, seconds: float) -> list[Finding]:
    """Load, chaos, mending; what held."""
    keys = {name: make_key(world.units[0], name, terms) for name, terms in TERMS.items()}
    time.sleep(2)  # all gateways know them
    callers = Callers(seed, {unit.name: unit.url for unit in world.units}, keys, "private")
    mischief = Mischief(seed, world.units, world.postgres, world.redis, world.books, world.small_disk, world.clock)
    before, after = asyncio.run(load(world, callers, mischief, seconds))
    settled = settle(world)
    print_story(callers.seen, mischief, world, seconds)
    status = [unit.get("/v1/status").json() for unit in world.units]
    failing = {unit.name: unit.get("/health/ready").json()["failing"] for unit in world.units}
    failures = {unit.name: background_failures(unit) for unit in world.units}
    codes = {unit.name: unit.stop() for unit in world.units}
    rows = read_rows(world.postgres.url)
    print_differences(rows, world.books)
    return [
        *findings_of_rows(world, callers.seen, rows, mischief),
        invariants.back_to_start("memory", "MiB", before[0], after[0], MAX_MORE_MIB),
        invariants.back_to_start("open descriptors", "", before[1], after[1], MAX_MORE_DESCRIPTORS),
        Finding("no background task dead", not any(failing.values()), f"now {failing}; failures {failures}"),
        settled,
        spool_is_empty(status),
        sums_are_right(world.postgres.url),
        audit_verifies(world),
        Finding("all stop in order", not any(codes.values()), f"exit codes {codes}"),
        nothing_left(world.folder),
    ]


def findings_of_rows(world: World, seen: list[Seen], rows: list[Row], mischief: Mischief) -> list[Finding]:
    bills = world.books.bills
    return [
        invariants.rows_of_answers(seen, rows, lost_on_a_full_disk(seen, mischief)),
        invariants.rows_of_nobody(seen, rows),
        invariants.tokens_agree(rows, bills),
        invariants.budgets_hold(seen, bills, BUDGETS),
        invariants.nothing_private_left(seen, bills.keys(), world.books.strangers),
    ]


async def load(
    world: World, callers: Callers, mischief: Mischief, seconds: float
) -> tuple[tuple[dict[str, float], dict[str, float]], tuple[dict[str, float], dict[str, float]]]:
    """Memory and descriptors at rest after a while of load, and again at the end."""
    asking = asyncio.create_task(callers.run())
    await asyncio.sleep(WARM_UP_S)
    before = await at_rest(world.units, callers, asking)
    callers.stopping.clear()
    asking = asyncio.create_task(callers.run())
    await mischief.run(seconds)
    await asyncio.to_thread(wait_until, lambda: all(unit.is_ready() for unit in world.units), 120, "all are ready")
    await asyncio.sleep(COOL_DOWN_S)
    return before, await at_rest(world.units, callers, asking)


async def at_rest(
    units: list[Unit], callers: Callers, asking: asyncio.Task[None]
) -> tuple[dict[str, float], dict[str, float]]:
    """Memory and descriptors once nobody asks: open connections of callers would be counted otherwise."""
    callers.stopping.set()
    await asking
    await asyncio.sleep(REST_S)
    return measure(units)


def measure(units: list[Unit]) -> tuple[dict[str, float], dict[str, float]]:
    """Memory in MiB and open descriptors by kind of process; of several of one kind the most."""
    memory: dict[str, float] = {}
    files: dict[str, float] = {}
    for unit in units:
        for name, pid in unit.processes().items():
            kind = " ".join(name.split()[:2])
            memory[kind] = max(memory.get(kind, 0), rss_mib(pid))
            files[kind] = max(files.get(kind, 0), descriptors(pid))
    return memory, files


def settle(world: World) -> Finding:
    """Wait until every row is in the database and nothing is held of any budget."""
    since = time.monotonic()

    def is_settled() -> bool:
        status = [unit.get("/v1/status").json() for unit in world.units]
        with psycopg.connect(world.postgres.url) as connection:
            now_ms = time.time() * 1000
            query = "SELECT count(*) FROM budget_holds WHERE held_nusd > 0 AND expires_ms > %s"
            held = connection.execute(query, (now_ms,)).fetchone()
        return held == (0,) and not any(one["ledger"]["pending_bytes"] or one["ledger"]["held_rows"] for one in status)

    try:
        wait_until(is_settled, SETTLE_S, "everything is settled")
    except TimeoutError as exc:
        return Finding("nothing set aside of budgets", False, str(exc))
    return Finding("nothing set aside of budgets", True, f"after {time.monotonic() - since:.0f} s")


def spool_is_empty(status: list[dict[str, Any]]) -> Finding:
    names = ("pending_bytes", "held_rows", "refused_rows", "set_aside_rows")
    told = {name: sum(one["ledger"][name] for one in status) for name in names}
    return Finding(
        "no row waits or was refused", not any(told.values()), ", ".join(f"{k} {v}" for k, v in told.items())
    )


def background_failures(unit: Unit) -> int:
    lines = unit.get("/metrics").text.splitlines()
    return round(
        sum(float(line.split()[-1]) for line in lines if line.startswith("slimgate_background_failures_total"))
    )


def make_key(unit: Unit, name: str, terms: Mapping[str, Any]) -> str:
    answer = httpx.post(
        f"{unit.url}/v1/keys", json={"name": name, "terms": terms}, headers={"authorization": f"Bearer {ADMIN}"}
    )
    secret: str = answer.raise_for_status().json()["secret"]
    return secret


def read_rows(url: str) -> list[Row]:
    columns = "id, coalesce(end_user, ''), route, outcome, prompt_tokens, completion_tokens, cost_nusd"
    with psycopg.connect(url) as connection:
        return [Row(*values) for values in connection.execute(f"SELECT {columns} FROM requests")]


def sums_are_right(url: str) -> Finding:
    """The rollup and the accounts, of which reports and budgets are made, against the rows."""
    counts = (
        "count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost_nusd), 0)"
    )
    sums = "coalesce(sum({}), 0)"
    told = ", ".join(sums.format(name) for name in ("requests", "prompt_tokens", "completion_tokens", "spent_nusd"))
    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT {counts} FROM requests").fetchone()
        rollup = connection.execute(f"SELECT {told} FROM rollup WHERE account = 'all'").fetchone()
        accounts = connection.execute(f"SELECT {told} FROM account_sums WHERE account = 'all'").fetchone()
    same = [int(value) for value in rows or ()] == [int(value) for value in rollup or ()]
    same = same and rollup == accounts
    return Finding("sums equal rows", same, f"{rows} = {rollup} = {accounts}".replace("Decimal", ""))


def audit_verifies(world: World) -> Finding:
    command = [sys.executable, "-m", "gateway.cli", "audit", "verify"]
    done = subprocess.run(
        command, env={**os.environ, **world.units[0].environment}, capture_output=True, text=True, check=False
    )
    return Finding("audit chain verifies", done.returncode == 0, " ".join((done.stdout or done.stderr).split())[:300])


def nothing_left(folder: Path) -> Finding:
    """No process of any gateway outlives it."""
    time.sleep(2)
    left = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        pid = int(path.parent.name)
        with contextlib.suppress(OSError):
            if pid != os.getpid() and role(pid) and str(folder).encode() in path.read_bytes():
                left.append(f"{role(pid)} {pid}")
    return Finding("no process left behind", not left, ", ".join(left) or "none")


def lost_on_a_full_disk(seen: list[Seen], mischief: Mischief) -> set[str]:
    """Requests whose rows may be gone: answered by the third gateway while its disk was full, before it was killed."""
    kills = [moment for moment, name in mischief.killed if name == "c"]
    return {
        one.id
        for one in seen
        for since, until in mischief.full
        if one.gateway == "c" and one.ended >= since and any(since <= kill <= until for kill in kills)
    }


def wait_until(condition: Any, timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(httpx.HTTPError, psycopg.OperationalError, KeyError):
            if condition():
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout_s:.0f} s it is not true that {what}")
        time.sleep(0.5)


def print_story(seen: list[Seen], mischief: Mischief, world: World, seconds: float) -> None:
    print(f"{seconds:.0f} s of chaos, seed {mischief.seed}, {len(seen)} requests: {names(seen)}")
    print(f"what was done: {dict(sorted(mischief.done.items()))}")
    if world.small_disk is None:
        print("not done: disk full (it takes root)")
    if world.clock is None:
        print("not done: clock jumps (libfaketime is not here)")
    starts = {unit.name: len(unit.ends) + 1 for unit in world.units}
    print(f"starts: {starts}; calls to the provider: {world.books.calls}")


def print_differences(rows: list[Row], books: Books) -> None:
    table = Table("calls that did not end normally", "count", "provider's $", "ledger's $", "difference", box=None)
    for name, count, billed, told in invariants.differences(rows, books.bills):
        money = [f"{nusd / invariants.NUSD:.6f}" for nusd in (billed, told, told - billed)]
        table.add_row(name, str(count), *money)
    Console(width=120).print(table)


def show(findings: list[Finding]) -> None:
    table = Table("invariant", "", "figures", box=None, header_style="dim")
    for finding in findings:
        table.add_row(finding.name, "[green]pass" if finding.passed else "[red]FAIL", finding.detail)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
