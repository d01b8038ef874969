"""Content parts and tool loops in every shape: to a side that can take them, and in words where that says all."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway
from tests.provider import Provider, running_provider

DATA_URL = "data:image/png;base64,AAAA"
CHAT_PARTS = [{"type": "text", "text": "Say hello."}, {"type": "image_url", "image_url": {"url": DATA_URL}}]
RESPONSES_PARTS = [{"type": "input_text", "text": "Say hello."}, {"type": "input_image", "image_url": DATA_URL}]
SOURCE = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
MESSAGES_PARTS = [{"type": "text", "text": "Say hello."}, {"type": "image", "source": SOURCE}]

SHAPES: dict[str, Any] = {
    "/v1/chat/completions": lambda parts: {
        "messages": [{"role": "user", "content": CHAT_PARTS[:parts]}],
        "max_tokens": 9,
    },
    "/v1/responses": lambda parts: {
        "input": [{"role": "user", "content": RESPONSES_PARTS[:parts]}],
        "max_output_tokens": 9,
    },
    "/v1/messages": lambda parts: {"messages": [{"role": "user", "content": MESSAGES_PARTS[:parts]}], "max_tokens": 9},
}


@pytest.fixture(scope="module")
def _hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    with running_provider() as provider:
        settings = Settings(state_dir=tmp_path_factory.mktemp("hybrid"), cloud={"base_url": provider.base_url})
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway, provider


@pytest.fixture
def hybrid(_hybrid: tuple[Gateway, Provider]) -> tuple[Gateway, Provider]:
    _hybrid[1].requests.clear()
    return _hybrid


def post(gateway: Gateway, path: str, **body: Any) -> httpx.Response:
    body = {"model": "auto", "temperature": 0, **body}
    return httpx.post(gateway.url + path, json=body, headers={"x-slimgate-threshold": "1.0001"}, timeout=60)


def text_of(answer: dict[str, Any]) -> str:
    """The answer's text, whatever its shape."""
    if "choices" in answer:
        return str(answer["choices"][0]["message"]["content"])
    return str((answer.get("content") or answer["output"][0]["content"])[0]["text"])


@pytest.mark.parametrize("path", SHAPES)
def test_pictures_go_to_who_can_see_them(hybrid: tuple[Gateway, Provider], path: str) -> None:
    gateway, provider = hybrid
    response = post(gateway, path, **SHAPES[path](2)).raise_for_status()
    assert (response.headers["x-slimgate-route"], response.headers["x-slimgate-reason"]) == ("cloud", "capability")
    assert provider.requests[0]["messages"] == [{"role": "user", "content": CHAT_PARTS}]


@pytest.mark.parametrize("path", SHAPES)
def test_a_local_server_that_sees_gets_them_too(make_gateway: MakeGateway, provider: Provider, path: str) -> None:
    gateway = make_gateway(local={"base_url": provider.base_url, "features": ["images"]})
    gateway.wait_ready()
    response = post(gateway, path, **SHAPES[path](2)).raise_for_status()
    assert response.headers["x-slimgate-route"] == "local"
    assert provider.requests[0]["messages"] == [{"role": "user", "content": CHAT_PARTS}]


def test_text_in_parts_is_the_same_text_to_the_local_model(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    answers = [post(gateway, path, **ask(1)).raise_for_status().json() for path, ask in SHAPES.items()]
    assert all(map(text_of, answers))
    whole = [{"role": "user", "content": "Say hello."}]
    post(gateway, "/v1/chat/completions", messages=whole, max_tokens=9).raise_for_status()
    assert len({row["prompt_tokens"] for row in gateway.rows(4)}) == 1
    assert not provider.requests


CALL = {"name": "weather", "arguments": '{"city":"Lund"}'}
LOOPS: dict[str, Any] = {
    "/v1/chat/completions": {
        "messages": [
            {"role": "user", "content": "Weather in Lund?"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": CALL}]},
            {"role": "tool", "tool_call_id": "c1", "content": "rain, 4 degrees"},
        ],
        "max_tokens": 12,
    },
    "/v1/responses": {
        "input": [
            {"role": "user", "content": "Weather in Lund?"},
            {"type": "function_call", "call_id": "c1", **CALL},
            {"type": "function_call_output", "call_id": "c1", "output": "rain, 4 degrees"},
        ],
        "max_output_tokens": 12,
    },
    "/v1/messages": {
        "messages": [
            {"role": "user", "content": "Weather in Lund?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Lund"}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "rain, 4 degrees"}],
            },
        ],
        "max_tokens": 12,
    },
}


def test_a_tool_loop_so_far_is_the_same_in_every_shape(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    local = [post(gateway, path, **{**ask, "model": "local"}).raise_for_status().json() for path, ask in LOOPS.items()]
    assert all(map(text_of, local))
    assert len({row["prompt_tokens"] for row in gateway.rows(3)}) == 1
    for path, ask in LOOPS.items():
        post(gateway, path, **{**ask, "model": "cloud"}).raise_for_status()
    assert [request["messages"] for request in provider.requests] == [LOOPS["/v1/chat/completions"]["messages"]] * 3


@pytest.mark.parametrize(
    ("path", "effort"),
    [
        ("/v1/responses", {"reasoning": {"effort": "low"}}),
        ("/v1/messages", {"output_config": {"effort": "low"}}),
        ("/v1/responses", {"text": {"verbosity": "low"}}),
        ("/v1/chat/completions", {"verbosity": "high"}),
    ],
)
def test_a_hint_does_not_keep_a_request_from_the_local_model(
    hybrid: tuple[Gateway, Provider], path: str, effort: dict[str, Any]
) -> None:
    gateway, provider = hybrid
    response = post(gateway, path, **SHAPES[path](1), **effort).raise_for_status()
    assert response.headers["x-slimgate-route"] == "local"
    assert not provider.requests


def test_what_the_local_model_refuses_goes_to_the_cloud(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    ask = {**SHAPES["/v1/chat/completions"](1), "moderation": {"model": "m"}}
    response = post(gateway, "/v1/chat/completions", **ask).raise_for_status()
    assert (response.headers["x-slimgate-route"], response.headers["x-slimgate-reason"]) == ("cloud", "capability")
    assert provider.requests[0]["moderation"] == {"model": "m"}
    pinned = post(gateway, "/v1/chat/completions", **ask, model="local")
    assert (pinned.status_code, pinned.json()["error"]["param"]) == (400, "moderation")


LOCAL_CANNOT: dict[str, dict[str, Any]] = {
    "many choices": {"n": 20},
    "a token beyond its vocabulary": {"logit_bias": {"199999": 5}},
    "a schema that it cannot follow": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "tags",
                "strict": True,
                "schema": {"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True}}},
            },
        }
    },
}


@pytest.mark.engine
@pytest.mark.parametrize("what", LOCAL_CANNOT)
def test_what_the_local_model_cannot_do_is_no_fault_of_the_request(hybrid: tuple[Gateway, Provider], what: str) -> None:
    gateway, cloud = hybrid
    answer = post(
        gateway,
        "/v1/chat/completions",
        messages=[{"role": "user", "content": "hi"}],
        max_tokens=4,
        **LOCAL_CANNOT[what],
    )
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]) == ("cloud", "capability")
    assert len(cloud.requests) == 1
