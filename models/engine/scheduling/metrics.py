"""The engine's Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from models.engine.scheduling.prompt_lookup import ProposalCounts
from models.usage.usage import Usage

PREFIX = "slimgate_engine_"

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STEP_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12)


class EngineMetrics:
    """Every series of one engine process. Written on the scheduler's thread, read on any."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.queued = Gauge(f"{PREFIX}queued", "Answers that wait to be admitted.", registry=registry)
        self.running = Gauge(f"{PREFIX}running", "Answers in progress.", registry=registry)
        self.expected_wait = Gauge(
            f"{PREFIX}expected_wait_seconds", "How long a request that arrives now would wait.", registry=registry
        )
        self.reading_speed = Gauge(
            f"{PREFIX}reading_tokens_per_second",
            "Prompt tokens read, as measured of late; answers in progress take their share.",
            registry=registry,
        )
        self.writing_speed = Gauge(
            f"{PREFIX}writing_tokens_per_second", "Tokens of one answer, as measured of late.", registry=registry
        )
        self.unread = Gauge(f"{PREFIX}unread_tokens", "Prompt tokens that are still to be read.", registry=registry)
        self.free_cells = Gauge(f"{PREFIX}free_cells", "KV cells that hold no token.", registry=registry)
        self.parked_bytes = Gauge(
            f"{PREFIX}parked_bytes", "Memory of finished sequences outside the KV cells.", registry=registry
        )
        self.threads = Gauge(f"{PREFIX}threads", "Threads that compute; fewer on a busy machine.", registry=registry)
        self.prompt_tokens = Counter(f"{PREFIX}prompt_tokens", "Prompt tokens of finished answers.", registry=registry)
        self.cached_tokens = Counter(
            f"{PREFIX}cached_tokens", "Prompt tokens reused from the prefix cache.", registry=registry
        )
        self.completion_tokens = Counter(f"{PREFIX}completion_tokens", "Tokens generated.", registry=registry)
        self.proposed_tokens = Counter(
            f"{PREFIX}proposed_tokens", "Tokens that were guessed by looking them up.", registry=registry
        )
        self.accepted_tokens = Counter(f"{PREFIX}accepted_tokens", "Guessed tokens that were right.", registry=registry)
        self.finished = Counter(f"{PREFIX}finished", "Answers that ended, by reason.", ["reason"], registry=registry)
        self.preempted = Counter(
            f"{PREFIX}preempted", "Answers that were preempted: they gave up their KV cells.", registry=registry
        )
        self.first_token = Histogram(
            f"{PREFIX}first_token_seconds", "From queueing to the first token.", registry=registry, buckets=_SECONDS
        )
        self.step = Histogram(
            f"{PREFIX}step_seconds", "One step of the model, for all answers.", registry=registry, buckets=_STEP_SECONDS
        )

    def count(self, reason: str, usage: Usage, proposals: ProposalCounts) -> None:
        """Count a finished answer."""
        self.finished.labels(reason).inc()
        self.prompt_tokens.inc(usage.prompt_tokens)
        self.cached_tokens.inc(usage.cached_tokens)
        self.completion_tokens.inc(usage.completion_tokens)
        self.proposed_tokens.inc(proposals.proposed)
        self.accepted_tokens.inc(proposals.accepted)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
