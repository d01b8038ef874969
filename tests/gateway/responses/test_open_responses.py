"""Response objects as Open Responses' schema has them, by the requests of its compliance tests.

On the routes where the gateway writes them itself: what a native cloud writes is passed on as it is.
"""

from collections.abc import Callable
from types import NoneType
from typing import Any

import pytest

from tests.gateway.responses.test_answers import answer_of, events_of
from tests.live import Gateway
from tests.provider import Provider

REQUIRED: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "object", "status", "model", "truncation", "service_tier"), (str,)),
    **dict.fromkeys(("created_at", "top_logprobs"), (int,)),
    **dict.fromkeys(("completed_at", "max_output_tokens", "max_tool_calls"), (int, NoneType)),
    **dict.fromkeys(("previous_response_id", "instructions", "user"), (str, NoneType)),
    **dict.fromkeys(("safety_identifier", "prompt_cache_key"), (str, NoneType)),
    **dict.fromkeys(("output", "tools"), (list,)),
    **dict.fromkeys(("parallel_tool_calls", "store", "background"), (bool,)),
    **dict.fromkeys(("top_p", "presence_penalty", "frequency_penalty", "temperature"), (int, float)),
    **dict.fromkeys(("text", "metadata"), (dict,)),
    **dict.fromkeys(("error", "incomplete_details", "reasoning", "usage"), (dict, NoneType)),
    "tool_choice": (str, dict),
}
"""Every field that the schema requires of a response, and its types."""

ITEMS: dict[str, set[str]] = {
    "message": {"id", "type", "status", "role", "content"},
    "function_call": {"id", "type", "call_id", "name", "arguments", "status"},
    "reasoning": {"id", "type", "summary"},
}
FUNCTION = {"type", "name", "description", "parameters", "strict"}
JSON_SCHEMA = {"type", "name", "description", "schema", "strict"}
USAGE = {"input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"}

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather for a location",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
ASKED: dict[str, dict[str, Any]] = {
    "basic": {"input": [{"type": "message", "role": "user", "content": "Say hello in exactly 3 words."}]},
    "system prompt": {
        "input": [
            {"type": "message", "role": "system", "content": "You are a pirate."},
            {"type": "message", "role": "user", "content": "Say hello."},
        ]
    },
    "several turns": {
        "input": [
            {"type": "message", "role": "user", "content": "My name is Alice."},
            {"type": "message", "role": "assistant", "content": "Hello Alice!"},
            {"type": "message", "role": "user", "content": "What is my name?"},
        ]
    },
    "everything": {
        "input": "hi",
        "temperature": 0.5,
        "top_p": 0.9,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "metadata": {"a": "b"},
        "max_tool_calls": 3,
        "safety_identifier": "me",
        "user": "me",
        "instructions": "Be brief.",
        "reasoning": {"effort": None},
        "text": {"format": {"type": "text"}},
        "truncation": "auto",
        "service_tier": "auto",
    },
}


def check(response: dict[str, Any]) -> None:
    """Hold one response object against the schema."""
    wrong = [name for name, types in REQUIRED.items() if name not in response or type(response[name]) not in types]
    assert not wrong, {name: response.get(name, "missing") for name in wrong}
    for item in response["output"]:
        assert ITEMS[item["type"]] <= item.keys()
        if item["type"] == "message":
            assert all({"type", "text", "annotations", "logprobs"} <= part.keys() for part in item["content"])
    for tool in response["tools"]:
        assert tool.keys() >= FUNCTION
    if response["text"]["format"]["type"] == "json_schema":
        assert response["text"]["format"].keys() >= JSON_SCHEMA
        assert type(response["text"]["format"]["strict"]) is bool
    if response["usage"] is not None:
        assert response["usage"].keys() >= USAGE
        assert "cached_tokens" in response["usage"]["input_tokens_details"]
        assert "reasoning_tokens" in response["usage"]["output_tokens_details"]


Give = Callable[..., dict[str, Any]]


def streamed(gateway: Gateway, **body: Any) -> dict[str, Any]:
    events = events_of(gateway, **body)
    for event in events:
        if "response" in event:
            check(event["response"])
    response: dict[str, Any] = events[-1]["response"]
    return response


@pytest.mark.parametrize("give", [answer_of, streamed])
@pytest.mark.parametrize("asked", ASKED)
def test_a_translated_cloud(shared_gateway: Gateway, shared_provider: Provider, give: Give, asked: str) -> None:
    response = give(shared_gateway, **ASKED[asked])
    check(response)
    assert response["status"] == "completed"
    assert response["output"]
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty", "metadata", "max_tool_calls", "user"):
        if name in ASKED[asked]:
            assert response[name] == ASKED[asked][name]


@pytest.mark.parametrize("give", [answer_of, streamed])
def test_a_tool_call(shared_gateway: Gateway, shared_provider: Provider, give: Give) -> None:
    shared_provider.always = "calls_two_tools"
    response = give(shared_gateway, input="What's the weather like in San Francisco?", tools=[WEATHER])
    check(response)
    assert "function_call" in [item["type"] for item in response["output"]]


@pytest.mark.parametrize("give", [answer_of, streamed])
def test_reasoning_and_a_schema(shared_gateway: Gateway, shared_provider: Provider, give: Give) -> None:
    shared_provider.always = "reasons"
    schema = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    response = give(shared_gateway, text={"format": schema})
    check(response)
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]


def test_a_picture_in_the_input(shared_gateway: Gateway, shared_provider: Provider) -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}
    text = {"type": "input_text", "text": "What do you see?"}
    check(answer_of(shared_gateway, input=[{"type": "message", "role": "user", "content": [text, image]}]))


def test_a_failed_stream(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "cut_stream"
    assert streamed(shared_gateway)["error"]["message"]


def test_a_json_object_with_a_schema(shared_gateway: Gateway, shared_provider: Provider) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}}
    response = answer_of(shared_gateway, text={"format": {"type": "json_object", "schema": schema}})
    asked = shared_provider.requests[0]["response_format"]
    assert (asked["type"], asked["json_schema"]["schema"]) == ("json_schema", schema)
    check(response)


@pytest.mark.parametrize("give", [answer_of, streamed])
@pytest.mark.parametrize("asked", ASKED)
def test_the_local_model(local_gateway: Gateway, give: Give, asked: str) -> None:
    response = give(local_gateway, max_output_tokens=300, **ASKED[asked])
    check(response)
    assert response["output"]


def test_the_local_model_fits_a_json_object_to_its_schema(local_gateway: Gateway) -> None:
    schema = {"type": "object", "properties": {"a": {"const": 7}}, "required": ["a"], "additionalProperties": False}
    for body in (
        {"text": {"format": {"type": "json_object", "schema": schema}}, "max_output_tokens": 40},
        {"previous_response_id": None, "max_output_tokens": 40, "text": {"format": {"type": "json_object"}}},
    ):
        check(answer_of(local_gateway, **body))
    answer = answer_of(local_gateway, text={"format": {"type": "json_object", "schema": schema}}, max_output_tokens=40)
    assert "".join(answer["output"][0]["content"][0]["text"].split()) == '{"a":7}'


def test_a_local_conversation_goes_on_by_its_id(local_gateway: Gateway) -> None:
    client = local_gateway.client()
    first = client.responses.create(model="auto", input="My name is Alice.", max_output_tokens=16)
    second = client.responses.create(
        model="auto", input="What is my name?", previous_response_id=first.id, max_output_tokens=16
    )
    assert second.usage is not None
    assert first.usage is not None
    assert second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens
    count = client.responses.input_tokens.count(model="auto", input="What?", previous_response_id=first.id)
    assert count.input_tokens > first.usage.input_tokens
