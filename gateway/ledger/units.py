"""Money and moments: as the ledger keeps them, and as people read them."""

import time
from datetime import UTC, datetime
from decimal import Decimal

DAY_MS = 24 * 3600 * 1000


def dollars(usd: Decimal) -> str:
    """Money to read: cents from a dollar on, a hundredth of a cent below, or two digits that count.

    >>> dollars(Decimal("1234.5")), dollars(Decimal("-0.012345")), dollars(Decimal("0.0000123"))
    ('$1,234.50', '−$0.0123', '$0.000012')
    """
    sign = "−" if usd < 0 else ""
    places = 2 if usd == 0 or abs(usd) >= 1 else min(9, max(4, 1 - usd.adjusted()))
    return f"{sign}${abs(usd):,.{places}f}"


def plain(usd: Decimal) -> str:
    """Without an exponent, so that every reader takes it for a number."""
    return f"{usd:f}"


def now_ms() -> int:
    """This moment, as the ledger keeps times: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def days_ago_ms(days: float) -> int:
    """The moment that many days ago."""
    return now_ms() - round(days * DAY_MS)


def epoch_ms(moment: datetime | None) -> int | None:
    """As the ledger keeps times."""
    return None if moment is None else round(moment.timestamp() * 1000)


def from_epoch_ms(ms: int) -> datetime:
    """Back to a moment, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
