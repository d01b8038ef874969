"""Latency: the time to the first token, by route.

Percentiles cannot be added up like sums, so they are those of the newest answers: exact for these, and as quick in a
ledger of ten million rows as in one of ten thousand. Only streamed answers count: the others have no first token.
"""

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from gateway.ledger.schema import REQUESTS
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import epoch_ms
from gateway.reports.timeline import edges
from router.decision import Route

NEWEST = 10_000
"""The most answers of a route that count for a span."""

NEWEST_OF_INTERVAL = 300
"""The same for each interval of the chart."""

_C = REQUESTS.c


def latency_report(
    connection: Connection, scope: LedgerScope, since: datetime, until: datetime, zone: tzinfo
) -> dict[str, Any]:
    """Median and 95th percentile of the time to the first token, over a span and over each of its intervals."""
    intervals = [
        {
            "since": start.isoformat(),
            "until": end.isoformat(),
            **_by_route(connection, scope, start, end, NEWEST_OF_INTERVAL),
        }
        for start, end in pairwise(edges(since, until, zone))
    ]
    return {
        "object": "latency",
        "newest": NEWEST,
        **_by_route(connection, scope, since, until, NEWEST),
        "intervals": intervals,
    }


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of the `ordered` values do not exceed; None for no values.

    >>> percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.95), percentile([], 0.5)
    (2, 4, None)
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _by_route(
    connection: Connection, scope: LedgerScope, since: datetime, until: datetime, newest: int
) -> dict[str, Any]:
    return {route.value: _figures(_newest(connection, scope, route, since, until, newest)) for route in Route}


def _figures(values: list[float]) -> dict[str, Any]:
    ordered = sorted(values)
    return {"answers": len(ordered), "p50_ms": percentile(ordered, 0.5), "p95_ms": percentile(ordered, 0.95)}


def _newest(
    connection: Connection, scope: LedgerScope, route: Route, since: datetime, until: datetime, newest: int
) -> list[float]:
    query = (
        select(_C.first_token_ms)
        .where(_C.created_ms >= epoch_ms(since), _C.created_ms < epoch_ms(until))
        .where(*scope.conditions(), _C.route == route.value, _C.stream, _C.first_token_ms.is_not(None))
        .order_by(_C.created_ms.desc())
        .limit(newest)
    )
    return [float(value) for value in connection.execute(query).scalars()]
