"""What a provider worked for is in the ledger, also where its answer is of no use or nobody waits for it."""

import contextlib
from pathlib import Path

import httpx
import pytest

from gateway.config.settings import Settings
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import MODEL, Call, Provider, fault, running_provider

USAGE = {"prompt_tokens": 5000, "completion_tokens": 500, "total_tokens": 5500}
HELLO = [{"role": "user", "content": "Say hello."}]


@fault
async def whole_for_a_stream(call: Call) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}
    await call.answer("200 OK", {"model": MODEL, "choices": [choice], "usage": USAGE})


@fault
async def no_choices_but_usage(call: Call) -> None:
    await call.answer("200 OK", {"model": MODEL, "choices": [], "usage": USAGE})


@pytest.mark.parametrize(("kind", "stream"), [("whole_for_a_stream", True), ("no_choices_but_usage", False)])
def test_an_answer_without_use_costs_what_it_says(
    shared_gateway: Gateway, shared_provider: Provider, kind: str, stream: bool
) -> None:
    shared_provider.always = kind
    body = {"model": "cloud", "messages": HELLO, "stream": stream}
    assert httpx.post(f"{shared_gateway.url}/v1/chat/completions", json=body, timeout=30).status_code == 502
    row = shared_gateway.row()
    assert (row["prompt_tokens"], row["completion_tokens"], row["usage_estimated"]) == (5000, 500, False)
    assert float(row["cost_usd"]) > 0


def test_a_summary_that_nobody_waits_for_costs_what_was_read(
    shared_gateway: Gateway, shared_provider: Provider
) -> None:
    shared_provider.always = "silence"
    body = {"model": "cloud", "input": "word " * 1000}
    with contextlib.suppress(httpx.ReadTimeout):
        httpx.post(f"{shared_gateway.url}/v1/responses/compact", json=body, timeout=0.3)
    wait_for(lambda: shared_gateway.row()["outcome"] == "cancelled")
    row = shared_gateway.row()
    assert (row["endpoint"], row["usage_estimated"]) == ("responses.compact", True)
    assert row["prompt_tokens"] > 1000
    assert shared_provider.requests[-1]["max_tokens"] == 1024


@pytest.mark.parametrize(("fault", "stream"), [("silence", False), ("silence", True), ("cut_stream", False)])
def test_a_cloud_that_failed_before_the_local_model_answered_is_in_the_budget(
    tmp_path: Path, fault: str, stream: bool
) -> None:
    with running_provider() as cloud, running_provider() as local:
        cloud.always = fault
        settings = Settings(
            state_dir=tmp_path,
            local={"base_url": local.base_url, "model": MODEL, "n_ctx": 4096},
            cloud={"base_url": cloud.base_url, "first_byte_timeout_s": 0.5, "total_timeout_s": 0.5},
            router={"threshold": 0},
            budget={"usd_per_day": 1},
            exam={"enabled": False},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            body = {"model": "auto", "messages": HELLO, "stream": stream}
            assert httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30).status_code == 200
            row = gateway.row()
            assert (row["route"], row["reason"], row["outcome"]) == ("local", "failover", "ok")
            assert float(row["abandoned_usd"]) == float(row["cost_usd"]) > 0
            wait_for(lambda: float(limit_of(gateway)["spent_usd"]) == float(row["cost_usd"]), 15)
            wait_for(lambda: float(limit_of(gateway)["reserved_usd"]) == 0, 15)


def limit_of(gateway: Gateway) -> dict[str, str]:
    """The gateway's only budget."""
    (limit,) = gateway.get("/v1/status").json()["budget"]
    return dict(limit)


def test_of_two_clouds_both_are_paid(tmp_path: Path) -> None:
    with running_provider() as first, running_provider() as second:
        first.always = "silence"
        limits = {"first_byte_timeout_s": 0.5, "total_timeout_s": 0.5}
        other = {"base_url": second.base_url, "model": "gpt-4.1-mini"}
        settings = Settings(
            state_dir=tmp_path,
            local={"enabled": False},
            cloud={"base_url": first.base_url, "fallbacks": [other], **limits},
        )
        with running_gateway(settings) as gateway:
            body = {"model": "cloud", "messages": HELLO}
            assert httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30).status_code == 200
            row = gateway.row()
            assert (row["outcome"], row["completion_tokens"]) == ("ok", 8)
            assert 0 < float(row["abandoned_usd"]) < float(row["cost_usd"])
