"""The timeline: the ledger's rollup by intervals of the reader's time zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.ledger.rollup import RollupRow, first_ms, read_rollup
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import epoch_ms, from_epoch_ms
from gateway.reports.savings import figures
from models.wire.errors import RequestError

STEPS_MIN = (1, 2, 5, 15, 30, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60, 90 * 24 * 60)
"""Lengths of an interval, in minutes."""

MOST_INTERVALS = 62
"""The most bars of a chart: enough for a month by days, and still readable on a phone."""

DAY = timedelta(days=1)

YEARS = range(2000, 2200)
"""Years that every time zone's rules cover."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One bar of a chart."""

    since: datetime
    until: datetime
    rows: Sequence[RollupRow]

    def to_json(self) -> dict[str, Any]:
        """Its figures, and its requests by route, reason and outcome."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            **figures(self.rows),
            "by_route": _count(self.rows, "route"),
            "by_reason": _count(self.rows, "reason"),
            "by_outcome": _count(self.rows, "outcome"),
        }


def timeline(
    connection: Connection, scope: LedgerScope, since: datetime, until: datetime, zone: tzinfo = UTC
) -> list[Interval]:
    """The requests of `scope` from `since` to `until`, cut into intervals at full hours or days of `zone`.

    The first and the last may be shorter: all of them together are exactly the span.
    """
    return [
        Interval(start, end, read_rollup(connection, epoch_ms(start), epoch_ms(end), scope))
        for start, end in pairwise(edges(since, until, zone))
    ]


def closed_span(
    connection: Connection, scope: LedgerScope, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """The span with its open ends set: from the oldest request of `scope`, until now."""
    now = datetime.now(UTC)
    if since is None:
        oldest_ms = first_ms(connection, scope)
        since = now if oldest_ms is None else from_epoch_ms(oldest_ms)
    return since, now if until is None else until


def aware(moment: datetime | None) -> datetime | None:
    """`moment` in UTC where it names no zone.

    Raises
    ------
    RequestError
        If its year is outside of `YEARS`.
    """
    if moment is not None and moment.year not in YEARS:
        message = f"since, until: must lie in the years {YEARS.start} to {YEARS.stop - 1}, got {moment.year}"
        raise RequestError(message, param="since", code="invalid_value")
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def time_zone(name: str) -> ZoneInfo:
    """The zone of that name.

    Raises
    ------
    RequestError
        If there is none.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:  # unknown, malformed, the name of a folder
        message = f"tz: there is no time zone {name!r}; use a name such as Europe/Stockholm or UTC"
        raise RequestError(message, param="tz", code="invalid_value") from exc


def edges(since: datetime, until: datetime, zone: tzinfo) -> list[datetime]:
    """The ends of the intervals of a span, its own ends included."""
    # Moments are compared in UTC: in a zone's local time an hour may come twice.
    start, end = since.astimezone(UTC), until.astimezone(UTC)
    grid = _grid(start.astimezone(zone), step_for(end - start))
    inner = takewhile(lambda edge: edge.astimezone(UTC) < end, grid)
    between = [edge for edge in inner if edge.astimezone(UTC) > start]
    ends = [start.astimezone(zone), *between]
    return [*ends, end.astimezone(zone)] if end > start else ends


def step_for(span: timedelta) -> timedelta:
    """The shortest interval length that gives at most `MOST_INTERVALS` intervals."""
    steps = (timedelta(minutes=minutes) for minutes in STEPS_MIN)
    return next((step for step in steps if span / step <= MOST_INTERVALS - 2), timedelta(minutes=STEPS_MIN[-1]))


def _grid(start: datetime, step: timedelta) -> Iterator[datetime]:
    """Full multiples of `step` after midnight; of several days, after the Monday before.

    Days are counted in the zone's local time, where one in spring has 23 hours; hours are counted as they pass.
    """
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if step >= DAY:
        edge = midnight - timedelta(days=start.weekday()) if step > DAY else midnight
        while True:
            yield edge
            edge += step  # wall-clock arithmetic: the zone is kept
    while True:
        next_midnight = midnight + DAY
        edge = midnight.astimezone(UTC)
        while edge < next_midnight:
            yield edge.astimezone(start.tzinfo)
            edge += step
        midnight = next_midnight


def _count(rows: Sequence[RollupRow], field: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        name = getattr(row, field)
        counts[name] = counts.get(name, 0) + row.requests
    return dict(sorted(counts.items()))
