"""A cloud that fails, with nobody else to answer: an honest status before the first byte, an error event after it."""

import time
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import PROMPT_TOKENS, WORDS, Provider

pytestmark = pytest.mark.slow

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]


LIMITS = {"first_byte_timeout_s": 0.5, "chunk_timeout_s": 0.5, "total_timeout_s": 0.5}


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"cloud": LIMITS}


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.fixture
def own_gateway(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    """For tests whose provider asks to be left alone for seconds."""
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, "retries": 0, **LIMITS})


@pytest.fixture
def gateway(request: pytest.FixtureRequest) -> Gateway:
    is_left_alone = "rate_limited" in request.node.name
    gateway: Gateway = request.getfixturevalue("own_gateway" if is_left_alone else "shared_gateway")
    return gateway


BEFORE_THE_FIRST_BYTE = [
    ("rate_limited", 429, "rate_limit_exceeded"),
    ("error_500", 503, "backend_unavailable"),
    ("error_503", 503, "backend_unavailable"),
    ("bad_key", 503, "backend_unavailable"),
    ("unknown_model", 503, "backend_unavailable"),
    ("content_filter", 400, "content_filter"),
    ("context_length", 400, "context_length_exceeded"),
    ("prefill_refused", 400, "invalid_value"),
    ("reset", 503, "backend_unavailable"),
    ("silence", 504, "backend_timeout"),
    ("slow_first_token", 504, "backend_timeout"),
    ("html_200", 502, "invalid_backend_response"),
    ("empty_200", 502, "invalid_backend_response"),
]


# What has been tried in vain here, clients are told not to try again; they may where they were told when, or should
# have asked something else.
RETRYING = {
    (429, ""): ("7", None),
    (503, ""): ("1", "false"),
    (503, "bad_key"): (None, "false"),
    (503, "unknown_model"): (None, "false"),
    (504, ""): (None, "false"),
    (502, ""): (None, "false"),
    (400, ""): (None, None),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fault", "status", "code"), BEFORE_THE_FIRST_BYTE)
def test_before_the_first_byte(
    gateway: Gateway, provider: Provider, fault: str, status: int, code: str, stream: bool
) -> None:
    provider.always = fault
    started = time.monotonic()
    response = httpx.post(
        f"{gateway.url}/v1/chat/completions", json={"model": "auto", "messages": HELLO, "stream": stream}, timeout=30
    )
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.headers["x-slimgate-route"] == "cloud"
    assert (response.headers.get("retry-after"), response.headers.get("x-should-retry")) == RETRYING.get(
        (status, fault), RETRYING.get((status, ""))
    )
    assert time.monotonic() - started < 5
    row = gateway.row()
    assert row["outcome"] == ("rejected" if status < 500 else "failed")
    assert row["error_code"] == code
    assert row["completion_tokens"] == 0


def test_retry_after_is_passed_on(own_gateway: Gateway, provider: Provider) -> None:
    provider.always = "rate_limited"
    with pytest.raises(openai.RateLimitError) as caught:
        own_gateway.client().chat.completions.create(model="auto", messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("cut_stream", 502, "invalid_backend_response"),
        ("stall", 504, "backend_timeout"),
        ("no_choices", 502, "invalid_backend_response"),
        ("empty_choice", 502, "invalid_backend_response"),
    ],
)
def test_half_an_answer_is_none_and_is_not_paid_for_twice(
    make_gateway: MakeGateway, provider: Provider, fault: str, status: int, code: str
) -> None:
    cloud = {"base_url": provider.base_url, "total_timeout_s": 0.5, "retries": 3}
    gateway = make_gateway(local={"enabled": False}, cloud=cloud)
    provider.always = fault
    response = httpx.post(f"{gateway.url}/v1/chat/completions", json={"model": "auto", "messages": HELLO}, timeout=30)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers["x-should-retry"] == "false"
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("fault", "retries", "told"), [("rate_limited_briefly", 1, "false"), ("rate_limited", 1, None)]
)
def test_clients_come_back_where_their_wait_was_not_waited_for_here(
    make_gateway: MakeGateway, provider: Provider, fault: str, retries: int, told: str | None
) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, "retries": retries})
    provider.always = fault
    with pytest.raises(openai.RateLimitError) as caught:
        gateway.client().chat.completions.create(model="auto", messages=HELLO)
    assert caught.value.response.headers.get("x-should-retry") == told
    assert "retry-after" in caught.value.response.headers


@pytest.mark.parametrize("fault", ["silence", "stall", "cut_stream"])
def test_what_will_never_be_told_is_an_estimate_in_the_ledger(gateway: Gateway, provider: Provider, fault: str) -> None:
    """The provider has read the prompt, at least."""
    provider.always = fault
    asked = {"model": "auto", "messages": [{"role": "user", "content": "Say hello now."}]}
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=asked, timeout=30).status_code >= 502
    row = gateway.row()
    assert (row["prompt_tokens"], row["usage_estimated"]) == (PROMPT_TOKENS, True)


AFTER_THE_FIRST_BYTE = [
    "cut_stream",
    "reset_stream",
    "stall",
    "malformed_chunk",
    "odd_chunk",
    "error_event",
    "done_without_finish",
    "empty_finish_reasons",
]


def test_a_byte_order_mark_costs_no_event(gateway: Gateway, provider: Provider) -> None:
    provider.always = "begins_with_a_bom"
    stream = gateway.client().chat.completions.create(model="auto", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "".join(WORDS)
    assert gateway.row()["outcome"] == "ok"


@pytest.mark.parametrize("fault", AFTER_THE_FIRST_BYTE)
def test_a_stream_that_breaks_never_ends_as_if_it_were_whole(gateway: Gateway, provider: Provider, fault: str) -> None:
    provider.always = fault
    body = {"model": "auto", "messages": HELLO, "stream": True}
    text = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30).text
    events = [event for event in text.split("\n\n") if event]
    assert events[-1].startswith('data: {"error":')
    assert "[DONE]" not in text
    assert sum(word in text for word in WORDS[:3]) == 3
    row = gateway.row()
    assert (row["outcome"], row["error_code"]) == ("interrupted", "stream_interrupted")
    assert (row["usage_estimated"], row["completion_tokens"]) == (True, 3)
    with pytest.raises(openai.APIError):
        list(gateway.client().chat.completions.create(model="auto", messages=HELLO, stream=True))


@pytest.mark.parametrize(
    ("fault", "tokens"), [("reasons_and_is_cut", 4), ("calls_and_is_cut", 3), ("batches_and_is_cut", 31)]
)
def test_whatever_was_generated_counts(gateway: Gateway, provider: Provider, fault: str, tokens: int) -> None:
    provider.always = fault
    with pytest.raises(openai.APIError):
        list(gateway.client().chat.completions.create(model="auto", messages=HELLO, stream=True))
    row = gateway.row()
    assert (row["outcome"], row["usage_estimated"], row["completion_tokens"]) == ("interrupted", True, tokens)


@pytest.mark.parametrize("fault", ["missing_done", "no_usage", "usage_in_last_choice", "comments"])
def test_odd_streams_that_are_whole(gateway: Gateway, provider: Provider, fault: str) -> None:
    provider.always = fault
    body = {"model": "auto", "messages": HELLO, "stream": True}
    text = httpx.post(f"{gateway.url}/v1/chat/completions", json=body).text
    assert text.endswith("data: [DONE]\n\n")
    assert "PROCESSING" not in text
    row = gateway.row()
    assert (row["outcome"], row["completion_tokens"]) == ("ok", len(WORDS))
    assert row["usage_estimated"] is (fault == "no_usage")


def test_nobody_there(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(openai.InternalServerError) as caught:
        gateway.client().chat.completions.create(model="auto", messages=HELLO)
    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "1"


def test_trouble_of_our_own_is_never_a_401(gateway: Gateway, provider: Provider) -> None:
    provider.always = "bad_key"
    with pytest.raises(openai.InternalServerError, match="the provider refused the gateway's credentials"):
        gateway.client().chat.completions.create(model="auto", messages=HELLO)
