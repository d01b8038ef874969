"""What Anthropic's own client expects around an answer: ids, errors on every path, the models, no stray fields."""

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import pytest
from anthropic.types import ModelInfo

from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider
from tests.shapes import ask, events_in

HELLO: Any = [{"role": "user", "content": "Say hello."}]
ASK: Any = {"model": "auto", "max_tokens": 50, "messages": HELLO}
VERSION = {"anthropic-version": "2023-06-01"}


@pytest.fixture
def client(shared_gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=shared_gateway.url, api_key="unused", max_retries=0) as client:
        yield client


def test_an_answer_has_the_id_of_its_row(
    client: anthropic.Anthropic, shared_gateway: Gateway, shared_provider: Provider
) -> None:
    assert client.messages.create(**ASK)._request_id == shared_gateway.row()["id"]
    with client.messages.stream(**ASK) as stream:
        assert stream.request_id == stream.response.headers["request-id"]
    assert client.messages.count_tokens(model="auto", messages=HELLO)._request_id


def test_an_error_has_it_too(client: anthropic.Anthropic, shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "content_filter"
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**ASK)
    body: Any = caught.value.body
    assert caught.value.request_id == body["request_id"] == shared_gateway.row()["id"]


REFUSED = [
    ("GET", "/v1/messages", {}, b"", 405, "invalid_request_error"),
    ("PUT", "/v1/messages/count_tokens", {}, b"{}", 405, "invalid_request_error"),
    ("POST", "/v1/messages/batches", {}, b"{}", 404, "not_found_error"),
    ("GET", "/v1/messages/batches/x/results", {}, b"", 404, "not_found_error"),
    ("POST", "/v1/messages", {"content-type": "text/plain"}, b"{}", 415, "invalid_request_error"),
    ("POST", "/v1/messages", {}, b"x" * 2000, 413, "request_too_large"),
    ("POST", "/v1/messages/count_tokens", {}, b"x" * 2000, 413, "request_too_large"),
    ("POST", "/v1/messages", {"x-api-key": "wrong"}, b"{}", 401, "authentication_error"),
    ("POST", "/v1/messages/count_tokens", {"x-api-key": "wrong"}, b"{}", 401, "authentication_error"),
    ("POST", "/v1/messages", {"origin": "https://elsewhere.example"}, b"{}", 403, "permission_error"),
    ("POST", "/v1/messages", {}, b"{", 400, "invalid_request_error"),
    ("POST", "/v1/messages/count_tokens", {}, b"{", 400, "invalid_request_error"),
    ("GET", "/v1/models/none", VERSION, b"", 404, "not_found_error"),
    ("GET", "/v1/models?limit=0", VERSION, b"", 400, "invalid_request_error"),
    ("GET", "/v1/models", {**VERSION, "x-api-key": "wrong"}, b"", 401, "authentication_error"),
    ("GET", "/v1/files", VERSION, b"", 404, "not_found_error"),
]


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"max_body_bytes": 1024, "api_key": "unused"}


@pytest.mark.parametrize(("method", "path", "headers", "content", "status", "kind"), REFUSED)
def test_every_refusal_has_anthropics_shape(
    shared_gateway: Gateway, method: str, path: str, headers: dict[str, str], content: bytes, status: int, kind: str
) -> None:
    usual = {"content-type": "application/json", "x-api-key": "unused"}
    answer = httpx.request(method, shared_gateway.url + path, headers={**usual, **headers}, content=content)
    assert answer.status_code == status
    body = answer.json()
    assert (body["type"], body["error"]["type"]) == ("error", kind)
    assert body["error"]["message"]
    assert body["request_id"] == answer.headers["request-id"]
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/models/none"])
def test_everybody_else_gets_openais(shared_gateway: Gateway, path: str) -> None:
    answer = httpx.get(shared_gateway.url + path, headers={"x-api-key": "unused"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")
    assert "request-id" not in answer.headers


def test_the_list_of_models(client: anthropic.Anthropic, shared_gateway: Gateway) -> None:
    names = [model["id"] for model in shared_gateway.get("/v1/models").json()["data"]]
    assert [model.id for model in client.models.list()] == names
    assert [model.id for model in client.models.list(limit=1)] == names  # page by page
    page = client.models.list(limit=1, before_id=names[1])
    assert ([model.id for model in page.data], page.has_more) == (names[:1], True)
    model = client.models.retrieve("auto")
    assert (model.id, model.type, model.display_name) == ("auto", "model", "auto")
    ModelInfo.model_validate(model.to_dict())
    with pytest.raises(anthropic.NotFoundError, match="does not exist"):
        client.models.retrieve("none")


def test_what_only_anthropic_knows_does_not_reach_a_chat_cloud(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    tool = {"name": "t", "input_schema": {"type": "object", "minProperties": 1}, "strict": True}
    answer = ask(
        gateway,
        "messages",
        top_k=3,
        thinking={"type": "adaptive"},
        context_management={"edits": []},
        metadata={"user_id": "u"},
        cache_control={"type": "ephemeral"},
        fallbacks="default",
        tools=[{**tool, "cache_control": {"type": "ephemeral"}}],
        container=None,
        mcp_servers=[],
    )
    assert answer.status_code == 200
    assert provider.requests[0].keys() == {"model", "messages", "max_tokens", "tools"}
    assert provider.requests[0]["tools"][0]["function"].keys() == {"name", "parameters"}
    assert answer.headers["x-slimgate-warning"] == "left out: top_k"
    assert "x-slimgate-warning" not in ask(gateway, "messages").headers


def test_a_local_server_gets_what_it_takes(make_gateway: MakeGateway, provider: Provider) -> None:
    """And tells the prompt's tokens at the beginning, where it can."""
    gateway = make_gateway(local={"base_url": provider.base_url})
    gateway.wait_ready()
    answer = ask(gateway, "messages", model="local", top_k=3, stream=True)
    assert answer.status_code == 200
    assert events_in(answer.text)[0]["message"]["usage"]["input_tokens"] == 0  # this one cannot
    asked = provider.requests[-1]
    assert (asked["top_k"], asked["stream_options"]) == (3, {"include_usage": True, "continuous_usage_stats": True})
    assert "x-slimgate-warning" not in answer.headers
