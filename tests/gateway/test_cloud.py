"""Several providers, retries, circuit breakers, bounded concurrency: over real HTTP."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.provider import MODEL, Provider, running_provider

pytestmark = pytest.mark.slow

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
def second() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


def cloud_only(make_gateway: MakeGateway, provider: Provider, **cloud: Any) -> Gateway:
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, **cloud})


def ask(gateway: Gateway, model: str = "auto", **body: Any) -> httpx.Response:
    body = {"model": model, "messages": HELLO, **body}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["error_500", "error_503", "reset"])
def test_what_the_provider_did_not_answer_is_tried_again(
    make_gateway: MakeGateway, provider: Provider, fault: str, stream: bool
) -> None:
    gateway = cloud_only(make_gateway, provider)
    provider.faults.append(fault)
    assert ask(gateway, stream=stream).status_code == 200
    assert len(provider.requests) == 2
    assert len(gateway.rows()) == 1


@pytest.mark.parametrize("fault", ["content_filter", "context_length", "bad_key", "unknown_model", "silence"])
def test_what_would_fail_again_is_not(make_gateway: MakeGateway, provider: Provider, fault: str) -> None:
    gateway = cloud_only(make_gateway, provider, total_timeout_s=0.3, retries=5)
    provider.always = fault
    assert ask(gateway).status_code >= 400
    assert len(provider.requests) == 1


def test_a_long_retry_after_is_obeyed_by_leaving_the_provider_alone(
    make_gateway: MakeGateway, provider: Provider
) -> None:
    gateway = cloud_only(make_gateway, provider, retries=5)
    provider.faults.append("rate_limited")  # Retry-After: 7
    assert ask(gateway).status_code == 429
    refused = ask(gateway)
    assert refused.status_code == 503
    assert 1 <= int(refused.headers["retry-after"]) <= 7
    assert len(provider.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["error_500", "reset", "silence", "rate_limited", "html_200", "empty_200", "bad_key"])
def test_the_next_provider_answers(
    make_gateway: MakeGateway, provider: Provider, second: Provider, fault: str, stream: bool
) -> None:
    fallback = {"base_url": second.base_url, "model": "mistral-large"}
    limits = {"first_byte_timeout_s": 0.5, "total_timeout_s": 0.5, "retries": 0}
    gateway = cloud_only(make_gateway, provider, fallbacks=[fallback], **limits)
    provider.always = fault
    response = ask(gateway, stream=stream)
    assert response.status_code == 200
    assert response.headers["x-slimgate-route"] == "cloud"
    assert second.requests[0]["model"] == "mistral-large"
    assert (len(provider.requests), len(second.requests), len(gateway.rows())) == (1, 1, 1)


def test_a_refusal_of_the_request_stands(make_gateway: MakeGateway, provider: Provider, second: Provider) -> None:
    gateway = cloud_only(make_gateway, provider, fallbacks=[{"base_url": second.base_url, "model": "m"}])
    provider.always = "content_filter"
    assert ask(gateway).json()["error"]["code"] == "content_filter"
    assert not second.requests


def test_a_context_that_is_too_short_is_no_refusal_elsewhere(
    make_gateway: MakeGateway, provider: Provider, second: Provider
) -> None:
    gateway = cloud_only(make_gateway, provider, fallbacks=[{"base_url": second.base_url, "model": "m"}])
    provider.always = "context_length"
    assert ask(gateway).status_code == 200


def test_when_all_fail_the_caller_hears_the_first(
    make_gateway: MakeGateway, provider: Provider, second: Provider
) -> None:
    gateway = cloud_only(make_gateway, provider, retries=0, fallbacks=[{"base_url": second.base_url, "model": "m"}])
    provider.always, second.always = "html_200", "error_500"
    assert ask(gateway).json()["error"]["code"] == "invalid_backend_response"


def test_each_model_can_be_pinned_and_is_then_alone(
    make_gateway: MakeGateway, provider: Provider, second: Provider
) -> None:
    gateway = cloud_only(make_gateway, provider, retries=0, fallbacks=[{"base_url": second.base_url, "model": "m"}])
    assert ask(gateway, model="m").status_code == 200
    second.always = "error_500"
    assert ask(gateway, model="m").status_code == 503
    assert not provider.requests


def test_a_provider_that_keeps_failing_is_left_alone_until_a_probe_succeeds(
    make_gateway: MakeGateway, provider: Provider
) -> None:
    gateway = cloud_only(make_gateway, provider, retries=0, breaker_failures=3, breaker_rest_s=0.4)
    provider.always = "error_500"
    for _ in range(6):
        assert ask(gateway).status_code == 503
    assert len(provider.requests) == 3
    provider.always = "none"
    wait_for(lambda: ask(gateway).status_code == 200)
    assert len(provider.requests) == 4


def test_keys_headers_and_parameters_are_the_providers_own(
    make_gateway: MakeGateway, provider: Provider, second: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_SECRET", "azure-key")
    azure = {
        "base_url": second.base_url,
        "model": "o3-mini",
        "api_key_env": "AZURE_SECRET",
        "api_key_header": "api-key",
        "query": {"api-version": "2024-10-21"},
        "headers": {"x-team": "letters"},
    }
    gateway = cloud_only(make_gateway, provider, api_key="sk-first", fallbacks=[azure])
    assert ask(gateway, model="o3-mini", max_tokens=7, temperature=0.3).status_code == 200
    assert ask(gateway, model="cloud", max_tokens=7, temperature=0.3).status_code == 200
    assert second.headers[0]["api-key"] == "azure-key"
    assert second.headers[0]["x-team"] == "letters"
    assert "authorization" not in second.headers[0]
    assert second.paths[0].endswith("/chat/completions?api-version=2024-10-21")
    assert second.requests[0]["max_completion_tokens"] == 7
    assert not {"max_tokens", "temperature"} & set(second.requests[0])
    assert provider.requests[0]["max_tokens"] == 7
    assert provider.requests[0]["temperature"] == 0.3


def test_more_than_can_be_asked_at_once_wait_and_then_are_refused(
    make_gateway: MakeGateway, provider: Provider
) -> None:
    gateway = cloud_only(make_gateway, provider, max_concurrent=2, max_queue=2, max_wait_s=20)
    provider.pause_s = 0.1
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: ask(gateway, stream=True).status_code, range(8)))
    assert statuses == [200] * 4 + [503] * 4
    assert provider.most_at_once == 2
    assert ask(gateway).status_code == 200


def test_a_cancelled_stream_gives_its_place_back(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = cloud_only(make_gateway, provider, max_concurrent=1, max_queue=0)
    provider.pause_s = 0.2
    stream = gateway.client().chat.completions.create(model="auto", messages=HELLO, stream=True)
    next(stream)
    with pytest.raises(openai.InternalServerError):
        gateway.client().chat.completions.create(model="auto", messages=HELLO)
    stream.close()
    wait_for(lambda: provider.hung_up == 1)
    provider.pause_s = 0
    wait_for(lambda: ask(gateway).status_code == 200)


def test_a_silent_provider_is_answered_from_elsewhere_within_its_limit(
    make_gateway: MakeGateway, provider: Provider, second: Provider
) -> None:
    fallback = {"base_url": second.base_url, "model": "m"}
    gateway = cloud_only(make_gateway, provider, first_byte_timeout_s=0.5, retries=2, fallbacks=[fallback])
    provider.always = "slow_first_token"
    started = time.monotonic()
    assert ask(gateway, stream=True).status_code == 200
    assert time.monotonic() - started < 2


# What the refusal of one request means for others.


@pytest.mark.parametrize("fault", ["flagged", "unknown_model", "context_length_of_vllm", "quota_used_up"])
def test_a_requests_own_fault_does_not_open_the_breaker(
    make_gateway: MakeGateway, provider: Provider, fault: str
) -> None:
    gateway = cloud_only(make_gateway, provider, breaker_failures=2, retries=0)
    provider.faults.extend([fault] * 4)
    assert all(ask(gateway).status_code >= 400 for _ in range(4))
    assert ask(gateway).status_code == 200
    assert len(provider.requests) == 5


@pytest.mark.parametrize("fault", ["context_length_of_vllm", "quota_used_up", "error_in_200"])
def test_the_next_model_answers_what_this_one_cannot(
    make_gateway: MakeGateway, provider: Provider, second: Provider, fault: str
) -> None:
    fallbacks = [{"base_url": second.base_url, "model": "second"}]
    gateway = cloud_only(make_gateway, provider, retries=0 if fault == "error_in_200" else 3, fallbacks=fallbacks)
    provider.always = fault
    assert ask(gateway).status_code == 200
    assert (len(provider.requests), len(second.requests)) == (1, 1)


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_in_a_200_has_the_providers_words(make_gateway: MakeGateway, provider: Provider, stream: bool) -> None:
    gateway = cloud_only(make_gateway, provider, retries=0)
    provider.always = "error_in_200"
    answer = ask(gateway, stream=stream)
    assert answer.status_code == 503
    assert "the upstream model is overloaded" in answer.json()["error"]["message"]


def test_a_quota_is_named(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = cloud_only(make_gateway, provider, retries=3)
    provider.always = "quota_used_up"
    answer = ask(gateway)
    assert "the quota at the provider is used up" in answer.json()["error"]["message"]
    assert len(provider.requests) == 1


def test_a_retry_after_may_be_a_date(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = cloud_only(make_gateway, provider, retries=3)
    provider.faults.append("rate_limited_until")  # 30 s from now
    assert ask(gateway).status_code == 429
    assert 25 <= int(ask(gateway).headers["retry-after"]) <= 30
    assert len(provider.requests) == 1


def test_a_context_refusal_of_the_cloud_goes_to_the_local_model_if_it_has_room(
    make_gateway: MakeGateway, provider: Provider, second: Provider
) -> None:
    gateway = make_gateway(
        local={"base_url": second.base_url, "model": MODEL, "n_ctx": 4096}, cloud={"base_url": provider.base_url}
    )
    gateway.wait_ready()
    provider.always = "context_length_of_vllm"
    headers = {"x-slimgate-threshold": "0"}
    body: dict[str, Any] = {"model": "auto", "messages": HELLO}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers)
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local")
    assert answer.headers["x-slimgate-reason"] == "context"
    body["max_tokens"] = 5000
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers).status_code == 400
