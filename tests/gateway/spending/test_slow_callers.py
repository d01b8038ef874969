"""Over real HTTP: however many ask at the same time, the provider is paid no more than the budget."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import WORDS, Call, Provider, fault, running_provider

ANSWER_NUSD = 86_000  # 11 x 2 + 8 x 8 millionths of a dollar
ASK = {"model": "cloud", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 8}


@fault
async def takes_its_time(call: Call) -> None:
    """A proper answer that comes late, of the longest length that it may have."""
    await asyncio.sleep(0.5)
    choice = {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "length"}
    answer = {"id": "chatcmpl-p", "object": "chat.completion", "created": 1, "model": "gpt-4.1", "choices": [choice]}
    await call.answer("200 OK", {**answer, "usage": call.usage()})


@pytest.fixture(scope="module")
def local() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


def settings_of(cloud: Provider, usd_per_day: str, local: Provider | None = None, **budget: Any) -> dict[str, Any]:
    return {
        "local": {"base_url": local.base_url} if local else {"enabled": False},
        "cloud": {"base_url": cloud.base_url, "responses": "native"},
        "budget": {"usd_per_day": usd_per_day, **budget},
        "embeddings": {"backend": "cloud", "model": "text-embedding-3-small"},
    }


def post(gateway: Gateway, body: dict[str, Any] = ASK, path: str = "chat/completions") -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/{path}", json=body, headers={"x-slimgate-threshold": "0"}, timeout=60)


def ask_at_once(gateways: list[Gateway], n: int) -> Counter[int]:
    """The statuses of `n` requests that are sent at the same time."""
    with ThreadPoolExecutor(n) as callers:
        asked = [callers.submit(post, gateways[number % len(gateways)]) for number in range(n)]
        return Counter(one.result().status_code for one in asked)


def budget_of(gateway: Gateway) -> dict[str, Any]:
    (limit,) = gateway.get("/v1/status").json()["budget"]
    return dict(limit)


def test_forty_slow_callers_spend_no_more_than_there_is(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.always = "takes_its_time"
    gateway = make_gateway(**settings_of(provider, "0.0005"))
    statuses = ask_at_once([gateway], 40)
    assert set(statuses) == {200, 429}
    assert 3 <= len(provider.billed) == statuses[200]
    assert len(provider.billed) * ANSWER_NUSD <= 500_000
    gateway.rows(1)
    limit = budget_of(gateway)
    assert (limit["account"], limit["period"], limit["reserved_usd"]) == ("all", "day", "0")
    assert float(limit["spent_usd"]) * 1e9 == pytest.approx(len(provider.billed) * ANSWER_NUSD)


def test_two_gateways_over_one_ledger_share_it(tmp_path: Path, provider: Provider) -> None:
    provider.always = "takes_its_time"
    settings = Settings(state_dir=tmp_path, **settings_of(provider, "0.0005"))
    with running_gateway(settings) as one, running_gateway(settings) as other:
        ask_at_once([one, other], 30)
        assert 3 <= len(provider.billed) <= 500_000 // ANSWER_NUSD
    with sqlite3.connect(tmp_path / "ledger.db") as database:  # what ended in order holds nothing
        assert database.execute("SELECT * FROM budget_holds WHERE holder != ''").fetchall() == []


def test_where_another_gateway_holds_the_rest_the_local_model_answers(
    tmp_path: Path, provider: Provider, local: Provider
) -> None:
    settings = Settings(state_dir=tmp_path, **settings_of(provider, "0.0005", local))
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        with sqlite3.connect(tmp_path / "ledger.db") as database:
            database.execute("INSERT INTO budget_holds VALUES ('other', 'all', 400000, 9000000000000)")
        answer = post(gateway, {**ASK, "model": "auto"})
        assert (answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]) == ("local", "budget")
        assert "only 0.0001 USD of budget.usd_per_day" in post(gateway).json()["error"]["message"]
    assert provider.connections == 0


def test_what_is_in_progress_is_set_aside_and_shown(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.always = "takes_its_time"
    gateway = make_gateway(**settings_of(provider, "1"))
    with ThreadPoolExecutor(1) as callers:
        asked = callers.submit(post, gateway)
        wait_for(lambda: budget_of(gateway)["reserved_usd"] == "0.00014")  # (6 + 32) x 2 + 8 x 8 millionths
        assert asked.result().status_code == 200
    assert budget_of(gateway)["reserved_usd"] == "0"


def test_a_cloud_that_fails_costs_nothing(make_gateway: MakeGateway, provider: Provider, local: Provider) -> None:
    provider.always = "bad_key"
    gateway = make_gateway(**settings_of(provider, "1", local))
    gateway.wait_ready()
    answer = post(gateway, {**ASK, "model": "auto"})
    assert (answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]) == ("local", "failover")
    assert (budget_of(gateway)["reserved_usd"], budget_of(gateway)["spent_usd"]) == ("0", "0")


def test_a_request_without_a_limit_gets_one(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(**settings_of(provider, "1", answer_tokens=77))
    unlimited = {name: value for name, value in ASK.items() if name != "max_tokens"}
    assert "x-slimgate-warning" not in post(gateway, unlimited).headers
    assert 77 in provider.requests[-1].values()
    provider.always = "takes_its_time"
    assert post(gateway, unlimited).headers["x-slimgate-warning"] == (
        "cut at 77 tokens by budget.answer_tokens; set max_tokens"
    )
    assert "x-slimgate-warning" not in post(gateway).headers
    post(gateway, {"model": "cloud", "input": "Hello!"}, "responses")
    assert provider.requests[-1]["max_output_tokens"] == 77


def test_what_does_not_fit_is_told_the_cure(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(**settings_of(provider, "0.0005"))
    refused = post(gateway, {**ASK, "max_tokens": 1000})
    assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert "this request may cost up to 0.008076 USD, and only 0.0005 USD of budget.usd_per_day" in error["message"]
    assert "a smaller max_tokens needs less" in error["message"]
    assert post(gateway).status_code == 200
    messages = {"model": "cloud", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hello!"}]}
    refused = post(gateway, messages, "messages")
    assert (refused.status_code, refused.json()["type"]) == (429, "error")


def test_embeddings_are_paid_from_it_too(make_gateway: MakeGateway, provider: Provider) -> None:
    prices = {"text-embedding-3-small": {"input_usd_per_mtok": "0.02", "output_usd_per_mtok": "0"}}
    gateway = make_gateway(**settings_of(provider, "0.000001"), prices=prices)
    assert post(gateway, {"model": "text-embedding-3-small", "input": "Hello!"}, "embeddings").status_code != 429
    refused = post(gateway, {"model": "text-embedding-3-small", "input": "Hello!" * 10}, "embeddings")
    assert "of budget.usd_per_day" in refused.json()["error"]["message"]
    assert provider.connections == 1


def test_spent_it_refuses_where_that_is_wanted(make_gateway: MakeGateway, provider: Provider, local: Provider) -> None:
    gateway = make_gateway(**settings_of(provider, "0", local, when_spent="refuse"))
    gateway.wait_ready()
    refused = post(gateway, {**ASK, "model": "auto"})
    assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
    assert "budget.usd_per_day (0 USD) is spent until" in refused.json()["error"]["message"]
    assert "budget.when_spent is 'refuse'" in refused.json()["error"]["message"]
    assert post(gateway, {**ASK, "model": "local"}).status_code == 200
    stays = httpx.post(
        f"{gateway.url}/v1/chat/completions", json={**ASK, "model": "auto"}, headers={"x-slimgate-threshold": "1"}
    )
    assert (stays.status_code, stays.headers["x-slimgate-route"]) == (200, "local")
    assert provider.connections == 0


def test_keys_and_teams_have_budgets_of_their_own(make_gateway: MakeGateway, provider: Provider) -> None:
    teams = {"red": {"usd_per_month": "0.0002"}}
    settings = {**settings_of(provider, "1"), "budget": {"teams": teams}}
    gateway = make_gateway(**settings, api_key="x" * 32)

    def key(**details: Any) -> dict[str, str]:
        answer = httpx.post(
            f"{gateway.url}/v1/keys", json={"name": "n", "role": "caller", **details}, headers=bearer("x" * 32)
        )
        return bearer(answer.raise_for_status().json()["secret"])

    def ask(headers: dict[str, str]) -> httpx.Response:
        return httpx.post(f"{gateway.url}/v1/chat/completions", json=ASK, headers=headers, timeout=60)

    poor, one, other, free = key(terms={"usd_per_week": "0.0001"}), key(team="red"), key(team="red"), key()
    wait_for(lambda: ask(free).status_code == 200)
    assert "of this key's usd_per_week (0.0001 USD)" in ask(poor).json()["error"]["message"]
    assert ask(one).status_code == 200
    assert 'of budget.teams."red".usd_per_month (0.0002 USD)' in ask(other).json()["error"]["message"]
    assert ask(free).status_code == 200
    accounts = {limit["account"].partition(":")[0] for limit in gateway.get("/v1/status").json()["budget"]}
    assert accounts == {"key", "team"}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
