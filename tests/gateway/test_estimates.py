"""What was expected of the local model's time, beside what came true: ledger, errors, metrics, medians, exports."""

import csv
import io
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine
from typer.testing import CliRunner

from gateway.cli import app
from gateway.config.settings import Settings
from gateway.dispatch.decider import Decider, RoutedRequest
from gateway.ledger import LedgerRow, Outcome
from gateway.ledger.estimates import answer_error_ratio, first_token_error_ratio
from gateway.ledger.row import MAX_MS
from gateway.record.request_record import RequestRecord
from gateway.reports.estimates import estimate_report
from router.decision import LocalEstimate, Reason, Route, RoutingDecision
from tests.gateway import seed
from tests.gateway.test_ledger import ROW
from tests.live import Gateway, running_gateway
from tests.provider import MODEL, Provider, running_provider

ESTIMATE = LocalEstimate(first_token_s=3.2, answer_s=9.0)
ROUTE = {"local": "1.0001", "cloud": "0"}
"""Thresholds that send every request to one side."""

STREAMED = replace(
    ROW,
    outcome=Outcome.OK,
    first_token_ms=2500.0,
    total_ms=10_500.0,
    overhead_ms=500.0,
    estimated_first_token_ms=3000,
    estimated_answer_ms=9000,
)
"""The local model took 2 s to the first token and 10 s in all."""

Sides = tuple[Gateway, Provider, Provider]


@pytest.fixture(scope="module")
def _sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """A gateway that expects the same of every request, in front of two servers that behave."""
    decide = Decider.decide_marked

    async def with_estimate(self: Decider, *arguments: Any) -> RoutedRequest:
        routed = await decide(self, *arguments)
        return replace(routed, decision=replace(routed.decision, estimate=ESTIMATE))

    with (
        running_provider() as local,
        running_provider() as cloud,
        pytest.MonkeyPatch.context() as patch,
        running_gateway(
            Settings(
                state_dir=tmp_path_factory.mktemp("estimates"),
                local={"base_url": local.base_url, "model": MODEL},
                cloud={"base_url": cloud.base_url, "retries": 0, "breaker_failures": 1_000_000},
            )
        ) as gateway,
    ):
        patch.setattr(Decider, "decide_marked", with_estimate)
        gateway.wait_ready()
        yield gateway, local, cloud


@pytest.fixture
def sides(_sides: Sides) -> Iterator[Sides]:
    yield _sides
    for provider in _sides[1:]:
        provider.faults.clear()


def ask(gateway: Gateway, route: str, stream: bool) -> dict[str, Any]:
    """One request; its row in the ledger."""
    body = {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": "Say hello."}]}
    headers = {"x-slimgate-threshold": ROUTE[route]}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers, timeout=30)
    row = gateway.row()
    assert row["id"] == answer.headers["x-request-id"]
    assert (row["estimated_first_token_ms"], row["estimated_answer_ms"]) == (3200, 9000)
    return row


def errors(row: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the first token and the answer were compared."""
    return row["first_token_error_ratio"] is not None, row["answer_error_ratio"] is not None


def counted(gateway: Gateway) -> list[float]:
    """How many errors the two histograms hold."""
    lines = gateway.get("/metrics").text.splitlines()
    names = ("slimgate_first_token_estimate_error_ratio_count", "slimgate_answer_estimate_error_ratio_count")
    return [float(line.split()[1]) for name in names for line in lines if line.startswith(f"{name} ")]


def test_a_streamed_local_answer_is_compared_twice(sides: Sides) -> None:
    gateway = sides[0]
    before = counted(gateway)
    row = ask(gateway, "local", stream=True)
    first_ms, answer_ms = (row[name] - row["overhead_ms"] for name in ("first_token_ms", "total_ms"))
    assert (row["true_first_token_ms"], row["true_answer_ms"]) == pytest.approx((first_ms, answer_ms))
    assert row["first_token_error_ratio"] == pytest.approx((3200 - first_ms) / first_ms, rel=0.001)
    assert row["answer_error_ratio"] == pytest.approx((9000 - answer_ms) / answer_ms, rel=0.001)
    assert counted(gateway) == [before[0] + 1, before[1] + 1]


def test_a_whole_local_answer_has_no_first_token(sides: Sides) -> None:
    gateway = sides[0]
    before = counted(gateway)
    assert errors(ask(gateway, "local", stream=False)) == (False, True)
    assert counted(gateway) == [before[0], before[1] + 1]


def test_the_estimate_is_kept_where_the_cloud_answers_and_not_compared(sides: Sides) -> None:
    gateway = sides[0]
    before = counted(gateway)
    row = ask(gateway, "cloud", stream=True)
    assert (row["route"], errors(row)) == ("cloud", (False, False))
    assert counted(gateway) == before


def test_a_local_answer_after_the_cloud_failed_is_not_compared(sides: Sides) -> None:
    gateway, _, cloud = sides
    before = counted(gateway)
    cloud.faults.append("error_500")
    row = ask(gateway, "cloud", stream=True)
    assert (row["route"], row["reason"], errors(row)) == ("local", "failover", (False, False))
    assert counted(gateway) == before


def test_an_answer_that_broke_off_has_a_first_token(sides: Sides) -> None:
    gateway, local, _ = sides
    local.faults.append("cut_stream")
    row = ask(gateway, "local", stream=True)
    assert (row["outcome"], errors(row)) == ("interrupted", (True, False))


def test_route_tells_the_estimate(sides: Sides) -> None:
    answer = httpx.post(f"{sides[0].url}/v1/route", json={"prompt": "Say hello."})
    assert answer.json()["estimate"] == {"first_token_s": 3.2, "answer_s": 9.0}


def test_exports_have_estimates_and_errors(sides: Sides) -> None:
    row = ask(sides[0], "local", stream=True)
    names = ("estimated_first_token_ms", "estimated_answer_ms", "true_first_token_ms", "first_token_error_ratio")
    told = sides[0].get(f"/v1/decisions/{row['id']}").json()
    (line, *_) = csv.DictReader(io.StringIO(sides[0].get("/v1/decisions/export", format="csv").text))
    exported = httpx.Response(200, content=sides[0].get("/v1/decisions/export", format="json").content.split(b"\n")[0])
    assert [told[name] for name in names] == [row[name] for name in names]
    assert [float(line[name]) for name in names] == [row[name] for name in names]
    assert [exported.json()[name] for name in names] == [row[name] for name in names]


@pytest.mark.parametrize(
    ("changes", "first_token", "answer"),
    [
        ({}, 0.5, 0.1),
        ({"overhead_ms": None}, 0.2, 0.1429),
        ({"stream": False}, None, 0.1),
        ({"second_look": '{"verdict":"went_on"}'}, None, 0.1),
        ({"outcome": Outcome.CANCELLED}, 0.5, None),
        ({"outcome": Outcome.FAILED, "first_token_ms": None}, None, None),
        ({"route": Route.CLOUD, "reason": Reason.ESCALATED, "second_look": "{}"}, None, None),
        ({"route": Route.CLOUD}, None, None),
        ({"reason": Reason.FAILOVER}, None, None),
        ({"reason": Reason.CONTEXT}, None, None),
        ({"reason": Reason.PINNED}, 0.5, 0.1),
        ({"estimated_first_token_ms": None}, None, 0.1),
        ({"estimated_answer_ms": 0}, 0.5, 1.0),
        ({"first_token_ms": 500.0}, None, 0.1),
    ],
    ids=str,
)
def test_what_compares(changes: dict[str, Any], first_token: float | None, answer: float | None) -> None:
    columns = replace(STREAMED, **changes).to_columns()
    assert (first_token_error_ratio(columns), answer_error_ratio(columns)) == (first_token, answer)


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [(0.0, 0), (3.2004, 3200), (-1.0, None), (math.nan, None), (math.inf, None), (1e300, MAX_MS)],
)
def test_an_estimate_that_is_no_time_is_none(seconds: float, ms: int | None) -> None:
    record = RequestRecord("chat.completions")
    record.set_decision(RoutingDecision(Route.LOCAL, Reason.SCORE, 0.2, 0.5, LocalEstimate(seconds, seconds)))
    row = record.row()
    assert (row.estimated_first_token_ms, row.estimated_answer_ms) == (ms, ms)


@pytest.mark.parametrize("value", [-1, 2.5, "soon", True, 2**60])
def test_an_estimate_out_of_bounds_costs_no_row(value: Any) -> None:
    line = replace(STREAMED, estimated_first_token_ms=value).to_line()
    assert LedgerRow.from_line(line).estimated_first_token_ms is None


def day_of_rows(now_ms: int) -> list[LedgerRow]:
    """Local answers an hour ago that were off by 50, 0 and 25 %, and others that must not count."""
    hour_ago = replace(STREAMED, created_ms=now_ms - 3_600_000)
    return [
        replace(hour_ago, id="half"),
        replace(hour_ago, id="exact", estimated_first_token_ms=2000, estimated_answer_ms=10_000),
        replace(hour_ago, id="quarter", estimated_first_token_ms=2500),
        replace(hour_ago, id="unknown", estimated_first_token_ms=None, estimated_answer_ms=None),
        replace(hour_ago, id="cloud", route="cloud", estimated_first_token_ms=99_000),
        *(replace(hour_ago, id=f"old {i}", created_ms=now_ms - 90_000_000) for i in range(9)),
    ]


def check_report(engine: Engine) -> None:
    now_ms = time.time_ns() // 1_000_000
    seed.write_to(engine, day_of_rows(now_ms))
    with engine.connect() as connection:
        report = estimate_report(connection, now_ms)
    assert report["first_token"] == {"answers": 3, "error_ratio_p50": 0.25}
    assert report["answer"] == {"answers": 3, "error_ratio_p50": 0.1}


def test_medians_are_those_of_the_last_days_local_answers(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    check_report(engine)
    engine.dispose()


def test_medians_on_postgresql(postgres: tuple[str, Engine]) -> None:
    check_report(postgres[1])


def test_only_the_newest_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.reports.estimates.NEWEST", 1)
    now_ms = time.time_ns() // 1_000_000
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    newest = replace(STREAMED, id="newest", created_ms=now_ms, estimated_first_token_ms=2000)
    seed.write_to(engine, [*day_of_rows(now_ms), newest])
    with engine.connect() as connection:
        assert estimate_report(connection, now_ms)["first_token"] == {"answers": 1, "error_ratio_p50": 0.0}
    engine.dispose()


def test_status_tells_the_medians(sides: Sides) -> None:
    ask(sides[0], "local", stream=True)
    told = sides[0].get("/v1/status").json()["local"]["estimates"]
    assert told["hours"] == 24
    assert told["first_token"]["answers"] >= 1
    assert told["answer"]["error_ratio_p50"] > 1


@pytest.mark.parametrize("estimated", [True, False])
def test_the_report_tells_the_medians(estimated: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLIMGATE_STATE_DIR", str(tmp_path))
    rows = day_of_rows(time.time_ns() // 1_000_000)
    seed.write(tmp_path / "ledger.db", rows if estimated else [row for row in rows if row.id == "unknown"])
    shown = CliRunner().invoke(app, ["report"]).stdout
    words = "off by 25% to the first token and 10% to the end of the answer (medians of the last 24 hours)"
    assert (words in shown) is estimated
    assert ("off by" in shown) is estimated
