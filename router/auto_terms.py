"""What may stand behind `auto:` in a model's name: a threshold, the longest time to the first token, or both."""

import re
from dataclasses import dataclass

from router.threshold import to_threshold

AUTO_AT = "auto:"

LONGEST_FIRST_TOKEN_S = 86_400.0
"""The largest limit that is taken, in seconds: whoever sets it, waits for the local model in any case."""


_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class AutoTerms:
    """What a name adds to `auto`; None where it leaves that open."""

    threshold: float | None = None
    max_first_token_s: float | None = None


def auto_terms(name: str) -> AutoTerms | None:
    """What `name`, which begins with `auto:`, says; None where it cannot be read.

    >>> auto_terms("auto:0.4")
    AutoTerms(threshold=0.4, max_first_token_s=None)
    >>> auto_terms("auto:5s")
    AutoTerms(threshold=None, max_first_token_s=5.0)
    >>> auto_terms("auto:0.4:2.5s")
    AutoTerms(threshold=0.4, max_first_token_s=2.5)
    >>> auto_terms("auto:5s:0.4"), auto_terms("auto:"), auto_terms("auto:0s")
    (None, None, None)
    """
    *before, last = name.removeprefix(AUTO_AT).split(":")
    seconds = to_first_token_s(last[:-1]) if last.endswith("s") else None
    if seconds is None:
        before, last = [*before, last], ""
    if not before and seconds is not None:
        return AutoTerms(None, seconds)
    threshold = to_threshold(before[0]) if len(before) == 1 else None
    return None if threshold is None else AutoTerms(threshold, seconds)


def to_first_token_s(text: str) -> float | None:
    """The limit on the time to the first token in a caller's `text`, in seconds; None where it is none.

    >>> to_first_token_s("2.5"), to_first_token_s("0"), to_first_token_s("1e3"), to_first_token_s(" 5")
    (2.5, None, None, None)
    """
    if _NUMBER.fullmatch(text) is None:
        return None
    seconds = float(text)
    return seconds if 0 < seconds <= LONGEST_FIRST_TOKEN_S else None
