"""What a provider worked for is in the ledger, also where its answer is of no use or nobody waits for it."""

import contextlib

import httpx
import pytest

from tests.live import Gateway, wait_for
from tests.provider import MODEL, Call, Provider, fault

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
