"""What left this machine with each request, as entries of the audit chain."""

from collections.abc import Iterable, Iterator

import orjson

from gateway.audit.chain import Entry, Kind
from gateway.ledger.row import LedgerRow
from gateway.ledger.units import now_ms


def egress_entries(rows: Iterable[LedgerRow]) -> Iterator[Entry]:
    """One entry for each row of which something left, or nothing could: the others need none."""
    made_ms = now_ms()
    for row in rows:
        if row.egress is None:
            continue
        egress = orjson.loads(row.egress)
        kind = Kind.EGRESS if egress.get("calls") else Kind.PRIVATE
        yield Entry(kind, made_ms, {**_about(row), "egress": egress}, row.id)


def _about(row: LedgerRow) -> dict[str, str | int | None]:
    return {
        "created_ms": row.created_ms,
        "endpoint": row.endpoint,
        "key_id": row.key_id,
        "route": row.route,
        "reason": row.reason,
        "outcome": row.outcome,
    }
