"""POST /v1/messages as the official client sees it, every event and object held against Anthropic's own types."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from tests import answers
from tests.live import Gateway, wait_for
from tests.provider import MODEL, PROMPT_TOKENS, WORDS, Provider

HELLO: Any = [{"role": "user", "content": "Say hello."}]
TOOLS: Any = [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}]
STREAM_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
ASK: Any = {"model": "auto", "max_tokens": 50, "messages": HELLO}


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.fixture
def client(shared_gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=shared_gateway.url, api_key="unused", max_retries=0) as client:
        yield client


def post(gateway: Gateway, **body: Any) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/messages", json={**ASK, **body}, timeout=30)


def events_of(gateway: Gateway, **body: Any) -> list[dict[str, Any]]:
    """The events of a streamed answer, each checked against Anthropic's types."""
    events = []
    for block in post(gateway, stream=True, **body).text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        if event["type"] != "error":
            STREAM_EVENT.validate_python(event)
        events.append(event)
    return events


def answer_of(gateway: Gateway, **body: Any) -> dict[str, Any]:
    """A whole answer, checked against Anthropic's type."""
    answer: dict[str, Any] = post(gateway, **body).raise_for_status().json()
    Message.model_validate(answer)
    return answer


def test_an_answer_in_one_piece(client: anthropic.Anthropic, provider: Provider) -> None:
    raw = client.messages.with_raw_response.create(**ASK)
    answer = raw.parse()
    assert [(block.type, block.text) for block in answer.content] == [("text", "".join(WORDS))]
    assert (answer.stop_reason, answer.model) == ("end_turn", MODEL)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (PROMPT_TOKENS, len(WORDS))
    assert raw.headers["x-slimgate-route"] == "cloud"


def test_events_come_in_order(gateway: Gateway, provider: Provider) -> None:
    events = events_of(gateway)
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * len(WORDS),
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[-2]["usage"]["output_tokens"] == len(WORDS)
    assert events[0]["message"]["content"] == []


@pytest.mark.parametrize(
    "kind", ["none", "calls_two_tools", "reasons", "refuses", "is_cut_short", "is_filtered", "says_nothing"]
)
def test_the_clients_own_accumulation_equals_the_unstreamed(
    client: anthropic.Anthropic, provider: Provider, kind: str
) -> None:
    provider.always = kind
    ask = {**ASK, "tools": TOOLS, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    whole = client.messages.create(**ask)
    with client.messages.stream(**ask) as stream:
        streamed = stream.get_final_message()
    fields = {"content", "stop_reason", "stop_sequence", "model"}
    assert streamed.model_dump(include=fields) == whole.model_dump(include=fields)
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.usage.input_tokens == whole.usage.input_tokens


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("calls_two_tools", "tool_use"),
        ("refuses", "refusal"),
        ("is_filtered", "refusal"),
        ("is_cut_short", "max_tokens"),
        ("says_nothing", "end_turn"),
        ("stops_at_a_word", "stop_sequence"),
    ],
)
def test_stop_reasons(gateway: Gateway, provider: Provider, kind: str, reason: str) -> None:
    provider.always = kind
    delta = events_of(gateway, tools=TOOLS, stop_sequences=["END"])[-2]["delta"]
    assert delta == {"stop_reason": reason, "stop_sequence": "END" if reason == "stop_sequence" else None}


def test_tool_calls_are_blocks_one_after_the_other(gateway: Gateway, provider: Provider) -> None:
    provider.always = "calls_two_tools"
    events = events_of(gateway, tools=TOOLS)
    assert [(event["type"], event["index"]) for event in events if "index" in event] == [
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),
        ("content_block_stop", 2),
    ]
    _, weather, clock = answer_of(gateway, tools=TOOLS)["content"]
    assert (weather["name"], weather["input"]) == ("weather", json.loads("".join(answers.ARGUMENTS)))
    assert (clock["name"], clock["input"]) == ("clock", {})


def test_a_tool_loop_with_what_came_back(client: anthropic.Anthropic, provider: Provider) -> None:
    provider.faults.append("calls_two_tools")
    messages = list(HELLO)
    first = client.messages.create(**{**ASK, "messages": messages, "tools": TOOLS})
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "fine"}
        for block in first.content
        if block.type == "tool_use"
    ]
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    assert client.messages.create(**{**ASK, "messages": messages, "tools": TOOLS}).content
    asked = provider.requests[1]["messages"]
    assert [message["role"] for message in asked] == ["user", "assistant", "tool", "tool"]
    assert json.loads(asked[1]["tool_calls"][0]["function"]["arguments"]) == {"city": "Uppsala"}


def test_tool_input_that_is_no_object_is_no_answer(gateway: Gateway, provider: Provider) -> None:
    provider.always = "calls_nonsense"
    response = post(gateway, tools=TOOLS)
    assert (response.status_code, response.json()["error"]["type"]) == (502, "api_error")
    assert gateway.row()["outcome"] == "failed"
    assert gateway.row()["completion_tokens"] == len(WORDS)


def test_reasoning_is_shown_to_who_allowed_it(gateway: Gateway, provider: Provider) -> None:
    provider.always = "reasons"
    thinking, text = answer_of(gateway, thinking={"type": "adaptive"})["content"]
    assert thinking == {"type": "thinking", "thinking": "".join(answers.THOUGHTS), "signature": ""}
    for hidden in ({"type": "disabled"}, {"type": "adaptive", "display": "omitted"}, None):
        assert answer_of(gateway, thinking=hidden)["content"] == [text]


def test_cached_tokens_are_counted_apart(gateway: Gateway, provider: Provider) -> None:
    provider.always = "reasons"
    assert answer_of(gateway)["usage"] == {
        "input_tokens": PROMPT_TOKENS - 4 - 2,
        "cache_read_input_tokens": 4,
        "cache_creation_input_tokens": 2,
        "output_tokens": len(WORDS),
    }
    assert gateway.row()["prompt_tokens"] == PROMPT_TOKENS


@pytest.mark.parametrize(
    "fault", ["cut_stream", "reset_stream", "stall", "malformed_chunk", "error_event", "done_without_finish"]
)
def test_a_stream_that_breaks_never_stops_as_if_it_were_whole(
    gateway: Gateway, client: anthropic.Anthropic, provider: Provider, fault: str
) -> None:
    provider.always = fault
    events = events_of(gateway)
    assert events[-1]["type"] == "error"
    assert events[-1]["error"]["type"] == "api_error"
    assert not {"message_delta", "message_stop"} & {event["type"] for event in events}
    row = gateway.row()
    assert (row["endpoint"], row["outcome"], row["completion_tokens"]) == ("messages", "interrupted", 3)
    with pytest.raises(anthropic.APIError), client.messages.stream(**ASK) as stream:
        stream.get_final_message()


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("error_500", 503, "overloaded_error"),
        ("silence", 504, "timeout_error"),
        ("html_200", 502, "api_error"),
        ("context_length", 400, "invalid_request_error"),
    ],
)
def test_before_the_first_byte_it_is_a_status(
    gateway: Gateway, provider: Provider, fault: str, status: int, kind: str
) -> None:
    provider.always = fault
    response = post(gateway, stream=True)
    assert response.status_code == status
    body = response.json()
    assert (body["type"], body["error"]["type"]) == ("error", kind)
    assert gateway.row()["id"] == response.headers["x-request-id"]


def test_an_unknown_model_says_what_to_do(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="SLIMGATE_ROUTER__ALIASES") as caught:
        client.messages.create(**{**ASK, "model": "claude-9"})
    assert caught.value.body["error"]["type"] == "not_found_error"  # type: ignore[index]


def test_the_field_at_fault_is_in_the_message(client: anthropic.Anthropic, provider: Provider) -> None:
    with pytest.raises(anthropic.BadRequestError, match=r"messages\[1\]\.role"):
        client.messages.create(**{**ASK, "messages": [*HELLO, {"role": "assistant", "content": "Once upon"}]})
    assert not provider.requests


def test_one_row_with_the_providers_own_count(gateway: Gateway, provider: Provider) -> None:
    before = len(gateway.rows(1000))
    answer_of(gateway)
    events_of(gateway)
    rows = gateway.rows(2)
    assert len(gateway.rows(1000)) == before + 2
    assert [(row["prompt_tokens"], row["completion_tokens"]) for row in rows] == provider.billed
    assert {row["endpoint"] for row in rows} == {"messages"}


def test_a_client_that_goes_away_cancels_upstream(
    gateway: Gateway, client: anthropic.Anthropic, provider: Provider
) -> None:
    provider.pause_s = 0.05
    stream = client.messages.create(**ASK, stream=True)
    for _ in range(4):
        next(stream)
    stream.close()
    wait_for(lambda: provider.hung_up == 1)
    wait_for(lambda: gateway.row()["outcome"] == "cancelled")


def test_counting_without_a_local_model_is_an_estimate(
    gateway: Gateway, client: anthropic.Anthropic, provider: Provider
) -> None:
    before = len(gateway.rows(1000))
    bare = client.messages.count_tokens(model="auto", messages=HELLO, system="Be kind.")
    assert 10 <= bare.input_tokens <= 25
    count = client.messages.count_tokens(model="auto", messages=HELLO, system="Be kind.", tools=TOOLS)
    assert bare.input_tokens + 10 <= count.input_tokens <= 60
    assert not provider.requests
    assert len(gateway.rows(1000)) == before


def test_counting_fails_in_anthropics_shape(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.count_tokens(model="claude-9", messages=HELLO)
    assert caught.value.body["type"] == "error"  # type: ignore[index]
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        client.messages.count_tokens(model="auto", messages=[])
