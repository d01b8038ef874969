"""The ledger's promises: one row a request, whatever dies; the database may be slow, absent or PostgreSQL."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, create_engine, func, select, text

from gateway.ledger import Ledger, LedgerRow, Outcome
from gateway.ledger.schema import FIRST_ADDITIVE, METADATA, MIGRATIONS, REQUESTS, migrate
from gateway.ledger.spool import find_spooled
from tests.live import wait_for

ROW = LedgerRow(
    id="req_1",
    created_ms=1_700_000_000_000,
    endpoint="chat.completions",
    requested_model="auto",
    route="local",
    reason="score",
    score=0.25,
    threshold=0.5,
    stream=True,
)
OK = replace(
    ROW,
    outcome=Outcome.OK,
    prompt_tokens=7,
    completion_tokens=5,
    cost_nusd=0,
    baseline_nusd=54_000,
    estimated_first_token_ms=3200,
    estimated_answer_ms=9000,
)


BEFORE_RENAMING = 8
"""The version of the database whose columns had other names."""

LATER_COLUMNS = (
    "estimated_first_token_ms", "estimated_answer_ms",
    "first_n", "first_logprob", "first_least_logprob", "first_margin", "first_entropy",
    "team", "tags", "end_user", "egress", "abandoned_nusd",
)  # fmt: skip


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(url, tmp_path / "spool")
    ledger.start()
    yield ledger
    ledger.close()


def outcomes(url: str) -> dict[str, str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {row.id: row.outcome for row in connection.execute(select(REQUESTS.c.id, REQUESTS.c.outcome))}
    engine.dispose()
    return found


def test_a_row_comes_back_as_it_went_in(ledger: Ledger) -> None:
    ledger.record(ROW)
    ledger.record(OK)
    with ledger.read() as connection:
        assert dict(connection.execute(select(REQUESTS)).one()._mapping) == OK.to_columns()


@pytest.mark.slow
def test_ten_thousand_rows_from_many_threads(ledger: Ledger, url: str) -> None:
    def work(number: int) -> None:
        for i in range(1250):
            ledger.record(replace(OK, id=f"req_{number}_{i}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.flush(30)
    assert len(outcomes(url)) == 10_000
    assert ledger.pending_bytes == 0


def test_rows_wait_for_a_database_that_is_away(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}", tmp_path / "spool")
    ledger.start()
    ledger.record(OK)
    assert not ledger.flush(0.3)
    folder.mkdir(parents=True)
    assert ledger.flush(10)
    ledger.close()
    assert outcomes(f"sqlite:///{folder / 'ledger.db'}") == {"req_1": "ok"}


DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from gateway.ledger import Ledger
from tests.gateway.test_ledger import OK, ROW
ledger = Ledger(sys.argv[1], Path(sys.argv[2]))  # never started: nothing reaches the database
for i in range(100):
    ledger.record(replace(ROW, id=f"req_{i}"))
    if i % 2:
        ledger.record(replace(OK, id=f"req_{i}"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_rows_survive_kill_9(url: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, url, str(tmp_path / "spool")], timeout=60)
    assert done.returncode == -signal.SIGKILL
    heir = Ledger(url, tmp_path / "spool")
    heir.start()
    heir.flush()
    heir.close()
    assert outcomes(url) == {f"req_{i}": "ok" if i % 2 else "lost" for i in range(100)}


def test_a_spool_of_a_living_process_is_left_alone(url: str, tmp_path: Path, ledger: Ledger) -> None:
    ledger.record(ROW)
    second = Ledger(url, tmp_path / "spool")
    second.start()
    second.record(replace(OK, id="req_2"))
    assert second.flush()
    second.close()
    assert outcomes(url) == {"req_2": "ok"}
    ledger.record(OK)
    assert ledger.flush()
    assert outcomes(url) == {"req_1": "ok", "req_2": "ok"}


def test_a_row_that_comes_twice_is_kept_once(ledger: Ledger, url: str) -> None:
    ledger.record(OK)
    assert ledger.flush()
    ledger.record(replace(OK, outcome=Outcome.FAILED))
    assert ledger.flush()
    assert outcomes(url) == {"req_1": "ok"}


def test_a_damaged_spool_costs_its_damaged_lines(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    lines = [OK.to_line(), b"\xff\xfe{not a row}\n", b"[]\n", replace(OK, id="b").to_line(), b'{"id"']
    (folder / "dead.jsonl").write_bytes(b"".join(lines))
    heir = Ledger(url, folder)
    heir.start()
    wait_for(lambda: not (folder / "dead.jsonl").exists())
    heir.close()
    assert outcomes(url) == {"req_1": "ok", "b": "ok"}


def test_a_full_disk_fails_no_request(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr("gateway.ledger.spool.os.write", full)
        ledger.record(OK)
        assert "No space left" in (ledger.trouble or "")
        assert ledger.flush()  # from memory: the database may lie on another disk
    assert outcomes(url) == {"req_1": "ok"}
    ledger.record(replace(OK, id="req_2"))
    assert ledger.flush()
    assert outcomes(url) == {"req_1": "ok", "req_2": "ok"}
    assert (ledger.trouble, ledger.refused_rows) == (None, 0)


@pytest.mark.parametrize("asks", [True, False])
def test_rows_in_memory_go_to_a_disk_that_has_room_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asks: bool
) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    away = Ledger("postgresql://127.0.0.1:9/nothing", tmp_path / "spool")
    with monkeypatch.context() as patch:
        patch.setattr("gateway.ledger.spool.os.write", full)
        away.record(OK)
        assert away.held_rows == 1
    if asks:
        away.record(replace(OK, id="req_2"))
    else:
        away.start()
    wait_for(lambda: away.held_rows == 0)
    assert find_spooled(tmp_path / "spool", OK.id) is not None, "it survives the process"
    away.close()


def test_what_neither_disk_nor_memory_takes_is_counted(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("gateway.ledger.held.MOST_ROWS", 0)
    monkeypatch.setattr("gateway.ledger.spool.os.write", full)
    ledger.record(OK)
    assert ledger.refused_rows == 1


def test_a_long_spool_is_replaced_once_it_is_drained(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gateway.ledger.spool.ROTATE_BYTES", 1000)
    ledger.record(replace(ROW, id="in hand"))
    for i in range(50):
        ledger.record(replace(OK, id=f"req_{i}"))
        assert ledger.flush()
    wait_for(lambda: sum(path.stat().st_size for path in (tmp_path / "spool").glob("*.jsonl")) < 2000)
    ledger.record(replace(OK, id="in hand"))
    assert ledger.flush()


def test_migrations_give_what_the_queries_expect(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection)
        migrate(connection)
        assert connection.scalar(text("SELECT max(version) FROM schema_version")) == len(MIGRATIONS)
        columns = {row.name for row in connection.execute(text("PRAGMA table_info(requests)"))}
    engine.dispose()
    assert columns == {column.name for column in METADATA.tables["requests"].columns}


def only_adds(statement: str) -> bool:
    words = " ".join(statement.split())
    if column := re.fullmatch(r"ALTER TABLE \w+ ADD COLUMN (.*)", words):
        return "NOT NULL" not in column[1] or "DEFAULT" in column[1]
    return re.match(r"CREATE (TABLE|INDEX) ", words) is not None  # a unique index refuses what was inserted before


def test_migrations_only_add_so_that_the_version_before_goes_on(url: str) -> None:
    assert [
        statement for step in MIGRATIONS[FIRST_ADDITIVE - 1 :] for statement in step if not only_adds(statement)
    ] == []
    assert not only_adds("ALTER TABLE requests ADD COLUMN a TEXT NOT NULL")
    assert not only_adds("DROP INDEX requests_seen")
    assert not only_adds("CREATE UNIQUE INDEX one_a_session ON requests (session_id)")


def test_an_earlier_version_serves_on_a_newer_database(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection)
        connection.execute(text(f"INSERT INTO schema_version VALUES ({len(MIGRATIONS) + 5})"))
        connection.execute(text("ALTER TABLE requests ADD COLUMN of_a_later_version TEXT"))
    ledger = Ledger(url, tmp_path / "spool")
    ledger.start()
    ledger.record(OK)
    assert ledger.flush()
    assert ledger.find(OK.id) is not None
    ledger.close()
    engine.dispose()


def test_columns_of_an_earlier_version_keep_their_values(url: str) -> None:
    engine = create_engine(url)
    old, later = BEFORE_RENAMING, LATER_COLUMNS
    with engine.begin() as connection:
        for statement in (statement for step in MIGRATIONS[:old] for statement in step):
            connection.execute(text(statement))
        connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        connection.execute(text(f"INSERT INTO schema_version VALUES ({old})"))
        names = {"contributions": "traits", "backend_model": "asked_model"}
        values = {names.get(name, name): value for name, value in OK.to_columns().items() if name not in later}
        values |= {"traits": '{"familiarity":0.9,"pushes":{"length":0.3}}', "asked_model": "gpt-4.1"}
        bound = ", ".join(f":{name}" for name in values)
        connection.execute(text(f"INSERT INTO requests ({', '.join(values)}) VALUES ({bound})"), values)
        migrate(connection)
        row = connection.execute(select(REQUESTS)).one()
    engine.dispose()
    assert orjson.loads(row.contributions) == {"vocabulary_coverage": 0.9, "features": {"length": 0.3}}
    assert row.backend_model == "gpt-4.1"
    assert not any(getattr(row, name) for name in later)


def test_postgresql(postgres: tuple[str, Engine], tmp_path: Path) -> None:
    url, engine = postgres
    ledgers = [Ledger(url, tmp_path / "spool") for _ in range(2)]
    for number, ledger in enumerate(ledgers):
        ledger.start()
        for i in range(500):
            ledger.record(replace(OK, id=f"req_{number}_{i}"))
    for ledger in ledgers:
        assert ledger.flush(30)
        ledger.close()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(REQUESTS)) == 1000
        assert connection.scalar(select(func.sum(REQUESTS.c.baseline_nusd))) == 54_000_000
        assert connection.scalar(select(func.sum(REQUESTS.c.estimated_answer_ms))) == 9_000_000


def test_a_line_of_an_earlier_version_keeps_its_values() -> None:
    values = orjson.loads(ROW.to_line())
    del values["backend_model"], values["contributions"]
    traits = '{"familiarity":0.9,"pushes":{"length":0.3}}'
    row = LedgerRow.from_line(orjson.dumps({**values, "asked_model": "gpt-4.1", "traits": traits}))
    assert row.backend_model == "gpt-4.1"
    assert row.contributions == '{"vocabulary_coverage":0.9,"features":{"length":0.3}}'
