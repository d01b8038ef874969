"""The rollup: sums over ledger rows for a span of time. Every figure about many requests comes from here.

Report, timeline, dashboard and command line all add up the same `RollupRow`, so no two of them can disagree.

Adding up a million rows takes a second, so each row is added when it is stored: the table ``rollup`` holds the sums of
each quarter of an hour (hours and days of every time zone are made of whole quarters), those of everybody, of each key
and of each team (the accounts of a `LedgerScope`). A span is the sum of its whole quarters in that table, and of the
single rows at its two ends. Both use the same expressions.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, cast, func, select, text

from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import REQUESTS, ROLLUP
from gateway.ledger.scope import ALL, EVERYBODY, LedgerScope

SLOT_MS = 15 * 60 * 1000
"""Length of the slot that one row of the rollup sums, in milliseconds."""

_C = REQUESTS.c
_PRICED = and_(_C.cost_nusd.is_not(None), _C.baseline_nusd.is_not(None))
_ANSWERED = _C.completion_tokens > 0
_TIMED = and_(_C.stream, _C.first_token_ms.is_not(None))


@dataclass(frozen=True, slots=True)
class RollupRow:
    """The sums over requests with the same route, reason, outcome and baseline model.

    Money is in nano-dollars. `cost_nusd`, `baseline_nusd` and `deciding_nusd` (the cost of local answers that second
    looks threw away) are summed over requests whose cost and baseline cost are both known. `spent_nusd` is the cost of
    all requests whose cost is known: the budget counts it. `answered` counts requests that got at least one token,
    `covered` those of them whose prices are known. `first_token_us` sums the time to the first token over
    `first_tokens` streamed answers.
    """

    route: str
    reason: str
    outcome: str
    baseline_model: str
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


DIMENSIONS = ("route", "reason", "outcome", "baseline_model")
SUMS = tuple(field.name for field in fields(RollupRow) if field.name not in DIMENSIONS)
KEY = ("account", "slot_ms", *DIMENSIONS)

_ADD = text(
    f"INSERT INTO rollup ({', '.join((*KEY, *SUMS))}) "
    f"VALUES ({', '.join(f':{name}' for name in (*KEY, *SUMS))}) "
    f"ON CONFLICT ({', '.join(KEY)}) "
    f"DO UPDATE SET {', '.join(f'{name} = rollup.{name} + excluded.{name}' for name in SUMS)}"
)
"""As text: SQLAlchemy would build the same statement again for every few rows, which takes longer than running it."""


def read_rollup(
    connection: Connection, since_ms: int | None = None, until_ms: int | None = None, scope: LedgerScope = EVERYBODY
) -> list[RollupRow]:
    """Sum up the requests of `scope` that came from `since_ms` on and before `until_ms`; None leaves a side open."""
    sums_by_dimensions: dict[tuple[str, ...], list[int]] = {}
    for query in _queries(since_ms, until_ms, scope):
        for row in connection.execute(query):
            sums = sums_by_dimensions.setdefault(tuple(row[: len(DIMENSIONS)]), [0] * len(SUMS))
            for i, value in enumerate(row[len(DIMENSIONS) :]):
                sums[i] += int(value)
    return [_rollup_row(key, sums) for key, sums in sorted(sums_by_dimensions.items())]


def read_rows_by(
    connection: Connection,
    columns: Sequence[str],
    since_ms: int | None,
    until_ms: int | None,
    conditions: Iterable[ColumnElement[bool]],
) -> Iterator[tuple[tuple[str, ...], RollupRow]]:
    """The same sums by further columns, over single rows: as far as they are kept, and slower the more there are."""
    dimensions = [func.coalesce(_C[name], "") for name in (*columns, *DIMENSIONS)]
    query = select(*dimensions, *_row_sums()).where(*conditions).group_by(*dimensions)
    for row in connection.execute(within(query, _C.created_ms, since_ms, until_ms)):
        values, rest = row[: len(columns)], row[len(columns) :]
        yield tuple(values), _rollup_row(tuple(rest[: len(DIMENSIONS)]), [int(sum) for sum in rest[len(DIMENSIONS) :]])


def first_ms(connection: Connection, scope: LedgerScope = EVERYBODY) -> int | None:
    """When the oldest request of `scope` came; to the quarter of an hour, if only its sum is kept. None for none."""
    slot_ms = connection.execute(select(func.min(ROLLUP.c.slot_ms)).where(ROLLUP.c.account == scope.account)).scalar()
    if slot_ms is None:
        return None
    oldest = select(func.min(_C.created_ms)).where(*scope.conditions())
    row_ms = connection.execute(within(oldest, _C.created_ms, slot_ms, slot_ms + SLOT_MS)).scalar()
    return int(slot_ms if row_ms is None else row_ms)


def total(rows: Iterable[RollupRow], field: str) -> int:
    """The sum of one field."""
    return sum(getattr(row, field) for row in rows)


def roll_up(connection: Connection, rows: Iterable[LedgerRow]) -> None:
    """Add rows that were just inserted to the sums of their slots, in the same transaction."""
    added: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        dimensions = (row.created_ms - row.created_ms % SLOT_MS, *(getattr(row, name) or "" for name in DIMENSIONS))
        values = _sums_of(row)
        for account in _accounts_of(row):
            sums = added.setdefault((account, *dimensions), [0] * len(SUMS))
            for i, value in enumerate(values):
                sums[i] += value
    # In the same order in all writers, so that no two deadlock.
    values_by_key = [dict(zip((*KEY, *SUMS), (*key, *added[key]), strict=True)) for key in sorted(added)]
    if values_by_key:
        connection.execute(_ADD, values_by_key)


def _accounts_of(row: LedgerRow) -> Iterator[str]:
    yield ALL
    if row.key_id:
        yield f"key:{row.key_id}"
    if row.team:
        yield f"team:{row.team}"


def whole_slots(since_ms: int | None, until_ms: int | None) -> tuple[int | None, int | None]:
    """The part of a span that consists of whole slots; it is empty if its end is not after its beginning."""
    first = None if since_ms is None else -(-since_ms // SLOT_MS) * SLOT_MS
    last = None if until_ms is None else until_ms // SLOT_MS * SLOT_MS
    return first, last


def within(
    query: Select[*tuple[Any, ...]], column: ColumnElement[int], since_ms: int | None, until_ms: int | None
) -> Select[Any]:
    """`query` with `column` from `since_ms` on and before `until_ms`."""
    if since_ms is not None:
        query = query.where(column >= since_ms)
    if until_ms is not None:
        query = query.where(column < until_ms)
    return query


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
    route, reason, outcome, baseline_model = dimensions
    return RollupRow(route, reason, outcome, baseline_model, *sums)


def _queries(since_ms: int | None, until_ms: int | None, scope: LedgerScope) -> Iterator[Select[Any]]:
    """Whole slots from the rollup, the rest of the span from the rows."""
    first, last = whole_slots(since_ms, until_ms)
    if first is not None and last is not None and first >= last:
        yield _over_rows(since_ms, until_ms, scope)
        return
    yield _over_slots(first, last, scope)
    if since_ms != first:
        yield _over_rows(since_ms, first, scope)
    if until_ms != last:
        yield _over_rows(last, until_ms, scope)


def _over_rows(since_ms: int | None, until_ms: int | None, scope: LedgerScope) -> Select[Any]:
    dimensions = [func.coalesce(_C[name], "").label(name) for name in DIMENSIONS]
    query = select(*dimensions, *_row_sums()).where(*scope.conditions()).group_by(*dimensions)
    return within(query, _C.created_ms, since_ms, until_ms)


def _over_slots(since_ms: int | None, until_ms: int | None, scope: LedgerScope) -> Select[Any]:
    dimensions = [ROLLUP.c[name] for name in DIMENSIONS]
    sums = [func.sum(ROLLUP.c[name]) for name in SUMS]
    query = select(*dimensions, *sums).where(ROLLUP.c.account == scope.account).group_by(*dimensions)
    return within(query, ROLLUP.c.slot_ms, since_ms, until_ms)


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
