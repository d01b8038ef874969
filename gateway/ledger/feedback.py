"""Callers' feedback: whether an answer was good enough. One verdict a request, the latest; never any text."""

from typing import Any

from sqlalchemy import Connection, Row, select, text

from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import FEEDBACK, REQUESTS
from router.decision import Reason, Route

NEWEST = 10_000
"""The most judged answers that are read."""

_KEEP = text(
    "INSERT INTO feedback (request_id, created_ms, ok) VALUES (:request_id, :created_ms, :ok) "
    "ON CONFLICT (request_id) DO UPDATE SET created_ms = excluded.created_ms, ok = excluded.ok"
)

_C = REQUESTS.c


def keep_feedback(connection: Connection, request_id: str, ok: bool, created_ms: int) -> None:
    """Store the verdict on a request; a later one replaces it."""
    connection.execute(_KEEP, {"request_id": request_id, "created_ms": created_ms, "ok": ok})


def is_label(row: LedgerRow | Row[Any]) -> bool:
    """Whether feedback on this request is a label for choosing the threshold.

    It is one if the local model answered because of the score. What a rule decided does not depend on the threshold,
    and a cloud answer says nothing about the local model.
    """
    return row.route == Route.LOCAL and row.reason == Reason.SCORE and row.score < row.threshold


def read_labels(connection: Connection, artifact: str) -> list[Row[Any]]:
    """The newest feedback that `is_label`: `score` by the classifier `artifact`, `threshold` at that time, and `ok`."""
    query = (
        select(_C.score, _C.threshold, FEEDBACK.c.ok)
        .join(FEEDBACK, FEEDBACK.c.request_id == _C.id)
        .where(_C.route == Route.LOCAL, _C.reason == Reason.SCORE, _C.score < _C.threshold, _C.completion_tokens > 0)
        .where(_C.artifact == artifact)
        .order_by(FEEDBACK.c.created_ms.desc())
        .limit(NEWEST)
    )
    return list(connection.execute(query))
