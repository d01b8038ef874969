"""Money as people read it."""

from decimal import Decimal

from models.usage.pricing import to_usd


def usd_text(nusd: int) -> str:
    """Nano-dollars as dollars, exactly, without zeros at the end.

    >>> usd_text(100_000_000), usd_text(86_000), usd_text(0)
    ('0.1', '0.000086', '0')
    """
    return f"{Decimal(to_usd(nusd)).normalize():f}"
