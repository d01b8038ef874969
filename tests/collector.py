"""An OpenTelemetry collector: takes OTLP over HTTP and keeps what it was sent, decoded."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What was sent to it.

    Attributes
    ----------
    raw : list of bytes
        Every body, for whoever looks for what must not be there.
    """

    url: str = ""
    raw: list[bytes] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    points: list[tuple[str, dict[str, Any], Any]] = field(default_factory=list)

    def span(self, name: str) -> Span:
        """The one span of that name."""
        (found,) = (span for span in self.spans if span.name == name)
        return found

    def inside(self, span: Span) -> list[Span]:
        """Its children."""
        return [child for child in self.spans if child.parent_span_id == span.span_id]

    def measured(self, name: str, **labels: str) -> Any:
        """The one point of that metric with those labels, dots in place of double underscores."""
        wanted = {key.replace("__", "."): value for key, value in labels.items()}
        (found,) = (point for metric, has, point in self.points if metric == name and wanted.items() <= has.items())
        return found

    async def traces(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        for part in ExportTraceServiceRequest.FromString(self.raw[-1]).resource_spans:
            self.resources.append(attributes(part.resource))
            self.spans += [span for scope in part.scope_spans for span in scope.spans]
        return web.Response()

    async def metrics(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        for part in ExportMetricsServiceRequest.FromString(self.raw[-1]).resource_metrics:
            for scope in part.scope_metrics:
                for metric in scope.metrics:
                    self.points += [(metric.name, attributes(point), point) for point in metric.histogram.data_points]
        return web.Response()


def attributes(bearer: Any) -> dict[str, Any]:
    """Of a span, a resource or a point."""
    return {pair.key: _plain(pair.value) for pair in bearer.attributes}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@contextmanager
def running_collector() -> Iterator[Collector]:
    """A collector on a port of its own, in a thread of its own."""
    collector, loop, ready = Collector(), asyncio.new_event_loop(), threading.Event()
    app = web.Application()
    app.add_routes([web.post("/v1/traces", collector.traces), web.post("/v1/metrics", collector.metrics)])
    runner = web.AppRunner(app)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        yield collector
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
