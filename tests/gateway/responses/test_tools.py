"""Tools that the chat format lacks, as Codex CLI sends them: namespaces, custom tools, searches, hosted tools."""

import json
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.answers import streamed, tool_call, whole
from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import WORDS, Call, Provider, fault
from tests.shapes import ask, events_in

PARAMETERS = {"type": "object", "properties": {"query": {"type": "string"}}}
FIND = {"type": "function", "name": "find", "parameters": PARAMETERS, "strict": False}
NAMESPACE = {"type": "namespace", "name": "mcp__docs", "description": "Documents.", "tools": [FIND]}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
SEARCH = {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": PARAMETERS}
WEB = {"type": "web_search", "external_web_access": False}
TOOLS: list[Any] = [NAMESPACE, PATCH, SEARCH]
STREAM_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
EDIT = '*** Begin Patch\n+a "b"'


async def calls(call: Call, name: str, arguments: str) -> None:
    if not call.streams:
        await whole(call, {"content": None, "tool_calls": [tool_call(0, name, arguments)]}, "tool_calls")
        return
    pieces = [arguments[:5], arguments[5:]]
    more = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    await streamed(call, [{"tool_calls": [tool_call(0, name)]}, *more], "tool_calls")


@fault
async def calls_in_a_namespace(call: Call) -> None:
    await calls(call, "mcp__docs__find", '{"query": "x"}')


@fault
async def calls_a_function_with_text(call: Call) -> None:
    await calls(call, "apply_patch", json.dumps({"input": EDIT}))


@fault
async def calls_a_function_with_bare_text(call: Call) -> None:
    await calls(call, "apply_patch", EDIT)


@fault
async def searches_tools(call: Call) -> None:
    await calls(call, "tool_search", '{"query": "x"}')


CALLS: dict[str, dict[str, Any]] = {
    "calls_in_a_namespace": {
        "type": "function_call",
        "name": "find",
        "namespace": "mcp__docs",
        "arguments": '{"query": "x"}',
    },
    "calls_a_function_with_text": {"type": "custom_tool_call", "name": "apply_patch", "input": EDIT},
    "calls_a_function_with_bare_text": {"type": "custom_tool_call", "name": "apply_patch", "input": EDIT},
    "searches_tools": {"type": "tool_search_call", "execution": "client", "arguments": {"query": "x"}},
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", CALLS)
def test_calls_come_back_as_the_caller_knows_them(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, stream: bool
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, "responses", stream=stream, tools=TOOLS)
    for event in events_in(answer.text):
        STREAM_EVENT.validate_python(event)
    response = events_in(answer.text)[-1]["response"] if stream else answer.json()
    Response.model_validate(response)
    (item,) = response["output"]
    assert CALLS[kind].items() <= item.items()
    assert (item["call_id"], item["status"]) == ("call_0", "completed")
    asked = shared_provider.requests[0]["tools"]
    assert [tool["function"]["name"] for tool in asked] == ["mcp__docs__find", "apply_patch", "tool_search"]


@pytest.mark.parametrize("kind", CALLS)
def test_and_go_back_as_the_model_knows_them(shared_gateway: Gateway, shared_provider: Provider, kind: str) -> None:
    shared_provider.faults.append(kind)
    (item,) = ask(shared_gateway, "responses", tools=TOOLS).json()["output"]
    result: dict[str, Any] = {"type": f"{item['type']}_output", "call_id": item["call_id"], "output": "done"}
    if kind == "searches_tools":
        found = {**NAMESPACE, "name": "found", "tools": [{**FIND, "defer_loading": True}]}
        result = {**result, "type": "tool_search_output", "execution": "client", "tools": [found]}
    history = [{"role": "user", "content": "Do it."}, item, result]
    assert ask(shared_gateway, "responses", tools=TOOLS, input=history).status_code == 200
    _, called, returned = shared_provider.requests[1]["messages"]
    names = [tool["function"]["name"] for tool in shared_provider.requests[1]["tools"]]
    assert called["tool_calls"][0]["function"]["name"] in names
    json.loads(called["tool_calls"][0]["function"]["arguments"])
    assert returned["tool_call_id"] == "call_0"
    assert ("found__find" in names) is ("found__find" in returned["content"]) is (kind == "searches_tools")


def test_a_found_tool_can_be_called(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "calls_in_a_namespace"
    found = {"type": "tool_search_output", "call_id": "c1", "execution": "client", "tools": [NAMESPACE]}
    searched = {"type": "tool_search_call", "call_id": "c1", "execution": "client", "arguments": {}}
    answer = ask(shared_gateway, "responses", tools=[SEARCH], input=[searched, found]).json()
    assert CALLS["calls_in_a_namespace"].items() <= answer["output"][0].items()


@pytest.mark.parametrize("stream", [False, True])
def test_a_hosted_tool_is_left_out_and_the_caller_told(
    shared_gateway: Gateway, shared_provider: Provider, stream: bool
) -> None:
    old = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    body = {"tools": [FIND, WEB, WEB], "input": [{"role": "user", "content": "Look it up."}, old]}
    answer = ask(shared_gateway, "responses", stream=stream, **body)
    assert answer.headers["x-slimgate-warning"] == "left out: item web_search_call, tool web_search"
    response = events_in(answer.text)[-1]["response"] if stream else answer.json()
    assert response["output"][0]["content"][0]["text"] == "".join(WORDS)
    assert [tool["name"] for tool in response["tools"]] == ["find"]
    assert [tool["type"] for tool in shared_provider.requests[0]["tools"]] == ["function"]
    assert "x-slimgate-warning" not in ask(shared_gateway, "responses", tools=[FIND]).headers


def test_what_cannot_be_left_out_is_refused(shared_gateway: Gateway, shared_provider: Provider) -> None:
    forced = ask(shared_gateway, "responses", tools=[WEB], tool_choice={"type": "web_search"})
    assert (forced.status_code, forced.json()["error"]["param"]) == (400, "tool_choice.type")


def test_a_setting_refuses_them(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(
        local={"enabled": False}, cloud={"base_url": provider.base_url}, router={"hosted_tools": "refuse"}
    )
    answer = ask(gateway, "responses", tools=[FIND, WEB])
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tools[1].type")
    assert ask(gateway, "responses", tools=[FIND]).status_code == 200


def test_a_cloud_that_has_them_gets_them(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.always = "responds"
    native = {"base_url": provider.base_url, "model": "native", "responses": "native"}
    cloud = {"base_url": provider.base_url, "model": "chat", "fallbacks": [native]}
    gateway = make_gateway(local={"enabled": False}, cloud=cloud)
    answer = ask(gateway, "responses", tools=[FIND, WEB])
    assert "x-slimgate-warning" not in answer.headers
    assert provider.requests[0]["tools"] == [FIND, WEB]
    assert (provider.requests[0]["model"], provider.paths[0]) == ("native", "/v1/responses")
    provider.always = "none"
    answer = ask(gateway, "responses", model="chat", tools=[FIND, WEB])
    assert answer.headers["x-slimgate-warning"] == "left out: tool web_search"


def test_a_local_model_that_has_tools_gets_them_all(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.always = "calls_in_a_namespace"
    gateway = make_gateway(local={"base_url": provider.base_url})
    gateway.wait_ready()
    answer = ask(gateway, "responses", tools=[*TOOLS, WEB])
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local")
    assert answer.headers["x-slimgate-warning"] == "left out: tool web_search"
    assert CALLS["calls_in_a_namespace"].items() <= answer.json()["output"][0].items()


def test_what_is_left_out_costs_nothing(make_gateway: MakeGateway, provider: Provider) -> None:
    """A budget that could not count the searches has none to count."""
    cloud = {"base_url": provider.base_url}
    gateway = make_gateway(local={"enabled": False}, cloud=cloud, budget={"usd_per_day": "1"})
    assert ask(gateway, "responses", tools=[FIND, WEB]).status_code == 200
