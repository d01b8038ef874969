"""Compares the audit chain with the ledger's rows: each row that tells what left has its entry, and they agree."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, exists, func, select

from gateway.audit.schema import AUDIT
from gateway.audit.verify import Break, Finding
from gateway.ledger.egress import SEALED
from gateway.ledger.schema import REQUESTS

_A, _R = AUDIT.c, REQUESTS.c


def compare_rows(connection: Connection, entries: Sequence[Row[Any]]) -> Finding | None:
    """The first of `entries` whose row says something else, or is missing though older rows are there."""
    if not entries:
        return None
    query = (
        select(_A.seq, _A.request_id, _A.body, _R.id, _R.egress, *(_R[name] for name in SEALED))
        .outerjoin_from(AUDIT, REQUESTS, _R.id == _A.request_id)
        .where(_A.seq >= entries[0].seq, _A.seq <= entries[-1].seq, _A.request_id.is_not(None))
        .order_by(_A.seq)
    )
    for entry in connection.execute(query):
        finding = _compare(connection, entry)
        if finding is not None:
            return finding
    return None


def row_without_entry(connection: Connection, since_ms: int) -> Finding | None:
    """A row from after `since_ms` of which something left, and that has no entry."""
    has_entry = exists().where(AUDIT.c.request_id == _R.id)
    query = select(_R.id).where(_R.egress.is_not(None), _R.created_ms > since_ms, ~has_entry).limit(1)
    id = connection.scalar(query)
    if id is None:
        return None
    return Finding(Break.ENTRY_MISSING, f"request {id} has a row in the ledger, and no entry", request_id=id)


def _parsed(egress: str | None) -> Any:
    """The row's own words; None where there are none, or somebody has damaged them."""
    try:
        return None if egress is None else orjson.loads(egress)
    except orjson.JSONDecodeError:
        return None


def _compare(connection: Connection, entry: Any) -> Finding | None:
    body, seq, id = orjson.loads(entry.body), entry.seq, entry.request_id
    if "created_ms" not in body:  # a call that came after the request's end has an entry of its own
        return None
    if entry.id is None:
        oldest_ms = connection.scalar(select(func.min(_R.created_ms)))
        if oldest_ms is None or body["created_ms"] < oldest_ms:  # deleted with others of its age (ledger.keep_days)
            return None
        return Finding(Break.ROW_MISSING, f"the row of request {id} is gone, though older ones are there", seq, id)
    column = _changed(entry, body)
    if column is None:
        return None
    message = f"{column} in the row of request {id} is something else than in entry {seq}"
    return Finding(Break.ROW_CHANGED, message, seq, id)


def _changed(row: Any, body: dict[str, Any]) -> str | None:
    """The first column of `row` that is not as it was sealed."""
    if _parsed(row.egress) != body["egress"]:
        return "egress"
    return next((name for name in SEALED if getattr(row, name) != body[name]), None)
