"""All Prometheus metrics of the gateway. Labels come from closed sets, never from a request."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.ledger import LedgerRow
from gateway.ledger.cascade_result import CascadeResult
from gateway.ledger.estimates import answer_error_ratio, first_token_error_ratio
from gateway.ledger.row import EMBEDDINGS, NO_ROUTE
from models.usage.pricing import NUSD_PER_USD

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_OVERHEAD_BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1)
_SCORE_BUCKETS = tuple(tenth / 10 for tenth in range(1, 11))
_ERROR_BUCKETS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2, 5)

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's own variable; set by the parent of several workers."""

REFRESH_S = 1.0

Reading = Callable[[], float]
GaugeMode = Literal["livesum", "livemax", "livemin"]


@dataclass(frozen=True, slots=True)
class _OfRoute:
    duration: Histogram
    first_token: Histogram
    prompt_tokens: Counter
    completion_tokens: Counter


@dataclass(slots=True)
class _Counted:
    counter: Counter
    reading: Reading
    counted: float = 0.0

    def refresh(self) -> None:
        now = self.reading()
        self.counter.inc(max(0.0, now - self.counted))
        self.counted = now


class Metrics:
    """The gateway's counters, in a registry of their own so that several gateways can live in one process."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._routes: dict[str, _OfRoute] = {}
        self._watched: list[tuple[Gauge, Reading]] = []
        self._counted: list[_Counted] = []
        self.in_flight = Gauge(
            "slimgate_requests_in_flight",
            "Requests being answered now.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._requests = Counter(
            "slimgate_requests",
            "Requests by route, reason and outcome.",
            ["route", "reason", "outcome"],
            registry=registry,
        )
        self._tokens = Counter(
            "slimgate_tokens", "Tokens, as the backends count them.", ["route", "kind"], registry=registry
        )
        self._duration = Histogram(
            "slimgate_request_duration_seconds",
            "From the request's arrival to the end of its answer.",
            ["route"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._first_token = Histogram(
            "slimgate_first_token_seconds",
            "From the request's arrival to the first byte of its answer.",
            ["route"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._overhead = Histogram(
            "slimgate_overhead_seconds",
            "Time to the first byte that was not spent waiting for a backend.",
            buckets=_OVERHEAD_BUCKETS,
            registry=registry,
        )
        self._score = Histogram(
            "slimgate_score",
            "Probability that the local answer is inadequate.",
            buckets=_SCORE_BUCKETS,
            registry=registry,
        )
        self._second_looks = Counter(
            "slimgate_second_looks",
            "Second looks (cascades), by verdict.",
            ["verdict"],
            registry=registry,
        )
        self._confidence = Histogram(
            "slimgate_second_look_confidence",
            "Confidence of the first tokens of local answers that got a second look.",
            buckets=_SCORE_BUCKETS,
            registry=registry,
        )
        self._first_token_error = Histogram(
            "slimgate_first_token_estimate_error_ratio",
            "Relative error of the estimated time to the first token, of local answers.",
            buckets=_ERROR_BUCKETS,
            registry=registry,
        )
        self._answer_error = Histogram(
            "slimgate_answer_estimate_error_ratio",
            "Relative error of the estimated time to the end of the answer, of local answers.",
            buckets=_ERROR_BUCKETS,
            registry=registry,
        )
        self._failures = Counter(
            "slimgate_background_failures",
            "Failures of background tasks, which are then restarted.",
            ["task"],
            registry=registry,
        )
        self._cost_usd = Counter(
            "slimgate_cost_usd",
            "Paid for answers, and for local answers that second looks threw away, in US dollars.",
            registry=registry,
        )
        self._baseline_usd = Counter(
            "slimgate_baseline_usd",
            "Estimate: what the same tokens would have cost at the baseline model, in US dollars.",
            registry=registry,
        )

    def closed(self, row: LedgerRow) -> None:
        """Count a request that has ended."""
        self._requests.labels(row.route, row.reason, row.outcome).inc()
        if row.route == NO_ROUTE:
            return
        if row.endpoint != EMBEDDINGS:
            self._score.observe(row.score)
        of_route = self._of_route(row.route)
        of_route.duration.observe((row.total_ms or 0.0) / 1000)
        if row.first_token_ms is not None:
            of_route.first_token.observe(row.first_token_ms / 1000)
        if row.overhead_ms is not None:
            self._overhead.observe(row.overhead_ms / 1000)
        of_route.prompt_tokens.inc(row.prompt_tokens)
        of_route.completion_tokens.inc(row.completion_tokens)
        if row.estimated_first_token_ms is not None or row.estimated_answer_ms is not None:
            self._compare_estimate(row)

    def _compare_estimate(self, row: LedgerRow) -> None:
        columns = row.to_columns()
        for error_ratio, histogram in (
            (first_token_error_ratio(columns), self._first_token_error),
            (answer_error_ratio(columns), self._answer_error),
        ):
            if error_ratio is not None:
                histogram.observe(error_ratio)

    def cascaded(self, result: CascadeResult) -> None:
        """Count a second look."""
        self._second_looks.labels(result.verdict).inc()
        if result.confidence is not None:
            self._confidence.observe(result.confidence)

    def _of_route(self, route: str) -> "_OfRoute":
        """One route's series, cached: looking them up by label takes longer than counting."""
        series = self._routes.get(route)
        if series is None:
            series = self._routes[route] = _OfRoute(
                self._duration.labels(route),
                self._first_token.labels(route),
                self._tokens.labels(route, "prompt"),
                self._tokens.labels(route, "completion"),
            )
        return series

    def background_failed(self, task: str) -> None:
        """Count the failure of a background task."""
        self._failures.labels(task).inc()

    def priced(self, row: LedgerRow) -> None:
        """Count the money of a row that the ledger has stored and priced."""
        self._cost_usd.inc(((row.cost_nusd or 0) + row.deciding_nusd) / NUSD_PER_USD)
        self._baseline_usd.inc((row.baseline_nusd or 0) / NUSD_PER_USD)

    def watch(self, name: str, text: str, reading: Reading, mode: GaugeMode = "livesum") -> None:
        """Add a gauge for a number that is kept elsewhere; `mode` says how those of several workers are combined."""
        gauge = Gauge(name, text, registry=self._registry, multiprocess_mode=mode)
        self._watched.append((gauge, reading))

    def watch_by(
        self,
        name: str,
        text: str,
        labels: Mapping[str, Sequence[str]],
        reading: Callable[..., float],
        mode: GaugeMode = "livesum",
    ) -> None:
        """Add a gauge for each combination of label values, which are given to `reading`."""
        gauge = Gauge(name, text, list(labels), registry=self._registry, multiprocess_mode=mode)
        for values in product(*labels.values()):
            self._watched.append((gauge.labels(*values), partial(reading, *values)))

    def watch_count(self, name: str, text: str, reading: Reading) -> None:
        """Add a counter for a number that is kept elsewhere and only grows."""
        self._counted.append(_Counted(Counter(name, text, registry=self._registry), reading))

    def refresh(self) -> None:
        """Read the watched numbers again."""
        for gauge, reading in self._watched:
            gauge.set(reading())
        for counted in self._counted:
            counted.refresh()

    async def keep_fresh(self) -> None:
        """Refresh every `REFRESH_S`, for as long as the gateway serves: a scrape may reach another worker."""
        while True:
            self.refresh()
            await asyncio.sleep(REFRESH_S)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format, those of the other workers included."""
        self.refresh()
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
