"""OpenTelemetry: what a collector gets of each kind of request, by the convention's names, and never any text."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from gateway.app import create_app
from gateway.config.settings import Settings
from models.wire.errors import ExtraMissingError
from router.artifact import load_artifact
from tests.collector import Collector, attributes, running_collector
from tests.live import Gateway, running_gateway
from tests.provider import MODEL, PROMPT_TOKENS, WORDS, Provider, running_provider

SECRET = "Zanzibar-4711"
TRACE_ID, CALLER_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def ask(gateway: Gateway, path: str = "chat/completions", headers: dict[str, str] | None = None, **body: Any) -> int:
    asked = {"model": "auto", "messages": [{"role": "user", "content": f"Say hello to {SECRET}."}], **body}
    return httpx.post(f"{gateway.url}/v1/{path}", json=asked, headers=headers, timeout=60).status_code


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collector, Provider, Provider]]:
    """What came to the collector of one request of each kind, and to both sides."""
    with running_collector() as collector, running_provider() as local, running_provider() as cloud:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("telemetry"),
            local={"base_url": local.base_url, "model": MODEL},
            cloud={"base_url": cloud.base_url, "retries": 0},
            telemetry={"otlp_endpoint": collector.url},
            prices={"gpt-4.1": {"input_usd_per_mtok": 2, "output_usd_per_mtok": 8}},
        )
        with pytest.MonkeyPatch.context() as patch, running_gateway(settings) as gateway:
            patch.setattr("gateway.record.otel.SHUTDOWN_S", 30.0)  # what is sent counts here, not how fast
            gateway.wait_ready()
            trace = {"traceparent": f"00-{TRACE_ID}-{CALLER_ID}-01", "x-slimgate-threshold": "1.0001"}
            assert ask(gateway, headers=trace) == 200  # local
            assert ask(gateway, headers={"x-slimgate-threshold": "0"}, stream=True) == 200  # cloud
            cloud.faults.append("server_error")
            assert ask(gateway, "completions", model="cloud", prompt=SECRET) >= 500  # failed
            assert ask(gateway, model=f"{SECRET[:4]}-9") == 404  # refused
        yield collector, local, cloud


def spans(collector: Collector, outcome: str, route: str) -> tuple[Span, list[Span]]:
    """The gateway's own span of a request that ended so, and those inside it."""
    (serving,) = (
        span
        for span in collector.spans
        if span.kind == Span.SPAN_KIND_SERVER
        and (attributes(span)["slimgate.outcome"], attributes(span)["slimgate.route"]) == (outcome, route)
    )
    return serving, collector.inside(serving)


def test_local_answer_continues_the_callers_trace(sent: tuple[Collector, Provider, Provider]) -> None:
    collector, local, _ = sent
    serving, (asking,) = spans(collector, "ok", "local")
    assert (serving.trace_id.hex(), serving.parent_span_id.hex()) == (TRACE_ID, CALLER_ID)
    assert (serving.name, asking.name) == ("POST /v1/chat/completions", f"chat {MODEL}")
    assert (asking.kind, asking.status.code) == (Span.SPAN_KIND_CLIENT, Status.STATUS_CODE_UNSET)
    found = attributes(asking)
    assert found["gen_ai.operation.name"] == "chat"
    assert (found["gen_ai.request.model"], found["gen_ai.response.model"]) == (MODEL, MODEL)
    assert (found["server.address"], found["server.port"]) == ("127.0.0.1", local.port)
    assert (found["gen_ai.usage.input_tokens"], found["gen_ai.usage.output_tokens"]) == (PROMPT_TOKENS, len(WORDS))
    assert found["gen_ai.response.finish_reasons"] == ["stop"]
    assert (found["slimgate.reason"], found["slimgate.threshold"]) == ("score", 1.0001)
    assert found["slimgate.artifact"] == load_artifact().version
    assert 0 < found["slimgate.score"] < 1
    assert found["slimgate.cost_usd"] == 0
    assert found["slimgate.saved_usd"] == pytest.approx((PROMPT_TOKENS * 2 + len(WORDS) * 8) / 1e6)
    assert attributes(serving)["http.response.status_code"] == 200
    upstream = [headers["traceparent"] for headers in local.headers if "traceparent" in headers]
    assert upstream == [f"00-{TRACE_ID}-{asking.span_id.hex()}-01"]


def test_streamed_cloud_answer_has_its_first_chunk(sent: tuple[Collector, Provider, Provider]) -> None:
    collector, _, cloud = sent
    serving, (asking,) = spans(collector, "ok", "cloud")
    found = attributes(asking)
    assert (serving.parent_span_id, asking.name) == (b"", "chat gpt-4.1")
    assert found["gen_ai.request.stream"] is True
    assert found["gen_ai.response.time_to_first_chunk"] > 0
    assert found["gen_ai.response.finish_reasons"] == ["stop"]
    assert found["slimgate.saved_usd"] == 0
    assert found["slimgate.cost_usd"] > 0
    assert cloud.headers[0]["traceparent"].startswith(f"00-{asking.trace_id.hex()}-{asking.span_id.hex()}-")


def test_failure_is_an_error_on_both(sent: tuple[Collector, Provider, Provider]) -> None:
    serving, (asking,) = spans(sent[0], "failed", "cloud")
    assert asking.name == "text_completion gpt-4.1"
    assert (serving.status.code, asking.status.code) == (Status.STATUS_CODE_ERROR, Status.STATUS_CODE_ERROR)
    assert attributes(asking)["error.type"] == "backend_unavailable"
    assert attributes(serving)["http.response.status_code"] == 503


def test_refused_request_asks_nobody(sent: tuple[Collector, Provider, Provider]) -> None:
    serving, inside = spans(sent[0], "rejected", "none")
    assert inside == []
    assert serving.status.code == Status.STATUS_CODE_UNSET
    found = attributes(serving)
    assert (found["error.type"], found["http.response.status_code"]) == ("model_not_found", 404)


def test_metrics(sent: tuple[Collector, Provider, Provider]) -> None:
    collector = sent[0]
    tokens = collector.measured("gen_ai.client.token.usage", gen_ai__request__model=MODEL, gen_ai__token__type="input")
    assert (tokens.count, tokens.sum) == (1, PROMPT_TOKENS)
    assert list(tokens.explicit_bounds)[:4] == [1, 4, 16, 64]
    assert collector.measured("gen_ai.client.operation.duration", error__type="backend_unavailable").count == 1
    assert collector.measured("gen_ai.server.request.duration", slimgate__route="local").count == 1
    first = collector.measured("gen_ai.server.time_to_first_token", slimgate__route="cloud")
    assert (first.count, list(first.explicit_bounds)[:2]) == (1, [0.01, 0.02])
    assert collector.measured("gen_ai.client.operation.time_to_first_chunk").count == 1
    assert not any(SECRET[:4] in str(labels) for _, labels, _ in collector.points)


def test_who_speaks_and_no_text(sent: tuple[Collector, Provider, Provider]) -> None:
    collector = sent[0]
    assert collector.resources[0]["service.name"] == "slimgate"
    assert not any(SECRET.encode() in raw or b"answers" in raw for raw in collector.raw)


def test_nothing_is_sent_on_where_nobody_collects(tmp_path: Path, provider: Provider) -> None:
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": provider.base_url})
    with running_gateway(settings) as gateway:
        assert ask(gateway, headers={"traceparent": f"00-{TRACE_ID}-{CALLER_ID}-01"}) == 200
    assert "traceparent" not in provider.headers[0]


@pytest.fixture(params=["absent", "silent"])
def deaf(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where nobody listens, or somebody listens who never answers."""
    if request.param == "absent":
        yield "http://127.0.0.1:9"
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
def test_deaf_collector_hurts_nobody(
    deaf: str, tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by OpenTelemetry's own variable."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", deaf)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": provider.base_url})
    with running_gateway(settings) as gateway:
        assert [ask(gateway) for _ in range(5)] == [200] * 5
    assert "traceparent" in provider.headers[0]


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "gateway.record.otel", raising=False)
    cloud = {"base_url": "http://127.0.0.1:9/v1"}
    plain = Settings(state_dir=tmp_path, local={"enabled": False}, cloud=cloud)
    with pytest.raises(ExtraMissingError, match=r"pip install 'slimgate\[otel\]'"):
        create_app(
            plain.model_copy(update={"telemetry": plain.telemetry.model_copy(update={"otlp_endpoint": "http://x"})})
        )
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    create_app(plain)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set, and not used" in caplog.text
