"""A budget fails closed: what cannot be counted is not spent, and the reason is said."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import WORDS, Call, Provider, fault, running_provider

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
ASK = {"model": "auto", "messages": HELLO, "max_tokens": 8}
TO_CLOUD = {"x-slimgate-threshold": "0"}
ANSWER_USD = "0.000086"  # 11 x 2 + 8 x 8 millionths of a dollar
OPEN = {"fail_open": True}


@fault
async def unlisted_name(call: Call) -> None:
    """Answers under a name that stands in no table."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}
    await call.answer("200 OK", {"model": "our-deployment-7", "choices": [choice], "usage": call.usage()})


@fault
async def no_json(call: Call) -> None:
    """An answer that no parser takes, and that was paid for."""
    call.usage()
    body = b'{"model": "gpt-4.1", "choices": [], "usage": {"prompt_tokens": Infinity}}'
    await call.head("200 OK", "application/json", f"content-length: {len(body)}")
    await call.send(body)


@pytest.fixture(scope="module")
def local() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


def settings_of(local: Provider, cloud: Provider, *, usd_per_day: str = "1", **budget: Any) -> dict[str, Any]:
    return {
        "local": {"base_url": local.base_url},
        "cloud": {"base_url": cloud.base_url, "responses": "native"},
        "budget": {"usd_per_day": usd_per_day, **budget},
    }


def post(gateway: Gateway, body: dict[str, Any], path: str = "chat/completions") -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/{path}", json=body, headers=TO_CLOUD, timeout=30)


def where(gateway: Gateway, body: dict[str, Any] = ASK) -> tuple[str, str]:
    headers = post(gateway, body).raise_for_status().headers
    return headers["x-slimgate-route"], headers["x-slimgate-reason"]


def refusal(response: httpx.Response) -> str:
    assert (response.status_code, response.json()["error"]["code"]) == (429, "insufficient_quota")
    message: str = response.json()["error"]["message"]
    return message


def test_a_name_in_no_table_costs_what_the_model_that_was_asked_costs(
    make_gateway: MakeGateway, local: Provider, provider: Provider
) -> None:
    gateway = make_gateway(**settings_of(local, provider, usd_per_day="0.00025"))
    gateway.wait_ready()
    provider.always = "unlisted_name"
    assert [where(gateway) for _ in range(3)] == [("cloud", "score"), ("cloud", "score"), ("local", "budget")]
    row = gateway.rows()[-1]
    assert (row["served_model"], row["backend_model"], row["cost_usd"]) == (
        "our-deployment-7",
        "gpt-4.1",
        f"{ANSWER_USD}000",
    )
    assert len(provider.billed) == 2


def test_a_baseline_without_a_price_lets_the_budget_hold(
    make_gateway: MakeGateway, local: Provider, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.spending.budget.REFRESH_S", 0.1)
    settings = settings_of(local, provider, usd_per_day="0.00025")
    gateway = make_gateway(**settings, savings={"baseline_model": "in-no-table"})
    gateway.wait_ready()
    assert [where(gateway) for _ in range(3)] == [("cloud", "score"), ("cloud", "score"), ("local", "budget")]
    time.sleep(0.5)  # several looks at the ledger later
    assert gateway.get("/v1/status").json()["budget"][0]["spent_usd"] == "0.000172"
    assert where(gateway) == ("local", "budget")


def test_a_model_without_a_price_is_not_asked(make_gateway: MakeGateway, local: Provider, provider: Provider) -> None:
    settings = settings_of(local, provider)
    settings["cloud"]["model"] = "in-no-table"
    gateway = make_gateway(**settings)
    gateway.wait_ready()
    assert where(gateway) == ("local", "budget")
    told = refusal(post(gateway, {**ASK, "model": "cloud"}))
    assert "no price is known for in-no-table, so the budget could not hold; set [prices.MODEL]" in told
    assert provider.connections == 0


def test_a_model_without_a_price_is_passed_over_for_one_that_has_one(
    make_gateway: MakeGateway, local: Provider, provider: Provider
) -> None:
    settings = settings_of(local, provider)
    settings["cloud"] |= {"model": "in-no-table", "fallbacks": [{"base_url": provider.base_url, "model": "gpt-4.1"}]}
    gateway = make_gateway(**settings)
    gateway.wait_ready()
    assert where(gateway) == ("cloud", "score")
    assert [request["model"] for request in provider.requests] == ["gpt-4.1"]


def test_a_price_of_ones_own_or_the_setting_opens_it(
    make_gateway: MakeGateway, local: Provider, provider: Provider
) -> None:
    settings = settings_of(local, provider)
    settings["cloud"]["model"] = "in-no-table"
    own = {"in-no-table": {"input_usd_per_mtok": "2", "output_usd_per_mtok": "8"}}
    priced = make_gateway(**settings, prices=own)
    priced.wait_ready()
    assert where(priced) == ("cloud", "score")
    settings["budget"] |= OPEN
    opened = make_gateway(**settings)
    opened.wait_ready()
    assert where(opened) == ("cloud", "score")


UNCOUNTED = [
    ("chat/completions", {**ASK, "web_search_options": {}}),
    ("responses", {"model": "auto", "input": "Hello!", "background": True}),
    ("responses", {"model": "auto", "input": "Hello!", "tools": [{"type": "web_search"}]}),
    ("responses", {"model": "auto", "input": "Hello!", "tools": [{"type": "code_interpreter", "container": {}}]}),
    ("responses", {"model": "auto", "input": "Hello!", "prompt": {"id": "pmpt_1"}}),
]


@pytest.mark.parametrize(("path", "body"), UNCOUNTED)
def test_what_no_usage_tells_is_not_sent(
    make_gateway: MakeGateway, local: Provider, provider: Provider, path: str, body: dict[str, Any]
) -> None:
    gateway = make_gateway(**settings_of(local, provider))
    gateway.wait_ready()
    assert "so the budget could not hold; budget.fail_open = true allows it" in refusal(post(gateway, body, path))
    assert provider.connections == 0


def test_tools_that_the_caller_runs_are_counted_by_the_token(
    make_gateway: MakeGateway, local: Provider, provider: Provider
) -> None:
    gateway = make_gateway(**settings_of(local, provider))
    gateway.wait_ready()
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    assert where(gateway, {**ASK, "tools": [tool]}) == ("cloud", "score")


def test_a_database_that_takes_no_rows_closes_it_and_opens_it_again(
    tmp_path: Path, local: Provider, provider: Provider
) -> None:
    settings = Settings(state_dir=tmp_path, **settings_of(local, provider))
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        assert where(gateway) == ("cloud", "score")
        gateway.rows()
        with sqlite3.connect(tmp_path / "ledger.db") as other:
            other.execute("ALTER TABLE rollup RENAME TO away")
        post(gateway, ASK)
        wait_for(lambda: "slimgate_budget_unknown 1" in gateway.get("/metrics").text)
        assert where(gateway) == ("local", "budget")
        with sqlite3.connect(tmp_path / "ledger.db") as other:
            other.execute("ALTER TABLE away RENAME TO rollup")
        wait_for(lambda: "slimgate_budget_unknown 0" in gateway.get("/metrics").text)
        assert where(gateway) == ("cloud", "score")
        assert len(gateway.rows()) == 4
    assert len(provider.billed) == 3


def test_a_request_in_hand_when_the_gateway_dies_costs_its_prompt(tmp_path: Path, provider: Provider) -> None:
    """Its row is found by the next one; what the provider read is paid, about."""
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": provider.base_url})
    provider.always = "silence"
    with running_gateway(settings) as gateway:
        with pytest.raises(openai.APITimeoutError):
            gateway.client(timeout=0.5).chat.completions.create(model="cloud", messages=HELLO)
        spooled = next((tmp_path / "spool").glob("*.jsonl")).read_bytes().splitlines()[0] + b"\n"
        gateway.rows()
    (tmp_path / "spool" / "dead.jsonl").write_bytes(spooled.replace(b'"id":"req_', b'"id":"req_again'))
    with running_gateway(settings) as gateway:
        wait_for(lambda: len(gateway.rows()) == 2)
        lost = next(row for row in gateway.rows() if row["outcome"] == "lost")
    assert (lost["prompt_tokens"], lost["completion_tokens"], lost["usage_estimated"]) == (9, 0, True)
    assert lost["cost_usd"] == "0.000018000"


def test_an_answer_that_cannot_be_read_costs_its_prompt(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    provider.always = "no_json"
    assert post(gateway, ASK).status_code == 502
    row = gateway.row()
    assert (row["outcome"], row["prompt_tokens"], row["usage_estimated"]) == ("failed", 9, True)
    assert row["cost_usd"] == "0.000018000"
