"""Feedback: kept once however often it comes, found wherever its request is, and a label only where it tells of one."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine, create_engine, func, select

from gateway.ledger import Ledger, LedgerRow
from gateway.ledger.feedback import keep_feedback
from gateway.ledger.schema import FEEDBACK
from gateway.ledger.store import delete_rows_before
from gateway.reports.failure_rates import FailureRates, feedback
from router.artifact import load_artifact
from router.training.calibrate import exact_interval
from tests.conftest import MakeGateway
from tests.gateway import seed
from tests.gateway.test_ledger import OK as ANSWERED
from tests.gateway.test_ledger import ROW
from tests.live import Gateway, wait_for
from tests.process import running_command
from tests.provider import Provider

END_MS = 1_790_000_000_000
OK = replace(ANSWERED, artifact=seed.ARTIFACT)
BODY = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    """Both sides answer at once; the score keeps everything local."""
    side = {"base_url": provider.base_url}
    return make_gateway(local=side, cloud=side, router={"threshold": 1.0})


def say(gateway: Gateway, request_id: Any, ok: Any = True) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/feedback", json={"request_id": request_id, "ok": ok}, timeout=30)


def ask(gateway: Gateway, model: str = "auto") -> str:
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json={**BODY, "model": model}, timeout=30)
    return answer.raise_for_status().headers["x-request-id"]


def kept(path: Path) -> list[tuple[str, bool]]:
    engine = create_engine(f"sqlite:///{path / 'ledger.db'}")
    with engine.connect() as connection:
        found = [(row.request_id, row.ok) for row in connection.execute(select(FEEDBACK))]
    engine.dispose()
    return found


def test_the_last_word_counts_and_counts_once(gateway: Gateway) -> None:
    wait_for(lambda: httpx.get(f"{gateway.url}/health/ready").json()["local"] == "up")
    request_id = ask(gateway)
    for ok in (True, True, False):
        answer = say(gateway, request_id, ok)
        assert answer.json() == {"object": "feedback", "request_id": request_id, "ok": ok, "label": True}
    assert kept(gateway.settings.state_dir) == [(request_id, False)]
    measured = httpx.get(f"{gateway.url}/v1/threshold/curve").json()["failure_rates"]
    assert (measured["source"], measured["labels"]) == ("feedback", 1)


def test_a_word_on_a_cloud_answer_or_a_pinned_one_is_no_label(gateway: Gateway) -> None:
    wait_for(lambda: httpx.get(f"{gateway.url}/health/ready").json()["local"] == "up")
    for model in ("cloud", "local"):
        assert say(gateway, ask(gateway, model)).json()["label"] is False
    assert httpx.get(f"{gateway.url}/v1/threshold/curve").json()["failure_rates"]["labels"] == 0


def test_an_answer_that_is_still_being_streamed_can_be_judged(gateway: Gateway, provider: Provider) -> None:
    body = {**BODY, "model": "cloud", "stream": True}
    with httpx.stream("POST", f"{gateway.url}/v1/chat/completions", json=body) as stream:
        assert say(gateway, stream.headers["x-request-id"]).status_code == 200


def test_a_request_that_nobody_knows_is_not_found(shared_gateway: Gateway) -> None:
    answer = say(shared_gateway, "req_0123")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "request_not_found")
    assert "x-request-id" in answer.json()["error"]["message"]


BAD: list[Any] = [
    ({}, "request_id"),
    ([], None),
    ({"request_id": 3, "ok": True}, "request_id"),
    ({"request_id": "", "ok": True}, "request_id"),
    ({"request_id": "x" * 101, "ok": True}, "request_id"),
    ({"request_id": "a\0b", "ok": True}, "request_id"),
    ({"request_id": "req_1"}, "ok"),
    ({"request_id": "req_1", "ok": 1}, "ok"),
    ({"request_id": "req_1", "ok": None}, "ok"),
    ({"request_id": "req_1", "ok": True, "comment": "my secret"}, None),
]


@pytest.mark.parametrize(("body", "param"), BAD)
def test_what_does_not_fit_names_the_field(shared_gateway: Gateway, body: Any, param: str | None) -> None:
    answer = httpx.post(f"{shared_gateway.url}/v1/feedback", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_it_needs_the_key(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url}, api_key="sesame")
    assert say(gateway, "req_1").status_code == 401
    assert httpx.get(f"{gateway.url}/v1/threshold", headers={"x-api-key": "sesame"}).status_code == 200


@pytest.mark.slow
def test_every_worker_finds_what_another_one_answered(tmp_path: Path, provider: Provider) -> None:
    environment = {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": provider.base_url}
    with running_command("--workers", "2", state_dir=tmp_path, **environment) as command:
        ids = []
        for _ in range(16):  # connections of their own, and no time for any row to reach the database
            answer = httpx.post(f"{command.url}/v1/chat/completions", json=BODY, timeout=60)
            ids.append(answer.headers["x-request-id"])
            said = httpx.post(f"{command.url}/v1/feedback", json={"request_id": ids[-1], "ok": True}, timeout=60)
            assert said.status_code == 200, said.text
    assert {request_id for request_id, _ in kept(tmp_path)} == set(ids)


def test_a_row_that_never_reached_the_database_is_found_in_its_file(tmp_path: Path) -> None:
    here, there = (Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "spool") for _ in range(2))
    here.start()
    assert here.flush()
    there.record(ROW)  # a process whose ledger moves nothing
    assert here.find("req_1") == ROW
    there.record(replace(ROW, id="req_10"))
    there.record(OK)
    assert here.find("req_1") == OK
    assert here.find("req") is None
    there.close()
    here.close()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    seed.write(tmp_path / "ledger.db", ())
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def judge(path: Path, rows: Iterable[LedgerRow], fails: Any) -> None:
    """Write `rows` to the ledger in `path` and give feedback on each."""
    rows = list(rows)
    seed.write(path / "ledger.db", rows)
    engine = create_engine(f"sqlite:///{path / 'ledger.db'}")
    with engine.begin() as connection:
        for number, row in enumerate(rows):
            keep_feedback(connection, row.id, not fails(number, row), END_MS + number)
    engine.dispose()


def answered(count: int, score: float, threshold: float, prefix: str) -> list[LedgerRow]:
    row = replace(OK, created_ms=END_MS, score=score, threshold=threshold)
    return [replace(row, id=f"{prefix}{number}") for number in range(count)]


def test_failures_are_measured_where_labels_could_be_given(tmp_path: Path, connection: Connection) -> None:
    """While the threshold was 0.3, no higher score got a local answer to judge; so those labels do not count at 0.5."""
    judge(tmp_path, answered(100, 0.2, 0.3, "low"), lambda number, _row: number < 5)
    judge(tmp_path, answered(50, 0.4, 0.5, "high"), lambda number, _row: number < 20)
    low, middle, beyond = FailureRates(None).measure((0.3, 0.5, 0.6), connection, load_artifact())["points"]
    assert (low["n_local"], low["failure_rate"]) == (100, 0.05)
    assert (low["low"], low["high"]) == exact_interval(5, 100, 0.95)
    assert (middle["n_local"], middle["failure_rate"]) == (50, 0.4)
    assert (beyond["n_local"], beyond["failure_rate"]) == (0, None)


def test_what_is_no_label_is_not_measured(tmp_path: Path, connection: Connection) -> None:
    odd = [
        replace(OK, id="cloud", route="cloud", score=0.9),
        replace(OK, id="pinned", reason="pinned"),
        replace(OK, id="failover", reason="failover", score=0.9),
        replace(OK, id="silent", completion_tokens=0),
        replace(OK, id="another classifier's", artifact="another"),
    ]
    judge(tmp_path, odd, lambda _number, _row: True)
    assert feedback(connection, seed.ARTIFACT) is None
    judge(tmp_path, answered(1, 0.2, 0.3, "fine"), lambda _number, _row: True)
    judged = feedback(connection, seed.ARTIFACT)
    assert judged is not None
    assert (judged.scores.tolist(), judged.failed.tolist()) == ([0.2], [1.0])


def test_it_goes_with_its_request(tmp_path: Path, connection: Connection) -> None:
    old = [replace(row, created_ms=END_MS - seed.DAY_MS) for row in answered(3, 0.2, 0.3, "old")]
    judge(tmp_path, [*old, *answered(2, 0.2, 0.3, "new")], lambda _number, _row: False)
    assert delete_rows_before(connection, END_MS - 1000) == 3
    assert connection.scalars(select(FEEDBACK.c.request_id)).all() == ["new0", "new1"]


def test_postgresql(postgres: tuple[str, Engine], tmp_path: Path) -> None:
    ledger = Ledger(postgres[0], tmp_path / "spool")
    ledger.start()
    ledger.record(OK)
    assert ledger.flush(30)
    for ok in (True, False):
        with ledger.write() as connection:
            keep_feedback(connection, OK.id, ok, time.time_ns() // 1_000_000)
    found = ledger.find(OK.id)
    assert found is not None
    assert found.route == "local"
    with ledger.read() as connection:
        judged = feedback(connection, seed.ARTIFACT)
        assert connection.scalar(select(func.count()).select_from(FEEDBACK)) == 1
    assert judged is not None
    assert judged.failed.tolist() == [1.0]
    ledger.close()
