"""While an answer has not begun, the caller of a stream hears something, and everything else goes on as before."""

import asyncio
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import FAULTS, WORDS, Call, Provider, fault, running_provider
from tests.shapes import HELLO, SHAPES, ask, ends_as_whole, events_in, text_in

pytestmark = pytest.mark.slow

TEXT = "".join(WORDS)
EVERY_S = 0.3
PING = 'event: ping\ndata: {"type":"ping"}\n\n'
SIGNS = {"messages": PING}
COMMENT = ": keep-alive\n\n"


@fault
async def thinks(call: Call) -> None:
    """For four times as long as a caller is left in silence."""
    await asyncio.sleep(4 * EVERY_S)
    await FAULTS["none"](call)


@fault
async def thinks_and_fails(call: Call) -> None:
    await asyncio.sleep(3 * EVERY_S)
    await FAULTS["error_503"](call)


@fault
async def thinks_and_refuses(call: Call) -> None:
    await asyncio.sleep(3 * EVERY_S)
    await FAULTS["content_filter"](call)


@fault
async def pauses_in_the_middle(call: Call) -> None:
    await call.begin_stream()
    await call.words(4)
    await asyncio.sleep(3 * EVERY_S)
    await call.words()
    await call.finish()
    await call.done()


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"keep_alive_s": EVERY_S, "cloud": {"first_byte_timeout_s": 30, "chunk_timeout_s": 30}}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_caller_who_waits_hears_something(shared_gateway: Gateway, shared_provider: Provider, shape: str) -> None:
    shared_provider.always = "thinks"
    answer = ask(shared_gateway, shape, stream=True)
    sign = SIGNS.get(shape, COMMENT)
    assert answer.text.startswith(2 * sign)
    assert answer.headers["x-slimgate-route"] == "cloud"
    assert answer.headers["x-request-id"] == shared_gateway.row()["id"]
    assert (text_in(shape, answer), ends_as_whole(shape, answer.text)) == (TEXT, True)
    row = shared_gateway.row()
    assert (row["endpoint"], row["outcome"]) == (shape, "ok")
    assert row["first_token_ms"] > 3000 * EVERY_S  # that of the answer, not of the sign


@pytest.mark.parametrize("shape", SHAPES)
def test_who_need_not_wait_gets_the_answer_alone(
    shared_gateway: Gateway, shared_provider: Provider, shape: str
) -> None:
    answer = ask(shared_gateway, shape, stream=True)
    assert SIGNS.get(shape, COMMENT) not in answer.text
    assert "x-slimgate-overhead-ms" in answer.headers


def test_a_whole_answer_is_the_answer_alone(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "thinks"
    assert ask(shared_gateway, "chat.completions").text[0] == "{"


def test_a_silence_in_the_middle_is_filled_too(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "pauses_in_the_middle"
    answer = ask(shared_gateway, "chat.completions", stream=True)
    before, sign, after = answer.text.partition(COMMENT)
    assert sign
    assert WORDS[3].strip() in before
    assert ends_as_whole("chat.completions", after)


def test_openais_client_reads_on(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "thinks"
    client = shared_gateway.client()
    chat = client.chat.completions.create(model="auto", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chat if chunk.choices) == TEXT
    response = client.responses.create(model="auto", input="Say hello.", stream=True)
    assert "".join(event.delta for event in response if event.type == "response.output_text.delta") == TEXT
    text = client.completions.create(model="auto", prompt="Say hello.", stream=True)
    assert "".join(chunk.choices[0].text for chunk in text if chunk.choices) == TEXT


def test_anthropics_client_reads_on(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "thinks"
    with (
        anthropic.Anthropic(base_url=shared_gateway.url, api_key="unused", max_retries=0) as client,
        client.messages.stream(model="auto", max_tokens=50, messages=HELLO) as stream,
    ):
        assert "".join(stream.text_stream) == TEXT
        assert stream.get_final_message().stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("shape", "kind"), [*((shape, "thinks_and_fails") for shape in SHAPES), ("messages", "thinks_and_refuses")]
)
def test_a_failure_after_a_sign_is_told_in_the_stream(
    shared_gateway: Gateway, shared_provider: Provider, shape: str, kind: str
) -> None:
    shared_provider.always = kind
    answer = ask(shared_gateway, shape, stream=True)
    assert answer.status_code == 200
    last = events_in(answer.text)[-1]
    error = last["response"]["error"] if shape == "responses" else last["error"]
    assert ("overloaded" if kind == "thinks_and_fails" else "flagged") in error["message"]
    assert not ends_as_whole(shape, answer.text)
    row = shared_gateway.row()
    outcome = "failed" if kind == "thinks_and_fails" else "rejected"
    assert (row["id"], row["outcome"]) == (answer.headers["x-request-id"], outcome)
    if shape == "messages":
        assert last["request_id"] == row["id"]


def test_the_clients_raise_it(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "thinks_and_fails"
    with pytest.raises(openai.APIError, match="overloaded"):
        list(shared_gateway.client().chat.completions.create(model="auto", messages=HELLO, stream=True))
    with (
        anthropic.Anthropic(base_url=shared_gateway.url, api_key="unused", max_retries=0) as client,
        pytest.raises(anthropic.APIError, match="overloaded"),
        client.messages.stream(model="auto", max_tokens=50, messages=HELLO) as stream,
    ):
        stream.until_done()


def test_a_failure_before_the_first_sign_is_a_status(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "error_503"
    assert ask(shared_gateway, "chat.completions", stream=True).status_code == 503


def test_who_hangs_up_after_a_sign_cancels_the_call(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.always = "silence"
    path, body = SHAPES["chat.completions"]
    asked = {"model": "auto", **body, "stream": True}
    wait_for(lambda: shared_provider.at_once == 0)  # calls of earlier tests
    before = shared_provider.hung_up
    with httpx.stream("POST", shared_gateway.url + path, json=asked, timeout=10) as answer:
        texts = answer.iter_text()  # kept: to drop it hangs up
        assert next(texts) == COMMENT
        assert shared_provider.hung_up == before
    wait_for(lambda: shared_provider.hung_up == before + 1)  # long before the provider would end
    wait_for(lambda: shared_gateway.row()["outcome"] == "cancelled")
    assert shared_gateway.row()["prompt_tokens"] > 0  # which the provider has read


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider, Provider]]:
    """A gateway with a local server and a cloud."""
    with running_provider() as local, running_provider() as cloud:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("both"),
            keep_alive_s=EVERY_S,
            local={"base_url": local.base_url},
            cloud={"base_url": cloud.base_url, "retries": 0},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            yield gateway, local, cloud


@pytest.mark.parametrize("shape", SHAPES)
def test_after_a_sign_the_other_side_still_can_answer(both: tuple[Gateway, Provider, Provider], shape: str) -> None:
    gateway, local, cloud = both
    local.always, cloud.always = "thinks_and_fails", "thinks"
    path, body = SHAPES[shape]
    asked = {"model": "auto", **body, "stream": True}
    stay = {"x-slimgate-threshold": "1.0001"}
    answer = httpx.post(gateway.url + path, json=asked, headers=stay, timeout=30)
    assert (text_in(shape, answer), ends_as_whole(shape, answer.text)) == (TEXT, True)
    assert answer.text.startswith(4 * SIGNS.get(shape, COMMENT))
    assert answer.headers["x-slimgate-route"] == "local"  # as it stood when the stream began
    row = gateway.row()
    assert (row["route"], row["reason"], row["outcome"]) == ("cloud", "failover", "ok")
    local.always = "none"
    assert ask(gateway, "chat.completions", model="local").status_code == 200  # or it would soon be left alone


def test_no_signs_where_none_are_wanted(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url}, keep_alive_s=0)
    provider.always = "thinks"
    answer = ask(gateway, "chat.completions", stream=True)
    assert answer.text.startswith("data: ")
    assert "x-slimgate-overhead-ms" in answer.headers
