"""Changing the threshold: in force at once in every worker, kept, shown in the history, never from another web site."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, create_engine

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from gateway.reports.failure_rates import FailureRates
from gateway.reports.tuning import GRID, flips, on_validation, read_traffic
from gateway.scoring.active_threshold import ActiveThreshold, ThresholdChanged
from models.usage.usage import Usage
from router.artifact import load_artifact
from router.threshold import HIGHEST_THRESHOLD, expectation
from router.training.calibrate import exact_interval
from tests.conftest import MakeGateway
from tests.gateway import seed
from tests.live import Gateway, running_gateway, wait_for
from tests.process import running_command
from tests.provider import Provider

END_MS = 1_790_000_000_000
ROWS = list(seed.traffic(3000, END_MS, days=10))
ANSWERED = [row for row in ROWS if row.completion_tokens]
DECIDED_BY_SCORE = ("score", "failover", "escalated")


def in_force(path: Path, default: float = 0.5, basis: str = "v1") -> ActiveThreshold:
    return ActiveThreshold(path / "threshold.json", default, basis)


def test_one_worker_moves_it_and_all_see_it(tmp_path: Path) -> None:
    here, there = in_force(tmp_path), in_force(tmp_path)
    here.apply(0.3, by="me", note="too dear")
    assert here.value == 0.3
    wait_for(lambda: there.value == 0.3)
    assert in_force(tmp_path).value == 0.3
    assert [(change.threshold, change.before, change.by, change.note) for change in there.history()] == [
        (0.3, 0.5, "me", "too dear")
    ]


def test_null_takes_it_back_to_the_default(tmp_path: Path) -> None:
    line = in_force(tmp_path)
    line.apply(0.3, by="me")
    line.apply(None, by="me")
    assert (line.value, len(line.history())) == (0.5, 2)


def test_another_classifier_or_configuration_is_not_bound_by_it(tmp_path: Path) -> None:
    in_force(tmp_path).apply(0.3, by="me")
    later = in_force(tmp_path, default=0.6, basis="v2")
    assert (later.value, later.applied, len(later.history())) == (0.6, None, 1)


def test_stale_view_is_told(tmp_path: Path) -> None:
    line = in_force(tmp_path)
    line.apply(0.3, by="one", expected=0.5)
    with pytest.raises(ThresholdChanged, match=r"0\.3 now"):
        line.apply(0.7, by="another", expected=0.5)
    assert line.value == 0.3


@pytest.mark.parametrize("damage", [b"", b"{", b'{"changes": 3}', b'{"changes": [{"at": 1}]}'])
def test_damaged_file_changes_nothing(tmp_path: Path, damage: bytes) -> None:
    line = in_force(tmp_path)
    line.apply(0.3, by="me")
    (tmp_path / "threshold.json").write_bytes(damage)
    line.history()
    assert line.value == 0.3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    seed.write(path, ROWS)
    return path


def list_price(usage: Usage) -> int:
    return usage.prompt_tokens * 2000 + usage.completion_tokens * 8000


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.815, HIGHEST_THRESHOLD])
def test_curve_is_what_rerouting_every_request_gives(path: Path, threshold: float) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        traffic = read_traffic(
            connection,
            0,
            END_MS + 1,
            lambda usage: usage.prompt_tokens * 2000 + usage.completion_tokens * 8000,
            seed.ARTIFACT,
        )
    engine.dispose()
    point = traffic.points((threshold,), span_ms=10 * seed.DAY_MS)[0]

    def goes_local(row: LedgerRow) -> bool:
        return row.score < threshold if row.reason in DECIDED_BY_SCORE else row.route == "local"

    local = [row for row in ANSWERED if goes_local(row)]
    spent_nusd = sum(row.baseline_nusd or 0 for row in ANSWERED if not goes_local(row))
    assert point["local_share"] == len(local) / len(ANSWERED)
    assert float(point["usd_per_30_days"]) == pytest.approx(spent_nusd * 3 / 1e9, abs=2e-9)
    if local:
        assert point["expected_failure_rate"] == pytest.approx(sum(row.score for row in local) / len(local))
    else:
        assert point["expected_failure_rate"] is None


def test_flips_are_those_between_the_lines(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = flips(connection, 0.5, 0.4, 0, END_MS + 1, seed.ARTIFACT, limit=5)
    engine.dispose()
    moving = [row for row in ANSWERED if row.reason in DECIDED_BY_SCORE and 0.4 <= row.score < 0.5]
    newest = sorted(moving, key=lambda row: (row.created_ms, row.id), reverse=True)[:5]
    assert (found["to"], found["count"]) == ("cloud", len(moving))
    assert [row["id"] for row in found["data"]] == [row.id for row in newest]


def test_validation_curve_agrees_with_the_router() -> None:
    validation = load_artifact().validation
    curve = {point["threshold"]: point for point in on_validation(validation)}
    for threshold in GRID[::20]:
        expected = expectation(threshold, validation)
        assert curve[threshold]["local_share"] == pytest.approx(expected.local_share)
        if expected.failure_rate is not None:
            assert curve[threshold]["failure_rate"] == pytest.approx(expected.failure_rate)


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})


def test_running_gateway_decides_by_it_at_once(gateway: Gateway) -> None:
    for threshold in (0.2, 0.9):
        moved = httpx.post(f"{gateway.url}/v1/threshold", json={"threshold": threshold, "note": "a test"})
        assert moved.json()["threshold"] == threshold
        body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
        answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body)
        assert answer.headers["x-slimgate-threshold"] == f"{threshold:.4f}"
    history = httpx.get(f"{gateway.url}/v1/threshold").json()["history"]
    assert [(change["threshold"], change["before"], change["by"]) for change in history[:1]] == [
        (0.9, 0.2, "127.0.0.1")
    ]
    assert "slimgate_threshold 0.9" in httpx.get(f"{gateway.url}/metrics").text


def test_curve_over_http_names_the_presets(tmp_path: Path, provider: Provider) -> None:
    now_ms = time.time_ns() // 1_000_000
    seed.write(tmp_path / "ledger.db", seed.traffic(500, now_ms))
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": provider.base_url})
    with running_gateway(settings) as gateway:
        curve = httpx.get(f"{gateway.url}/v1/threshold/curve").json()
        flipping = httpx.get(f"{gateway.url}/v1/threshold/flips", params={"candidate": 0.1}).json()
    shares = [curve["presets"][name]["local_share"] for name in ("careful", "balanced", "save more")]
    costs = [float(curve["presets"][name]["usd_per_30_days"]) for name in ("careful", "balanced", "save more")]
    assert shares == sorted(shares)
    assert costs == sorted(costs, reverse=True)
    assert curve["coverage"] == 1.0
    assert flipping["to"] == "cloud"
    assert flipping["count"] >= len(flipping["data"]) > 0


def write_labels(path: Path, failures: int, n: int) -> Path:
    lines = [json.dumps({"prompt": f"Hello number {i}!", "local_ok": i >= failures}) for i in range(n)]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_failures_are_measured_on_ones_own_labels(tmp_path: Path, connection: Connection) -> None:
    artifact = load_artifact()
    labels = FailureRates(write_labels(tmp_path / "labels.jsonl", failures=15, n=60))
    measured = labels.measure((0.0, HIGHEST_THRESHOLD), connection, artifact)
    assert measured["source"] == "file"
    none, everything = measured["points"]
    assert (none["n_local"], none["failure_rate"]) == (0, None)
    assert (everything["n_local"], everything["failure_rate"]) == (60, 0.25)
    assert (everything["low"], everything["high"]) == exact_interval(15, 60, 0.95)
    write_labels(tmp_path / "labels.jsonl", failures=0, n=29)
    again = labels.measure((HIGHEST_THRESHOLD,), connection, artifact)
    assert again["labels"] == 29
    assert again["points"][0]["failure_rate"] is None


def test_labels_that_cannot_be_used_are_said_and_harm_nothing(tmp_path: Path, provider: Provider) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"prompt": "Hello", "local_ok": "maybe"}', "utf-8")
    cloud = {"base_url": provider.base_url}
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud=cloud, router={"labels": path})
    with running_gateway(settings) as gateway:
        measured = httpx.get(f"{gateway.url}/v1/threshold/curve").raise_for_status().json()["failure_rates"]
    assert "labels.jsonl:1" in measured["trouble"]


CROSS_SITE: list[Any] = [
    pytest.param({"sec-fetch-site": "cross-site"}, id="says it is another site"),
    pytest.param({"sec-fetch-site": "same-site"}, id="a neighbour's subdomain"),
    pytest.param({"origin": "https://evil.example"}, id="another origin"),
    pytest.param({"origin": "null"}, id="a sandboxed frame"),
    pytest.param({"host": "evil.example", "origin": "http://evil.example"}, id="a name pointed at this machine"),
]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_other_sites_move_nothing(shared_gateway: Gateway, headers: dict[str, str]) -> None:
    before = httpx.get(f"{shared_gateway.url}/v1/threshold").json()
    content = json.dumps({"threshold": 0.0})
    answer = httpx.post(
        f"{shared_gateway.url}/v1/threshold", content=content, headers={"content-type": "application/json", **headers}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert httpx.get(f"{shared_gateway.url}/v1/threshold").json() == before


def test_the_history_names_the_key_that_moved_it(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url}, api_key="sesame")
    url, body = f"{gateway.url}/v1/threshold", {"threshold": 0.1}
    assert httpx.post(url, json=body).status_code == 401
    moved = httpx.post(url, json=body, headers={"authorization": "Bearer sesame"})
    assert moved.json()["history"][0]["by"] == "127.0.0.1, with the key SLIMGATE_API_KEY"


BAD: list[Any] = [
    ({}, "threshold"),
    ([], "threshold"),
    ({"threshold": "0.4"}, "threshold"),
    ({"threshold": True}, "threshold"),
    ({"threshold": -0.1}, "threshold"),
    ({"threshold": 1.1}, "threshold"),
    ({"threshold": 0.4, "note": 3}, "note"),
    ({"threshold": 0.4, "note": "x" * 301}, "note"),
    ({"threshold": 0.4, "expected": "x"}, "expected"),
]


@pytest.mark.parametrize(("body", "param"), BAD)
def test_bad_wishes_name_the_field(shared_gateway: Gateway, body: Any, param: str) -> None:
    answer = httpx.post(f"{shared_gateway.url}/v1/threshold", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_stale_wish_is_a_conflict(shared_gateway: Gateway) -> None:
    answer = httpx.post(f"{shared_gateway.url}/v1/threshold", json={"threshold": 0.4, "expected": 0.123})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "threshold_changed")


@pytest.mark.slow
def test_all_workers_of_a_gateway_follow(tmp_path: Path, provider: Provider) -> None:
    environment = {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": provider.base_url}
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    with running_command("--workers", "2", state_dir=tmp_path, **environment) as command:

        def thresholds() -> set[str]:
            """As a dozen requests are told, each on a connection of its own: more than one worker answers them."""
            answers = [httpx.post(f"{command.url}/v1/chat/completions", json=body, timeout=60) for _ in range(12)]
            return {answer.headers["x-slimgate-threshold"] for answer in answers}

        for threshold in (0.11, 0.91):
            httpx.post(f"{command.url}/v1/threshold", json={"threshold": threshold}, timeout=60).raise_for_status()
            wait_for(lambda threshold=threshold: thresholds() == {f"{threshold:.4f}"})
