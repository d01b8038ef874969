"""How long the local model took, beside the estimate made when a request was decided, and how far that was off.

All of it is computed from the columns of a request. Times are in milliseconds and begin with the decision, as the
estimate does: `first_token_ms` and `total_ms` also count the time before it, such as that of a body that comes slowly.
"""

from collections.abc import Mapping
from typing import Any

from gateway.ledger.row import Outcome
from router.decision import Reason, Route

MS_DIGITS, RATIO_DIGITS = 3, 4
"""Decimal places that are kept."""

_DETOURS = frozenset({Reason.FAILOVER, Reason.CONTEXT})
"""Reasons for which the local model answers only after the cloud was asked: its own time is then not known."""


def true_first_token_ms(columns: Mapping[str, Any]) -> float | None:
    """The local model's time to its first token.

    None where it is not known: the local model did not answer, or not as the first that was asked; the answer was not
    streamed; or its first tokens were held back for a second look.
    """
    if not _was_local(columns) or not columns["stream"] or columns["second_look"] is not None:
        return None
    return _since_decided_ms(columns, "first_token_ms")


def true_answer_ms(columns: Mapping[str, Any]) -> float | None:
    """The local model's time to the end of its answer; None also where the answer is not whole."""
    if not _was_local(columns) or columns["outcome"] != Outcome.OK:
        return None
    return _since_decided_ms(columns, "total_ms")


def first_token_error_ratio(columns: Mapping[str, Any]) -> float | None:
    """|estimated − true| / true of the time to the first token; None where one of them is not known."""
    return _error_ratio(columns["estimated_first_token_ms"], true_first_token_ms(columns))


def answer_error_ratio(columns: Mapping[str, Any]) -> float | None:
    """The same of the time to the end of the answer."""
    return _error_ratio(columns["estimated_answer_ms"], true_answer_ms(columns))


def _was_local(columns: Mapping[str, Any]) -> bool:
    return columns["route"] == Route.LOCAL and columns["reason"] not in _DETOURS


def _since_decided_ms(columns: Mapping[str, Any], name: str) -> float | None:
    if columns[name] is None:
        return None
    since_decided_ms = round(columns[name] - (columns["overhead_ms"] or 0.0), MS_DIGITS)
    return since_decided_ms if since_decided_ms > 0 else None


def _error_ratio(estimated_ms: int | None, true_ms: float | None) -> float | None:
    if estimated_ms is None or true_ms is None:
        return None
    return round(abs(estimated_ms - true_ms) / true_ms, RATIO_DIGITS)
