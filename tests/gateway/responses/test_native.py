"""POST /v1/responses passed on to a cloud that takes it, untouched both ways; everybody else is asked in a chat."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from gateway.config.sections.cloud import CloudSettings
from gateway.config.settings import Settings
from gateway.dialects.responses.request import to_chat
from gateway.dispatch.cloud import make_cloud
from models.wire.chat import ChatRequest, Native
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader
from tests import natively
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, unwatched
from tests.provider import PROMPT_TOKENS, WORDS, Provider, running_provider

CLOUD_ONLY: dict[str, Any] = {
    "tools": [{"type": "web_search"}, {"type": "function", "name": "f", "parameters": {}, "strict": False}],
    "previous_response_id": "resp_0",
    "include": ["reasoning.encrypted_content"],
    "store": True,
    "made_up": {"deep": [1, None]},
}


@pytest.fixture(scope="module")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    with running_provider() as provider:
        cloud = {"base_url": provider.base_url, "responses": "native", "retries": 0, "breaker_failures": 1_000_000}
        limits = {"chunk_timeout_s": 0.5, "first_byte_timeout_s": 2}
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("native"), local={"enabled": False}, cloud={**cloud, **limits}
        )
        with running_gateway(settings) as gateway:
            yield gateway, provider


@pytest.fixture
def gateway(_pair: tuple[Gateway, Provider]) -> Gateway:
    return _pair[0]


@pytest.fixture
def provider(_pair: tuple[Gateway, Provider]) -> Provider:
    provider = _pair[1]
    provider.always = "responds"
    for seen in (provider.requests, provider.paths, provider.billed):
        seen.clear()
    return provider


def post(gateway: Gateway, **body: Any) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/responses", json={"model": "auto", "input": "Say hello.", **body}, timeout=20)


def events_of(gateway: Gateway, **body: Any) -> list[dict[str, Any]]:
    lines = post(gateway, stream=True, **body).text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


@pytest.mark.parametrize("stream", [False, True])
def test_the_request_is_untouched_but_for_the_model(gateway: Gateway, provider: Provider, stream: bool) -> None:
    post(gateway, **CLOUD_ONLY, stream=stream).raise_for_status()
    assert provider.paths == ["/v1/responses"]
    assert provider.requests == [{"model": "gpt-4.1", "input": "Say hello.", **CLOUD_ONLY, "stream": stream}]
    row = gateway.row()
    assert (row["endpoint"], row["route"], row["reason"], row["outcome"]) == ("responses", "cloud", "offline", "ok")
    assert (row["prompt_tokens"], row["completion_tokens"]) == provider.billed[0]
    assert row["cached_tokens"] == 5


def test_the_answer_is_untouched(gateway: Gateway, provider: Provider) -> None:
    answer = gateway.client().responses.create(model="auto", input="Say hello.")
    assert answer.id == "resp_p"
    assert answer.output[0].model_dump(exclude_none=True) == natively.SECRET
    assert answer.output_text == natively.TEXT


def test_the_stream_is_untouched(gateway: Gateway, provider: Provider) -> None:
    with gateway.client().responses.stream(model="auto", input="Say hello.") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds.count("response.output_text.delta") == len(WORDS)
    assert kinds[-1] == "response.completed"
    assert (final.id, final.output_text) == ("resp_p", natively.TEXT)
    assert final.usage is not None
    assert final.usage.input_tokens == PROMPT_TOKENS


def test_a_connection_that_stays_open_delays_nothing(gateway: Gateway, provider: Provider) -> None:
    provider.always = "responds_and_stays"
    assert events_of(gateway)[-1]["type"] == "response.completed"
    assert gateway.row()["outcome"] == "ok"


@pytest.mark.parametrize("fault", ["responds_in_part", "responds_with_failure", "responds_with_error"])
def test_a_stream_that_breaks_never_completes(gateway: Gateway, provider: Provider, fault: str) -> None:
    provider.always = fault
    events = events_of(gateway)
    assert [event["type"] for event in events].count("response.failed") == 1
    last = events[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["output"] == [natively.SECRET]
    assert ("it broke" in last["response"]["error"]["message"]) is (fault != "responds_in_part")
    row = gateway.row()
    assert (row["outcome"], row["completion_tokens"], row["usage_estimated"]) == ("interrupted", 3, True)


@pytest.mark.parametrize(
    ("fault", "stream", "status"),
    [
        ("responds_with_error_first", True, 503),
        ("responds_with_failure", False, 503),
        ("html_200", False, 502),
        ("html_200", True, 502),
        ("empty_200", True, 502),
        ("error_500", True, 503),
        ("none", False, 502),
    ],
)
def test_before_the_first_byte_it_is_a_status(
    gateway: Gateway, provider: Provider, fault: str, stream: bool, status: int
) -> None:
    provider.always = fault
    assert post(gateway, stream=stream).status_code == status
    assert gateway.row()["outcome"] == "failed"


def test_other_shapes_are_asked_in_a_chat(gateway: Gateway, provider: Provider) -> None:
    provider.always = "none"
    messages: Any = [{"role": "user", "content": "Say hello."}]
    assert gateway.client().chat.completions.create(model="auto", messages=messages).choices
    assert provider.paths == ["/v1/chat/completions"]


def test_a_chat_model_stands_in_for_what_a_chat_can_say(make_gateway: MakeGateway, provider: Provider) -> None:
    """The preferred model takes responses and fails; its fallback is asked in a chat."""
    provider.always = "none"
    fallback = {"base_url": provider.base_url, "model": "other"}
    gateway = make_gateway(
        local={"enabled": False},
        cloud={"base_url": "http://127.0.0.1:9/v1", "responses": "native", "retries": 0, "fallbacks": [fallback]},
    )
    assert gateway.client().responses.create(model="auto", input="Say hello.").output_text == "".join(WORDS)
    assert provider.paths == ["/v1/chat/completions"]
    with pytest.raises(openai.InternalServerError):  # the fallback cannot be asked this
        gateway.client().responses.create(model="auto", input="hi", previous_response_id="resp_0")
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().responses.create(model="other", input="hi", previous_response_id="resp_0")
    assert caught.value.param == "previous_response_id"


def test_what_only_the_cloud_can_do_goes_there(make_gateway: MakeGateway, provider: Provider) -> None:
    with running_provider() as small:
        cloud = {"base_url": provider.base_url, "responses": "native"}
        gateway = make_gateway(local={"base_url": small.base_url}, cloud=cloud)
        gateway.wait_ready()
        responses = gateway.client().responses

        def ask(threshold: str = "1.0001", **body: Any) -> tuple[str, str, str]:
            asked = {"model": "auto", "input": "Say hello.", "extra_headers": {"x-slimgate-threshold": threshold}}
            raw = responses.with_raw_response.create(**{**asked, **body})
            return raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"], raw.parse().output_text

        assert ask(previous_response_id="resp_0") == ("cloud", "capability", natively.TEXT)
        assert ask() == ("local", "score", "".join(WORDS))
        assert ask("0") == ("cloud", "score", natively.TEXT)
        assert small.paths == ["/v1/chat/completions"]
        with pytest.raises(openai.BadRequestError) as caught:
            ask(model="local", previous_response_id="resp_0")
        assert caught.value.param == "previous_response_id"
        provider.always = "error_500"
        assert ask("0") == ("local", "failover", "".join(WORDS))


@pytest.mark.parametrize(
    ("settings", "native"),
    [
        ({"api_key": "sk"}, True),
        ({"api_key": "sk", "responses": "translate"}, False),
        ({"base_url": "https://openrouter.ai/api/v1"}, False),
        ({"base_url": "https://openrouter.ai/api/v1", "responses": "native"}, True),
    ],
)
def test_openai_takes_responses_unless_told_otherwise(settings: dict[str, Any], native: bool) -> None:
    cloud = make_cloud(CloudSettings(**settings), unwatched)
    assert cloud is not None
    body = {"model": "auto", "input": "hi", "background": True}
    refusals: list[RequestError] = []
    chat = to_chat(JsonReader(body, refusals=refusals))
    assert [refusal.param for refusal in refusals] == ["background"]
    assert cloud.takes(ChatRequest.parse(chat, original=body, native=Native("responses", body, refusals[0]))) is native


def says(part: dict[str, Any]) -> dict[str, Any]:
    return {"input": [{"role": "user", "content": [part]}]}


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({"input": None, "prompt": {"id": "p"}}, ["prompt"]),
        ({"input": [{"type": "item_reference", "id": "x"}]}, ["input[0].type"]),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            ["input[0].content[0].file_id"],
        ),
        ({"input": [{"role": "user", "content": [{"type": "input_video"}]}]}, ["input[0].content[0].type"]),
        ({"tools": [{"type": "mcp"}], "tool_choice": {"type": "mcp"}}, ["tools[0].type", "tool_choice.type"]),
    ],
)
def test_all_that_a_chat_cannot_say_is_noted(body: dict[str, Any], params: list[str]) -> None:
    refusals: list[RequestError] = []
    ChatRequest.parse(to_chat(JsonReader({"model": "auto", "input": "hi", **body}, refusals=refusals)))
    assert [refusal.param for refusal in refusals] == params
