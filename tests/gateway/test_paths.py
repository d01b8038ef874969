"""URLs by which clients reach the endpoints: with /v1, without, Azure's; HEAD where GET is; what is nested deeply."""

from typing import Any

import httpx
import pytest

from gateway.http.paths import renamed
from models.wire.json_reader import MAX_DEPTH
from tests.live import Gateway
from tests.provider import Provider

HELLO = [{"role": "user", "content": "Say hello."}]
ANSWERING: dict[str, dict[str, Any]] = {
    "/chat/completions": {"model": "cloud", "messages": HELLO},
    "/responses": {"model": "cloud", "input": "hi"},
    "/messages": {"model": "cloud", "messages": HELLO, "max_tokens": 9},
    "/completions": {"model": "cloud", "prompt": "hi"},
}
READING = ["/v1/models", "/v1/models/cloud", "/v1/status", "/v1/savings", "/v1/decisions", "/v1/threshold", "/metrics",
           "/dashboard", "/openapi.json", "/health/live", "/models"]  # fmt: skip


@pytest.mark.parametrize("path", ANSWERING)
@pytest.mark.parametrize("before", ["/v1", "", "/openai/v1", "/openai"])
def test_every_answer_by_every_url(shared_gateway: Gateway, shared_provider: Provider, path: str, before: str) -> None:
    url = f"{shared_gateway.url}{before}{path}?api-version=preview"
    assert httpx.post(url, json=ANSWERING[path], timeout=30).status_code == 200


def test_a_failure_has_the_shape_of_its_api(shared_gateway: Gateway) -> None:
    assert httpx.post(f"{shared_gateway.url}/messages", json={}).json()["type"] == "error"


def test_a_deployment_is_a_model(shared_gateway: Gateway, shared_provider: Provider) -> None:
    url = f"{shared_gateway.url}/openai/deployments/{{}}/chat/completions?api-version=2024-10-21"
    for body in ({"messages": HELLO}, {"model": "nobody", "messages": HELLO}):
        assert httpx.post(url.format("cloud"), json=body, timeout=30).status_code == 200
        assert shared_provider.requests[-1]["model"] != "nobody"
    assert httpx.post(url.format("nobody"), json={"messages": HELLO}).json()["error"]["code"] == "model_not_found"
    assert httpx.post(url.format("cloud"), json=[]).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/openai/deployments/m/images/generations", "/openai/deployments//chat/completions", "/chatter", "/savings",
     "/openai/savings", "/openai/health/live", "/openai/metrics", "/openai/v1/savings", "/v1messages", "/"],
)  # fmt: skip
def test_nothing_else_moves(path: str) -> None:
    scope = {"type": "http", "path": path}
    assert renamed(scope) is scope


@pytest.mark.parametrize("path", READING)
def test_head_is_get_without_a_body(shared_gateway: Gateway, path: str) -> None:
    with httpx.Client(base_url=shared_gateway.url) as client:
        head, whole = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers["cache-control"] == whole.headers["cache-control"]


def test_head_of_what_only_posts(shared_gateway: Gateway) -> None:
    assert httpx.head(f"{shared_gateway.url}/v1/chat/completions").status_code == 405
    assert httpx.head(f"{shared_gateway.url}/nowhere").status_code == 404


def nested(levels: int) -> Any:
    """So many arrays within each other."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


DEEP: dict[str, Any] = {
    **{f"/v1{path}": body for path, body in ANSWERING.items()},
    "/v1/route": {"messages": HELLO},
    "/v1/embeddings": {"model": "cloud", "input": "hi"},
    "/v1/messages/count_tokens": {"model": "cloud", "messages": HELLO},
    "/v1/feedback": {"request_id": "x", "ok": True},
    "/v1/threshold": {"threshold": 0.5},
}


@pytest.mark.parametrize("path", DEEP)
@pytest.mark.parametrize("levels", [MAX_DEPTH, 253, 300, 900, 4000])
def test_deep_nesting_is_refused_by_name(
    shared_gateway: Gateway, shared_provider: Provider, path: str, levels: int
) -> None:
    for name in ("made_up", "input", "messages", "tools", "metadata"):
        content = b'{"%s": %s}' % (name.encode(), b"[" * levels + b"]" * levels)
        headers = {"content-type": "application/json"}
        response = httpx.post(shared_gateway.url + path, content=content, headers=headers)
        assert response.status_code == 400
        assert any(word in response.json()["error"]["message"] for word in ("nested too deeply", "depth limit"))
    assert not shared_provider.requests


@pytest.mark.parametrize("path", ANSWERING)
def test_what_is_nested_less_deeply_arrives(shared_gateway: Gateway, shared_provider: Provider, path: str) -> None:
    schema = nested(MAX_DEPTH - 10)
    tool = {"name": "f", "input_schema": {"type": "object", "x": schema}}
    extra = {"tools": [tool]} if path == "/messages" else {"made_up": schema}
    response = httpx.post(f"{shared_gateway.url}/v1{path}", json={**ANSWERING[path], **extra}, timeout=30)
    assert response.status_code == 200
