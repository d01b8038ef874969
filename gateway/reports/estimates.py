"""How good the estimates of the local model's time were lately: the median of their relative errors."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from gateway.ledger.estimates import answer_error_ratio, first_token_error_ratio
from gateway.ledger.schema import REQUESTS
from gateway.reports.latency import percentile
from router.decision import Route

HOURS = 24
"""The span, in hours before now."""

NEWEST = 1000
"""The most local answers that count: enough for a median, and read in a moment."""

_C = REQUESTS.c
_COMPARED = (
    _C.route, _C.reason, _C.outcome, _C.stream, _C.second_look, _C.first_token_ms, _C.total_ms, _C.overhead_ms,
    _C.estimated_first_token_ms, _C.estimated_answer_ms,
)  # fmt: skip


def estimate_report(connection: Connection, now_ms: int) -> dict[str, Any]:
    """Median relative errors of the estimates for the newest local answers in the `HOURS` before `now_ms`.

    `error_ratio_p50` is None where no estimate can be compared.
    """
    since_ms = now_ms - HOURS * 3600 * 1000
    newest = (
        select(_C.id)
        .where(_C.created_ms >= since_ms, _C.route == Route.LOCAL.value)
        .order_by(_C.created_ms.desc())
        .limit(NEWEST)
    )
    rows = connection.execute(select(*_COMPARED).where(_C.id.in_(newest))).mappings().all()
    columns = [{str(name): value for name, value in row.items()} for row in rows]
    return {
        "hours": HOURS,
        "first_token": _figures([first_token_error_ratio(row) for row in columns]),
        "answer": _figures([answer_error_ratio(row) for row in columns]),
    }


def _figures(error_ratios: Sequence[float | None]) -> dict[str, Any]:
    ordered = sorted(ratio for ratio in error_ratios if ratio is not None)
    return {"answers": len(ordered), "error_ratio_p50": percentile(ordered, 0.5)}
