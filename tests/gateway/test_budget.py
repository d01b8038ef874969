"""When the budget is spent, the local model answers or nobody does, in every process that shares the ledger."""

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

from gateway.config.sections.spending import BudgetSettings
from gateway.config.settings import Settings
from gateway.keys.caller import ANYBODY
from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.spending.budget import REFRESH_S, STALE_S, Budget
from gateway.spending.pricing import Pricer
from models.wire.chat import ChatRequest
from tests.conftest import MakeGateway
from tests.gateway.spending.books import row as row_of
from tests.gateway.spending.books import running_ledger
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider, running_provider

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
PICTURE: list[Any] = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}]}
]
TO_CLOUD = {"x-slimgate-threshold": "0"}


def row(number: int, cost_nusd: int | None, at: datetime = NOON, **more: Any) -> LedgerRow:
    return row_of(f"req_{number}", cost_nusd, at, **more)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with running_ledger(tmp_path) as ledger:
        yield ledger


class Priced(Pricer):
    """Rows cost what they say, and requests a dollar at most; every model but one has a price."""

    def __init__(self) -> None:
        super().__init__(Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}))

    def cost_nusd(self, row: LedgerRow) -> int | None:
        return row.cost_nusd

    def most_nusd(self, request: ChatRequest, models: Sequence[str], answer_tokens: int) -> int | None:
        return (request.max_tokens or 0) * 1_000_000

    def knows(self, model: str, service_tier: str | None = None) -> bool:
        return model != "unlisted" and service_tier != "priority"


class Clocks:
    """Both of a budget's, moved by hand."""

    def __init__(self) -> None:
        self.now, self.seconds = NOON, 0.0

    def budget(self, ledger: Ledger, **limits: Any) -> Budget:
        return Budget(BudgetSettings(**limits), ledger, Priced(), lambda: self.now, lambda: self.seconds)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def asking(milli_usd: int) -> ChatRequest:
    """A request that may cost so much."""
    return ChatRequest.parse({"model": "auto", "messages": HELLO, "max_tokens": milli_usd})


def spent(budget: Budget, milli_usd: int = 1) -> str:
    """Why a request that may cost so much is not paid for; empty where it is."""
    return budget.obstacle(asking(milli_usd), ["gpt-4.1"]) or ""


def used(budget: Budget, period: str = "day") -> float:
    return budget.used("all", period)


def end(budget: Budget, ledger: Ledger, row: LedgerRow) -> None:
    """As the recorder does."""
    budget.closed(row)
    ledger.record(row)


def test_each_limit_counts_its_own_days(ledger: Ledger, clocks: Clocks) -> None:
    for number, (cost, days_ago) in enumerate([(2_000_000_000, 0), (30_000_000_000, 1), (500_000_000_000, 40)]):
        ledger.record(row(number, cost, NOON - timedelta(days=days_ago)))
    ledger.record(row(99, 7_000_000_000, route="local"))
    budget = clocks.budget(ledger, usd_per_day=Decimal("2.01"), usd_per_month=Decimal(32))
    budget.refresh()
    assert spent(budget) == "budget.usd_per_month (32 USD) is spent until 2026-04-01 00:00 UTC"
    day, month = budget.to_json()
    assert (day["spent_usd"], month["spent_usd"]) == ("2", "32")
    assert (used(budget, "month"), used(budget, "week")) == (1.0, 0.0)


def test_a_period_ends_without_a_refresh(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    ledger.record(row(1, 1_000_000_000))
    budget.refresh()
    assert spent(budget)
    clocks.now = datetime(2026, 4, 1, tzinfo=UTC)
    assert not spent(budget)
    assert budget.to_json()[0]["until"] == "2026-04-02T00:00:00+00:00"


def test_the_day_that_begins_counts_before_the_next_look(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    budget.refresh()
    clocks.now = datetime(2026, 4, 1, tzinfo=UTC)

    def reserve(id: str) -> str | None:
        return asyncio.run(budget.reserve(id, asking(500), ["gpt-4.1"], ANYBODY))

    for number in range(2):
        assert reserve(f"req_{number}") is None
        end(budget, ledger, row(number, 500_000_000, clocks.now))
    assert ledger.flush()
    assert reserve("late") == "budget.usd_per_day (1 USD) is spent until 2026-04-02 00:00 UTC"
    budget.refresh()
    assert used(budget) == pytest.approx(1.0)


def test_own_rows_count_at_once_and_once(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    budget.refresh()
    end(budget, ledger, row(1, 600_000_000))
    assert used(budget) == pytest.approx(0.6)
    assert ledger.flush()
    assert used(budget) == pytest.approx(0.6)
    budget.refresh()
    assert used(budget) == pytest.approx(0.6)
    end(budget, ledger, row(2, 400_000_000, route="local"))
    assert not spent(budget)
    end(budget, ledger, row(3, 400_000_000))
    assert spent(budget)


def test_no_row_is_counted_twice_however_often_the_ledger_is_read(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    ended = 0
    wrong: list[tuple[int, int]] = []

    def work() -> None:
        nonlocal ended
        for number in range(2000):
            ended += 1  # before it can be counted: more than this must never be
            end(budget, ledger, row(number, 1_000_000))

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        budget.refresh()
        counted, allowed = round(used(budget) * 1000), ended
        if counted > allowed:
            wrong.append((counted, allowed))
    thread.join()
    budget.refresh()
    assert not wrong
    assert used(budget) == pytest.approx(2.0)


def test_what_local_tokens_cost_is_not_the_clouds(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    for number, route in enumerate(("local", "cloud")):
        ledger.record(row(number, 300_000_000, route=route))
    budget.refresh()
    for number, route in enumerate(("local", "cloud"), start=2):
        end(budget, ledger, row(number, 200_000_000, route=route))
    assert used(budget) == pytest.approx(0.5)


def test_a_baseline_without_a_price_hides_no_money(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    ledger.record(row(1, 1_000_000_000, baseline_nusd=None))
    budget.refresh()
    assert spent(budget)


def test_nothing_may_be_spent_with_a_limit_of_0(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_month=Decimal(0))
    budget.refresh()
    assert "is spent until" in spent(budget)
    assert not spent(clocks.budget(ledger))


def test_a_new_limit_keeps_what_is_known(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    ledger.record(row(1, 1_500_000_000))
    budget.refresh()
    budget.configure(BudgetSettings(usd_per_day=Decimal(2)))
    assert used(budget) == pytest.approx(0.75)
    assert not spent(budget)
    budget.configure(BudgetSettings(usd_per_day=Decimal("1.5")))
    assert spent(budget)


def test_a_limit_that_is_new_is_closed_until_its_sum_is_known(ledger: Ledger, clocks: Clocks) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    ledger.record(row(1, 1_500_000_000, NOON - timedelta(days=2)))
    budget.refresh()
    budget.configure(BudgetSettings(usd_per_day=Decimal(1), usd_per_month=Decimal(1)))
    assert "not known" in spent(budget)
    budget.refresh()
    assert "usd_per_month (1 USD) is spent" in spent(budget)


def test_what_was_spent_is_not_known_before_the_first_refresh_nor_long_after_the_last(
    ledger: Ledger, clocks: Clocks
) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    unread = "what was spent is not known while the ledger cannot be read, and budget.fail_open is false"
    assert spent(budget) == unread
    budget.refresh()
    clocks.advance(STALE_S)
    assert not spent(budget)
    clocks.advance(0.1)
    assert spent(budget) == unread
    assert "not known" in budget.to_json()[0]["trouble"]
    budget.configure(BudgetSettings(usd_per_day=Decimal(1), fail_open=True))
    assert not spent(budget)
    assert budget.trouble is not None  # still said


def test_money_that_no_database_takes_is_counted_and_then_closes_the_budget(
    ledger: Ledger, clocks: Clocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.ledger.SETTLE_WAIT_S", 0.2)
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    budget.refresh()
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("ALTER TABLE rollup RENAME TO away")
    end(budget, ledger, row(1, 400_000_000))
    assert used(budget) == pytest.approx(0.4)
    wait_for(lambda: ledger.trouble is not None)
    assert spent(budget) == "what was spent is not known while the ledger takes no rows, and budget.fail_open is false"
    with pytest.raises(LedgerUnavailable):
        budget.refresh()
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("ALTER TABLE away RENAME TO rollup")
    assert ledger.flush(10)
    wait_for(lambda: ledger.trouble is None)  # said a moment after the row is stored
    budget.refresh()
    assert used(budget) == pytest.approx(0.4)
    assert not spent(budget)


def test_a_full_disk_closes_the_budget_at_once(ledger: Ledger, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    budget.refresh()
    with monkeypatch.context() as patch:
        patch.setattr("gateway.ledger.spool.os.write", full)
        end(budget, ledger, row(1, 400_000_000))
        assert "takes no rows" in spent(budget)
        assert used(budget) == pytest.approx(0.4)


def test_what_has_no_price_is_said_once_and_not_paid(
    ledger: Ledger, clocks: Clocks, caplog: pytest.LogCaptureFixture
) -> None:
    budget = clocks.budget(ledger, usd_per_day=Decimal(1))
    assert budget.may_pay("gpt-4.1")
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            end(budget, ledger, row(number, None))
    assert [
        record.message.partition(":")[0] for record in caplog.records if record.name == "gateway.spending.countable"
    ] == ["an answer of gpt-4.1 has no price, so the budget does not count it"]
    assert not budget.may_pay("gpt-4.1")  # it was the last
    budget.configure(BudgetSettings(usd_per_day=Decimal(1)))
    assert budget.may_pay("gpt-4.1")
    assert not budget.may_pay("gpt-4.1", "priority")
    assert not budget.may_pay("unlisted")
    budget.refresh()
    assert budget.obstacle(asking(1), ["unlisted", "gpt-4.1"]) is None
    assert "set [prices.MODEL], or budget.fail_open = true" in (budget.obstacle(asking(1), ["unlisted"]) or "")
    budget.configure(BudgetSettings(usd_per_day=Decimal(1), fail_open=True))
    assert budget.may_pay("unlisted")
    assert clocks.budget(ledger).may_pay("unlisted")


@pytest.fixture(scope="module")
def local() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


def settings_of(local: Provider | None, cloud: Provider, usd_per_day: str = "0.00025") -> dict[str, Any]:
    return {
        "local": {"base_url": local.base_url} if local else {"enabled": False},
        "cloud": {"base_url": cloud.base_url},
        "budget": {"usd_per_day": usd_per_day},
        "embeddings": {"backend": "cloud", "model": "vectors"},
    }


def where(gateway: Gateway, **body: Any) -> tuple[str, str]:
    answer = gateway.client().chat.completions.with_raw_response.create(
        **{"model": "auto", "messages": HELLO, "max_tokens": 8, "extra_headers": TO_CLOUD, **body}
    )
    gateway.rows(1)  # by now it has its price
    return answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]


def test_spent_it_goes_local_also_after_a_restart(tmp_path: Path, local: Provider, provider: Provider) -> None:
    settings = Settings(state_dir=tmp_path, **settings_of(local, provider))
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        # One answer costs 11 x 2 + 8 x 8 millionths of a dollar, and may cost (6 + 32) x 2 + 8 x 8.
        assert [where(gateway) for _ in range(3)] == [("cloud", "score"), ("cloud", "score"), ("local", "budget")]
        (account,) = gateway.get("/v1/status").json()["budget"]
        assert (account["setting"], account["spent_usd"]) == ("budget.usd_per_day", "0.000172")
        assert 'slimgate_budget_used_ratio{period="day",scope="all"} 0.688' in gateway.get("/metrics").text
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        wait_for(lambda: gateway.get("/v1/status").json()["budget"][0]["spent_usd"] == "0.000172")
        assert where(gateway) == ("local", "budget")
    assert len(provider.requests) == 2


def test_what_another_process_spent_counts(
    tmp_path: Path, local: Provider, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.spending.budget.REFRESH_S", 0.2)
    settings = Settings(state_dir=tmp_path, **settings_of(local, provider))
    with running_gateway(settings) as one, running_gateway(settings) as other:
        one.wait_ready()
        other.wait_ready()
        assert [where(one) for _ in range(2)] == [("cloud", "score"), ("cloud", "score")]
        wait_for(lambda: other.get("/v1/status").json()["budget"][0]["spent_usd"] == "0.000172", REFRESH_S + 10)
        assert where(other) == ("local", "budget")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "cloud"}, "Use 'auto' or 'local'"),
        ({"messages": PICTURE}, "the local model has no images"),
    ],
)
def test_what_only_the_cloud_could_do_is_refused(
    make_gateway: MakeGateway, local: Provider, provider: Provider, body: dict[str, Any], words: str
) -> None:
    gateway = make_gateway(**settings_of(local, provider, "0"))
    gateway.wait_ready()
    with pytest.raises(openai.RateLimitError, match=r"budget\.usd_per_day") as caught:
        where(gateway, **body)
    assert (caught.value.code, caught.value.type) == ("insufficient_quota", "insufficient_quota")
    assert words in str(caught.value)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert (gateway.row()["route"], gateway.row()["reason"]) == ("none", "budget")
    with pytest.raises(openai.RateLimitError, match="embeddings"):
        gateway.client().embeddings.create(model="vectors", input="Hello!")
    assert provider.connections == 0


def test_without_a_local_side_it_is_refused(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(**settings_of(None, provider, "0"))
    with pytest.raises(openai.RateLimitError, match="No local model"):
        where(gateway)
    assert provider.connections == 0


def test_a_local_side_that_fails_is_not_replaced(make_gateway: MakeGateway, provider: Provider) -> None:
    with running_provider() as local:
        gateway = make_gateway(**settings_of(local, provider, "0"))
        gateway.wait_ready()
        local.always = "error_503"
        with pytest.raises(openai.APIStatusError):
            where(gateway)
    assert provider.connections == 0
