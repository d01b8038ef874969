"""Days, weeks and months of a budget, in its time zone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.ledger.units import epoch_ms


class Period(StrEnum):
    """How long a limit lasts. A week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """One day, week or month: from `begins` on, until just before `ends`. Both are aware datetimes."""

    begins: datetime
    ends: datetime

    @property
    def begins_ms(self) -> int:
        """Milliseconds since 1970."""
        return epoch_ms(self.begins) or 0

    @property
    def ends_ms(self) -> int:
        """Milliseconds since 1970."""
        return epoch_ms(self.ends) or 0


def span_of(period: Period, moment: datetime, zone: ZoneInfo) -> Span:
    """The span of `period` that contains `moment`; a day on which the clocks change is an hour longer or shorter."""
    day = moment.astimezone(zone).date()
    if period is Period.DAY:
        first, after = day, day + timedelta(days=1)
    elif period is Period.WEEK:
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return Span(datetime.combine(first, time(), zone), datetime.combine(after, time(), zone))
