"""Days, weeks and months begin at midnight in the zone of the budget, whatever clocks do."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config.sections.spending import BudgetSettings
from gateway.ledger.rollup import SLOT_MS
from gateway.spending.periods import Period, span_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago")


@pytest.mark.parametrize(
    ("period", "zone", "moment", "begins", "ends"),
    [
        (Period.DAY, "UTC", "2026-03-31T12:00", "2026-03-31T00:00", "2026-04-01T00:00"),
        (Period.DAY, "UTC", "2026-12-31T23:59:59.999", "2026-12-31T00:00", "2027-01-01T00:00"),
        (Period.MONTH, "UTC", "2028-02-28T00:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        (Period.MONTH, "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        (Period.WEEK, "UTC", "2026-03-29T23:59", "2026-03-23T00:00", "2026-03-30T00:00"),  # a Sunday
        (Period.WEEK, "UTC", "2026-03-30T00:00", "2026-03-30T00:00", "2026-04-06T00:00"),
        (Period.DAY, "Europe/Berlin", "2026-03-28T23:30", "2026-03-28T23:00", "2026-03-29T22:00"),  # of 23 hours
        (Period.DAY, "Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),  # of 25 hours
        (Period.MONTH, "Asia/Kathmandu", "2026-03-31T18:15", "2026-03-31T18:15", "2026-04-30T18:15"),
        (Period.DAY, "America/Santiago", "2026-09-06T12:00", "2026-09-06T04:00", "2026-09-07T03:00"),  # no midnight
    ],
)
def test_spans(period: Period, zone: str, moment: str, begins: str, ends: str) -> None:
    span = span_of(period, datetime.fromisoformat(moment).replace(tzinfo=UTC), ZoneInfo(zone))
    told = [one.astimezone(UTC).isoformat(timespec="minutes") for one in (span.begins, span.ends)]
    assert told == [f"{begins}+00:00", f"{ends}+00:00"]


@given(
    period=st.sampled_from(list(Period)),
    zone=st.sampled_from(ZONES),
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_spans_follow_each_other_at_whole_quarters_of_an_hour(period: Period, zone: str, moment: datetime) -> None:
    span = span_of(period, moment, ZoneInfo(zone))
    assert span.begins.timestamp() <= moment.timestamp() < span.ends.timestamp()
    assert span_of(period, span.ends.astimezone(UTC), ZoneInfo(zone)).begins_ms == span.ends_ms
    assert span.begins_ms % SLOT_MS == 0  # or the ledger's sums could not tell


@pytest.mark.parametrize("zone", ["Berlin", "", "../etc/passwd", "Europe"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        BudgetSettings(time_zone=zone)
