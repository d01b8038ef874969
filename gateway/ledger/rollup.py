"""The rollup: sums over ledger rows for a span of time. Every figure about many requests comes from here.

Report, timeline, dashboard and command line all add up the same `RollupRow`, so no two of them can disagree.

Adding up a million rows takes a second, so each row is added once, when it is stored: the table ``rollup`` holds the
sums of each quarter of an hour (hours and days of every time zone are made of whole quarters). A span is the sum of its
whole quarters in that table, and of the single rows at its two ends. Both use the same expressions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, cast, func, literal, select, text

from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import REQUESTS, ROLLUP

SLOT_MS = 15 * 60 * 1000
"""Length of the slot that one row of the rollup sums, in milliseconds."""

_C = REQUESTS.c
_PRICED = and_(_C.cost_nusd.is_not(None), _C.baseline_nusd.is_not(None))
_ANSWERED = _C.completion_tokens > 0
_TIMED = and_(_C.stream, _C.first_token_ms.is_not(None))


@dataclass(frozen=True, slots=True)
class RollupRow:
    """The sums over requests with the same route, reason, outcome, baseline model and key.

    Money is in nano-dollars. `cost_nusd`, `baseline_nusd` and `deciding_nusd` (the cost of local answers that second
    looks threw away) are summed over requests whose cost and baseline cost are both known. `spent_nusd` is the cost of
    all requests whose cost is known: the budget counts it. `answered` counts requests that got at least one token,
    `covered` those of them whose prices are known. `first_token_us` sums the time to the first token over
    `first_tokens` streamed answers. `key_id` is empty unless the sums are by key.
    """

    route: str
    reason: str
    outcome: str
    baseline_model: str
    key_id: str
    requests: int
    answered: int
    covered: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_nusd: int
    baseline_nusd: int
    first_token_us: int
    first_tokens: int
    deciding_nusd: int
    spent_nusd: int


DIMENSIONS = ("route", "reason", "outcome", "baseline_model", "key_id")
SUMS = tuple(field.name for field in fields(RollupRow) if field.name not in DIMENSIONS)
SLOT = ("slot_ms",)

_ADD = text(
    f"INSERT INTO rollup ({', '.join((*SLOT, *DIMENSIONS, *SUMS))}) "
    f"VALUES ({', '.join(f':{name}' for name in (*SLOT, *DIMENSIONS, *SUMS))}) "
    f"ON CONFLICT ({', '.join((*SLOT, *DIMENSIONS))}) "
    f"DO UPDATE SET {', '.join(f'{name} = rollup.{name} + excluded.{name}' for name in SUMS)}"
)
"""As text: SQLAlchemy would build the same statement again for every few rows, which takes longer than running it."""


def read_rollup(
    connection: Connection, since_ms: int | None = None, until_ms: int | None = None, *, by_key: bool = False
) -> list[RollupRow]:
    """Sum up the requests that arrived from `since_ms` on and before `until_ms`; None leaves that side open."""
    sums_by_dimensions: dict[tuple[str, ...], list[int]] = {}
    for query in _queries(since_ms, until_ms, by_key):
        for row in connection.execute(query):
            sums = sums_by_dimensions.setdefault(tuple(row[: len(DIMENSIONS)]), [0] * len(SUMS))
            for i, value in enumerate(row[len(DIMENSIONS) :]):
                sums[i] += int(value)
    return [_rollup_row(key, sums) for key, sums in sorted(sums_by_dimensions.items())]


def first_ms(connection: Connection) -> int | None:
    """When the oldest request arrived; to the quarter of an hour, if only its sum is kept. None in an empty ledger."""
    row_ms = connection.execute(select(func.min(_C.created_ms))).scalar()
    slot_ms = connection.execute(select(func.min(ROLLUP.c.slot_ms))).scalar()
    if row_ms is not None and slot_ms is not None and row_ms - slot_ms < SLOT_MS:
        return int(row_ms)
    return slot_ms


def total(rows: Iterable[RollupRow], field: str) -> int:
    """The sum of one field."""
    return sum(getattr(row, field) for row in rows)


def roll_up(connection: Connection, rows: Iterable[LedgerRow]) -> None:
    """Add rows that were just inserted to the sums of their slots, in the same transaction."""
    added: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        slot_ms = row.created_ms - row.created_ms % SLOT_MS
        key = (slot_ms, *(getattr(row, name) or "" for name in DIMENSIONS))
        sums = added.setdefault(key, [0] * len(SUMS))
        for i, value in enumerate(_sums_of(row)):
            sums[i] += value
    names = (*SLOT, *DIMENSIONS, *SUMS)
    # In the same order in all writers, so that no two deadlock.
    values = [dict(zip(names, (*key, *added[key]), strict=True)) for key in sorted(added)]
    if values:
        connection.execute(_ADD, values)


def _sums_of(row: LedgerRow) -> tuple[int, ...]:
    """What `_row_sums` computes, for a single row, in the order of `SUMS`."""
    answered = row.completion_tokens > 0
    tokens = (row.prompt_tokens, row.completion_tokens, row.cached_tokens)
    if row.cost_nusd is None or row.baseline_nusd is None:
        counts, money, deciding = (1, int(answered), 0), (0, 0), 0
    else:
        counts, money = (1, int(answered), int(answered)), (row.cost_nusd, row.baseline_nusd)
        deciding = row.deciding_nusd
    is_timed = row.stream and row.first_token_ms is not None
    first_token = (round((row.first_token_ms or 0.0) * 1000), 1) if is_timed else (0, 0)
    return *counts, *tokens, *money, *first_token, deciding, row.cost_nusd or 0


def _rollup_row(dimensions: tuple[str, ...], sums: list[int]) -> RollupRow:
    route, reason, outcome, baseline_model, key_id = dimensions
    return RollupRow(route, reason, outcome, baseline_model, key_id, *sums)


def _queries(since_ms: int | None, until_ms: int | None, by_key: bool) -> Iterator[Select[Any]]:
    """Whole slots from the rollup, the rest of the span from the rows."""
    first = None if since_ms is None else -(-since_ms // SLOT_MS) * SLOT_MS
    last = None if until_ms is None else until_ms // SLOT_MS * SLOT_MS
    if first is not None and last is not None and first >= last:
        yield _over_rows(since_ms, until_ms, by_key)
        return
    yield _over_slots(first, last, by_key)
    if since_ms != first:
        yield _over_rows(since_ms, first, by_key)
    if until_ms != last:
        yield _over_rows(last, until_ms, by_key)


def _over_rows(since_ms: int | None, until_ms: int | None, by_key: bool) -> Select[Any]:
    dimensions = _row_dimensions(by_key)
    return _within(select(*dimensions, *_row_sums()).group_by(*dimensions), _C.created_ms, since_ms, until_ms)


def _over_slots(since_ms: int | None, until_ms: int | None, by_key: bool) -> Select[Any]:
    dimensions = [_without_key(ROLLUP.c[name], by_key) for name in DIMENSIONS]
    sums = [func.sum(ROLLUP.c[name]) for name in SUMS]
    return _within(select(*dimensions, *sums).group_by(*dimensions), ROLLUP.c.slot_ms, since_ms, until_ms)


def _within(
    query: Select[*tuple[Any, ...]], column: ColumnElement[int], since_ms: int | None, until_ms: int | None
) -> Select[Any]:
    if since_ms is not None:
        query = query.where(column >= since_ms)
    if until_ms is not None:
        query = query.where(column < until_ms)
    return query


def _row_dimensions(by_key: bool) -> list[ColumnElement[str]]:
    columns = [func.coalesce(_C[name], "").label(name) for name in DIMENSIONS]
    return [_without_key(column, by_key) for column in columns]


def _without_key(column: ColumnElement[str], by_key: bool) -> ColumnElement[str]:
    return column if by_key or column.name != "key_id" else literal("").label("key_id")


def _row_sums() -> list[ColumnElement[int]]:
    sums = {
        "requests": func.count(),
        "answered": _sum_where(_ANSWERED, 1),
        "covered": _sum_where(and_(_ANSWERED, _PRICED), 1),
        "prompt_tokens": func.sum(_C.prompt_tokens),
        "completion_tokens": func.sum(_C.completion_tokens),
        "cached_tokens": func.sum(_C.cached_tokens),
        "cost_nusd": _sum_where(_PRICED, _C.cost_nusd),
        "baseline_nusd": _sum_where(_PRICED, _C.baseline_nusd),
        # Whole microseconds, so that the sum is the same in any order.
        "first_token_us": _sum_where(_TIMED, cast(func.round(_C.first_token_ms * 1000), BigInteger)),
        "first_tokens": _sum_where(_TIMED, 1),
        "deciding_nusd": _sum_where(_PRICED, _C.deciding_nusd),
        "spent_nusd": func.sum(func.coalesce(_C.cost_nusd, 0)),
    }
    return [sums[name].label(name) for name in SUMS]


def _sum_where(condition: Any, value: Any) -> Any:
    return func.sum(case((condition, value), else_=0))
