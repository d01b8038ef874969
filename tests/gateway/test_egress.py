"""What leaves is on record, to the byte, before it does; and sealed with the row of its request."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from gateway.audit.chain import AuditChain
from gateway.audit.read import AuditFilter, newest_entries
from gateway.audit.verify import Break, Verification
from gateway.config.settings import Settings
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.reader import LedgerReader
from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import migrate
from gateway.ledger.spool import find_spooled, spool_files
from gateway.ledger.store import insert_rows
from gateway.reports.audit import verify_audit
from tests.gateway.test_ledger import OK, ROW
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider, running_provider

KEY = b"k" * 32
CALL = {"at_ms": 1, "host": "cloud", "model": "m", "call": "POST /", "bytes": 1, "sha256": "a", "via_proxy": False}
LEFT = orjson.dumps({"calls": [{**CALL, "rule": "score"}], "verdict": "not asked"}).decode()
STAYED = orjson.dumps({"calls": [], "verdict": "privacy.local_only is set"}).decode()


def post(gateway: Gateway, path: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/{path}", json={"model": "auto", **body}, timeout=30)


def chat(gateway: Gateway, **body: Any) -> httpx.Response:
    return post(gateway, "chat/completions", messages=[{"role": "user", "content": "Hello!"}], **body)


def egress_of(gateway: Gateway, answer: httpx.Response) -> dict[str, Any]:
    gateway.rows(1)
    egress: dict[str, Any] = gateway.get(f"/v1/decisions/{answer.headers['x-request-id']}").json()["egress"]
    return egress


def entries_of(gateway: Gateway, answer: httpx.Response) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = gateway.get("/v1/audit", request_id=answer.headers["x-request-id"]).json()["data"]
    return entries


def arrived(provider: Provider) -> list[tuple[str, int]]:
    return [(hashlib.sha256(body).hexdigest(), len(body)) for body in provider.bodies]


def recorded(egress: dict[str, Any]) -> list[tuple[str, int]]:
    return [(call["sha256"], call["bytes"]) for call in egress["calls"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": [{"role": "user", "content": "Grüße, 世界"}]}),
        ("chat/completions", {"messages": [{"role": "user", "content": "Hello!"}], "stream": True}),
        ("completions", {"prompt": ["one", "two"]}),
        ("messages", {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 9}),
        ("responses", {"input": "Hello!"}),
        ("chat/completions", {"messages": [{"role": "user", "content": "x" * 1_000_000}]}),
    ],
)
def test_the_record_has_the_bytes_that_the_provider_got(
    shared_gateway: Gateway, shared_provider: Provider, path: str, body: dict[str, Any]
) -> None:
    egress = egress_of(shared_gateway, post(shared_gateway, path, **body))
    assert arrived(shared_provider)
    assert sorted(recorded(egress)) == sorted(arrived(shared_provider))
    call = egress["calls"][0]
    assert (call["host"], call["model"]) == (f"127.0.0.1:{shared_provider.port}", "gpt-4.1")
    assert (call["call"], call["rule"], call["via_proxy"]) == ("POST /v1/chat/completions", "offline", False)
    assert egress["verdict"] == "not asked"


def test_the_entry_says_what_the_row_says(shared_gateway: Gateway, shared_provider: Provider) -> None:
    answer = chat(shared_gateway)
    (entry,) = entries_of(shared_gateway, answer)
    assert (entry["kind"], entry["body"]["route"], entry["body"]["outcome"]) == ("egress", "cloud", "ok")
    assert entry["body"]["egress"] == egress_of(shared_gateway, answer)
    page = shared_gateway.get("/v1/audit", kind="egress", limit=1).json()
    assert [found["seq"] for found in page["data"]] == [page["head"]["seq"]]
    status = shared_gateway.get("/v1/status").json()
    assert status["audit"] == page["head"]


def test_a_call_that_failed_has_left_too(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.faults.append("error_503")
    answer = chat(shared_gateway)
    assert answer.status_code == 503
    assert recorded(egress_of(shared_gateway, answer)) == arrived(shared_provider) != []


def test_it_is_on_disk_before_the_provider_answers(shared_gateway: Gateway, shared_provider: Provider) -> None:
    shared_provider.faults.append("slow_first_token")
    asking = threading.Thread(target=chat, args=(shared_gateway,), kwargs={"user": "only once"})
    asking.start()
    wait_for(lambda: shared_provider.bodies)
    folder = shared_gateway.settings.state_dir / "spool"
    hash = arrived(shared_provider)[0][0].encode()
    lines = [line for path in spool_files(folder) for line in path.read_bytes().splitlines() if hash in line]
    row = find_spooled(folder, orjson.loads(lines[0])["id"])
    assert row is not None
    assert (row.outcome, row.usage_estimated) == (None, True)
    asking.join()


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    """A cloud that is asked twice, and keeps responses itself; nobody else."""
    with running_provider() as provider:
        cloud = {"base_url": provider.base_url, "responses": "native", "retries": 1, "breaker_failures": 1000}
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("egress"),
            local={"enabled": False},
            cloud=cloud,
            privacy={"detect": ["email"]},
        )
        with running_gateway(settings) as gateway:
            yield gateway, provider


def test_each_attempt_is_a_call(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    provider.bodies.clear()
    provider.faults.append("error_503")
    egress = egress_of(gateway, chat(gateway))
    assert recorded(egress) == arrived(provider)
    assert len(egress["calls"]) == 2
    assert egress["verdict"] == "nothing found"


def test_a_private_request_has_a_record_of_none(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    provider.connections = 0
    answer = post(gateway, "chat/completions", messages=[{"role": "user", "content": "To anna@example.se."}])
    (entry,) = entries_of(gateway, answer)
    assert (answer.status_code, provider.connections) == (403, 0)
    assert (entry["kind"], entry["body"]["egress"]) == (
        "private",
        {"calls": [], "verdict": "the detector found: email"},
    )


def test_a_call_of_no_request_is_sealed_before_it_leaves(
    hybrid: tuple[Gateway, Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, provider = hybrid
    gateway.get("/v1/responses/resp_1")
    newest = gateway.get("/v1/audit", limit=1).json()["data"][0]
    (call,) = newest["body"]["egress"]["calls"]
    assert (newest["kind"], newest["request_id"], call["rule"]) == ("egress", None, "not routed")
    assert call["call"] == "GET /v1/responses/resp_1"

    def away(_self: Ledger) -> None:
        raise LedgerUnavailable("away")

    monkeypatch.setattr(Ledger, "write", away)
    provider.paths.clear()
    assert gateway.get("/v1/responses/resp_1").status_code == 503
    assert provider.paths == []


def test_a_threshold_is_moved_with_who_and_from_where_or_not_at_all(
    shared_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def move(threshold: float, expected: float | None = None) -> int:
        body = {"threshold": threshold, "note": "a test", "expected": expected}
        return httpx.post(f"{shared_gateway.url}/v1/threshold", json=body).status_code

    def newest() -> dict[str, Any]:
        entry: dict[str, Any] = shared_gateway.get("/v1/audit", kind="admin", limit=1).json()["data"][0]
        return entry

    assert move(0.25) == 200
    entry = newest()
    assert {"who": "anybody", "where": "127.0.0.1", "threshold": 0.25, "note": "a test"}.items() <= entry[
        "body"
    ].items()
    assert move(0.5, expected=0.9) == 409
    assert newest() == entry

    def away(_self: Ledger) -> None:
        raise LedgerUnavailable("away")

    monkeypatch.setattr(Ledger, "write", away)
    assert move(0.5) == 503
    assert shared_gateway.get("/v1/threshold").json()["threshold"] == 0.25


def test_a_reload_names_what_changed_and_no_value(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, _ = hybrid
    new = gateway.settings.model_copy(update={"drain_s": 0.125})
    assert asyncio.run(gateway.app.state.lifecycle.reloader.apply(new))
    body = gateway.get("/v1/audit", kind="admin", limit=1).json()["data"][0]["body"]
    assert (body["action"], body["changed"]) == ("settings reloaded", ["drain_s"])
    assert body["who"].startswith("reload (")
    assert "0.125" not in str(body)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres")[0]
    return url


def engine_at(url: str) -> Engine:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        migrate(connection)
    return engine


def verified(ledger: Ledger) -> Verification:
    return verify_audit(ledger.read, [KEY])


def test_two_gateways_seal_one_chain(url: str, tmp_path: Path) -> None:
    ledgers = [Ledger(url, tmp_path / "spool", chain=AuditChain(KEY)) for _ in range(2)]
    ledgers[0].start()
    assert ledgers[0].flush(10)  # the tables are there
    ledgers[1].start()
    for i in range(300):
        for number, ledger in enumerate(ledgers):
            ledger.record(replace(OK, id=f"req_{number}_{i}", egress=(LEFT, STAYED, None)[i % 3]))
    assert all(ledger.flush(30) for ledger in ledgers)
    result = verified(ledgers[0])
    assert (result.entries, result.finding) == (400, None)
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "spool", chain=AuditChain(KEY))
    ledger.start()
    for i in range(3):
        ledger.record(replace(OK, id=f"req_{i}", created_ms=1000 + i, egress=LEFT))
    ledger.flush()
    yield ledger
    ledger.close()


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE requests SET egress = NULL WHERE id = 'req_1'", Break.ROW_CHANGED),
        ("UPDATE requests SET egress = replace(egress, 'cloud', 'nowhere') WHERE id = 'req_1'", Break.ROW_CHANGED),
        ("UPDATE requests SET egress = 'no JSON' WHERE id = 'req_1'", Break.ROW_CHANGED),
        ("DELETE FROM requests WHERE id = 'req_1'", Break.ROW_MISSING),
    ],
)
def test_rows_and_entries_must_agree(ledger: Ledger, statement: str, kind: Break) -> None:
    with ledger.write() as connection:
        connection.execute(text(statement))
    finding = verified(ledger).finding
    assert finding is not None
    assert finding.kind is kind


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ("created_ms = created_ms + 1", "created_ms"),
        ("endpoint = 'embeddings'", "endpoint"),
        ("key_id = 'x'", "key_id"),
        ("team = 'x'", "team"),
        ("route = 'cloud', reason = 'header'", "route"),
        ("reason = 'privacy'", "reason"),
        ("outcome = 'failed'", "outcome"),
        ("cost_nusd = NULL", "cost_nusd"),
        ("egress = NULL", "egress"),
    ],
)
def test_the_column_that_was_changed_is_named(ledger: Ledger, changes: str, column: str) -> None:
    with ledger.write() as connection:
        connection.execute(text(f"UPDATE requests SET {changes} WHERE id = 'req_1'"))
    finding = verified(ledger).finding
    assert finding is not None
    assert (finding.kind, finding.seq) == (Break.ROW_CHANGED, 2)
    assert finding.message == f"{column} in the row of request req_1 is something else than in entry 2"


def test_a_reader_changes_nothing(url: str, tmp_path: Path) -> None:
    engine = engine_at(url)
    insert_rows(engine, [replace(OK, egress=LEFT)], AuditChain(KEY))
    reader = LedgerReader(url)
    assert verify_audit(reader.read, [KEY]).entries == 1
    for statement in ("UPDATE requests SET key_id = 'x'", "DELETE FROM audit", "CREATE TABLE more (id INTEGER)"):
        with pytest.raises((DBAPIError, LedgerUnavailable), match=r"read-?only"), reader.read() as connection:
            connection.execute(text(statement))
    reader.close()
    engine.dispose()


def test_a_reader_makes_no_ledger_and_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with pytest.raises(LedgerUnavailable, match="There is no ledger at"):
        LedgerReader(f"sqlite:///{path}")
    assert not path.exists()
    path.touch()
    reader = LedgerReader(f"sqlite:///{path}")
    with pytest.raises(LedgerUnavailable, match="start the gateway once"), reader.read():
        pass
    reader.close()


def test_a_chain_that_was_cut_to_fit_leaves_rows_without_entries(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(text("DELETE FROM audit WHERE seq = 3"))
        connection.execute(text("UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)"))
    finding = verified(ledger).finding
    assert finding is not None
    assert (finding.kind, finding.request_id) == (Break.ENTRY_MISSING, "req_2")


def test_rows_that_were_deleted_for_their_age_are_not_missed(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(text("DELETE FROM requests WHERE created_ms < 1002"))
    assert verified(ledger).finding is None


def test_rows_that_come_twice_have_one_entry(url: str) -> None:
    engine, chain = engine_at(url), AuditChain(KEY)
    rows = [replace(OK, id=f"req_{i}", egress=LEFT) for i in range(3)]
    insert_rows(engine, rows[:2], chain)
    insert_rows(engine, rows, chain)  # as after a crash between the commit and `mark_done`
    with engine.connect() as connection:
        assert [entry["request_id"] for entry in newest_entries(connection, AuditFilter(), 9)] == [
            "req_2",
            "req_1",
            "req_0",
        ]
    engine.dispose()


def test_what_left_before_a_process_died_is_sealed_by_its_heir(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    states: list[LedgerRow] = [replace(ROW, egress=None), replace(ROW, egress=LEFT)]
    (folder / "dead.jsonl").write_bytes(b"".join(row.to_line() for row in states))
    heir = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", folder, chain=AuditChain(KEY))
    heir.start()
    heir.flush()
    with heir.read() as connection:
        (entry,) = newest_entries(connection, AuditFilter(request_id=ROW.id), 9)
    assert (entry["kind"], entry["body"]["outcome"]) == ("egress", "lost")
    assert entry["body"]["egress"] == orjson.loads(LEFT)
    heir.close()
