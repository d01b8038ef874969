"""What callers get wrong: always OpenAI's error shape, a status they can act on, and a row in the ledger."""

from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.live import Gateway

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"max_body_bytes": 4096, "router": {"aliases": {}}}


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


def post(gateway: Gateway, content: bytes | None = None, **options: Any) -> httpx.Response:
    headers = {"content-type": "application/json", **options.pop("headers", {})}
    return httpx.post(f"{gateway.url}/v1/chat/completions", content=content, headers=headers, **options)


def error_of(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["code"] is None or isinstance(body["error"]["code"], str)
    assert isinstance(body["error"]["message"], str)
    assert "None" not in body["error"]["message"]
    error: dict[str, Any] = body["error"]
    return error


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"messages": HELLO}, "model"),
        ({"model": 7, "messages": HELLO}, "model"),
        ({"model": "auto"}, "messages"),
        ({"model": "auto", "messages": []}, "messages"),
        ({"model": "auto", "messages": ["hi"]}, "messages[0]"),
        ({"model": "auto", "messages": [{"role": "wizard", "content": "hi"}]}, "messages[0].role"),
        ({"model": "auto", "messages": [{"role": ["user"], "content": "hi"}]}, "messages[0].role"),
        ({"model": "auto", "messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"model": "auto", "messages": [{"role": "user", "content": [1]}]}, "messages[0].content[0]"),
        ({"model": "auto", "messages": HELLO, "stream": "yes"}, "stream"),
        ({"model": "auto", "messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"model": "auto", "messages": HELLO, "max_completion_tokens": True}, "max_completion_tokens"),
        ({"model": "auto", "messages": HELLO, "stream_options": 1}, "stream_options"),
        (
            {"model": "auto", "messages": HELLO, "stream_options": {"include_usage": "x"}},
            "stream_options.include_usage",
        ),
        ({"model": "auto", "messages": HELLO, "logit_bias": []}, "logit_bias"),
        ({"model": "auto", "messages": HELLO, "user": 5}, "user"),
        ({"model": "auto", "messages": HELLO, "metadata": "x"}, "metadata"),
        ({"model": "auto", "messages": HELLO, "store": "x"}, "store"),
        ({"model": "auto", "messages": HELLO, "tools": {}}, "tools"),
        ({"model": "auto", "messages": HELLO, "tool_choice": 5}, "tool_choice"),
        ({"model": "auto", "messages": HELLO, "response_format": "json"}, "response_format"),
        ({"model": "auto", "messages": [*HELLO, {"role": "tool", "content": "x"}]}, "messages[1].tool_call_id"),
        ({"model": "auto", "messages": [{"role": "assistant", "tool_calls": "x"}]}, "messages[0].tool_calls"),
        ({"model": "auto", "messages": [{"role": "assistant", "tool_calls": ["x"]}]}, "messages[0].tool_calls[0]"),
    ],
)
def test_the_field_at_fault_is_named(gateway: Gateway, body: Any, param: str | None) -> None:
    response = httpx.post(f"{gateway.url}/v1/chat/completions", json=body)
    assert response.status_code == 400
    assert error_of(response)["param"] == param
    assert gateway.row()["outcome"] == "rejected"


def of(role: str, content: Any) -> list[Any]:
    return [{"role": role, "content": content}]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("responses", {"input": 5}, "Field 'input' must be a string or an array."),
        ("responses", {"input": of("user", 5)}, "Field 'input[0].content' must be a string or an array."),
        ("responses", {"input": of("user", None)}, "content' is missing or null; it must be a string or an array"),
        ("responses", {"input": "x", "tools": [{"type": "function", "name": "f"}], "tool_choice": 5},
         "Field 'tool_choice' must be a string or an object."),
        ("responses", {"input": "x", "text": {"format": {"type": True}}}, "must be a string"),
        ("messages", {"max_tokens": 9, "messages": of("user", 5)}, "must be a string or an array"),
        ("messages", {"max_tokens": 9, "messages": of("user", None)}, "is missing or null; it must be a string or an"),
        ("messages", {"max_tokens": 9, "messages": of("assistant", {})}, "must be a string or an array"),
        ("messages", {"max_tokens": 9, "messages": of("user", "x"), "system": 5}, "must be a string or an array"),
        ("messages", {"max_tokens": 9, "messages": of("king", "x")}, 'got "king"'),
        ("chat/completions", {"messages": of("user", None)}, "must be a string or an array of content parts"),
        ("chat/completions", {"messages": [{"role": None}]}, "got null"),
        ("chat/completions", {"messages": [{"role": True}]}, "got true"),
        ("chat/completions", {"messages": [{"role": ["user"]}]}, "got an array"),
        ("route", {"prompt": 5}, "Field 'prompt' must be a string."),
        ("route", {"prompt": None}, "Field 'prompt' is missing or null"),
    ],
)  # fmt: skip
def test_what_is_said_of_it_is_true(gateway: Gateway, path: str, body: dict[str, Any], words: str) -> None:
    response = httpx.post(f"{gateway.url}/v1/{path}", json={"model": "auto", **body})
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


@pytest.mark.parametrize("query", ["?beta=true", "?api-version=2024-10-21&x=%ff", "?"])
def test_unknown_parameters_of_the_url_are_ignored(gateway: Gateway, query: str) -> None:
    body = {"model": "auto", "messages": HELLO}
    assert httpx.post(f"{gateway.url}/v1/chat/completions{query}", json=body, timeout=30).status_code == 200
    assert httpx.get(f"{gateway.url}/v1/models{query}").status_code == 200


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"model": "auto"', b"null", b'"text"'])
def test_a_body_that_is_no_json_object(gateway: Gateway, content: bytes) -> None:
    response = post(gateway, content)
    assert response.status_code == 400
    assert error_of(response)["type"] == "invalid_request_error"


def test_a_body_too_large(gateway: Gateway) -> None:
    response = post(gateway, b" " * 5000)
    assert response.status_code == 413
    assert error_of(response)["code"] == "request_too_large"


def test_an_unknown_model(gateway: Gateway) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        gateway.client().chat.completions.create(model="gpt-9", messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert gateway.row()["requested_model"] == "gpt-9"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nowhere", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
        ("GET", "/v1/decisions?limit=0", 400),
        ("GET", "/v1/decisions?limit=many", 400),
        ("GET", "/v1/savings?since=yesterday", 400),
    ],
)
def test_everything_else_is_an_openai_error_too(gateway: Gateway, method: str, path: str, status: int) -> None:
    response = httpx.request(method, gateway.url + path)
    assert response.status_code == status
    error_of(response)


@pytest.mark.parametrize("value", ["high", "-1", "1.1", "nan", "inf", ""])
def test_a_threshold_that_is_none(gateway: Gateway, value: str) -> None:
    body = {"model": "auto", "messages": HELLO}
    response = post(gateway, json=body, headers={"x-slimgate-threshold": value})
    assert response.status_code == 400
    assert error_of(response)["param"] == "x-slimgate-threshold"


@pytest.mark.parametrize("value", ["soon", "0", "-1", "86401", "nan", "inf", "1e400", "1_0", "+5", ""])
def test_a_limit_on_the_first_token_that_is_none(gateway: Gateway, value: str) -> None:
    body = {"model": "auto", "messages": HELLO}
    response = post(gateway, json=body, headers={"x-slimgate-max-first-token-s": value})
    assert response.status_code == 400
    assert error_of(response)["param"] == "x-slimgate-max-first-token-s"
