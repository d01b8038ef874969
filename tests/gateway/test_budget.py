"""When the budget is spent, the local model answers or nobody does, in every process that shares the ledger."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

from gateway.budget import DAY, MONTH, REFRESH_S, Budget
from gateway.ledger import Ledger, LedgerRow, Outcome
from gateway.sections import BudgetSettings
from gateway.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider, running_provider

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
PICTURE: list[Any] = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}]}
]
TO_CLOUD = {"x-slimgate-threshold": "0"}


def row(number: int, cost_nusd: int | None, at: datetime = NOON, **more: Any) -> LedgerRow:
    return LedgerRow(
        **{
            "id": f"req_{number}",
            "created_ms": int(at.timestamp() * 1000),
            "endpoint": "chat.completions",
            "requested_model": "auto",
            "route": "cloud",
            "reason": "score",
            "score": 0.9,
            "threshold": 0.5,
            "stream": False,
            "served_model": "gpt-4.1",
            "outcome": Outcome.OK,
            "prompt_tokens": 1,
            "completion_tokens": 1,
            "cost_nusd": cost_nusd,
            "baseline_model": "gpt-4.1",
            "baseline_nusd": cost_nusd,
            **more,
        }
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "spool")
    ledger.start()
    yield ledger
    ledger.close()


@pytest.mark.parametrize(
    ("now", "day_ends", "month_ends"),
    [
        ("2026-03-31T12:00", "2026-04-01", "2026-04-01"),
        ("2026-12-31T23:59:59.999", "2027-01-01", "2027-01-01"),
        ("2028-02-28T00:00", "2028-02-29", "2028-03-01"),
        ("2026-01-01T00:00", "2026-01-02", "2026-02-01"),
    ],
)
def test_days_and_months_end(now: str, day_ends: str, month_ends: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert DAY.ends(moment) == datetime.fromisoformat(day_ends).replace(tzinfo=UTC)
    assert MONTH.ends(moment) == datetime.fromisoformat(month_ends).replace(tzinfo=UTC)
    assert DAY.begins(moment) <= moment < DAY.ends(moment)
    assert MONTH.begins(moment).day == 1


def test_each_limit_counts_its_own_days(ledger: Ledger) -> None:
    for number, (cost, days_ago) in enumerate([(2_000_000_000, 0), (30_000_000_000, 1), (500_000_000_000, 40)]):
        ledger.record(row(number, cost, NOON - timedelta(days=days_ago)))
    ledger.record(row(99, 7_000_000_000, route="local"))
    budget = Budget(BudgetSettings(usd_per_day=Decimal("2.01"), usd_per_month=Decimal(32)), lambda: NOON)
    assert budget.spent() is None
    budget.look(ledger)
    assert budget.spent() == "budget.usd_per_month (32 USD) is spent until 2026-04-01 00:00 UTC"
    day, month = budget.to_json()
    assert (day["spent_usd"], month["spent_usd"]) == ("2", "32")
    assert budget.used() == 1.0


def test_a_period_ends_without_looking_again(ledger: Ledger) -> None:
    now = [NOON]
    budget = Budget(BudgetSettings(usd_per_day=Decimal(1)), lambda: now[0])
    ledger.record(row(1, 1_000_000_000))
    budget.look(ledger)
    assert budget.spent() is not None
    now[0] = datetime(2026, 4, 1, tzinfo=UTC)
    assert budget.spent() is None


def test_own_rows_count_at_once_and_once(ledger: Ledger) -> None:
    budget = Budget(BudgetSettings(usd_per_day=Decimal(1)), lambda: NOON)
    budget.look(ledger)
    own = row(1, 600_000_000)
    budget.priced(own)
    assert budget.used() == pytest.approx(0.6)
    ledger.record(own)
    budget.look(ledger)
    assert budget.used() == pytest.approx(0.6)
    budget.priced(row(2, 400_000_000, route="local"))
    assert budget.spent() is None
    budget.priced(row(3, 400_000_000))
    assert budget.spent() is not None


def test_what_local_tokens_cost_is_not_the_clouds(ledger: Ledger) -> None:
    budget = Budget(BudgetSettings(usd_per_day=Decimal(1)), lambda: NOON)
    for number, route in enumerate(("local", "cloud")):
        ledger.record(row(number, 300_000_000, route=route))
    budget.look(ledger)
    for number, route in enumerate(("local", "cloud"), start=2):
        budget.priced(row(number, 200_000_000, route=route))
    assert budget.used() == pytest.approx(0.5)


def test_nothing_may_be_spent_with_a_limit_of_0() -> None:
    assert Budget(BudgetSettings(usd_per_month=Decimal(0))).spent() is not None
    assert Budget(BudgetSettings()).spent() is None


def test_a_new_limit_keeps_what_is_known(ledger: Ledger) -> None:
    budget = Budget(BudgetSettings(usd_per_day=Decimal(1)), lambda: NOON)
    ledger.record(row(1, 1_500_000_000))
    budget.look(ledger)
    budget.configure(BudgetSettings(usd_per_day=Decimal(2)))
    assert budget.used() == pytest.approx(0.75)
    budget.configure(BudgetSettings(usd_per_day=Decimal("1.5")))
    assert budget.spent() is not None


def test_what_has_no_price_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    budget = Budget(BudgetSettings(usd_per_day=Decimal(1)))
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            budget.priced(row(number, None))
    assert [record.message for record in caplog.records] == [
        "no price is known for gpt-4.1 or for the baseline model: the budget does not count it; set [prices.MODEL]"
    ]


@pytest.fixture(scope="module")
def local() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


def settings_of(local: Provider | None, cloud: Provider, usd_per_day: str = "0.0001") -> dict[str, Any]:
    return {
        "local": {"base_url": local.base_url} if local else {"enabled": False},
        "cloud": {"base_url": cloud.base_url},
        "budget": {"usd_per_day": usd_per_day},
        "embeddings": {"backend": "cloud", "model": "vectors"},
    }


def where(gateway: Gateway, **body: Any) -> tuple[str, str]:
    answer = gateway.client().chat.completions.with_raw_response.create(
        **{"model": "auto", "messages": HELLO, "extra_headers": TO_CLOUD, **body}
    )
    gateway.rows(1)  # by now it has its price
    return answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]


def test_spent_it_goes_local_also_after_a_restart(tmp_path: Path, local: Provider, provider: Provider) -> None:
    settings = Settings(state_dir=tmp_path, **settings_of(local, provider))
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        # One answer costs 11 x 2 + 8 x 8 millionths of a dollar.
        assert [where(gateway) for _ in range(3)] == [("cloud", "score"), ("cloud", "score"), ("local", "budget")]
        (account,) = gateway.get("/v1/status").json()["budget"]
        assert (account["setting"], account["spent_usd"]) == ("budget.usd_per_day", "0.000172")
        assert "slimgate_budget_used_ratio 1.72" in gateway.get("/metrics").text
    with running_gateway(settings) as gateway:
        gateway.wait_ready()
        wait_for(lambda: gateway.get("/v1/status").json()["budget"][0]["spent_usd"] == "0.000172")
        assert where(gateway) == ("local", "budget")
    assert len(provider.requests) == 2


def test_what_another_process_spent_counts(tmp_path: Path, local: Provider, provider: Provider) -> None:
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
