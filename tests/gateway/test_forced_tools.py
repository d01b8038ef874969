"""Forced tool calls and schemas with a local model that calls no tool by itself: it does them, or the cloud does."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import httpx
import openai
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from gateway.config.settings import Settings
from gateway.scoring.prompt import needs_of
from models.wire.chat import ChatRequest
from router.decision import Feature
from tests.live import Gateway, running_gateway
from tests.models.engine.live import LiveEngine
from tests.provider import Provider, running_provider

pytestmark = pytest.mark.engine

ALWAYS_LOCAL, ALWAYS_CLOUD = "auto:1", "auto:0"
ASK: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
PLACE: dict[str, Any] = {
    "type": "object",
    "properties": {"root": {"type": "string", "maxLength": 12}, "days": {"type": "integer", "maximum": 9}},
    "required": ["root", "days"],
    "additionalProperties": False,
}
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": PLACE}}
OTHER: Any = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}
NAMED: Any = {"type": "function", "function": {"name": "weather"}}
ALLOWED: Any = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory, engine: LiveEngine) -> Iterator[tuple[Gateway, Provider]]:
    """A gateway whose local model is the bundled one, with what its probes find out."""
    with running_provider() as provider:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("forced"),
            local={"base_url": f"{engine.url}/v1", "features": ["forced_tools", "json_schema"]},
            cloud={"base_url": provider.base_url, "retries": 0, "breaker_failures": 1000},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway, provider


@pytest.mark.parametrize("choice", ["required", NAMED, ALLOWED], ids=["required", "named", "allowed"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_forced_call_is_made_here(hybrid: tuple[Gateway, Provider], choice: Any, stream: bool) -> None:
    gateway, _ = hybrid
    tools = [TOOL] if choice == "required" else [TOOL, OTHER]
    raw = gateway.client().chat.completions.with_raw_response.create(
        model=ALWAYS_LOCAL,
        messages=ASK,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=False,
        temperature=0,
        max_tokens=120,
        stream=stream,
    )
    assert (raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"]) == ("local", "score")
    answer: Any = raw.parse()
    if stream:
        calls = [call for chunk in answer for c in chunk.choices for call in c.delta.tool_calls or ()]
    else:
        calls = answer.choices[0].message.tool_calls
    assert calls[0].function.name == "weather"
    assert Draft202012Validator(PLACE).is_valid(json.loads("".join(call.function.arguments for call in calls)))


def test_a_call_that_the_model_may_make_goes_to_the_cloud(hybrid: tuple[Gateway, Provider]) -> None:
    """It would not make it."""
    gateway, _ = hybrid
    raw = gateway.client().chat.completions.with_raw_response.create(model=ALWAYS_LOCAL, messages=ASK, tools=[TOOL])
    assert (raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"]) == ("cloud", "capability")


def test_a_forced_call_in_the_other_shapes(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, _ = hybrid
    tool = {"name": "weather", "input_schema": PLACE}
    body = {
        "model": ALWAYS_LOCAL,
        "messages": ASK,
        "max_tokens": 120,
        "tools": [tool],
        "tool_choice": {"type": "any"},
        "temperature": 0,
    }
    messages = httpx.post(f"{gateway.url}/v1/messages", json=body, timeout=60)
    flat = {"type": "function", "name": "weather", "parameters": PLACE, "strict": True}
    body = {
        "model": ALWAYS_LOCAL,
        "input": ASK,
        "tools": [flat],
        "tool_choice": {"type": "function", "name": "weather"},
    }
    responses = httpx.post(
        f"{gateway.url}/v1/responses", json={**body, "max_output_tokens": 120, "temperature": 0}, timeout=60
    )
    assert [r.headers["x-slimgate-route"] for r in (messages, responses)] == ["local", "local"]
    used, *_ = [block for block in messages.json()["content"] if block["type"] == "tool_use"]
    called, *_ = [item for item in responses.json()["output"] if item["type"] == "function_call"]
    for arguments in (used["input"], json.loads(called["arguments"])):
        assert Draft202012Validator(PLACE).is_valid(arguments)


class Part(BaseModel):
    name: Annotated[str, Field(max_length=8)]


class Machine(BaseModel):
    parts: Annotated[list[Part], Field(max_length=2)]
    state: Literal["new", "old"]


class Tree(BaseModel):
    """Refers to itself."""

    name: Annotated[str, Field(max_length=8)]
    branches: list["Tree"]


def test_structured_output_as_libraries_ask_for_it(hybrid: tuple[Gateway, Provider]) -> None:
    """As a tool that must be called, and as a format, with the schema of a pydantic model."""
    gateway, _ = hybrid
    parse: Any = gateway.client().chat.completions.parse
    options = {"model": ALWAYS_LOCAL, "messages": ASK, "temperature": 0, "max_tokens": 500}
    called = parse(**options, tools=[openai.pydantic_function_tool(Machine)], tool_choice="required")
    assert isinstance(called.choices[0].message.tool_calls[0].function.parsed_arguments, Machine)
    formatted = parse(**options, response_format=Machine)
    assert isinstance(formatted.choices[0].message.parsed, Machine)


def test_a_tool_whose_schema_refers_to_itself(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, _ = hybrid
    tools = [openai.pydantic_function_tool(Tree)]
    answer = post(gateway, {"model": ALWAYS_LOCAL, "tools": tools, "tool_choice": "required", "max_tokens": 40})
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local")


@pytest.mark.parametrize(
    ("choice", "needs"),
    [
        ("required", {Feature.FORCED_TOOLS}),
        (NAMED, {Feature.FORCED_TOOLS}),
        (ALLOWED, {Feature.FORCED_TOOLS}),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}}, {Feature.TOOLS}),
        ({"type": "allowed_tools", "allowed_tools": [1]}, {Feature.TOOLS}),
        ("auto", {Feature.TOOLS}),
        (None, {Feature.TOOLS}),
        ("none", set()),
    ],
)
def test_what_a_tool_choice_needs(choice: Any, needs: set[Feature]) -> None:
    body = {"model": "auto", "messages": ASK, "tools": [TOOL], "tool_choice": choice}
    assert needs_of(ChatRequest.parse(body)) == needs


def with_schema(schema: Any, strict: bool = True) -> dict[str, Any]:
    return {
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": strict, "schema": schema}}
    }


ITSELF = {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "type": "object",
          "properties": {"x": {"$ref": "#/$defs/a"}}, "required": ["x"]}  # fmt: skip


@pytest.mark.parametrize(
    "schema",
    [{"type": "array", "uniqueItems": True}, {"not": {"type": "string"}}, ITSELF],
    ids=["uniqueItems", "not", "itself"],
)
def test_what_no_grammar_can_promise_goes_to_the_cloud(hybrid: tuple[Gateway, Provider], schema: Any) -> None:
    gateway, _ = hybrid
    create = gateway.client().chat.completions.with_raw_response.create
    raw = create(model=ALWAYS_LOCAL, messages=ASK, **with_schema(schema))
    assert (raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"]) == ("cloud", "capability")
    pinned = post(gateway, {"model": "local", **with_schema(schema)})
    assert (pinned.status_code, pinned.json()["error"]["code"]) == (400, "unsupported_schema")
    assert "response_format.json_schema.schema" in pinned.json()["error"]["param"]


def post(gateway: Gateway, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/chat/completions", json={"messages": ASK, **body}, timeout=60)


def with_tool(function: Any, choice: Any = "required") -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}


NO_OBJECTS: list[Any] = ["x", 5, [], True]
NO_NAMES: list[Any] = [None, 5, [], {}, ""]
NO_TOOLS: list[Any] = [[None], ["f"], [[]], [{}], {"a": 1}, "f", 5]
NO_CHOICES: list[Any] = [5, [], {}, {"type": "function"}, {"type": 5}, "maybe"]
NO_FUNCTIONS: list[Any] = [None, "f", [], {}, {"name": 5}]
NOT_ALLOWED: list[Any] = [None, [1], {"tools": 5}, {"mode": "required", "tools": [1]}]
NO_SCHEMAS: list[Any] = [
    *({"type": 5}, {"properties": []}, {"enum": "x"}, {"required": "a"}, {"$ref": 7}, {"items": 5}, {"anyOf": 1}),
    *({"pattern": []}, {"$defs": 1}, {"minLength": "x"}, [], "x", None),
]
WRONG: list[dict[str, Any]] = [
    *map(with_schema, NO_SCHEMAS),
    *(with_tool({"name": "f", "parameters": wrong}) for wrong in (*NO_OBJECTS, {"type": 5}, {"properties": [1]})),
    *(with_tool({"name": wrong}) for wrong in NO_NAMES),
    *map(with_tool, (None, "f", [])),
    with_tool({"name": "f", "strict": "yes"}),
    *({"tools": wrong, "tool_choice": "required"} for wrong in NO_TOOLS),
    *(with_tool({"name": "f"}, wrong) for wrong in NO_CHOICES),
    *(with_tool({"name": "f"}, {"type": "function", "function": wrong}) for wrong in NO_FUNCTIONS),
    *(with_tool({"name": "f"}, {"type": "allowed_tools", "allowed_tools": wrong}) for wrong in NOT_ALLOWED),
]


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_wrong_types_are_a_400_that_names_the_field(
    hybrid: tuple[Gateway, Provider], engine: LiveEngine, body: dict[str, Any]
) -> None:
    gateway, _ = hybrid
    field = "response_format" if "response_format" in body else "tool"
    for answer in (post(gateway, {"model": "local", **body}), engine.post({"model": "local", "messages": ASK, **body})):
        error = answer.json()["error"]
        assert answer.status_code == 400, error
        assert error["code"] == "unsupported_capability" or str(error["param"]).startswith(field), error
    assert post(gateway, {"model": "auto", **body}).status_code < 500
