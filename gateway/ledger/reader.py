"""The ledger as it is stored now, for commands that must not change it: no rows are moved, no tables are made."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text

from gateway.config.masking import mask_text
from gateway.ledger.database import connect_to_read
from gateway.ledger.ledger import LedgerUnavailable
from gateway.ledger.mover import UNAVAILABLE
from gateway.ledger.schema import MIGRATIONS

CONNECTIONS = 2


class LedgerReader:
    """Reads the database alone: rows that wait in the spool are not seen.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.

    Raises
    ------
    LedgerUnavailable
        If SQLite's file is not there.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = connect_to_read(url, CONNECTIONS)
        except FileNotFoundError as exc:
            raise LedgerUnavailable(str(exc)) from None
        self._is_known = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries; it refuses everything else.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or where its tables are of an earlier version.
        """
        try:
            with self._engine.connect() as connection:
                self._check_version(connection)
                yield connection
        except UNAVAILABLE as exc:
            why = mask_text(str(getattr(exc, "orig", exc)))
            raise LedgerUnavailable(f"The ledger's database does not answer: {why}") from exc

    def _check_version(self, connection: Connection) -> None:
        if self._is_known:
            return
        has_tables = inspect(connection).has_table("schema_version")
        version = connection.scalar(text("SELECT max(version) FROM schema_version")) if has_tables else 0
        if (version or 0) < len(MIGRATIONS):
            raise LedgerUnavailable("The ledger's tables are not those of this version: start the gateway once.")
        self._is_known = True

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
