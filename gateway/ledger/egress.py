"""What left this machine with each request, as entries of the audit chain."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from gateway.audit.chain import Entry, Kind
from gateway.ledger.row import LedgerRow
from gateway.ledger.units import now_ms

SEALED = ("created_ms", "endpoint", "key_id", "team", "route", "reason", "outcome", "cost_nusd")
"""Columns of a row that its entry holds as they are; `egress` is in it too, as JSON."""


def egress_entries(rows: Iterable[LedgerRow]) -> Iterator[Entry]:
    """One entry for each row of which something left, or nothing could: the others need none."""
    made_ms = now_ms()
    for row in rows:
        if row.egress is None:
            continue
        egress = orjson.loads(row.egress)
        kind = Kind.EGRESS if egress.get("calls") else Kind.PRIVATE
        yield Entry(kind, made_ms, {**_about(row), "egress": egress}, row.id)


def _about(row: LedgerRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SEALED}
