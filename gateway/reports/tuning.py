"""Tuning: what another threshold would have done to the requests that really came.

Nothing is generated: the ledger has each request's score and tokens. Requests that a rule decided do not depend on the
threshold. A request that stayed local is assumed to cost in the cloud what its own tokens cost there: an estimate,
since the cloud would have written a different answer. Scores of two classifiers do not compare, so requests that
another one scored count for the volume only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from gateway.ledger.schema import REQUESTS
from gateway.ledger.units import DAY_MS, plain
from gateway.reports.decisions import decision_json
from models.usage.pricing import to_usd
from models.usage.usage import Usage
from router.decision import Reason, Route
from router.threshold import HIGHEST_THRESHOLD, Validation

NEWEST = 10_000
"""The most requests read."""

MONTH_MS = 30 * DAY_MS

STEP = 0.005
GRID = (*(round(i * STEP, 3) for i in range(round(1 / STEP) + 1)), HIGHEST_THRESHOLD)
"""The thresholds of the curve; at the last one the score sends nothing to the cloud."""

PRESETS: Mapping[str, float] = {"careful": 0.35, "balanced": 0.6, "save more": 0.85}
"""By preset: the share that stays local of the requests that the score decides."""

MOVABLE = (Reason.SCORE, Reason.FAILOVER, Reason.ESCALATED)
"""Reasons of requests whose first side depended on the threshold."""

CloudPrice = Callable[[Usage], int | None]

_C = REQUESTS.c


@dataclass(frozen=True, slots=True)
class Traffic:
    """Answered requests that one classifier scored, easiest first.

    Parameters
    ----------
    scores : ndarray of float, shape (n_movable,)
        Scores of those that the score decides, ascending.
    cloud_nusd : ndarray of int, shape (n_movable,)
        What each would cost in the cloud, in nano-dollars; 0 where no price is known.
    fixed_local : ndarray of float
        Scores of requests that stay local at any threshold.
    fixed_cloud : int
        Number of requests that go to the cloud at any threshold.
    fixed_nusd : int
        What those cost.
    priced : int
        Number of requests whose price in the cloud is known.
    first_ms : int or None
        When the oldest of all these requests came.
    others : int
        Number of requests in the same span that other classifiers scored.
    """

    scores: NDArray[np.float64]
    cloud_nusd: NDArray[np.int64]
    fixed_local: NDArray[np.float64]
    fixed_cloud: int
    fixed_nusd: int
    priced: int
    first_ms: int | None
    others: int = 0

    @property
    def requests(self) -> int:
        """All that came, whatever decided."""
        return len(self.scores) + len(self.fixed_local) + self.fixed_cloud

    @property
    def is_capped(self) -> bool:
        """Whether the span holds more requests than were read."""
        return self.requests + self.others >= NEWEST

    def points(self, thresholds: tuple[float, ...], span_ms: int) -> list[dict[str, Any]]:
        """What each threshold means: local share, cost of 30 days, and the failure rate expected from the scores."""
        stay = np.searchsorted(self.scores, thresholds, side="left")
        to_cloud_nusd = np.concatenate([[0], np.cumsum(self.cloud_nusd[::-1])])[len(self.scores) - stay]
        failing = np.concatenate([[0.0], np.cumsum(self.scores)])[stay] + self.fixed_local.sum()
        local = stay + len(self.fixed_local)
        volume = Decimal(self.requests + self.others) / (self.requests or 1)
        return [
            {
                "threshold": threshold,
                "local_share": n / self.requests if self.requests else None,
                "usd_per_30_days": _monthly((self.fixed_nusd + int(nusd)) * volume, span_ms),
                "expected_failure_rate": float(failed / n) if n else None,
            }
            for threshold, n, nusd, failed in zip(thresholds, local.tolist(), to_cloud_nusd, failing, strict=True)
        ]

    def threshold_keeping(self, share: float) -> float | None:
        """The least threshold of the grid that keeps `share` of what the score decides local; None without any."""
        if not len(self.scores):
            return None
        kept = np.searchsorted(self.scores, GRID, side="left") / len(self.scores)
        return GRID[int(np.searchsorted(kept, share, side="left").clip(0, len(GRID) - 1))]


def read_traffic(connection: Connection, since_ms: int, until_ms: int, price: CloudPrice, artifact: str) -> Traffic:
    """The newest answered requests of a span that the classifier `artifact` scored, and the number of the others."""
    columns = (_C.created_ms, _C.artifact, _C.route, _C.reason, _C.score, _C.cost_nusd)
    query = (
        select(*columns, _C.prompt_tokens, _C.completion_tokens, _C.cached_tokens, _C.usage_details)
        .where(_C.created_ms >= since_ms, _C.created_ms < until_ms, _C.completion_tokens > 0)
        .order_by(_C.created_ms.desc())
        .limit(NEWEST)
    )
    newest = connection.execute(query).all()
    rows = [row for row in newest if row.artifact == artifact]
    costs = [_cloud_nusd(row, price) for row in rows]
    movable = np.array([row.reason in MOVABLE for row in rows], dtype=bool)
    local = np.array([row.route == Route.LOCAL for row in rows], dtype=bool)
    scores = np.array([row.score for row in rows], dtype=np.float64)
    nusd = np.array([cost or 0 for cost in costs], dtype=np.int64)
    order = np.argsort(scores[movable], kind="stable")
    return Traffic(
        scores=scores[movable][order],
        cloud_nusd=nusd[movable][order],
        fixed_local=scores[~movable & local],
        fixed_cloud=int((~movable & ~local).sum()),
        fixed_nusd=int(nusd[~movable & ~local].sum()),
        priced=sum(cost is not None for cost in costs),
        first_ms=newest[-1].created_ms if newest else None,
        others=len(newest) - len(rows),
    )


def flips(
    connection: Connection, active: float, candidate: float, since_ms: int, until_ms: int, artifact: str, limit: int
) -> dict[str, Any]:
    """The newest requests that would go to the other side at the threshold `candidate`.

    Like the curve, it reads at most `NEWEST` requests, and only those that the score decided and `artifact` scored.
    """
    low, high = sorted((active, candidate))
    newest = (
        select(_C.id, _C.score, _C.artifact)
        .where(_C.created_ms >= since_ms, _C.created_ms < until_ms, _C.completion_tokens > 0)
        .where(_C.reason.in_(MOVABLE))
        .order_by(_C.created_ms.desc())
        .limit(NEWEST)
    )
    rows = [row for row in connection.execute(newest) if row.artifact == artifact]
    moving = [row.id for row in rows if low <= row.score < high]
    shown = select(REQUESTS).where(_C.id.in_(moving[:limit])).order_by(_C.created_ms.desc(), _C.id.desc())
    listed = connection.execute(shown).mappings()
    return {
        "to": Route.LOCAL if candidate > active else Route.CLOUD,
        "count": len(moving),
        "of": len(rows),
        "data": [decision_json({str(name): value for name, value in row.items()}) for row in listed],
    }


def on_validation(validation: Validation) -> list[dict[str, float | None]]:
    """Local share and failure rate at each threshold of the grid on the validation prompts; sources count the same."""
    kept, failed = np.zeros(len(GRID)), np.zeros(len(GRID))
    sources = [np.array(sorted(rows)) for rows in validation.values() if rows]
    for rows in sources:
        stay = np.searchsorted(rows[:, 0], GRID, side="left")
        kept += stay / len(rows)
        failed += np.concatenate([[0.0], np.cumsum(rows[:, 1])])[stay] / len(rows)
    n = len(sources) or 1
    return [
        {"threshold": threshold, "local_share": k / n, "failure_rate": f / k if k else None}
        for threshold, k, f in zip(GRID, kept.tolist(), failed.tolist(), strict=True)
    ]


def _cloud_nusd(row: Any, price: CloudPrice) -> int | None:
    if row.route == Route.CLOUD and row.cost_nusd is not None:
        return int(row.cost_nusd)
    return price(Usage.from_ledger(row.prompt_tokens, row.completion_tokens, row.cached_tokens, row.usage_details))


def _monthly(nusd: Decimal, span_ms: int) -> str | None:
    if span_ms <= 0:
        return None
    return plain(to_usd(int(nusd * MONTH_MS / span_ms)))
