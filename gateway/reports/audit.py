"""Verifies the audit chain together with the ledger's rows."""

from collections.abc import Callable, Sequence

from gateway.audit.prune import begins_after
from gateway.audit.read import Read
from gateway.audit.verify import Verification, Verifier
from gateway.ledger.egress_check import compare_rows, row_without_entry


def verify_audit(
    read: Read,
    keys: Sequence[bytes],
    expect: tuple[int, str] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Verification:
    """Look at all entries and, as far as they are kept, at the rows that they are about; `Verifier` has the rest.

    Raises
    ------
    LedgerUnavailable
        While the database does not answer.
    """
    result = Verifier(read, keys, expect).run(compare_rows, progress)
    if result.finding is None:
        with read() as connection:
            begin = begins_after(connection)
            result.finding = row_without_entry(connection, begin["through_ms"] if begin else 0)
    return result
