"""Providers that mean well and do it oddly: what reaches the caller is OpenAI's shape all the same."""

import json

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.gateway.test_bad_requests import error_of
from tests.live import Gateway
from tests.provider import FAULTS, WORDS, Call, Provider, fault

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]


def post(gateway: Gateway, *, stream: bool = False, **more: object) -> httpx.Response:
    body = {"model": "auto", "messages": HELLO, "stream": stream, **more}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30)


@fault
async def mislabelled(call: Call) -> None:
    """A proper answer that calls itself plain text."""
    original = call.head

    async def head(status: str, _content_type: str, *extra: str) -> None:
        await original(status, "text/plain", *extra)

    call.head = head  # type: ignore[method-assign, assignment]
    await FAULTS["none"](call)


@fault
async def whole_without_usage(call: Call) -> None:
    message = {"role": "assistant", "content": "".join(WORDS)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    await call.answer("200 OK", {"id": "x" * 200, "object": "chat.completion", "choices": [choice]})


@fault
async def code_is_a_number(call: Call) -> None:
    error = {"message": "no", "type": None, "param": 7, "code": 4001}
    await call.answer("422 Unprocessable Entity", {"error": error})


@fault
async def error_is_a_string(call: Call) -> None:
    await call.answer("400 Bad Request", {"error": "no"})


@fault
async def error_is_a_detail(call: Call) -> None:
    await call.answer("422 Unprocessable Entity", {"detail": [{"loc": ["body"], "msg": "no"}]})


@fault
async def error_is_html(call: Call) -> None:
    await call.answer("400 Bad Request", b"<html>no</html>", content_type="text/html")


@fault
async def error_is_nothing(call: Call) -> None:
    await call.answer("400 Bad Request", b"")


@fault
async def code_in_a_stream_is_a_number(call: Call) -> None:
    await call.begin_stream()
    await call.words(3)
    await call.event({"error": {"message": None, "code": 502}})


@pytest.mark.parametrize("stream", [False, True])
def test_whether_it_streams_is_the_callers_word_not_the_content_type(
    shared_gateway: Gateway, shared_provider: Provider, stream: bool
) -> None:
    shared_provider.always = "mislabelled"
    response = post(shared_gateway, stream=stream)
    assert response.headers["content-type"].startswith("text/event-stream" if stream else "application/json")
    row = shared_gateway.row()
    assert [(row["prompt_tokens"], row["completion_tokens"])] == shared_provider.billed
    assert (row["outcome"], row["usage_estimated"]) == ("ok", False)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "kind", ["code_is_a_number", "error_is_a_string", "error_is_a_detail", "error_is_html", "error_is_nothing"]
)
def test_refusals_of_any_shape(shared_gateway: Gateway, shared_provider: Provider, kind: str, stream: bool) -> None:
    shared_provider.always = kind
    response = post(shared_gateway, stream=stream)
    assert response.status_code in (400, 422)
    error = error_of(response)
    assert isinstance(error["type"], str)
    assert error["message"]
    with pytest.raises(openai.APIStatusError):
        shared_gateway.client().chat.completions.create(model="auto", messages=HELLO)


def test_an_error_within_a_stream_has_the_shape_too(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "code_in_a_stream_is_a_number"
    last = post(shared_gateway, stream=True).text.strip().split("\n\n")[-1]
    error = json.loads(last.removeprefix("data: "))["error"]
    assert (error["type"], error["code"]) == ("server_error", "stream_interrupted")
    assert "None" not in error["message"]


def test_a_stream_is_byte_for_byte_what_the_provider_sends_to_who_asks_for_no_usage(
    shared_gateway: Gateway, shared_provider: Provider
) -> None:
    """The gateway asks for usage on its own account, and nobody can tell."""
    body = {"model": "auto", "messages": HELLO, "stream": True}
    direct = httpx.post(f"{shared_provider.base_url}/chat/completions", json=body, timeout=30).content
    assert post(shared_gateway, stream=True).content == direct
    assert [bool(asked.get("stream_options")) for asked in shared_provider.requests] == [False, True]
    assert WORDS[-1].encode() in direct


def test_answers_that_share_an_id_are_two_rows(shared_gateway: Gateway, shared_provider: Provider) -> None:
    answers = [post(shared_gateway).json() for _ in range(2)]
    assert answers[0]["id"] == answers[1]["id"]
    assert len({row["id"] for row in shared_gateway.rows(2)}) == 2


def test_an_answer_whose_tokens_nobody_counted_is_an_estimate(
    shared_gateway: Gateway, shared_provider: Provider
) -> None:
    shared_provider.always = "whole_without_usage"
    assert post(shared_gateway).status_code == 200
    row = shared_gateway.row()
    assert row["usage_estimated"] is True
    assert len(WORDS) <= row["completion_tokens"] <= 2 * len(WORDS)
