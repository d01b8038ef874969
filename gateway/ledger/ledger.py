"""The ledger: takes rows at once, and moves them into the database behind the request's back."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, create_engine, event, make_url, select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from gateway.ledger.retention import Retention
from gateway.ledger.row import LedgerRow, Outcome
from gateway.ledger.schema import REQUESTS, migrate
from gateway.ledger.spool import Spool, find_spooled, orphan
from gateway.ledger.store import insert_rows
from gateway.masking import mask_text
from models.errors import ExtraMissingError
from models.private import private_file

logger = logging.getLogger(__name__)

BATCH_ROWS = 1000
IDLE_S = 0.05  # rows gather this long, so that a busy gateway commits in batches
RETRY_S = 1.0

Enrich = Callable[[LedgerRow], LedgerRow]


class LedgerUnavailable(Exception):
    """The database cannot be asked now. No row is lost: they wait for it."""


class Ledger:
    """Keeps one row a request.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.
    spool_folder : Path
        Where rows wait for the database; shared by all processes of one gateway.
    enrich : callable, optional
        Completes a finished row before it is stored; runs in the ledger's own thread, so it may take its time. Prices.
    keep_days : float, optional
        Rows older than this are deleted; by default they are kept for ever.
    """

    def __init__(
        self, url: str, spool_folder: Path, enrich: Enrich = lambda row: row, keep_days: float | None = None
    ) -> None:
        self._engine = _connect(url)
        self._spool_folder = spool_folder
        self._enrich = enrich
        self._retention = Retention(keep_days)
        self._spool = Spool(spool_folder)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._drained = threading.Condition()
        self._migrated = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self.refused_rows = 0

    def start(self) -> None:
        """Begin moving rows, those of processes that died first."""
        self._thread.start()

    def record(self, row: LedgerRow) -> None:
        """Keep `row`. Once this returns, the row survives the death of this process.

        A disk that takes no more is counted in `refused_rows` and logged; it never fails a request.
        """
        try:
            self._spool.append(row)
        except OSError as exc:
            self.refused_rows += 1
            logger.error("ledger: cannot keep request %s: %s", row.id, exc)
            return
        if row.outcome is not None:
            self._wake.set()

    @property
    def pending_bytes(self) -> int:
        """How far the database lags behind, in bytes of the spool."""
        return self._spool.pending_bytes

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until the database has every row recorded so far; False if it takes longer than `timeout_s`."""
        self._wake.set()
        # Not until nothing is pending: on a busy gateway there is always a row that came later.
        wanted = self._spool.moved_bytes + self._spool.pending_bytes
        with self._drained:
            return self._drained.wait_for(lambda: self._migrated and self._spool.moved_bytes >= wanted, timeout_s)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries, with the rows recorded so far in view.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        self.flush(timeout_s=1.0)
        with self._answering(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection for what is no row; committed if the block ends well.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer: then nothing is kept.
        """
        with self._answering(), self._engine.begin() as connection:
            yield connection

    def find(self, id: str) -> LedgerRow | Row[Any] | None:
        """The row of one request, also while it is in hand or on its way in any process of this gateway.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        # A row moves from the files to the database and never back: looked for in this order, none slips through.
        return self._stored(id) or find_spooled(self._spool_folder, id) or self._stored(id)

    def _stored(self, id: str) -> Row[Any] | None:
        with self.read() as connection:
            return connection.execute(select(REQUESTS).where(REQUESTS.c.id == id)).one_or_none()

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError) as exc:
            why = mask_text(str(exc.orig))
            raise LedgerUnavailable(
                f"The ledger's database does not answer; its rows wait in {self._spool_folder}: {why}"
            ) from exc

    def close(self) -> None:
        """Move what is left and stop. What the database does not take waits for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._spool.close()
        self._engine.dispose()

    def _run(self) -> None:
        while not self._stopping.is_set():
            worked = self._try_to_drain()
            if not worked:
                self._stopping.wait(RETRY_S)
            elif self._wake.wait(self._retention.wait_s):
                self._wake.clear()
                self._stopping.wait(IDLE_S)
        self._try_to_drain()

    def _try_to_drain(self) -> bool:
        """Move everything there is; False when the database refuses, which must end neither thread nor request."""
        try:
            if not self._migrated:
                with self._engine.begin() as connection:
                    migrate(connection)
                self._migrated = True
                self._adopt_orphans()
            self._drain()
            self._retention.step(self._engine)
        except SQLAlchemyError as exc:
            if not self._failing:
                logger.error("ledger: the database takes no rows, they wait in %s: %s", self._spool_folder, exc)
            self._failing = True
            return False
        except Exception:
            logger.exception("ledger: cannot move rows; they stay in %s", self._spool_folder)
            return False
        if self._failing:
            logger.info("ledger: the database takes rows again")
        self._failing = False
        return True

    def _adopt_orphans(self) -> None:
        for path in sorted(self._spool_folder.glob("*.jsonl")):
            with orphan(path) as rows:
                if rows:
                    self._insert([row if row.outcome else replace(row, outcome=Outcome.LOST) for row in rows])
                    logger.info("ledger: recovered %d rows of a process that died", len(rows))

    def _drain(self) -> None:
        while self._spool.pending_bytes:
            rows, position = self._spool.closed_rows(BATCH_ROWS)
            self._insert(rows)
            self._spool.mark_done(position)
            self._tell()
        self._tell()

    def _tell(self) -> None:
        with self._drained:
            self._drained.notify_all()

    def _insert(self, rows: list[LedgerRow]) -> None:
        if not rows:
            return
        insert_rows(self._engine, [self._enrich(row) for row in rows])


def _connect(url: str) -> Engine:
    # The driver that the extra 'postgres' brings; SQLAlchemy 2.0 would look for another one.
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(parsed, pool_pre_ping=True)
    except ModuleNotFoundError as exc:
        raise ExtraMissingError("a PostgreSQL ledger", "postgres") from exc
    if engine.dialect.name == "sqlite":
        if parsed.database and not parsed.database.startswith((":", "file:")):
            with contextlib.suppress(OSError):  # which SQLite will say better; its other files take after this one
                private_file(Path(parsed.database))
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: Any) -> None:
    # WAL: readers (dashboard, report) and the writer do not wait for each other.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=5000")
