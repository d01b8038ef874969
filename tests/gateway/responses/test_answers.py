"""POST /v1/responses as the official client sees it, every event and object held against OpenAI's own types."""

import json
from typing import Any

import httpx
import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests import answers
from tests.live import Gateway, wait_for
from tests.provider import MODEL, PROMPT_TOKENS, WORDS, Provider

TOOLS: Any = [
    {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False}
]
STREAM_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
TEXT_EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    *["response.output_text.delta"] * len(WORDS),
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


def post(gateway: Gateway, **body: Any) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/responses", json={"model": "auto", "input": "Say hello.", **body}, timeout=30)


def events_of(gateway: Gateway, **body: Any) -> list[dict[str, Any]]:
    """The events of a streamed answer, each checked against OpenAI's types."""
    events = []
    for block in post(gateway, stream=True, **body).text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        STREAM_EVENT.validate_python(event)
        events.append(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def answer_of(gateway: Gateway, **body: Any) -> dict[str, Any]:
    """A whole answer, checked against OpenAI's type."""
    answer: dict[str, Any] = post(gateway, **body).raise_for_status().json()
    Response.model_validate(answer)
    return answer


def without_ids(output: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name != "id"} for item in output]


def test_an_answer_in_one_piece(gateway: Gateway, provider: Provider) -> None:
    raw = gateway.client().responses.with_raw_response.create(model="auto", input="Say hello.", temperature=0.5)
    answer = raw.parse()
    assert answer.output_text == "".join(WORDS)
    assert (answer.status, answer.model, answer.temperature) == ("completed", MODEL, 0.5)
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (PROMPT_TOKENS, len(WORDS))
    assert raw.headers["x-slimgate-route"] == "cloud"


def test_the_answer_repeats_what_was_obeyed_and_no_more(gateway: Gateway, provider: Provider) -> None:
    answer = answer_of(
        gateway, instructions="Be brief.", store=True, truncation="auto", metadata={"a": "b"}, max_output_tokens=50
    )
    assert answer["instructions"] == "Be brief."
    assert answer["metadata"] == {"a": "b"}
    assert answer["max_output_tokens"] == 50
    assert (answer["store"], answer["truncation"], answer["previous_response_id"]) == (True, "disabled", None)
    assert set(provider.requests[0]) == {"model", "messages", "max_tokens"}


def test_events_come_in_order(gateway: Gateway, provider: Provider) -> None:
    events = events_of(gateway)
    assert [event["type"] for event in events] == TEXT_EVENTS
    assert "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta") == "".join(
        WORDS
    )
    last = events[-1]["response"]
    assert last["output"][0]["content"][0]["text"] == "".join(WORDS)
    assert last["usage"]["total_tokens"] == PROMPT_TOKENS + len(WORDS)
    assert {event["response"]["id"] for event in events if "response" in event} == {last["id"]}


def test_the_clients_own_accumulation(gateway: Gateway, provider: Provider) -> None:
    with gateway.client().responses.stream(model="auto", input="Say hello.") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert text == final.output_text == "".join(WORDS)


KINDS = [
    "none",
    "calls_two_tools",
    "calls_a_custom_tool",
    "reasons",
    "refuses",
    "is_cut_short",
    "is_filtered",
    "says_nothing",
]


@pytest.mark.parametrize("kind", KINDS)
def test_streamed_equals_unstreamed(gateway: Gateway, provider: Provider, kind: str) -> None:
    provider.always = kind
    whole, streamed = answer_of(gateway, tools=TOOLS), events_of(gateway, tools=TOOLS)[-1]["response"]
    assert without_ids(streamed["output"]) == without_ids(whole["output"])
    assert (streamed["status"], streamed["usage"]) == (whole["status"], whole["usage"])
    assert [row["outcome"] for row in gateway.rows(2)] == ["ok", "ok"]


def test_tool_calls(gateway: Gateway, provider: Provider) -> None:
    provider.always = "calls_two_tools"
    events = events_of(gateway, tools=TOOLS)
    output = events[-1]["response"]["output"]
    assert [(item["type"], item["status"]) for item in output] == [
        ("message", "completed"),
        ("function_call", "completed"),
        ("function_call", "completed"),
    ]
    assert [(item["name"], item["arguments"]) for item in output[1:]] == [
        ("weather", "".join(answers.ARGUMENTS)),
        ("clock", "{}"),
    ]
    first_call = [event["type"] for event in events if event.get("output_index") == 1]
    assert first_call == [
        "response.output_item.added",
        *["response.function_call_arguments.delta"] * 2,
        "response.function_call_arguments.done",
        "response.output_item.done",
    ]
    done = [event for event in events if event["type"] == "response.output_item.done"]
    assert [event["item"] for event in done] == output


def test_calls_that_only_their_ids_tell_apart(gateway: Gateway, provider: Provider) -> None:
    provider.always = "calls_all_numbered_0"
    output = events_of(gateway, tools=TOOLS)[-1]["response"]["output"]
    assert [(item["call_id"], item["arguments"]) for item in output] == [("call_0", "{}"), ("call_1", "{}")]


def test_a_tool_loop_with_what_came_back(gateway: Gateway, provider: Provider) -> None:
    provider.faults.append("calls_two_tools")
    client = gateway.client()
    conversation: list[Any] = [{"role": "user", "content": "Weather and time?"}]
    first = client.responses.create(model="auto", input=conversation, tools=TOOLS)
    conversation += first.output
    for item in first.output:
        if item.type == "function_call":
            conversation.append({"type": "function_call_output", "call_id": item.call_id, "output": "fine"})
    assert client.responses.create(model="auto", input=conversation, tools=TOOLS).output_text == "".join(WORDS)
    roles = [message["role"] for message in provider.requests[1]["messages"]]
    assert roles == ["user", "assistant", "tool", "tool"]
    assert [call["id"] for call in provider.requests[1]["messages"][1]["tool_calls"]] == ["call_0", "call_1"]


def test_reasoning_is_an_item_of_its_own(gateway: Gateway, provider: Provider) -> None:
    provider.always = "reasons"
    events = events_of(gateway)
    reasoning, message = events[-1]["response"]["output"]
    assert reasoning["content"] == [{"type": "reasoning_text", "text": "".join(answers.THOUGHTS)}]
    assert message["content"][0]["text"] == "".join(WORDS)
    assert [event["type"] for event in events if event.get("output_index") == 0] == [
        "response.output_item.added",
        "response.content_part.added",
        *["response.reasoning_text.delta"] * len(answers.THOUGHTS),
        "response.reasoning_text.done",
        "response.content_part.done",
        "response.output_item.done",
    ]
    details = events[-1]["response"]["usage"]
    assert details["input_tokens_details"] == {"cached_tokens": 4, "cache_write_tokens": 2}
    assert details["output_tokens_details"] == {"reasoning_tokens": 3}


@pytest.mark.parametrize(("kind", "reason"), [("is_cut_short", "max_output_tokens"), ("is_filtered", "content_filter")])
def test_an_incomplete_answer_says_why(gateway: Gateway, provider: Provider, kind: str, reason: str) -> None:
    provider.always = kind
    last = events_of(gateway)[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": reason}
    assert last["response"]["output"][-1]["status"] == "incomplete"


def test_logprobs(gateway: Gateway, provider: Provider) -> None:
    provider.always = "tells_logprobs"
    events = events_of(gateway, include=["message.output_text.logprobs"])
    assert provider.requests[0]["logprobs"] is True
    (told,) = events[-1]["response"]["output"][0]["content"][0]["logprobs"]
    assert told == {"token": "The", "logprob": -0.5, "bytes": list(b"The"), "top_logprobs": []}


def test_a_json_schema(gateway: Gateway, provider: Provider) -> None:
    provider.always = "answers_json"
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}}
    answer = answer_of(gateway, text={"format": {"type": "json_schema", "name": "answer", "schema": schema}})
    assert json.loads(answer["output"][0]["content"][0]["text"]) == {"answer": 42}
    assert provider.requests[0]["response_format"]["json_schema"]["schema"] == schema


BROKEN = ["cut_stream", "reset_stream", "stall", "malformed_chunk", "error_event", "done_without_finish"]


@pytest.mark.parametrize("fault", BROKEN)
def test_a_stream_that_breaks_never_completes(gateway: Gateway, provider: Provider, fault: str) -> None:
    provider.always = fault
    events = events_of(gateway)
    last = events[-1]
    assert last["type"] == "response.failed"
    assert "response.completed" not in [event["type"] for event in events]
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"]["code"] == "server_error"
    assert last["response"]["output"][0]["status"] == "incomplete"
    assert last["response"]["output"][0]["content"][0]["text"] == "".join(WORDS[:3])
    row = gateway.row()
    assert (row["endpoint"], row["outcome"], row["completion_tokens"]) == ("responses", "interrupted", 3)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("error_500", 503, "backend_unavailable"),
        ("html_200", 502, "invalid_backend_response"),
        ("context_length", 400, "context_length_exceeded"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_before_the_first_byte_it_is_a_status(
    gateway: Gateway, provider: Provider, fault: str, status: int, code: str, stream: bool
) -> None:
    provider.always = fault
    response = post(gateway, stream=stream)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert gateway.row()["id"] == response.headers["x-request-id"]


def test_one_row_with_the_providers_own_count(gateway: Gateway, provider: Provider) -> None:
    before = len(gateway.rows(1000))
    answer_of(gateway)
    events_of(gateway)
    rows = gateway.rows(2)
    assert len(gateway.rows(1000)) == before + 2
    assert [(row["prompt_tokens"], row["completion_tokens"]) for row in rows] == provider.billed
    assert {row["endpoint"] for row in rows} == {"responses"}
    assert {row["stream"] for row in rows} == {True, False}


def test_a_client_that_goes_away_cancels_upstream(gateway: Gateway, provider: Provider) -> None:
    provider.pause_s = 0.05
    stream = gateway.client().responses.create(model="auto", input="Say hello.", stream=True)
    for _ in range(6):
        next(stream)
    stream.close()
    wait_for(lambda: provider.hung_up == 1)
    wait_for(lambda: gateway.row()["outcome"] == "cancelled")
    assert gateway.row()["usage_estimated"] is True


def test_what_cannot_be_done_is_refused_by_name(gateway: Gateway, provider: Provider) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().responses.create(model="auto", input="hi", previous_response_id="resp_1")
    assert caught.value.param == "previous_response_id"
    assert not provider.requests
    assert gateway.row()["outcome"] == "rejected"
