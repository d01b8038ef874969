"""Limits of keys on the way: refused when and as told, counted as used, places given back whatever happens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx
import openai
import pytest

from gateway.keys.caller import Caller
from gateway.keys.terms import KeyTerms, Role
from tests.live import Gateway, wait_for
from tests.provider import PROMPT_TOKENS, WORDS, Provider


def with_terms(**terms: int) -> pytest.MarkDecorator:
    """Calls of the test come with a new key that has these terms."""
    return pytest.mark.parametrize("key", [KeyTerms.model_validate(terms)], indirect=True, ids=["key"])


CHAT: dict[str, Any] = {"model": "cloud", "messages": [{"role": "user", "content": "hi"}]}
USED = PROMPT_TOKENS + len(WORDS)


@pytest.fixture
def key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a key with the terms that the test names; every call is its own."""
    caller = Caller(request.node.name, "test", Role.CALLER, terms=request.param)
    monkeypatch.setattr("gateway.endpoints.recorded.caller_of", lambda _scope: caller)
    return caller.id


def post(gateway: Gateway, body: Any = CHAT, path: str = "/v1/chat/completions") -> httpx.Response:
    return httpx.post(f"{gateway.url}{path}", json=body, timeout=20)


@contextmanager
def in_progress(gateway: Gateway, provider: Provider) -> Iterator[None]:
    """A request whose answer has begun and takes seconds, unless its caller hangs up before its end."""
    provider.pause_s = 0.4  # shorter than the silence that the gateway allows
    with httpx.stream("POST", f"{gateway.url}/v1/chat/completions", json={**CHAT, "stream": True}) as stream:
        next(stream.iter_bytes())
        yield
    provider.pause_s = 0.0


@pytest.mark.usefixtures("key", "shared_provider")
@with_terms(requests_per_minute=3)
def test_a_key_is_used_to_its_end_as_its_headers_say(shared_gateway: Gateway) -> None:
    answers = [post(shared_gateway) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit-requests"] for answer in answers} == {"3"}
    refused = answers[-1]
    error = refused.json()["error"]
    assert error["code"] == "rate_limit_exceeded"
    assert "3 requests a minute (requests_per_minute)" in error["message"]
    assert 30 < int(refused.headers["retry-after"]) <= 60  # the first is free again when the minute ends
    assert "x-should-retry" not in refused.headers
    row = shared_gateway.row()
    assert (row["outcome"], row["error_code"]) == ("rejected", "rate_limit_exceeded")


@pytest.mark.usefixtures("key", "shared_provider")
@with_terms(tokens_per_minute=2 * USED + 30)
def test_tokens_are_guessed_and_then_counted(shared_gateway: Gateway) -> None:
    answer = post(shared_gateway, {**CHAT, "max_tokens": 40})
    assert answer.headers["x-ratelimit-remaining-tokens"] == str(USED + 30)  # not 40, but what was used
    with shared_gateway.client().chat.completions.with_streaming_response.create(**CHAT, stream=True) as stream:
        list(stream.iter_lines())
    too_many = post(shared_gateway, {**CHAT, "max_tokens": 40})
    assert too_many.status_code == 429
    assert too_many.headers["x-ratelimit-remaining-tokens"] == "30"
    assert "tokens_per_minute" in too_many.json()["error"]["message"]
    never = post(shared_gateway, {**CHAT, "max_tokens": 4000})
    assert "retry-after" not in never.headers
    assert never.headers["x-should-retry"] == "false"
    assert "this request alone needs" in never.json()["error"]["message"]


@pytest.mark.usefixtures("key")
@with_terms(tokens_per_minute=100)
def test_what_failed_costs_no_tokens(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.faults.append("error_500")
    assert post(shared_gateway, {**CHAT, "max_tokens": 40}).status_code >= 500
    assert post(shared_gateway).headers["x-ratelimit-remaining-tokens"] == str(100 - USED)


@pytest.mark.usefixtures("key")
@with_terms(max_concurrent=1)
def test_a_place_is_held_until_the_caller_hangs_up(shared_gateway: Gateway, shared_provider: Provider) -> None:
    with in_progress(shared_gateway, shared_provider):
        refused = post(shared_gateway)
    assert refused.status_code == 429
    assert "max_concurrent" in refused.json()["error"]["message"]
    assert refused.headers["retry-after"] == "1"
    assert "x-should-retry" not in refused.headers
    wait_for(lambda: post(shared_gateway).status_code == 200)


@pytest.mark.usefixtures("key")
@with_terms(max_concurrent=1)
@pytest.mark.parametrize("fault", ["error_500", "cut_stream", "none"])
def test_the_place_is_free_again(shared_gateway: Gateway, shared_provider: Provider, fault: str) -> None:
    shared_provider.faults.append(fault)
    with httpx.Client() as client:  # one connection: the next request comes as soon as may be
        asked = [
            client.post(f"{shared_gateway.url}/v1/chat/completions", json={**CHAT, "stream": stream}).status_code
            for stream in (True, True, False, True, False)
        ]
    assert asked[1:] == [200] * 4


@pytest.mark.usefixtures("key", "shared_provider")
@with_terms(requests_per_minute=1)
def test_anthropic_s_clients_are_told_in_their_words(shared_gateway: Gateway) -> None:
    client = anthropic.Anthropic(base_url=shared_gateway.url, api_key="unused", max_retries=0)
    asked: dict[str, Any] = {"model": "cloud", "max_tokens": 20, "messages": CHAT["messages"]}
    told = client.messages.with_raw_response.create(**asked).headers
    assert told["anthropic-ratelimit-requests-limit"] == "1"
    assert told["anthropic-ratelimit-requests-remaining"] == "0"
    reset = time.mktime(time.strptime(told["anthropic-ratelimit-requests-reset"], "%Y-%m-%dT%H:%M:%SZ"))
    assert reset > time.mktime(time.gmtime())
    assert "x-ratelimit-limit-requests" not in told
    with pytest.raises(anthropic.RateLimitError) as refused:
        client.messages.create(**asked)
    assert refused.value.body["error"]["type"] == "rate_limit_error"  # type: ignore[index]


@pytest.mark.usefixtures("key", "shared_provider")
@with_terms(max_body_bytes=200, max_n=1, max_tokens=5)
def test_caps_hold_on_the_way(shared_gateway: Gateway, shared_provider: Provider) -> None:
    long = {**CHAT, "messages": [{"role": "user", "content": "x" * 300}]}
    assert post(shared_gateway, long).status_code == 413
    with pytest.raises(openai.BadRequestError, match="'n' asks for 2 answers") as refused:
        shared_gateway.client().chat.completions.create(**CHAT, n=2)
    assert refused.value.param == "n"
    embeddings = {"model": "text-embedding-3-small", "input": ["a", "b"]}
    assert post(shared_gateway, embeddings, "/v1/embeddings").json()["error"]["param"] == "input"
    assert post(shared_gateway).status_code == 200
    assert shared_provider.requests[-1]["max_tokens"] == 5  # what this provider calls it


def test_a_key_without_limits_is_told_of_none(shared_gateway: Gateway, shared_provider: Provider) -> None:
    assert not [name for name in post(shared_gateway).headers if "ratelimit" in name]
