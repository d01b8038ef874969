"""The record of every request: one row each, however it ended.

A row is first appended to a spool file with one `write`, which survives `kill -9`. A thread of its own then moves it
into the database. So a slow or unreachable database delays rows, but never loses one and never delays a request.
"""

from gateway.ledger.ledger import Ledger, LedgerUnavailable
from gateway.ledger.row import LedgerRow, Outcome

__all__ = ["Ledger", "LedgerRow", "LedgerUnavailable", "Outcome"]
