"""Traces and metrics by OpenTelemetry's conventions for generative AI. Never any text of a prompt or an answer.

Two spans a request: one of kind SERVER for the caller's request, and in it one of kind CLIENT for the call of a model,
whose id is sent to that model's server. The recorder ends both. The SDK's own threads send them in batches, and drop
what the collector does not take.

The conventions: https://github.com/open-telemetry/semantic-conventions-genai (status: development).
"""

import os
import threading
import time
import uuid
from importlib.metadata import version
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from gateway.config.sections.cloud import ProviderSettings
from gateway.config.settings import Settings
from gateway.http.errors import ERROR_SHAPES
from gateway.ledger import LedgerRow, Outcome
from gateway.ledger.row import NO_ROUTE
from gateway.record.request_record import RequestRecord
from gateway.record.telemetry import ENDPOINT_VARIABLE, Headers
from gateway.spending.pricing import Pricer
from models.remote.http import TRACE_HEADERS
from models.usage.pricing import NUSD_PER_USD
from router.decision import Route

SHUTDOWN_S = 3.0

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(4.0**power for power in range(14))

_OPERATIONS = {"completions": "text_completion", "embeddings": "embeddings"}
_CHAT = "chat"

_PROVIDERS = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "api.anthropic.com": "anthropic",
    "api.cohere.com": "cohere",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.moonshot.ai": "moonshot_ai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "amazonaws.com": "aws.bedrock",
}
"""Provider names by the end of a host's name. Any other host has its own name, and the built-in engine `BUILT_IN`."""

BUILT_IN = "slimgate"

_KNOWN_ERRORS = frozenset({
    *(shape.code for shape in ERROR_SHAPES.values()),
    *Outcome,
    "content_filter",
    "context_length_exceeded",
    "invalid_value",
    "missing_required_parameter",
    "unsupported_parameter",
    "unsupported_value",
})  # fmt: skip
_OTHER = "_OTHER"
"""The convention's name for other errors."""

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACE_CONTEXT = (b"traceparent", b"tracestate")

Attributes = dict[str, AttributeValue]


class OpenTelemetry:
    """Makes traces and metrics, and sends them to a collector over OTLP/HTTP.

    Parameters
    ----------
    endpoint : str or None
        The collector's base URL; None leaves it to OpenTelemetry's own variables.
    """

    def __init__(self, settings: Settings, endpoint: str | None, pricer: Pricer) -> None:
        resource = _resource()
        base = None if endpoint is None else endpoint.rstrip("/")
        self._spans = TracerProvider(resource=resource, shutdown_on_exit=False)
        traces = OTLPSpanExporter(base and f"{base}/v1/traces", session=_session(base))
        self._spans.add_span_processor(BatchSpanProcessor(traces))
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(base and f"{base}/v1/metrics", session=_session(base))
        )
        self._meters = MeterProvider([reader], resource, shutdown_on_exit=False)
        self.tracer: Tracer = self._spans.get_tracer("slimgate", version("slimgate"))
        self.instruments = Instruments(self._meters)
        self.pricer = pricer
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Name servers by `settings` from now on."""
        local = settings.local.base_url
        self._local: Attributes = {"gen_ai.provider.name": BUILT_IN} if local is None else _server(local)
        models: tuple[ProviderSettings, ...] = (settings.cloud, *settings.cloud.fallbacks)
        self._clouds = {model.model: _server(model.base_url) for model in reversed(models)}
        self._cloud = _server(settings.cloud.base_url)

    def server(self, route: str, model: str) -> Attributes:
        """The server of that model, as attributes."""
        return self._clouds.get(model, self._cloud) if route == Route.CLOUD else self._local

    def begin(self, record: RequestRecord, headers: Headers) -> "RequestTrace":
        """Begin the request's span; `headers` may name the trace it belongs to."""
        carrier = {name.decode(): value.decode("latin-1") for name, value in headers if name in _TRACE_CONTEXT}
        path = f"/v1/{record.endpoint.replace('.', '/')}"
        span = self.tracer.start_span(
            f"POST {path}",
            _PROPAGATOR.extract(carrier, Context()),
            SpanKind.SERVER,
            {"http.request.method": "POST", "http.route": path, "slimgate.request_id": record.id},
        )
        return RequestTrace(self, span)

    def shutdown(self) -> None:
        """Send the remaining spans and metrics, for at most `SHUTDOWN_S`."""
        waiting = [threading.Thread(target=each.shutdown, daemon=True) for each in (self._spans, self._meters)]
        deadline = time.monotonic() + SHUTDOWN_S
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join(max(0.0, deadline - time.monotonic()))


class Instruments:
    """The convention's histograms with its bucket bounds. Labels come from closed sets, never from a request."""

    def __init__(self, meters: MeterProvider) -> None:
        meter = meters.get_meter("slimgate", version("slimgate"))

        def seconds(name: str, text: str) -> Histogram:
            return meter.create_histogram(name, "s", text, explicit_bucket_boundaries_advisory=_SECONDS)

        self.tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self.calling = seconds("gen_ai.client.operation.duration", "From calling a model to the end of its answer.")
        self.first_chunk = seconds(
            "gen_ai.client.operation.time_to_first_chunk", "From calling a model to the first event of a stream."
        )
        self.serving = seconds("gen_ai.server.request.duration", "From a request's arrival to the end of its answer.")
        self.first_token = seconds(
            "gen_ai.server.time_to_first_token", "From a request's arrival to the first event of its stream."
        )


class RequestTrace:
    """The spans of one request."""

    __slots__ = ("_called_at", "_calling", "_owner", "_serving")

    def __init__(self, owner: OpenTelemetry, serving: Span) -> None:
        self._owner = owner
        self._serving = serving
        self._calling: Span | None = None
        self._called_at = 0.0

    def decided(self, record: RequestRecord) -> None:
        """Begin the backend's span: this task calls a backend now."""
        self._called_at = time.perf_counter()
        self._calling = self._owner.tracer.start_span(
            operation(record.endpoint), set_span_in_context(self._serving), SpanKind.CLIENT
        )
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(self._calling))
        TRACE_HEADERS.set(carrier)

    def ended(self, record: RequestRecord, row: LedgerRow, status: int | None) -> None:
        """End the spans; `status` is the HTTP status that the caller got, None where there was none."""
        own, error = self._own(row), _error(row)
        if self._calling is not None:
            called: Attributes = {
                "gen_ai.operation.name": operation(row.endpoint),
                **self._owner.server(row.route, record.backend_model),
            }
            if record.backend_model:
                called["gen_ai.request.model"] = record.backend_model
            self._measure(record, row, called | _error_label(row))
            self._calling.update_name(f"{operation(row.endpoint)} {record.backend_model}".rstrip())
            self._calling.set_attributes(called | own | _answer(record, row, self._called_at) | error)
            _end(self._calling, failed=bool(error) and row.outcome != Outcome.CANCELLED)
        answered: Attributes = {} if status is None else {"http.response.status_code": status}
        self._serving.set_attributes(own | answered | error)
        _end(self._serving, failed=row.outcome in (Outcome.FAILED, Outcome.INTERRUPTED))

    def _measure(self, record: RequestRecord, row: LedgerRow, labels: Attributes) -> None:
        instruments, now = self._owner.instruments, time.perf_counter()
        routed = labels | {"slimgate.route": row.route, "slimgate.reason": row.reason}
        instruments.calling.record(now - self._called_at, labels)
        instruments.serving.record(now - record.started, routed)
        if row.stream and record.first_token_s is not None:
            instruments.first_chunk.record(record.started + record.first_token_s - self._called_at, labels)
            instruments.first_token.record(record.first_token_s, routed)
        if not row.usage_estimated and row.prompt_tokens:
            instruments.tokens.record(row.prompt_tokens, labels | {"gen_ai.token.type": "input"})
            instruments.tokens.record(row.completion_tokens, labels | {"gen_ai.token.type": "output"})

    def _own(self, row: LedgerRow) -> Attributes:
        """Attributes of slimgate's own. Money is in US dollars, an estimate, and left out where prices are unknown."""
        own: Attributes = {
            "slimgate.requested_model": row.requested_model,
            "slimgate.route": row.route,
            "slimgate.reason": row.reason,
            "slimgate.outcome": str(row.outcome),
        }
        if row.route == NO_ROUTE:
            return own
        if row.artifact is not None:
            own |= {
                "slimgate.score": row.score,
                "slimgate.threshold": row.threshold,
                "slimgate.artifact": row.artifact,
            }
        self._owner.pricer.price(row)  # the ledger's own copy gets its prices later
        if row.cost_nusd is not None and row.baseline_nusd is not None:
            own |= {
                "slimgate.cost_usd": row.cost_nusd / NUSD_PER_USD,
                "slimgate.saved_usd": (row.baseline_nusd - row.cost_nusd - (row.deciding_nusd or 0)) / NUSD_PER_USD,
            }
        return own


def operation(endpoint: str) -> str:
    """The convention's name for an endpoint's operation.

    >>> operation("messages"), operation("completions")
    ('chat', 'text_completion')
    """
    return _OPERATIONS.get(endpoint, _CHAT)


def _answer(record: RequestRecord, row: LedgerRow, called_at: float) -> Attributes:
    """Attributes of the answer."""
    attributes: Attributes = {"gen_ai.request.stream": row.stream}
    if row.completion_tokens or row.prompt_tokens:
        attributes |= {
            "gen_ai.response.model": row.served_model,
            "gen_ai.usage.input_tokens": row.prompt_tokens,
            "gen_ai.usage.output_tokens": row.completion_tokens,
            "slimgate.usage_estimated": row.usage_estimated,
        }
    if row.cached_tokens:
        attributes["gen_ai.usage.cache_read.input_tokens"] = row.cached_tokens
    if written := record.usage.cache_write_tokens:
        attributes["gen_ai.usage.cache_creation.input_tokens"] = written
    if record.finish_reasons:
        attributes["gen_ai.response.finish_reasons"] = record.finish_reasons
    if row.stream and record.first_token_s is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = record.started + record.first_token_s - called_at
    return attributes


def _error(row: LedgerRow) -> Attributes:
    if row.outcome == Outcome.OK:
        return {}
    return {"error.type": row.error_code or str(row.outcome)}


def _error_label(row: LedgerRow) -> Attributes:
    """The error as a metric's label: a provider's own error codes become `_OTHER`, so that labels stay few."""
    error = _error(row)
    return {"error.type": _OTHER} if error and error["error.type"] not in _KNOWN_ERRORS else error


def _session(endpoint: str | None) -> requests.Session | None:
    """A session that ignores the environment's proxies, for a collector on this machine; None for any other."""
    host = urlsplit(endpoint or os.environ.get(ENDPOINT_VARIABLE, "")).hostname
    if host is None or not _is_loopback(host):
        return None
    session = requests.Session()
    session.trust_env = False
    return session


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _end(span: Span, *, failed: bool) -> None:
    if failed:
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def _server(base_url: str) -> Attributes:
    """The provider and server at `base_url`, as attributes."""
    parts = urlsplit(base_url)
    if parts.hostname is None:
        return {"gen_ai.provider.name": BUILT_IN, "server.address": parts.path}
    host = parts.hostname
    provider = next((name for end, name in _PROVIDERS.items() if host == end or host.endswith(f".{end}")), host)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"gen_ai.provider.name": provider, "server.address": host, "server.port": port}


def _resource() -> Resource:
    """The process as a resource, each worker its own. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it."""
    own = {"service.name": "slimgate", "service.version": version("slimgate"), "service.instance.id": str(uuid.uuid4())}
    return Resource.create(own).merge(OTELResourceDetector().detect())
