"""A tool loop stays where it began, whatever its turns score: the ids of its calls say where that was."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from gateway.config.settings import Settings
from gateway.dialects.messages.dialect import MessagesDialect
from gateway.dialects.responses.dialect import ResponsesDialect
from gateway.scoring.prompt import loop_began
from models.engine.prompt.tool_calls import CALL_ID_PREFIX
from models.wire.chat import ChatRequest
from router.decision import Route
from router.policy import LocalCapabilities
from tests.live import Gateway, running_gateway
from tests.models.engine.live import LiveEngine
from tests.provider import Provider, running_provider

HERE, THERE = f"{CALL_ID_PREFIX}1", "call_abc"
OURS = LocalCapabilities(frozenset(), n_ctx=100, marks_calls=True)
USER: Any = {"role": "user", "content": "How is the weather in Uppsala?"}
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Uppsala", "Lund"]}},
    "required": ["city"],
    "additionalProperties": False,
}
ONE_CALL: Any = {"type": "any", "disable_parallel_tool_use": True}
TOOLS: list[Any] = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]


def calls(*ids: str) -> dict[str, Any]:
    function = {"name": "weather", "arguments": "{}"}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": one, "type": "function", "function": function} for one in ids],
    }


def result(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "rain"}


@pytest.mark.parametrize(
    ("messages", "began"),
    [
        ([USER], None),
        ([USER, calls(HERE), result(HERE)], Route.LOCAL),
        ([USER, calls(THERE), result(THERE)], Route.CLOUD),
        ([USER, calls(HERE, THERE), result(HERE), result(THERE)], Route.CLOUD),
        ([USER, calls(HERE)], Route.LOCAL),
        ([USER, calls(HERE), result(HERE), USER], Route.LOCAL),  # a picture it returned, or a word in between
        ([USER, calls(HERE), result(HERE), {"role": "assistant", "content": "It rains."}, USER], None),
        ([USER, calls(THERE), result(THERE), calls(HERE), result(HERE)], Route.LOCAL),
        ([USER, {**calls(HERE), "tool_calls": []}], None),
        ([USER, {**calls(HERE), "tool_calls": [{}]}], Route.CLOUD),
    ],
)
def test_where_a_loop_began(messages: list[Any], began: Route | None) -> None:
    request = ChatRequest.parse({"model": "auto", "messages": messages})
    assert loop_began(request, OURS) == began
    assert loop_began(request, None) is None


def test_a_server_that_marks_no_calls_leaves_it_open() -> None:
    request = ChatRequest.parse({"model": "auto", "messages": [USER, calls(THERE), result(THERE)]})
    assert loop_began(request, LocalCapabilities(frozenset(), n_ctx=100)) is None


@pytest.mark.parametrize(("call_id", "began"), [(HERE, Route.LOCAL), (THERE, Route.CLOUD)])
def test_other_shapes_keep_the_ids(call_id: str, began: Route) -> None:
    use = {"type": "tool_use", "id": call_id, "name": "weather", "input": {}}
    back = {"type": "tool_result", "tool_use_id": call_id, "content": "rain"}
    turns = [USER, {"role": "assistant", "content": [use]}, {"role": "user", "content": [back]}]
    assert loop_began(MessagesDialect().request({"model": "auto", "max_tokens": 9, "messages": turns}), OURS) == began
    call = {"type": "function_call", "call_id": call_id, "name": "weather", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": call_id, "output": "rain"}
    assert loop_began(ResponsesDialect().request({"model": "auto", "input": [USER, call, output]}), OURS) == began


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory, engine: LiveEngine) -> Iterator[tuple[Gateway, Provider]]:
    folder = tmp_path_factory.mktemp("session")
    with running_provider() as provider:
        # The bundled model calls no tool of its own accord, so its engine says that it has none. It can be made to.
        local = {"base_url": f"{engine.url}/v1", "features": ["tools"]}
        cloud = {"base_url": provider.base_url, "retries": 0, "breaker_failures": 1000}
        with running_gateway(Settings(state_dir=folder, local=local, cloud=cloud)) as gateway:
            gateway.wait_ready()
            yield gateway, provider


def where(gateway: Gateway, messages: list[Any], threshold: str) -> tuple[str | None, str | None]:
    answer = gateway.client().chat.completions.with_raw_response.create(
        model="auto",
        messages=messages,
        tools=TOOLS,
        max_tokens=4,
        extra_headers={"x-slimgate-threshold": threshold},
    )
    return answer.headers.get("x-slimgate-route"), answer.headers.get("x-slimgate-reason")


@pytest.mark.parametrize("stream", [False, True])
def test_what_began_here_goes_on_here(hybrid: tuple[Gateway, Provider], stream: bool) -> None:
    gateway, _ = hybrid
    options: Any = {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": False, "max_tokens": 60}
    answer: Any = gateway.client().chat.completions.create(
        model="local", messages=[USER], temperature=0, stream=stream, **options
    )
    if stream:
        deltas = [delta for chunk in answer for delta in chunk.choices[0].delta.tool_calls or ()]
        call_id = next(delta.id for delta in deltas if delta.id)
    else:
        call_id = answer.choices[0].message.tool_calls[0].id
    assert call_id.startswith(CALL_ID_PREFIX)
    assert len(call_id) <= 40  # OpenAI takes no longer ones, should the loop have to move there
    assert where(gateway, [USER, calls(call_id), result(call_id)], "0") == ("local", "session")
    assert where(
        gateway, [USER, calls(call_id), result(call_id), {"role": "assistant", "content": "."}, USER], "0"
    ) == (
        "cloud",
        "score",
    )


def test_what_began_in_the_cloud_goes_on_there(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    assert where(gateway, [USER, calls(THERE), result(THERE)], "1.0001") == ("cloud", "session")
    provider.faults.append("error_500")
    assert where(gateway, [USER, calls(THERE), result(THERE)], "1.0001") == ("local", "failover")


def test_a_loop_in_the_shape_of_messages(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, _ = hybrid
    client = anthropic.Anthropic(base_url=gateway.url, api_key="unused", max_retries=0)
    tools: Any = [{"name": "weather", "input_schema": WEATHER}]
    options: Any = {"model": "local", "max_tokens": 60, "tools": tools, "tool_choice": ONE_CALL}
    first = client.messages.create(messages=[USER], **options)
    use = next(block for block in first.content if block.type == "tool_use")
    turns: Any = [
        USER,
        {"role": "assistant", "content": [block.model_dump() for block in first.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "rain"}]},
    ]
    answer = client.messages.with_raw_response.create(
        messages=turns,
        **{**options, "model": "auto", "tool_choice": {"type": "auto"}},
        extra_headers={"x-slimgate-threshold": "0"},
    )
    assert (answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]) == ("local", "session")
    client.close()
