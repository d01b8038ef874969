"""The pause that a server asks for in the header ``Retry-After`` (RFC 9110, section 10.2.3)."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_S = 24 * 3600.0


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds in [0, a day]; None if there is no pause, or one that cannot be read.

    The header holds a number of seconds, or the date until which to wait.

    >>> retry_after_s("2.5"), retry_after_s("soon"), retry_after_s("-1"), retry_after_s("nan")
    (2.5, None, 0.0, None)
    >>> retry_after_s("Wed, 21 Oct 2026 07:28:30 GMT", datetime(2026, 10, 21, 7, 28, tzinfo=UTC))
    30.0
    """
    if value is None:
        return None
    seconds = _seconds(value, now or datetime.now(UTC))
    return None if seconds is None or math.isnan(seconds) else min(max(0.0, seconds), MAX_RETRY_AFTER_S)


def _seconds(value: str, now: datetime) -> float | None:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
        return (until if until.tzinfo is not None else until.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
