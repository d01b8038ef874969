"""Single rows of the ledger: filtered, paged and exported. They hold no text of any prompt or answer."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

import orjson
from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from gateway.ledger.estimates import (
    answer_error_ratio,
    first_token_error_ratio,
    true_answer_ms,
    true_first_token_ms,
)
from gateway.ledger.schema import REQUESTS
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import from_epoch_ms, plain
from gateway.reports.csv_cells import harmless
from gateway.reports.keys import key_names
from models.usage.pricing import to_usd
from models.wire.errors import RequestError

EXPORT_ROWS = 1000
"""Rows read at a time, so that an export of millions takes little memory and holds no connection for long."""

CHUNK_CHARS = 16_384
"""Characters of an export passed on at a time: each pass takes a switch of threads."""

MOST_DIGITS = 15
"""The most digits of a time in milliseconds, enough for the next thirty thousand years."""

Read = Callable[[], AbstractContextManager[Connection]]

_C = REQUESTS.c
_MONEY = {
    "cost_nusd": "cost_usd",
    "baseline_nusd": "baseline_usd",
    "deciding_nusd": "deciding_usd",
    "abandoned_nusd": "abandoned_usd",
}
_COMPUTED = {
    "true_first_token_ms": true_first_token_ms,
    "true_answer_ms": true_answer_ms,
    "first_token_error_ratio": first_token_error_ratio,
    "answer_error_ratio": answer_error_ratio,
}
_JSON = ("contributions", "second_look", "usage_details", "tags", "egress")
COLUMNS = (
    "id",
    "created",
    *(str(column.name) for column in REQUESTS.columns if column.name not in ("id", "created_ms", *_MONEY)),
    *_MONEY.values(),
    *_COMPUTED,
)


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which rows to show. None does not filter; `since_ms` is included, `until_ms` is not.

    `scope` says whose rows may be seen at all. `tag` is one of the tags of the key.
    """

    scope: LedgerScope
    since_ms: int | None = None
    until_ms: int | None = None
    route: str | None = None
    reason: str | None = None
    outcome: str | None = None
    model: str | None = None
    key_id: str | None = None
    team: str | None = None
    tag: str | None = None
    session_id: str | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """The filter as SQL conditions."""
        yield from self.scope.conditions()
        if self.since_ms is not None:
            yield _C.created_ms >= self.since_ms
        if self.until_ms is not None:
            yield _C.created_ms < self.until_ms
        equal = {
            _C.route: self.route,
            _C.reason: self.reason,
            _C.outcome: self.outcome,
            _C.served_model: self.model,
            _C.key_id: self.key_id,
            _C.team: self.team,
            _C.session_id: self.session_id,
        }
        yield from (column == value for column, value in equal.items() if value is not None)
        if self.tag is not None:
            yield _has_tag(self.tag)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: rows older than this one come next."""

    created_ms: int
    id: str

    def __str__(self) -> str:
        return f"{self.created_ms}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the `next` of an earlier page.

        Raises
        ------
        RequestError
            If it is something else.
        """
        created, _, id = text.partition(":")
        if not created.isascii() or not created.isdigit() or len(created) > MOST_DIGITS or not id:
            raise RequestError("after: must be the `next` of an earlier page", param="after", code="invalid_value")
        return cls(int(created), id)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first, and the cursor of the next page; None on the last."""

    rows: list[dict[str, Any]]
    next: Cursor | None


def find_decisions(
    connection: Connection, wanted: DecisionFilter, limit: int = 50, after: Cursor | None = None
) -> Page:
    """The newest `limit` rows that match and are older than `after`, as JSON-ready objects."""
    ids = connection.execute(_ids(wanted, limit + 1, after)).all()
    rows = _rows(connection, [row.id for row in ids[:limit]], wanted.scope)
    last = Cursor(ids[limit - 1].created_ms, ids[limit - 1].id) if len(ids) > limit else None
    return Page(rows, last)


def get_decision(connection: Connection, scope: LedgerScope, id: str) -> dict[str, Any] | None:
    """The row of one request; None where `scope` has none."""
    rows = _rows(connection, [id], scope)
    return rows[0] if rows else None


def filter_choices(connection: Connection, wanted: DecisionFilter) -> dict[str, Any]:
    """The values to filter by in a span, of the columns without a closed list: models, keys, teams and tags."""
    newest = select(_C.served_model, _C.key_id, _C.team, _C.tags).where(*wanted.conditions())
    recent = newest.order_by(_C.created_ms.desc()).limit(20_000).subquery()
    found = connection.execute(select(recent).distinct()).all()
    keys = sorted({row.key_id for row in found if row.key_id})
    return {
        "models": sorted({row.served_model for row in found if row.served_model}),
        "keys": keys,
        "key_names": {id: names.name for id, names in key_names(connection, keys).items()},
        "teams": sorted({row.team for row in found if row.team}),
        "tags": sorted({tag for row in found if row.tags for tag in orjson.loads(row.tags)}),
    }


def all_decisions(read: Read, wanted: DecisionFilter) -> Iterator[dict[str, Any]]:
    """Every row that matches, newest first.

    They are read in pages, each with a connection of its own from `read`, so a slow consumer holds none.
    """
    after = None
    while True:
        with read() as connection:
            page = find_decisions(connection, wanted, EXPORT_ROWS, after)
        yield from page.rows
        after = page.next
        if after is None:
            return


def csv_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The rows as CSV with a heading. An apostrophe is put before text that a spreadsheet would run as a formula."""
    line = io.StringIO()
    writer = csv.DictWriter(line, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: harmless(value) for name, value in _flat(row).items()})
        if line.tell() > CHUNK_CHARS:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """The rows as JSON, one a line."""
    lines = bytearray()
    for row in rows:
        lines += orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        if len(lines) > CHUNK_CHARS:
            yield bytes(lines)
            lines.clear()
    yield bytes(lines)


def decision_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its time in ISO 8601, its money in dollars, and how far estimates of time were off."""
    created = from_epoch_ms(row["created_ms"]).isoformat(timespec="milliseconds")
    usd = {name: None if row[column] is None else plain(to_usd(row[column])) for column, name in _MONEY.items()}
    parsed = {name: None if row[name] is None else orjson.loads(row[name]) for name in _JSON}
    computed = {name: compute(row) for name, compute in _COMPUTED.items()}
    values = {**row, "created": created, **parsed, **usd, **computed}
    return {name: values[name] for name in COLUMNS}


def _has_tag(tag: str) -> ColumnElement[bool]:
    """Whether the JSON array in `tags` has it. Not LIKE, which ignores case in SQLite."""
    return func.replace(_C.tags, orjson.dumps(tag).decode(), "") != _C.tags


def _ids(wanted: DecisionFilter, limit: int, after: Cursor | None) -> Select[Any]:
    """The database answers it from the index `requests_seen` alone, however few rows match."""
    query = select(_C.created_ms, _C.id).where(*wanted.conditions())
    if after is not None:
        query = query.where(tuple_(_C.created_ms, _C.id) < tuple_(after.created_ms, after.id))
    return query.order_by(_C.created_ms.desc(), _C.id.desc()).limit(limit)


def _rows(connection: Connection, ids: list[str], scope: LedgerScope) -> list[dict[str, Any]]:
    query = select(REQUESTS).where(_C.id.in_(ids), *scope.conditions()).order_by(_C.created_ms.desc(), _C.id.desc())
    rows = connection.execute(query).mappings()
    return [decision_json({str(name): value for name, value in row.items()}) for row in rows]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: orjson.dumps(row[name]).decode() for name in _JSON if row[name] is not None}}
