"""The ledger: takes rows at once, and moves them into the database in a thread of its own."""

import contextlib
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import TimeoutError as NoConnection

from gateway.audit.chain import AuditChain
from gateway.audit.prune import prune
from gateway.config.masking import mask_text
from gateway.ledger.database import DOORKEEPERS, READERS, WRITERS, DatabasePassword, connect
from gateway.ledger.held import MOST_ROWS, HeldRows
from gateway.ledger.mover import UNAVAILABLE, Listener, Mover, PriceRow
from gateway.ledger.retention import Retention
from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import REQUESTS
from gateway.ledger.set_aside import SetAside
from gateway.ledger.spool import Spool, find_spooled
from gateway.ledger.store import delete_old_rows

logger = logging.getLogger(__name__)

READ_WAIT_S = 1.0
"""How long a reader waits for the newest rows to arrive in the database."""

SETTLE_WAIT_S = 5.0
"""The same for the budget, which needs all rows."""


class LedgerUnavailable(Exception):
    """The database does not answer now. No row is lost: they wait in the spool."""


HELD_AT_ONCE = 100
"""Rows from memory that go to disk with a request's own, so that it does not wait for all of them."""


class Ledger:
    """Keeps one row a request.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.
    spool_folder : Path
        Where rows wait for the database; shared by all processes of one gateway.
    price : callable, optional
        Puts prices on a finished row before it is stored; runs in the ledger's own thread, so it may be slow.
    keep_days : float, optional
        Rows older than this are deleted. Default: none are.
    chain : AuditChain, optional
        Gets an entry for each row of which something left this machine, or nothing could. Default: nothing does.
    password : DatabasePassword, optional
        The one of now. Default: the one in `url`.

    Attributes
    ----------
    set_aside : SetAside
        Rows that cannot be stored.
    """

    def __init__(
        self,
        url: str,
        spool_folder: Path,
        price: PriceRow = lambda row: row,
        keep_days: float | None = None,
        chain: AuditChain | None = None,
        password: DatabasePassword | None = None,
    ) -> None:
        self._writers = connect(url, WRITERS, password)
        self._readers = connect(url, READERS, password)
        self._doorkeepers = connect(url, DOORKEEPERS, password)
        self._spool_folder = spool_folder
        self._spool = Spool(spool_folder)
        self._held = HeldRows()
        self._spool_trouble: str | None = None
        self.set_aside = SetAside(spool_folder)
        retentions = [Retention(lambda: keep_days, delete_old_rows, "old rows; their sums are kept")]
        if chain is not None:
            old_entries = Retention(lambda: chain.keep_days, partial(prune, chain), "old entries of the audit chain")
            retentions.append(old_entries)
        self._mover = Mover(
            self._writers,
            spool_folder,
            self._spool,
            self._held,
            self.set_aside,
            price,
            retentions,
            self._try_disk_again,
            chain,
        )

    def start(self) -> None:
        """Start the thread that moves rows; it moves those of processes that died first."""
        self._mover.start()

    def when_committed(self, listener: Listener) -> None:
        """Call `listener` with each row once, after its commit, in the ledger's thread."""
        self._mover.when_committed(listener)

    def record(self, row: LedgerRow) -> None:
        """Record `row`. Once this returns, a row that was written to disk survives the death of this process.

        If the disk is full, `trouble` says so: a finished row then waits in memory, and if there is no room it is
        counted in `refused_rows`. This never fails a request.
        """
        try:
            self._spool.append(row)
        except (OSError, TypeError) as exc:  # no disk; or a value that JSON cannot hold, which is a bug of ours
            self._hold(row, exc)
        else:
            if self._held.any:
                self._write_held(HELD_AT_ONCE)
        if row.outcome is not None:
            self._mover.wake()

    def _try_disk_again(self) -> None:
        """Check whether a disk that was full takes rows again, also while no requests come."""
        if self._spool_trouble is not None:
            with contextlib.suppress(OSError):
                self._spool.try_disk()
                self._spool_trouble = None
                logger.info("ledger: %s takes rows again", self._spool_folder)
                self._write_held(MOST_ROWS)

    def _write_held(self, most: int) -> None:
        """Write rows that wait in memory to a disk that has room again: the database may be away for longer."""
        for row in self._held.finished[:most]:
            try:
                self._spool.append(row)
            except TypeError:  # only the database may still take it
                continue
            except OSError:
                return
            self._held.let_go(row)

    def _hold(self, row: LedgerRow, exc: Exception) -> None:
        if self._spool_trouble is None:
            logger.error("ledger: %s takes no rows, they wait in memory: %s", self._spool_folder, exc)
        self._spool_trouble = f"{type(exc).__name__}: {exc}"
        if row.outcome is not None and not self._held.hold(row):
            logger.error("ledger: the row of request %s is lost: there is no room for it in memory", row.id)

    @property
    def alive(self) -> bool:
        """Whether the thread that moves rows is running."""
        return self._mover.alive

    @property
    def trouble(self) -> str | None:
        """Why rows do not reach the database at the moment; None where they do."""
        return self._spool_trouble or self._mover.trouble

    @property
    def pending_bytes(self) -> int:
        """How far the database lags behind, in bytes of the spool."""
        return self._spool.pending_bytes

    @property
    def held_rows(self) -> int:
        """Rows that wait in memory because they could not be written to disk."""
        return len(self._held.finished)

    @property
    def refused_rows(self) -> int:
        """Rows that fitted neither on disk nor in memory: they are lost."""
        return self._held.refused

    @property
    def unpriced_rows(self) -> int:
        """Rows stored without a price because pricing them failed."""
        return self._mover.unpriced_rows

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until the database has every row recorded so far; False if it takes longer than `timeout_s`."""
        return self._mover.flush(timeout_s)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for a short query that sees the rows recorded so far.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or all connections for readers are in use.
        """
        self.flush(READ_WAIT_S)
        with self._answering(), self._readers.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def read_settled(self) -> Iterator[Connection]:
        """A connection for the budget: it sees every row recorded so far, and readers cannot use it up.

        Inside the block no further row of this process is committed: the rows that listeners were called with are
        exactly those that the connection sees.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or takes no rows.
        """
        is_settled = self.flush(SETTLE_WAIT_S)
        with self._mover.paused(SETTLE_WAIT_S) as is_paused:
            if not is_settled or not is_paused or self.trouble:
                raise LedgerUnavailable(f"Rows wait for the ledger's database ({self.trouble or 'it is slow'}).")
            with self._answering(), self._writers.connect() as connection:
                yield connection

    @contextlib.contextmanager
    def access(self) -> Iterator[Connection]:
        """A connection for what tells who may call, and what may leave: it waits for no rows and no readers.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or has no tables yet.
        """
        if not self._mover.is_migrated:
            raise LedgerUnavailable(f"The ledger's database has not answered yet ({self.trouble or 'it is slow'}).")
        with self._answering(), self._doorkeepers.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection for writing other things than rows; committed unless the block raises.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer: then nothing is stored.
        """
        with self._answering(), self._writers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def write_between_rows(self) -> Iterator[Connection]:
        """As `write`; inside the block no row of this process is committed, and listeners know of all that were.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer: then nothing is stored.
        """
        with self._mover.paused(SETTLE_WAIT_S) as is_paused:
            if not is_paused:
                raise LedgerUnavailable("The ledger's database is slow.")
            with self.write() as connection:
                yield connection

    def find(self, id: str) -> LedgerRow | Row[Any] | None:
        """The row of one request, also while it is in progress or still in the spool of any process of this gateway.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        # A row moves from the files to the database, never back. This order of searches cannot miss it.
        return self._stored(id) or find_spooled(self._spool_folder, id) or self._stored(id)

    def _stored(self, id: str) -> Row[Any] | None:
        with self.read() as connection:
            return connection.execute(select(REQUESTS).where(REQUESTS.c.id == id)).one_or_none()

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except NoConnection as exc:
            raise LedgerUnavailable("All connections to the ledger's database are in use; try again.") from exc
        except UNAVAILABLE as exc:
            why = mask_text(str(getattr(exc, "orig", exc)))
            raise LedgerUnavailable(
                f"The ledger's database does not answer; its rows wait in {self._spool_folder}: {why}"
            ) from exc

    def close(self) -> None:
        """Move the remaining rows and stop. Rows that the database does not take wait for the next start."""
        self._mover.stop(timeout_s=10)
        if held := len(self._held.finished):
            logger.error("ledger: %d rows are lost: neither the disk nor the database took them", held)
        self._spool.close()
        self._writers.dispose()
        self._readers.dispose()
        self._doorkeepers.dispose()
