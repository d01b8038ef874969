"""Broken is never taken for whole, nor whole for broken, in any API shape."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import FAULTS, MODEL, PROMPT_TOKENS, WORDS, Call, Provider, fault
from tests.shapes import SHAPES, ask, ends_as_whole, events_in, text_in

pytestmark = pytest.mark.slow

TOO_LONG = "content-length: 1000000"
"""More than will come: so that hanging up is no end."""

CHOICE_ERROR = {"code": 502, "message": "the upstream model crashed"}


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"cloud": {"chunk_timeout_s": 3, "total_timeout_s": 3}}


async def head(call: Call, content_type: str) -> None:
    """Of a body that promises to be longer than it is."""
    call.begun = True
    await call.head("200 OK", content_type, TOO_LONG)


async def whole_stream(call: Call) -> None:
    await head(call, "text/event-stream")
    await call.words()
    await call.finish()


async def whole_json(call: Call, **choice: Any) -> None:
    message = {"role": "assistant", "content": "".join(WORDS)}
    choices = [{"index": 0, "message": message, "finish_reason": "stop", **choice}]
    answer = {"id": "chatcmpl-p", "object": "chat.completion", "created": 1, "model": MODEL, "choices": choices}
    await call.send(json.dumps({**answer, "usage": call.usage()}).encode())


async def said_all(call: Call) -> None:
    if call.streams:
        await whole_stream(call)
        return
    await head(call, "application/json")
    await whole_json(call)


@fault
async def lingers_after_the_end(call: Call) -> None:
    await said_all(call)
    await asyncio.sleep(60)


@fault
async def hangs_up_after_the_end(call: Call) -> None:
    await said_all(call)


@fault
async def resets_after_the_end(call: Call) -> None:
    await said_all(call)
    await asyncio.sleep(0.05)
    call.reset()


@fault
async def comments_without_end(call: Call) -> None:
    await said_all(call)
    while call.streams:
        await call.send(b": PROCESSING\n\n")
        await asyncio.sleep(0.05)
    await asyncio.sleep(60)


@fault
async def hangs_up_within_the_last_event(call: Call) -> None:
    await said_all(call)
    await call.send(b"data: [DO" if call.streams else b" ")


@fault
async def ends_without_a_blank_line(call: Call) -> None:
    if not call.streams:
        await FAULTS["none"](call)
        return
    await call.begin_stream()
    await call.words()
    await call.send(b"data: " + json.dumps({**call.chunk({}, "stop"), "usage": call.usage()}).encode())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "kind",
    [
        "lingers_after_the_end",
        "hangs_up_after_the_end",
        "resets_after_the_end",
        "comments_without_end",
        "hangs_up_within_the_last_event",
        "ends_without_a_blank_line",
    ],
)
def test_a_whole_answer_is_whole_whatever_comes_after_it(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, shape: str, stream: bool
) -> None:
    shared_provider.always = kind
    started = time.monotonic()
    answer = ask(shared_gateway, shape, stream=stream)
    assert (answer.status_code, text_in(shape, answer)) == (200, "".join(WORDS))
    assert ends_as_whole(shape, answer.text) is stream
    row = shared_gateway.row()
    assert (row["endpoint"], row["outcome"], row["usage_estimated"]) == (shape, "ok", False)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (PROMPT_TOKENS, len(WORDS))
    assert time.monotonic() - started < 2


@fault
async def finishes_and_hangs_up(call: Call) -> None:
    """Before its usage."""
    await head(call, "text/event-stream")
    await call.words()
    await call.event(call.chunk({}, "stop"))


def test_without_usage_it_is_whole_and_an_estimate(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "finishes_and_hangs_up"
    answer = ask(shared_gateway, "chat.completions", stream=True)
    assert ends_as_whole("chat.completions", answer.text)
    row = shared_gateway.row()
    assert (row["outcome"], row["completion_tokens"], row["usage_estimated"]) == ("ok", len(WORDS), True)


@pytest.mark.parametrize("stream", [False, True])
def test_hanging_up_after_the_end_is_no_failure_of_the_provider(
    make_gateway: MakeGateway, provider: Provider, stream: bool
) -> None:
    cloud = {"base_url": provider.base_url, "breaker_failures": 1}
    gateway = make_gateway(local={"enabled": False}, cloud=cloud)
    provider.always = "hangs_up_after_the_end"
    for _ in range(2):
        assert ask(gateway, "chat.completions", stream=stream).status_code == 200
    assert [row["outcome"] for row in gateway.rows()] == ["ok", "ok"]


@fault
async def fails_in_a_choice(call: Call) -> None:
    """OpenRouter's way: status 200, and an error where the answer's end should be."""
    error = {"finish_reason": "error", "error": CHOICE_ERROR}
    if not call.streams:
        await call.head("200 OK", "application/json")
        await whole_json(call, **error)
        return
    await call.begin_stream()
    await call.words(3)
    chunk = call.chunk({"content": ""})
    chunk["choices"][0] |= error
    await call.event(chunk)
    await call.done()


@fault
async def fails_in_a_choice_at_once(call: Call) -> None:
    chunk = call.chunk({"content": ""})
    chunk["choices"][0]["error"] = CHOICE_ERROR
    await call.head("200 OK", "text/event-stream")
    await call.event(chunk)


@fault
async def finishes_with_an_error(call: Call) -> None:
    """Mistral's way: nothing but the reason says it."""
    if not call.streams:
        await call.head("200 OK", "application/json")
        await whole_json(call, finish_reason="error")
        return
    await call.begin_stream()
    await call.words(3)
    await call.event(call.chunk({}, "error"))
    await call.done()


@fault
async def ends_without_a_reason(call: Call) -> None:
    """Streamed: as `done_without_finish`."""
    await call.head("200 OK", "application/json")
    await whole_json(call, finish_reason=None)


@fault
async def ends_with_an_empty_reason(call: Call) -> None:
    await call.head("200 OK", "application/json")
    await whole_json(call, finish_reason="")


@fault
async def ends_one_of_two(call: Call) -> None:
    message = {"role": "assistant", "content": "".join(WORDS)}
    choices = [{"index": index, "message": message, "finish_reason": ("stop", None)[index]} for index in (0, 1)]
    answer = {"id": "p", "object": "chat.completion", "created": 1, "model": MODEL, "choices": choices}
    await call.answer("200 OK", {**answer, "usage": call.usage()})


@fault
async def finishes_one_of_two(call: Call) -> None:
    await call.begin_stream()
    await call.words(3)
    second = call.chunk({"content": "An"})
    second["choices"][0]["index"] = 1
    await call.event(second)
    await call.event(call.chunk({}, "stop"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["fails_in_a_choice", "finishes_with_an_error", "empty_finish_reasons"])
def test_a_stream_that_failed_within_a_choice_is_broken(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, shape: str
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, shape, stream=True)
    assert text_in(shape, answer) == "".join(WORDS[:3])
    assert not ends_as_whole(shape, answer.text)
    assert ("the upstream model crashed" in answer.text) is (kind == "fails_in_a_choice")
    row = shared_gateway.row()
    assert (row["endpoint"], row["outcome"], row["error_code"]) == (shape, "interrupted", "stream_interrupted")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "kind",
    [
        "fails_in_a_choice",
        "finishes_with_an_error",
        "ends_without_a_reason",
        "ends_with_an_empty_reason",
        "ends_one_of_two",
    ],
)
def test_an_answer_that_failed_within_a_choice_is_an_error_and_paid_for(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, shape: str
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, shape)
    assert answer.status_code == 502
    assert ("the upstream model crashed" in answer.json()["error"]["message"]) is (kind == "fails_in_a_choice")
    row = shared_gateway.row()
    assert (row["endpoint"], row["outcome"]) == (shape, "failed")
    assert [(row["prompt_tokens"], row["completion_tokens"])] == shared_provider.billed


FORGETFUL = {
    "error_by_name": b'event: error\ndata: {"message": "the model ran out of memory", "type": "oom"}\n\n',
    "error_by_name_alone": b"event: error\ndata: the model ran out of memory\n\n",
    "error_by_name_in_data": b'event: error\ndata: {"error": {"message": "the model ran out of memory"}}\n\n',
    "error_without_data": b'{"error": {"message": "the model ran out of memory"}}\n\n',
    "error_without_end": b'{"error": {"message": "the model ran out of memory"}}',
    "error_as_a_field": b'error: {"code": 500, "message": "the model ran out of memory"}\n\n',
}
"""How servers tell of a failure in mid-stream when they forget what a stream looks like."""


def forgetful(name: str, n_words: int) -> None:
    async def fails(call: Call) -> None:
        if n_words:
            await call.begin_stream()
            await call.words(n_words)
        else:
            await call.head("200 OK", "text/event-stream")
        await call.send(FORGETFUL[name])

    fails.__name__ = f"{name}_after_{n_words}"
    fault(fails)


for _name in FORGETFUL:
    forgetful(_name, 0)
    forgetful(_name, 3)


@pytest.mark.parametrize("kind", FORGETFUL)
def test_an_error_that_is_no_chunk_keeps_its_words(
    shared_gateway: Gateway, shared_provider: Provider, kind: str
) -> None:
    shared_provider.always = f"{kind}_after_0"
    answer = ask(shared_gateway, "chat.completions", stream=True)
    assert answer.status_code == 503
    assert answer.json()["error"]["message"].endswith("the model ran out of memory")
    shared_provider.always = f"{kind}_after_3"
    answer = ask(shared_gateway, "chat.completions", stream=True)
    assert text_in("chat.completions", answer) == "".join(WORDS[:3])
    assert events_in(answer.text)[-1]["error"]["message"].endswith("the model ran out of memory")
    assert shared_gateway.row()["outcome"] == "interrupted"


@fault
async def refuses_in_the_stream(call: Call) -> None:
    await call.head("200 OK", "text/event-stream")
    await call.event({"error": {"message": "the prompt is no good", "code": 400}})


def test_a_refusal_in_the_first_event_is_the_refusal(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "refuses_in_the_stream"
    answer = ask(shared_gateway, "chat.completions", stream=True)
    assert (answer.status_code, "the prompt is no good" in answer.text) == (400, True)


def test_a_broken_stream_of_messages_names_its_request(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "cut_stream"
    answer = ask(shared_gateway, "messages", stream=True)
    last = events_in(answer.text)[-1]
    assert (last["type"], last["request_id"]) == ("error", answer.headers["request-id"])


def test_an_error_in_the_first_choice_is_a_status(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "fails_in_a_choice_at_once"
    assert ask(shared_gateway, "chat.completions", stream=True).status_code == 503


def test_one_of_two_choices_is_not_the_whole(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "finishes_one_of_two"
    answer: httpx.Response = ask(shared_gateway, "chat.completions", stream=True, n=2)
    assert not ends_as_whole("chat.completions", answer.text)
    assert shared_gateway.row()["outcome"] == "interrupted"
