"""Cells of CSV files that a spreadsheet may open."""

import re
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def harmless(value: Any) -> Any:
    """`value` with an apostrophe before text that a spreadsheet would run as a formula; numbers stay what they are.

    Callers and administrators name things as they like: a model may be called "=cmd|...".

    >>> harmless("=1+1"), harmless("-0.25"), harmless("web")
    ("'=1+1", '-0.25', 'web')
    """
    is_formula = isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value
