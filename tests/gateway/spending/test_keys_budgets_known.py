"""What is known of the budgets of keys: by their first request, and for as long as they are shown."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.config.sections.spending import BudgetSettings
from gateway.config.settings import Settings
from gateway.keys.caller import Caller
from gateway.keys.terms import KeyTerms, Role
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.spending import budget as budget_module
from gateway.spending.budget import Budget
from gateway.spending.pricing import Pricer
from tests.conftest import MakeGateway
from tests.gateway.spending.books import running_ledger
from tests.provider import Provider

ADMIN = {"authorization": "Bearer sk-admin"}
ASK = {"model": "cloud", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 8}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with running_ledger(tmp_path) as running:
        assert running.flush()
        yield running


def test_the_first_request_of_the_first_key_with_a_budget_is_paid(
    make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget_module, "REFRESH_S", 3600.0)  # nothing reads but the request itself
    gateway = make_gateway(api_key="sk-admin", local={"enabled": False}, cloud={"base_url": provider.base_url})
    made = httpx.post(f"{gateway.url}/v1/keys", json={"name": "n", "terms": {"usd_per_month": "50"}}, headers=ADMIN)
    headers = {"authorization": f"Bearer {made.json()['secret']}"}
    first = httpx.post(f"{gateway.url}/v1/chat/completions", json=ASK, headers=headers, timeout=30)
    assert first.status_code == 200, first.text
    (limit,) = httpx.get(f"{gateway.url}/v1/status", headers=ADMIN).json()["budget"]
    assert (limit["account"], limit["limit_usd"]) == (f"key:{made.json()['id']}", "50")


def test_sums_of_keys_are_read_while_they_are_shown(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the keys that have not called for longest nothing is known, so nothing is shown."""
    monkeypatch.setattr(budget_module, "MOST_IDLE", 2)
    settings = Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    budget = Budget(BudgetSettings(usd_per_day="9"), ledger, Pricer(settings))
    callers = [Caller(f"key_{n}", "n", Role.CALLER, terms=KeyTerms(usd_per_day="1")) for n in range(4)]
    for caller in callers:
        assert budget.limits(caller)
    for called in (callers, callers[2:3], callers[3:]):
        for caller in called:
            for account in budget._accounts.of(caller):
                account.is_asked_for = True
        budget.refresh()
    budget.refresh()
    shown = {limit["account"] for limit in budget.to_json()}
    assert shown == {"all", "key:key_2", "key:key_3"}


def budget_of_keys(ledger: Ledger, clock: list[float]) -> Budget:
    settings = Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    return Budget(BudgetSettings(), ledger, Pricer(settings), monotonic=lambda: clock[0])


def key(**limits: str) -> Caller:
    return Caller("key_1", "n", Role.CALLER, terms=KeyTerms(**limits))


def test_limits_that_are_set_just_after_a_look_are_known_at_once(ledger: Ledger) -> None:
    clock = [100.0]
    budget = budget_of_keys(ledger, clock)
    asyncio.run(budget.know(key(usd_per_month="50")))
    budget.configure(BudgetSettings(usd_per_day="9"))
    assert budget.trouble is not None
    asyncio.run(budget.know(key(usd_per_month="50")))
    assert budget.trouble is None
    assert {limit["account"] for limit in budget.to_json()} == {"all", "key:key_1"}


def test_a_limit_that_comes_back_after_a_time_without_any_is_known_at_once(ledger: Ledger) -> None:
    clock = [100.0]
    budget = budget_of_keys(ledger, clock)
    asyncio.run(budget.know(key(usd_per_month="50")))
    assert not budget.limits(key())
    clock[0] += 60
    assert budget.limits(key(usd_per_month="50"))
    assert budget.trouble is not None
    asyncio.run(budget.know(key(usd_per_month="50")))
    assert budget.trouble is None


def test_who_calls_at_once_waits_for_one_look_and_a_failed_one_is_not_repeated_for_a_while(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, looks = [100.0], []

    def fail() -> None:
        looks.append(clock[0])
        raise LedgerUnavailable("It is away.")

    budget = budget_of_keys(ledger, clock)
    monkeypatch.setattr(budget, "refresh", fail)

    async def call_at_once() -> None:
        await asyncio.gather(*(budget.know(key(usd_per_month="50")) for _ in range(5)))

    asyncio.run(call_at_once())
    assert looks == [100.0]
    assert "cannot be read" in (budget.trouble or "")
    monkeypatch.undo()
    clock[0] += budget_module.REFRESH_S
    asyncio.run(budget.know(key(usd_per_month="50")))
    assert budget.trouble is None
