"""What is known of the budgets of keys: by their first request, and for as long as they are shown."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.config.sections.spending import BudgetSettings
from gateway.config.settings import Settings
from gateway.keys.caller import Caller
from gateway.keys.terms import KeyTerms, Role
from gateway.ledger import Ledger
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
