"""How far the estimate of the local model's time, made when a request was decided, was from what came true."""

from collections.abc import Mapping
from typing import Any

from gateway.ledger.row import Outcome
from router.decision import Reason, Route

ERROR_DIGITS = 4
"""Digits kept of a relative error."""

_DETOURS = frozenset({Reason.FAILOVER, Reason.CONTEXT})
"""Reasons for which the local model answers only after the cloud was asked: its own time is then not known."""


def first_token_error_ratio(columns: Mapping[str, Any]) -> float | None:
    """|estimated − true| / true of the time to the first token, from the columns of a request; 0 is a perfect estimate.

    None where there is no estimate, or nothing to compare it with: the local model did not answer, or not as the first
    that was asked; the answer was not streamed; or its first tokens were held back for a second look.
    """
    if not _was_local(columns) or not columns["stream"] or columns["second_look"] is not None:
        return None
    return _error_ratio(columns, "estimated_first_token_ms", "first_token_ms")


def answer_error_ratio(columns: Mapping[str, Any]) -> float | None:
    """The same of the time to the end of the answer; None also where the answer is not whole."""
    if not _was_local(columns) or columns["outcome"] != Outcome.OK:
        return None
    return _error_ratio(columns, "estimated_answer_ms", "total_ms")


def _was_local(columns: Mapping[str, Any]) -> bool:
    return columns["route"] == Route.LOCAL and columns["reason"] not in _DETOURS


def _error_ratio(columns: Mapping[str, Any], estimated: str, true: str) -> float | None:
    estimated_ms, since_arrival_ms = columns[estimated], columns[true]
    if estimated_ms is None or since_arrival_ms is None:
        return None
    # The estimate begins with the decision. Reading a body that comes slowly is no part of it.
    true_ms = since_arrival_ms - (columns["overhead_ms"] or 0.0)
    return round(abs(estimated_ms - true_ms) / true_ms, ERROR_DIGITS) if true_ms > 0 else None
