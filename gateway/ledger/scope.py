"""Whose requests a reader of the ledger may see: what shows rows or sums to a caller takes a `LedgerScope`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row

from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import REQUESTS

ALL = "all"
"""The account that every row is booked on."""

_COLUMNS = {"key": "key_id", "team": "team"}


@dataclass(frozen=True, slots=True)
class LedgerScope:
    """The rows and sums of one account.

    Parameters
    ----------
    account : str
        ``all``, ``key:ID`` or ``team:NAME``. A key or team without a name has no rows, so that it shows none.
    """

    account: str

    @property
    def is_all(self) -> bool:
        """Whether it holds everybody's requests."""
        return self.account == ALL

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What a query over `REQUESTS` has to ask for."""
        if not self.is_all:
            column, name = self._column_and_name()
            yield REQUESTS.c[column] == name

    def has(self, row: LedgerRow | Row[Any]) -> bool:
        """Whether the row of one request lies in it."""
        if self.is_all:
            return True
        column, name = self._column_and_name()
        return bool(name) and getattr(row, column) == name

    def _column_and_name(self) -> tuple[str, str]:
        kind, _, name = self.account.partition(":")
        return _COLUMNS[kind], name


EVERYBODY = LedgerScope(ALL)
