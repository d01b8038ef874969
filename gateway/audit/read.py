"""Entries of the audit chain as they are shown: filtered, paged, and all of them one after the other."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, select

from gateway.audit.schema import AUDIT, HEAD

PAGE = 5_000
"""Entries read at a time, so that an export of millions takes little memory and holds no connection for long."""

COLUMNS = ("seq", "at", "kind", "request_id", "hash", "body")

Read = Callable[[], AbstractContextManager[Connection]]

_C = AUDIT.c


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to show. None does not filter; `since_ms` is included, `until_ms` is not."""

    since_ms: int | None = None
    until_ms: int | None = None
    kind: str | None = None
    request_id: str | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """The filter as SQL conditions."""
        if self.since_ms is not None:
            yield _C.made_ms >= self.since_ms
        if self.until_ms is not None:
            yield _C.made_ms < self.until_ms
        if self.kind is not None:
            yield _C.kind == self.kind
        if self.request_id is not None:
            yield _C.request_id == self.request_id


def head_of(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last entry: what to note elsewhere."""
    seq, hash = connection.execute(select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == 1)).one()
    return seq, hash


def newest_entries(
    connection: Connection, wanted: AuditFilter, limit: int, before: int | None = None
) -> list[dict[str, Any]]:
    """The newest `limit` entries that match, with numbers below `before`, as JSON-ready objects."""
    query = select(AUDIT).where(*wanted.conditions())
    if before is not None:
        query = query.where(_C.seq < before)
    return [entry_json(row) for row in connection.execute(query.order_by(_C.seq.desc()).limit(limit))]


def all_entries(read: Read, wanted: AuditFilter) -> Iterator[dict[str, Any]]:
    """Every entry that matches, oldest first, as JSON-ready objects.

    They are read in pages, each with a connection of its own from `read`, so a slow consumer holds none.
    """
    last = 0
    while True:
        query = select(AUDIT).where(_C.seq > last, *wanted.conditions()).order_by(_C.seq).limit(PAGE)
        with read() as connection:
            rows = connection.execute(query).all()
        yield from map(entry_json, rows)
        if len(rows) < PAGE:
            return
        last = rows[-1].seq


def entry_json(row: Row[Any]) -> dict[str, Any]:
    """An entry with its time in ISO 8601. A body that somebody has damaged is shown as the text that it is."""
    try:
        body = orjson.loads(row.body)
    except orjson.JSONDecodeError:
        body = row.body
    at = datetime.fromtimestamp(row.made_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "seq": row.seq,
        "at": at,
        "kind": row.kind,
        "request_id": row.request_id,
        "hash": row.hash,
        "body": body,
    }


def csv_lines(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The entries as CSV with a heading; the body is JSON in one field."""
    yield ",".join(COLUMNS) + "\r\n"
    for entry in entries:
        line = io.StringIO()
        body = orjson.dumps(entry["body"]).decode()
        csv.DictWriter(line, COLUMNS, lineterminator="\r\n").writerow({**entry, "body": body})
        yield line.getvalue()


def json_lines(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The entries as JSON, one a line."""
    for entry in entries:
        yield orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE).decode()
