"""Grammar rules for whole numbers between two bounds."""

from collections.abc import Iterator

from models.engine.grammar.gbnf import either

MAX_DIGITS = 16


def integer_rule(low: int | None, high: int | None) -> str:
    """A rule for the numbers from `low` to `high`, both included; None for no bound.

    >>> integer_rule(0, 5)
    '([0-5])'
    >>> integer_rule(7, 120)
    '([7-9] | [1-9] [0-9] | "1" [0-1] [0-9] | "120")'
    """
    top = 10**MAX_DIGITS - 1
    low, high = -top if low is None else max(low, -top), top if high is None else min(high, top)
    if low > high:
        raise ValueError(f"there is no whole number from {low} to {high}")
    options = [f'"-" {option}' for option in _naturals(max(1, -high), -low)] if low < 0 else []
    if high >= 0:
        options += _naturals(max(0, low), high)
    return either(options)


def _naturals(low: int, high: int) -> Iterator[str]:
    """One alternative for each range of numbers that have a prefix in common, and any digits after it."""
    for n_digits in range(len(str(low)), len(str(high)) + 1):
        smallest = 0 if n_digits == 1 else 10 ** (n_digits - 1)
        yield from _same_length(str(max(low, smallest)), str(min(high, 10**n_digits - 1)))


def _same_length(low: str, high: str, prefix: str = "") -> Iterator[str]:
    if not low:
        yield _quoted(prefix)
        return
    if set(low) <= {"0"} and set(high) <= {"9"} and (prefix or len(low) > 1 or low == "0"):
        yield " ".join(filter(None, (_quoted(prefix), *(["[0-9]"] * len(low)))))
        return
    first, last = int(low[0]), int(high[0])
    rest = len(low) - 1
    if first == last:
        yield from _same_length(low[1:], high[1:], prefix + low[0])
        return
    if low[1:].strip("0"):
        yield from _same_length(low[1:], "9" * rest, prefix + low[0])
        first += 1
    full_last = last if not high[1:].strip("9") else last - 1
    if first <= full_last:
        digits = f"[{first}-{full_last}]" if first < full_last else f'"{first}"'
        yield " ".join(filter(None, (_quoted(prefix), digits, *(["[0-9]"] * rest))))
    if full_last < last:
        yield from _same_length("0" * rest, high[1:], prefix + high[0])


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""
