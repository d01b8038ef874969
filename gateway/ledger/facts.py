"""Sums over ledger rows for a span of time: the one place from which every figure about many requests comes.

Report, timeline, dashboard and command line all fold the same `Fact` rows, so that no two of them can disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from gateway.ledger.schema import REQUESTS

_C = REQUESTS.c
_PRICED = and_(_C.cost_nusd.is_not(None), _C.baseline_nusd.is_not(None))
_ANSWERED = _C.completion_tokens > 0


@dataclass(frozen=True, slots=True)
class Fact:
    """Requests alike in where they went, why, and how they ended.

    Money is in nano-dollars and summed over priced requests only: those whose cost and baseline cost are both known.
    `answered` counts requests that got at least a token, `covered` those of them that are priced; `first_token_us` sums
    the time to the first byte over `first_tokens` requests.
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


def read_facts(connection: Connection, since_ms: int | None = None, until_ms: int | None = None) -> list[Fact]:
    """Sum up the requests that arrived from `since_ms` on and before `until_ms`; None leaves that side open."""
    query = select(*_dimensions(), *_sums()).group_by(*_dimensions())
    if since_ms is not None:
        query = query.where(_C.created_ms >= since_ms)
    if until_ms is not None:
        query = query.where(_C.created_ms < until_ms)
    return [_fact(row) for row in connection.execute(query)]


def first_ms(connection: Connection) -> int | None:
    """When the oldest request that is known of arrived; None in an empty ledger."""
    oldest = connection.execute(select(func.min(_C.created_ms))).scalar()
    return None if oldest is None else int(oldest)


def total(facts: Iterable[Fact], field: str) -> int:
    """The sum of one field."""
    return sum(getattr(fact, field) for fact in facts)


def _dimensions() -> list[Any]:
    return [_C.route, _C.reason, _C.outcome, func.coalesce(_C.baseline_model, "").label("baseline_model")]


def _sums() -> list[Any]:
    return [
        func.count().label("requests"),
        _sum_where(_ANSWERED, 1).label("answered"),
        _sum_where(and_(_ANSWERED, _PRICED), 1).label("covered"),
        func.sum(_C.prompt_tokens).label("prompt_tokens"),
        func.sum(_C.completion_tokens).label("completion_tokens"),
        func.sum(_C.cached_tokens).label("cached_tokens"),
        _sum_where(_PRICED, _C.cost_nusd).label("cost_nusd"),
        _sum_where(_PRICED, _C.baseline_nusd).label("baseline_nusd"),
        func.sum(func.round(func.coalesce(_C.first_token_ms, 0) * 1000)).label("first_token_us"),
        func.count(_C.first_token_ms).label("first_tokens"),
    ]


def _sum_where(condition: Any, value: Any) -> Any:
    return func.sum(case((condition, value), else_=0))


def _fact(row: Any) -> Fact:
    names, values = row[:4], row[4:]
    return Fact(*names, *(int(value) for value in values))
