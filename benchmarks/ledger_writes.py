"""How many ledger rows a second several gateways get into one PostgreSQL, each with its sums and its audit entry.

    python -m benchmarks.ledger_writes
    python -m benchmarks.ledger_writes --processes 1,2,4 --rows 20000

Each process has a ledger as a gateway has one, and records rows as fast as it can; the time ends when the database has
all of them. The rows are those of a busy day with keys and teams; half of them went to a cloud, so they have entries in
the audit chain. Then: how many bytes a row takes, and how many rows a second retention deletes.
"""

import argparse
import contextlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from benchmarks.servers import running_postgres
from gateway.audit.chain import AuditChain
from gateway.ledger import Ledger, LedgerRow
from gateway.ledger.database import connect
from gateway.ledger.schema import REQUESTS
from gateway.ledger.store import delete_rows_before
from gateway.ledger.units import now_ms
from models.engine.native.machine import processor_name, usable_cores
from tests.gateway import seed

KEYS, TEAMS = 40, 8
SIZES = ("requests", "rollup", "account_sums", "audit")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", default="1,2,4", help="how many gateways at once (default: 1,2,4)")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of each process (default: 20000)")
    arguments = parser.parse_args()
    print(f"{date.today()}, {processor_name()}, {usable_cores()} cores, PostgreSQL beside on the same cores\n")
    print("| gateways | rows a second | of one |\n| --- | --- | --- |")
    alone = 0.0
    for n_processes in map(int, arguments.processes.split(",")):
        with running_postgres() as server:
            rows_per_s = measure(server.url, n_processes, arguments.rows)
            alone = alone or rows_per_s
            print(f"| {n_processes} | {rows_per_s:,.0f} | {rows_per_s / alone:.2f} |", flush=True)
            last = describe(server.url)
    print("\n" + "\n".join(last))


def measure(url: str, n_processes: int, n_rows: int) -> float:
    """Rows a second, from the first that is recorded until the database has the last."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(n_processes + 1)
    writers = [context.Process(target=write, args=(url, number, n_rows, barrier)) for number in range(n_processes)]
    for writer in writers:
        writer.start()
    barrier.wait()
    started = time.perf_counter()
    for writer in writers:
        writer.join()
    elapsed_s = time.perf_counter() - started
    with connected(url) as connection:
        stored = connection.scalar(select(func.count()).select_from(REQUESTS)) or 0
    if stored != n_processes * n_rows or any(writer.exitcode for writer in writers):
        sys.exit(f"the database has {stored} rows of {n_processes * n_rows}")
    return stored / elapsed_s


def write(url: str, number: int, n_rows: int, barrier: Barrier) -> None:
    """One gateway's ledger."""
    rows = [of_somebody(row, number, n) for n, row in enumerate(seed.traffic(n_rows, now_ms(), days=1))]
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(url, Path(folder), chain=AuditChain(b"k" * 32))
        ledger.start()
        ledger.flush(60)
        barrier.wait()
        for row in rows:
            ledger.record(row)
        while not ledger.flush(60):
            pass
        ledger.close()


def of_somebody(row: LedgerRow, process: int, number: int) -> LedgerRow:
    id, key, team = f"req_{process:04x}{number:020x}", f"key_{number % KEYS}", f"team {number % TEAMS}"
    return replace(row, id=id, key_id=key, team=team)


@contextlib.contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to the database at `url`."""
    engine = connect(url, 1)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def describe(url: str) -> list[str]:
    """Bytes of a row, and the speed of retention; before the database is gone."""
    with connected(url) as connection:
        n_rows = connection.scalar(select(func.count()).select_from(REQUESTS)) or 1
        sizes = {name: connection.scalar(text(f"SELECT pg_total_relation_size('{name}')")) or 0 for name in SIZES}
        in_words = ", ".join(f"{name} {size / n_rows:,.0f}" for name, size in sizes.items())
        lines = [f"bytes a request, indexes included: {sum(sizes.values()) / n_rows:,.0f} ({in_words})"]
        connection.commit()
        started, deleted = time.perf_counter(), 0
        while n := delete_rows_before(connection, now_ms() + 86_400_000):
            connection.commit()
            deleted += n
        lines.append(f"retention deletes {deleted / (time.perf_counter() - started):,.0f} rows a second")
    return lines


if __name__ == "__main__":
    main()
