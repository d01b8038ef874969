"""Everybody, each team and each key have limits of their own, and all of them hold."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.config.sections.spending import BudgetSettings
from gateway.config.settings import Settings
from gateway.keys.caller import ANYBODY, Caller
from gateway.keys.terms import KeyTerms, Role
from gateway.ledger import Ledger
from gateway.spending.budget import Budget
from gateway.spending.pricing import Pricer
from models.wire.chat import ChatRequest
from tests.gateway.spending.books import NOON, Clock, row, running_ledger

PRICES = {"priced": {"input_usd_per_mtok": "0", "output_usd_per_mtok": "1"}}  # a million tokens: a dollar


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


def caller(id: str, team: str = "", **terms: Any) -> Caller:
    return Caller(id, id, Role.CALLER, team=team, terms=KeyTerms(**terms))


def budget_over(ledger: Ledger, **settings: Any) -> Budget:
    pricer = Pricer(Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}, prices=PRICES))
    clock = Clock()
    budget = Budget(BudgetSettings(**settings), ledger, pricer, lambda: clock.now)
    budget.refresh()
    return budget


def reserve(budget: Budget, id: str, usd: float, who: Caller = ANYBODY) -> str | None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": round(usd * 1_000_000)}
    return asyncio.run(budget.reserve(id, ChatRequest.parse(body), ["priced"], who))


def test_a_key_has_its_own_limit(ledger: Ledger) -> None:
    budget = budget_over(ledger)
    poor, rich = caller("poor", usd_per_week=Decimal(1)), caller("rich")
    assert not budget.limits(rich)
    assert reserve(budget, "a", 0.9, poor) is None
    told = reserve(budget, "b", 0.2, poor) or ""
    assert "only 0.1 USD of this key's usd_per_week (1 USD) are neither spent" in told
    assert "begins anew at 2026-04-06 00:00 UTC" in told
    assert reserve(budget, "c", 1000, rich) is None


def test_keys_of_a_team_share_its_limit(ledger: Ledger) -> None:
    budget = budget_over(ledger, teams={"red": {"usd_per_day": 1}})
    assert reserve(budget, "a", 0.6, caller("one", "red")) is None
    assert 'of budget.teams."red".usd_per_day' in (reserve(budget, "b", 0.6, caller("other", "red")) or "")
    assert reserve(budget, "c", 0.6, caller("third", "blue")) is None


def test_every_account_of_a_request_must_have_enough(ledger: Ledger) -> None:
    budget = budget_over(ledger, usd_per_month=2, teams={"red": {"usd_per_day": 1}})
    one, other = caller("one", "red", usd_per_day=Decimal("0.5")), caller("other", "red")
    assert "this key's" in (reserve(budget, "a", 0.6, one) or "")
    assert reserve(budget, "b", 0.9, other) is None
    assert "teams" in (reserve(budget, "c", 0.4, one) or "")
    assert reserve(budget, "d", 1.1, caller("third")) is None
    assert "budget.usd_per_month" in (reserve(budget, "e", 0.1, one) or "")
    budget.release("b")
    assert reserve(budget, "f", 0.4, one) is None


def test_what_a_request_cost_is_booked_on_all_its_accounts(ledger: Ledger) -> None:
    budget = budget_over(ledger, usd_per_day=10, teams={"red": {"usd_per_day": 5}})
    one = caller("one", "red", usd_per_day=Decimal(1))
    assert reserve(budget, "a", 0.9, one) is None
    finished = row("a", None, NOON, key_id="one", team="red", served_model="priced", completion_tokens=300_000)
    budget.closed(finished)
    ledger.record(finished)
    shown = {limit["account"]: (limit["spent_usd"], limit["reserved_usd"]) for limit in budget.to_json()}
    assert shown == dict.fromkeys(("all", "team:red", "key:one"), ("0.3", "0"))
    assert budget.used("key", "day") == pytest.approx(0.3)
    assert budget.used("team", "day") == pytest.approx(0.06)


def test_new_terms_of_a_key_hold_at_once(ledger: Ledger) -> None:
    budget = budget_over(ledger)
    assert reserve(budget, "a", 0.9, caller("one", usd_per_day=Decimal(1))) is None
    assert reserve(budget, "b", 0.9, caller("one", usd_per_day=Decimal(1)))
    assert reserve(budget, "c", 0.9, caller("one", usd_per_day=Decimal(2))) is None
