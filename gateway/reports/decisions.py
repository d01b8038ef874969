"""Single rows of the ledger: found, paged through, and exported. They hold no text of any prompt or answer."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

import orjson
from sqlalchemy import ColumnElement, Connection, Select, select, tuple_

from gateway.ledger.schema import REQUESTS
from gateway.ledger.units import from_epoch_ms, plain
from models.usage.pricing import to_usd
from models.wire.errors import RequestError

EXPORT_ROWS = 1000
"""Read at a time, so that an export of millions holds neither memory nor the database."""

CHUNK_CHARS = 16_384
"""Of an export handed over at a time: each takes a thread's turn."""

MOST_DIGITS = 15
"""Of a time in milliseconds, for the next thirty thousand years."""

Read = Callable[[], AbstractContextManager[Connection]]

_C = REQUESTS.c
_MONEY = {"cost_nusd": "cost_usd", "baseline_nusd": "baseline_usd", "deciding_nusd": "deciding_usd"}
_JSON = ("contributions", "second_look", "usage_details")
COLUMNS = (
    "id",
    "created",
    *(str(column.name) for column in REQUESTS.columns if column.name not in ("id", "created_ms", *_MONEY)),
    *_MONEY.values(),
)


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which rows to show. None does not narrow; `since_ms` is included, `until_ms` is not."""

    since_ms: int | None = None
    until_ms: int | None = None
    route: str | None = None
    reason: str | None = None
    outcome: str | None = None
    model: str | None = None
    key_id: str | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As SQL."""
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
        }
        yield from (column == value for column, value in equal.items() if value is not None)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends: rows older than this one come next."""

    created_ms: int
    id: str

    def __str__(self) -> str:
        return f"{self.created_ms}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what an earlier page named as `next`.

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
    """Some rows, newest first, and where the next ones begin; None where there are none."""

    rows: list[dict[str, Any]]
    next: Cursor | None


def find_decisions(
    connection: Connection, wanted: DecisionFilter, limit: int = 50, after: Cursor | None = None
) -> Page:
    """The newest `limit` rows that are wanted and older than `after`, as JSON-ready objects."""
    seen = connection.execute(_ids(wanted, limit + 1, after)).all()
    rows = _rows(connection, [row.id for row in seen[:limit]])
    last = Cursor(seen[limit - 1].created_ms, seen[limit - 1].id) if len(seen) > limit else None
    return Page(rows, last)


def get_decision(connection: Connection, id: str) -> dict[str, Any] | None:
    """The row of one request, None where there is none."""
    rows = _rows(connection, [id])
    return rows[0] if rows else None


def filter_choices(connection: Connection, wanted: DecisionFilter) -> dict[str, list[str]]:
    """What there is to choose from in a span: models and keys, which no list could know beforehand."""
    newest = select(_C.served_model, _C.key_id).where(*wanted.conditions())
    recent = newest.order_by(_C.created_ms.desc()).limit(20_000).subquery()
    pairs = connection.execute(select(recent.c.served_model, recent.c.key_id).distinct()).all()
    return {
        "models": sorted({row.served_model for row in pairs if row.served_model}),
        "keys": sorted({row.key_id for row in pairs if row.key_id}),
    }


def all_decisions(read: Read, wanted: DecisionFilter) -> Iterator[dict[str, Any]]:
    """Every row that is wanted, newest first.

    Read in pages, each with a connection of its own from `read`: whoever takes the rows may be slow, and holds none.
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
    """The rows as CSV with a heading. Text that a spreadsheet would take for a formula is quoted by an apostrophe."""
    line = io.StringIO()
    writer = csv.DictWriter(line, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in _flat(row).items()})
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
    """A row with its time in ISO 8601 and its money in dollars."""
    created = from_epoch_ms(row["created_ms"]).isoformat(timespec="milliseconds")
    usd = {name: None if row[column] is None else plain(to_usd(row[column])) for column, name in _MONEY.items()}
    opened = {name: None if row[name] is None else orjson.loads(row[name]) for name in _JSON}
    values = {**row, "created": created, **opened, **usd}
    return {name: values[name] for name in COLUMNS}


def _ids(wanted: DecisionFilter, limit: int, after: Cursor | None) -> Select[Any]:
    """Answered from the index `requests_seen` alone, however few of the rows match."""
    query = select(_C.created_ms, _C.id).where(*wanted.conditions())
    if after is not None:
        query = query.where(tuple_(_C.created_ms, _C.id) < tuple_(after.created_ms, after.id))
    return query.order_by(_C.created_ms.desc(), _C.id.desc()).limit(limit)


def _rows(connection: Connection, ids: list[str]) -> list[dict[str, Any]]:
    query = select(REQUESTS).where(_C.id.in_(ids)).order_by(_C.created_ms.desc(), _C.id.desc())
    rows = connection.execute(query).mappings()
    return [decision_json({str(name): value for name, value in row.items()}) for row in rows]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: orjson.dumps(row[name]).decode() for name in _JSON if row[name] is not None}}


def _harmless(value: Any) -> Any:
    # A caller may name a model "=cmd|...": what spreadsheets run when they open a file.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
