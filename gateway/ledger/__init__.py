"""The record of every request: one row each, however it ended.

A row is first appended to a spool file with one `write`, which survives `kill -9`, and moved into the database by a
thread of its own. So a slow or unreachable database delays rows, never loses them, and never holds up a request.
"""

from gateway.ledger.ledger import Ledger, LedgerUnavailable
from gateway.ledger.row import LedgerRow, Outcome

__all__ = ["Ledger", "LedgerRow", "LedgerUnavailable", "Outcome"]
