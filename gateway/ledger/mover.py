"""The thread that moves rows from the spool into the database.

Listeners are called with each row once, after its commit. If the database refuses a row for a fault in the row, the row
is set aside, so that it does not block the others. If it refuses rows for a reason of its own, they are tried again.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from gateway.audit.chain import AuditChain
from gateway.ledger.database import DatabaseReplaced
from gateway.ledger.held import HeldRows
from gateway.ledger.retention import Retention
from gateway.ledger.row import LedgerRow, Outcome
from gateway.ledger.schema import migrate
from gateway.ledger.set_aside import SetAside
from gateway.ledger.spool import Spool, SpoolBatch, orphan, spool_files
from gateway.ledger.store import insert_rows, takes_rows

logger = logging.getLogger(__name__)

BATCH_ROWS = 1000
IDLE_S = 0.05  # rows collect for so long, so that a busy gateway commits in batches
RETRY_S = 1.0

ADOPT_EVERY_S = 2.0
"""How often to check whether another process has died and left rows."""

STUCK_S = 60.0
"""A mover without progress for so long counts as dead: no database takes that long to refuse a row."""

UNAVAILABLE = (OperationalError, InterfaceError, NoConnection, DatabaseReplaced)
"""The database cannot be reached, is locked, full or out of connections: no row is at fault."""

PriceRow = Callable[[LedgerRow], LedgerRow]
Listener = Callable[[LedgerRow], None]


class Mover:
    """Moves rows until it is stopped; no failure ends its thread.

    Attributes
    ----------
    trouble : str or None
        Why rows do not reach the database at the moment.
    unpriced_rows : int
        Rows that were stored without a price because pricing them failed.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        spool: Spool,
        held: HeldRows,
        set_aside: SetAside,
        price: PriceRow,
        retentions: Sequence[Retention],
        try_disk: Callable[[], None],
        chain: AuditChain | None,
    ) -> None:
        self._engine = engine
        self._chain = chain
        self._folder = folder
        self._spool = spool
        self._held = held
        self._set_aside = set_aside
        self._price = price
        self._retentions = retentions
        self._listeners: list[Listener] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._moved = threading.Condition()
        self._turn = threading.Lock()
        self._try_disk = try_disk
        self._migrated = self._adopted = False
        self._adopt_at = self._seen = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self.trouble: str | None = None
        self.unpriced_rows = 0

    @property
    def alive(self) -> bool:
        """Whether the thread is running and makes progress, or was never started."""
        if self._thread.ident is None:
            return True
        return self._thread.is_alive() and time.monotonic() - self._seen < STUCK_S

    def start(self) -> None:
        """Begin to move rows, on a thread of its own."""
        self._thread.start()

    def when_committed(self, listener: Listener) -> None:
        """Call `listener` with each row once, after its commit, in the mover's thread."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Tell the thread that there are rows to move."""
        self._wake.set()

    @property
    def is_migrated(self) -> bool:
        """Whether the database is known to have all tables."""
        return self._migrated

    def flush(self, timeout_s: float) -> bool:
        """Wait until the database has every finished row recorded so far; False if that takes longer."""
        self._wake.set()
        # Do not wait until nothing is pending: on a busy gateway there is always a newer row.
        wanted = self._spool.moved_bytes + self._spool.pending_bytes
        with self._moved:
            return self._moved.wait_for(lambda: self._has_moved(wanted), timeout_s)

    @contextlib.contextmanager
    def paused(self, timeout_s: float) -> Iterator[bool]:
        """Commit nothing inside the block; yields False if a running commit takes longer than `timeout_s`."""
        is_paused = self._turn.acquire(timeout=timeout_s)
        try:
            yield is_paused
        finally:
            if is_paused:
                self._turn.release()

    def stop(self, timeout_s: float) -> None:
        """Move the remaining rows, and end the thread."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _has_moved(self, wanted_bytes: int) -> bool:
        return self._migrated and self._adopted and self._spool.moved_bytes >= wanted_bytes and not self._held.finished

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._try():
                self._stopping.wait(RETRY_S)
            elif self._wake.wait(min([ADOPT_EVERY_S, *(wait for one in self._retentions if (wait := one.wait_s))])):
                self._wake.clear()
                self._stopping.wait(IDLE_S)
        self._try()

    def _try(self) -> bool:
        """Move all rows; False if that failed, which must end neither the thread nor a request."""
        self._seen = time.monotonic()
        self._try_disk()
        try:
            self._move()
        except Exception as exc:
            self._fail(exc)
            return False
        if self.trouble is not None:
            logger.info("ledger: the database takes rows again")
        self.trouble = None
        return True

    def _fail(self, exc: Exception) -> None:
        before, self.trouble = self.trouble, _describe(exc)
        if before is None:
            logger.error("ledger: the database takes no rows, they wait in %s: %s", self._folder, self.trouble)
            if not isinstance(exc, UNAVAILABLE):
                logger.error("ledger: unforeseen failure", exc_info=exc)

    def _move(self) -> None:
        if not self._migrated:
            with self._engine.begin() as connection:
                migrate(connection)
            self._migrated = True
        unreadable = None
        if not self._adopted or time.monotonic() >= self._adopt_at:
            unreadable = self._adopt_orphans()
            self._adopted = self._adopted or unreadable is None
            self._adopt_at = time.monotonic() + ADOPT_EVERY_S
        self._drain()
        for retention in self._retentions:
            retention.step(self._engine)
        if unreadable is not None:  # some rows of dead processes could not be read; all others are stored
            raise unreadable

    def _adopt_orphans(self) -> OSError | None:
        """Store the rows of processes that died; returns the error of a file that could not be read, if any."""
        failure = None
        for path in spool_files(self._folder):
            try:
                with orphan(path) as batch:
                    if batch is not None:
                        self._adopt(batch)
            except OSError as exc:
                failure = exc
        return failure

    def _adopt(self, batch: SpoolBatch) -> None:
        batch.rows = [row if row.outcome else replace(row, outcome=Outcome.LOST) for row in batch.rows]
        self._store(batch)
        logger.info("ledger: recovered %d rows of a process that died", len(batch.rows))

    def _drain(self) -> None:
        while self._spool.pending_bytes:
            batch = self._spool.closed_rows(BATCH_ROWS)
            self._store(batch)
            self._spool.mark_done(batch.position)
            self._notify()
        for row in self._held.finished:
            row.bring_into_bounds()
            self._insert([self._priced(row)])
            self._held.let_go(row)
        self._notify()

    def _notify(self) -> None:
        with self._moved:
            self._moved.notify_all()

    def _store(self, batch: SpoolBatch) -> None:
        for line, why in batch.damaged:
            self._set_aside.keep(line, why)
        if batch.damaged:
            first = batch.damaged[0][1]
            logger.error("ledger: %d lines are set aside, the first because %s", len(batch.damaged), first)
        for start in range(0, len(batch.rows), BATCH_ROWS):
            self._seen = time.monotonic()
            self._insert([self._priced(row) for row in batch.rows[start : start + BATCH_ROWS]])

    def _priced(self, row: LedgerRow) -> LedgerRow:
        try:
            return self._price(row)
        except Exception as exc:
            self.unpriced_rows += 1
            logger.error("ledger: the row of request %s is stored without a price", row.id, exc_info=exc)
            return row

    def _insert(self, rows: Sequence[LedgerRow]) -> None:
        """Insert all together; if a row is at fault, halve the batch until that row is found."""
        try:
            self._commit(rows)
        except UNAVAILABLE:
            raise
        except Exception as exc:
            if len(rows) == 1:
                self._judge(rows[0], exc)
                return
            for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                self._insert(half)

    def _commit(self, rows: Sequence[LedgerRow]) -> None:
        with self._turn:
            for row in insert_rows(self._engine, rows, self._chain):
                self._call_listeners(row)

    def _judge(self, row: LedgerRow, exc: Exception) -> None:
        """Set `row` aside if the database takes other rows; else the database is at fault, and `exc` is raised."""
        if not takes_rows(self._engine, self._chain):
            raise exc
        self._set_aside.keep(row.to_line(), _describe(exc))
        logger.error("ledger: the row of request %s cannot be stored and is set aside: %s", row.id, _describe(exc))

    def _call_listeners(self, row: LedgerRow) -> None:
        for listener in self._listeners:
            try:
                listener(row)
            except Exception:
                logger.exception("ledger: the row of request %s is stored, but was not counted everywhere", row.id)


def _describe(exc: Exception) -> str:
    """The error without the SQL statement and its values, which SQLAlchemy adds."""
    return f"{type(exc).__name__}: {getattr(exc, 'orig', None) or exc}"
