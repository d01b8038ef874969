"""Rows that could not be written to disk, kept in memory until the disk or the database has them."""

import threading
from collections.abc import Sequence

from gateway.ledger.row import LedgerRow

MOST_ROWS = 10_000


class HeldRows:
    """A bounded number of finished rows. They are lost if the process dies.

    Attributes
    ----------
    refused : int
        Rows for which there was no room.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, LedgerRow] = {}
        self.refused = 0

    @property
    def any(self) -> bool:
        """Whether there are rows."""
        return bool(self._rows)

    @property
    def finished(self) -> Sequence[LedgerRow]:
        """All rows, oldest first."""
        with self._lock:
            return tuple(self._rows.values())

    def hold(self, row: LedgerRow) -> bool:
        """Keep `row`; False if there is no room."""
        with self._lock:
            if len(self._rows) >= MOST_ROWS:
                self.refused += 1
                return False
            self._rows[row.id] = row
            return True

    def let_go(self, row: LedgerRow) -> None:
        """Drop `row`: the disk or the database has it."""
        with self._lock:
            self._rows.pop(row.id, None)
