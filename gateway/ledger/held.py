"""Rows that the disk did not take: kept in memory until the database has them."""

import threading
from collections.abc import Sequence

from gateway.ledger.row import LedgerRow

MOST_ROWS = 10_000


class HeldRows:
    """A bounded number of finished rows; those of a process that dies with them are lost.

    Attributes
    ----------
    refused : int
        Rows that found no room here either.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, LedgerRow] = {}
        self.refused = 0

    @property
    def finished(self) -> Sequence[LedgerRow]:
        """All of them, in the order in which they came."""
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
        """The database has it."""
        with self._lock:
            self._rows.pop(row.id, None)
