"""Compares the audit chain with the ledger's rows: each row that tells what left has its entry, and they agree."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, exists, func, select

from gateway.audit.schema import AUDIT
from gateway.audit.verify import Break, Finding
from gateway.ledger.schema import REQUESTS

IDS = 500
"""Rows looked up at a time: SQLite takes so many parameters in every version."""

_R = REQUESTS.c


def compare_rows(connection: Connection, entries: Sequence[Row[Any]]) -> Finding | None:
    """The first of `entries` whose row says something else, or is missing though older rows are there."""
    sealed = {entry.request_id: entry for entry in entries if entry.request_id and '"created_ms":' in entry.body}
    ids = list(sealed)
    for start in range(0, len(ids), IDS):
        part = ids[start : start + IDS]
        query = select(_R.id, _R.egress).where(_R.id.in_(part))
        rows: dict[str, str | None] = {row.id: row.egress for row in connection.execute(query)}
        for id in part:
            finding = _compare(connection, sealed[id], rows.get(id), id in rows)
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


def _compare(connection: Connection, entry: Row[Any], egress: str | None, is_there: bool) -> Finding | None:
    body, seq, id = orjson.loads(entry.body), entry.seq, entry.request_id
    if not is_there:
        oldest_ms = connection.scalar(select(func.min(_R.created_ms)))
        if oldest_ms is None or body["created_ms"] < oldest_ms:  # deleted with others of its age (ledger.keep_days)
            return None
        return Finding(Break.ROW_MISSING, f"the row of request {id} is gone, though older ones are there", seq, id)
    if egress is None or orjson.loads(egress) != body["egress"]:
        return Finding(Break.ROW_CHANGED, f"the row of request {id} says something else than entry {seq}", seq, id)
    return None
