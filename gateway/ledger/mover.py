"""The thread that moves rows from the spool into the database.

A row is told of once, after its commit. What the database refuses for a fault of the row's own is set aside, so that
one row never keeps the others out; what it refuses for a reason of its own is tried again until it takes it.
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
IDLE_S = 0.05  # rows gather this long, so that a busy gateway commits in batches
RETRY_S = 1.0

LOOK_S = 2.0
"""How often it is looked whether another process has died and left rows."""

STUCK_S = 60.0
"""A mover that has got nowhere for so long is not alive: no database of ours takes that long to refuse."""

AWAY = (OperationalError, InterfaceError, NoConnection, DatabaseReplaced)
"""The database cannot be reached, is locked, full or out of connections: no row is at fault."""

Price = Callable[[LedgerRow], LedgerRow]
Tell = Callable[[LedgerRow], None]


class Mover:
    """Moves rows for as long as it runs; nothing that goes wrong ends its thread.

    Attributes
    ----------
    trouble : str or None
        Why rows do not get through at the moment.
    unpriced_rows : int
        Rows that could not be priced, because of a defect here; they are stored without a price.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        spool: Spool,
        held: HeldRows,
        set_aside: SetAside,
        price: Price,
        retention: Retention,
        try_disk: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._spool = spool
        self._held = held
        self._set_aside = set_aside
        self._price = price
        self._retention = retention
        self._told: list[Tell] = []
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
        """Whether the thread runs and gets somewhere, or was never to."""
        if self._thread.ident is None:
            return True
        return self._thread.is_alive() and time.monotonic() - self._seen < STUCK_S

    def start(self) -> None:
        self._thread.start()

    def when_committed(self, tell: Tell) -> None:
        """Have `tell` called with each row, once, after the database has it; in the mover's thread."""
        self._told.append(tell)

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def flush(self, timeout_s: float) -> bool:
        """Wait until the database has every finished row recorded so far; False if that takes longer."""
        self._wake.set()
        # Not until nothing is pending: on a busy gateway there is always a row that came later.
        wanted = self._spool.moved_bytes + self._spool.pending_bytes
        with self._moved:
            return self._moved.wait_for(lambda: self._has_moved(wanted), timeout_s)

    @contextlib.contextmanager
    def paused(self, timeout_s: float) -> Iterator[bool]:
        """Commit and tell nothing inside the block; False where a commit takes longer than `timeout_s`."""
        is_paused = self._turn.acquire(timeout=timeout_s)
        try:
            yield is_paused
        finally:
            if is_paused:
                self._turn.release()

    def stop(self, timeout_s: float) -> None:
        """Move what is left, and end."""
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
            elif self._wake.wait(min(LOOK_S, self._retention.wait_s or LOOK_S)):
                self._wake.clear()
                self._stopping.wait(IDLE_S)
        self._try()

    def _try(self) -> bool:
        """Move everything there is; False when that was not possible, which must end neither thread nor request."""
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
        before, self.trouble = self.trouble, _words(exc)
        if before is None:
            logger.error("ledger: the database takes no rows, they wait in %s: %s", self._folder, self.trouble)
            if not isinstance(exc, AWAY):
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
            self._adopt_at = time.monotonic() + LOOK_S
        self._drain()
        self._retention.step(self._engine)
        if unreadable is not None:  # what others left there is not known; everything else is in
            raise unreadable

    def _adopt_orphans(self) -> OSError | None:
        """Take over from processes that died; returns why a file could not be read, if one could not."""
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
            logger.error("ledger: %d lines are set aside, the first since %s", len(batch.damaged), first)
        for start in range(0, len(batch.rows), BATCH_ROWS):
            self._seen = time.monotonic()
            self._insert([self._priced(row) for row in batch.rows[start : start + BATCH_ROWS]])

    def _priced(self, row: LedgerRow) -> LedgerRow:
        try:
            return self._price(row)
        except Exception as exc:
            self.unpriced_rows += 1
            logger.error("ledger: request %s is kept without a price", row.id, exc_info=exc)
            return row

    def _insert(self, rows: Sequence[LedgerRow]) -> None:
        """Insert all together; if that fails by a row's fault, ever smaller parts, until that row is found."""
        try:
            self._commit(rows)
        except AWAY:
            raise
        except Exception as exc:
            if len(rows) == 1:
                self._judge(rows[0], exc)
                return
            for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
                self._insert(half)

    def _commit(self, rows: Sequence[LedgerRow]) -> None:
        with self._turn:
            for row in insert_rows(self._engine, rows):
                self._tell(row)

    def _judge(self, row: LedgerRow, exc: Exception) -> None:
        """Whose fault it is that `row` cannot be stored: where others can be, its own."""
        if not takes_rows(self._engine):
            raise exc
        self._set_aside.keep(row.to_line(), _words(exc))
        logger.error("ledger: request %s cannot be stored and is set aside: %s", row.id, _words(exc))

    def _tell(self, row: LedgerRow) -> None:
        for tell in self._told:
            try:
                tell(row)
            except Exception:
                logger.exception("ledger: request %s is stored, and was not counted everywhere", row.id)


def _words(exc: Exception) -> str:
    """What happened, without the statement and its values, which SQLAlchemy adds."""
    return f"{type(exc).__name__}: {getattr(exc, 'orig', None) or exc}"
