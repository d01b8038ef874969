"""Adds up what requests would have cost at many thresholds at once. Only sums are kept, so their number is unlimited.

A rule decides the same at any threshold. Any other request goes to the cloud at every threshold up to its score. Costs
are estimates: the cloud would have written a different answer than the one that is counted.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from gateway.ledger.units import dollars, plain
from models.usage.pricing import to_usd
from models.usage.usage import Usage
from router.decision import Reason, Route

CURVE = tuple(hundredths / 100 for hundredths in range(0, 101, 2))
"""Thresholds of the chart."""

REFUSED = "none"
"""Route of a request that neither side could have answered."""


@dataclass(frozen=True, slots=True)
class ReplayedRequest:
    """A past request, decided again.

    Parameters
    ----------
    route, reason : str
        The decision of a rule; for `Reason.SCORE` the route has no meaning.
    recorded : bool
        Whether `usage` was recorded, not estimated.
    cloud_nusd, baseline_nusd : int or None
        What it costs in the cloud and at the baseline model, in nano-dollars; None where no price is known.
    local_nusd : int
        What it costs locally; 0 unless the local model has a price.
    """

    route: str
    reason: str
    score: float
    usage: Usage
    recorded: bool
    cloud_nusd: int | None
    baseline_nusd: int | None
    local_nusd: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold means. Money counts requests whose prices are known; the scores give `expected_failure_rate`.

    `cloud` leaves out requests that neither side could have answered.
    """

    threshold: float
    requests: int
    local: int
    cloud: int
    cost_usd: Decimal
    baseline_usd: Decimal
    expected_failure_rate: float | None

    @property
    def local_share(self) -> float:
        """Share of all requests that stay local."""
        return self.local / self.requests

    @property
    def saved_usd(self) -> Decimal:
        """Negative where it would have cost more than the baseline model alone."""
        return self.baseline_usd - self.cost_usd

    def to_json(self) -> dict[str, Any]:
        """As `slimgate replay --json` prints it."""
        return {
            "threshold": self.threshold,
            "requests": self.requests,
            "local": self.local,
            "cloud": self.cloud,
            "local_share": self.local_share,
            "expected_failure_rate": self.expected_failure_rate,
            "cost_usd": plain(self.cost_usd),
            "baseline_usd": plain(self.baseline_usd),
            "saved_usd": plain(self.saved_usd),
        }


class WhatIf:
    """Sums over requests.

    Parameters
    ----------
    thresholds : sequence of float
        Thresholds to report, beside those of the curve.
    """

    def __init__(self, thresholds: Sequence[float]) -> None:
        self.thresholds = tuple(sorted(set(thresholds)))
        self._grid = sorted({*thresholds, *CURVE})
        # Indexed by the number of thresholds that a request's score reaches: it stays local from the next one on.
        self._movable = [0] * (len(self._grid) + 1)
        self._cloud_nusd = [0] * (len(self._grid) + 1)
        self._local_nusd = [0] * (len(self._grid) + 1)
        self._scores = [0.0] * (len(self._grid) + 1)
        self._fixed_local_scores = 0.0
        self._fixed_nusd = self._baseline_nusd = 0
        self.by_rule: Counter[tuple[str, str]] = Counter()
        self.requests = self.priced = self.recorded = self.prompt_tokens = self.completion_tokens = 0

    def add(self, request: ReplayedRequest) -> None:
        """Count one request."""
        self.requests += 1
        self.recorded += request.recorded
        self.prompt_tokens += request.usage.prompt_tokens
        self.completion_tokens += request.usage.completion_tokens
        cloud_nusd, local_nusd = self._prices(request)
        if request.reason == Reason.SCORE:
            reached = bisect_right(self._grid, request.score)
            self._movable[reached] += 1
            self._cloud_nusd[reached] += cloud_nusd
            self._local_nusd[reached] += local_nusd
            self._scores[reached] += request.score
            return
        self.by_rule[request.route, request.reason] += 1
        if request.route == Route.CLOUD:
            self._fixed_nusd += cloud_nusd
        elif request.route == Route.LOCAL:
            self._fixed_nusd += local_nusd
            self._fixed_local_scores += request.score

    @property
    def movable(self) -> int:
        """Requests that the score decides."""
        return sum(self._movable)

    @property
    def coverage(self) -> float | None:
        """Share of the requests whose prices are known."""
        return self.priced / self.requests if self.requests else None

    def points(self, thresholds: Sequence[float]) -> Iterator[Point]:
        """What each of some thresholds means; they must be among those given at the start, or of the curve."""
        local = list(accumulate(self._movable))
        kept_nusd, local_nusd = list(accumulate(self._cloud_nusd)), list(accumulate(self._local_nusd))
        failing = list(accumulate(self._scores))
        fixed_local = self._by_rule_to(Route.LOCAL)
        for threshold in thresholds:
            at = self._grid.index(threshold)
            n_local = local[at] + fixed_local
            yield Point(
                threshold=threshold,
                requests=self.requests,
                local=n_local,
                cloud=local[-1] - local[at] + self._by_rule_to(Route.CLOUD),
                cost_usd=to_usd(self._fixed_nusd + kept_nusd[-1] - kept_nusd[at] + local_nusd[at]),
                baseline_usd=to_usd(self._baseline_nusd),
                expected_failure_rate=(failing[at] + self._fixed_local_scores) / n_local if n_local else None,
            )

    def sentence(self, threshold: float, words: str, baseline_model: str) -> str:
        """The result in one sentence."""
        (point,) = self.points((threshold,))
        share = f"Of {self.requests:,} requests, {point.local_share:.0%} would have stayed local at {words}"
        if not self.priced:
            return f"{share}; no prices are known, so no cost can be stated."
        return (
            f"{share}; you would have paid about {dollars(point.cost_usd)} instead of {dollars(point.baseline_usd)} "
            f"with {baseline_model} (an estimate)."
        )

    def _prices(self, request: ReplayedRequest) -> tuple[int, int]:
        """The cost in the cloud and locally; both 0, and the baseline too, where a price is unknown."""
        if request.cloud_nusd is None or request.baseline_nusd is None:
            return 0, 0
        self.priced += 1
        if request.route != REFUSED:
            self._baseline_nusd += request.baseline_nusd
        return request.cloud_nusd, request.local_nusd

    def _by_rule_to(self, route: Route) -> int:
        return sum(count for (to, _), count in self.by_rule.items() if to == route)
