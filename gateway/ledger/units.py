"""Units of money and time: conversions between the ledger's values and readable ones."""

import time
from datetime import UTC, datetime
from decimal import Decimal

DAY_MS = 24 * 3600 * 1000


def dollars(usd: Decimal) -> str:
    """Money as text: two decimal places from a dollar on, four below, or as many as show two significant digits.

    >>> dollars(Decimal("1234.5")), dollars(Decimal("-0.012345")), dollars(Decimal("0.0000123"))
    ('$1,234.50', '−$0.0123', '$0.000012')
    """
    sign = "−" if usd < 0 else ""
    places = 2 if usd == 0 or abs(usd) >= 1 else min(9, max(4, 1 - usd.adjusted()))
    return f"{sign}${abs(usd):,.{places}f}"


def plain(usd: Decimal) -> str:
    """A decimal string without an exponent, which every reader takes for a number."""
    return f"{usd:f}"


def now_ms() -> int:
    """The current time as the ledger keeps times: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def days_ago_ms(days: float) -> int:
    """The moment that many days ago."""
    return now_ms() - round(days * DAY_MS)


def epoch_ms(moment: datetime | None) -> int | None:
    """The ledger's time: milliseconds since 1970, UTC."""
    return None if moment is None else round(moment.timestamp() * 1000)


def from_epoch_ms(ms: int) -> datetime:
    """The moment, in UTC, of the ledger's time."""
    return datetime.fromtimestamp(ms / 1000, UTC)
