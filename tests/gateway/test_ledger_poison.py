"""One row that cannot be priced or stored never keeps the others out, and nothing is counted before it is stored."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, func, select

from gateway.config.settings import Settings
from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.ledger.rollup import read_rollup, total
from gateway.ledger.schema import REQUESTS
from gateway.ledger.scope import EVERYBODY
from gateway.ledger.set_aside import SetAside
from gateway.ledger.spool import put_back
from gateway.reports.decisions import DecisionFilter, find_decisions
from gateway.spending.pricing import Pricer
from models.usage.shapes import MAX_TOKENS
from tests.gateway.test_ledger import OK, ROW, outcomes
from tests.live import wait_for

BEFORE, AFTER = replace(OK, id="before"), replace(OK, id="after")

POISON: dict[str, dict[str, Any]] = {
    "more cached than read": {"prompt_tokens": 100, "cached_tokens": 900},
    "an unsigned -1": {"completion_tokens": 2**64 - 1},
    "beyond 64 bits in the sum": {"completion_tokens": 2**63 - 1},
    "true": {"prompt_tokens": True},
    "negative": {"prompt_tokens": -5},
    "a float": {"prompt_tokens": 1.5},
    "text": {"prompt_tokens": "many"},
    "money beyond 64 bits": {"cost_nusd": 2**63},
    "NUL in a name": {"requested_model": "auto\0"},
    "NUL in an error": {"error_code": "\0"},
    "NUL in an answer's model": {"served_model": "gpt\0"},
    "no name": {"served_model": None},
    "a number for a name": {"route": 7},
    "a name of 100 kB": {"requested_model": "x" * 100_000},
    "no score": {"score": None},
    "contributions that are no text": {"contributions": {"a": 1}},
    "a second look that is none": {"second_look": "[]"},
    "a second look that is no JSON": {"second_look": "{"},
    "contributions that are no JSON": {"contributions": "x"},
    "details that are no object": {"usage_details": "7"},
}


def line(**changes: Any) -> bytes:
    """As an older version may have written it."""
    return orjson.dumps({**orjson.loads(replace(OK, id="poison").to_line()), **changes}) + b"\n"


def spooled(folder: Path, *lines: bytes) -> Path:
    folder.mkdir()
    (folder / "dead.jsonl").write_bytes(b"".join(lines))
    return folder


def heir(url: str, folder: Path) -> Ledger:
    """A gateway that starts where another one died."""
    ledger = Ledger(url, folder, Pricer(Settings(local={"enabled": False}, cloud={"base_url": "http://x/v1"})).price)
    ledger.start()
    wait_for(lambda: not (folder / "dead.jsonl").exists())
    ledger.close()
    return ledger


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_a_poisoned_spool_is_recovered(url: str, tmp_path: Path, poison: dict[str, Any]) -> None:
    folder = spooled(tmp_path / "spool", BEFORE.to_line(), line(**poison), AFTER.to_line())
    assert heir(url, folder).set_aside.rows == 0
    assert outcomes(url) == {"before": "ok", "poison": "ok", "after": "ok"}


def test_a_poisoned_spool_is_recovered_by_postgresql(postgres: tuple[str, Engine], tmp_path: Path) -> None:
    url, engine = postgres
    poisons = [line(**poison, id=f"poison {number}") for number, poison in enumerate(POISON.values())]
    folder = spooled(tmp_path / "spool", BEFORE.to_line(), *poisons, AFTER.to_line())
    assert heir(url, folder).set_aside.rows == 0
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(REQUESTS)) == len(POISON) + 2


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.dictionaries(
        st.sampled_from(sorted(LedgerRow.__slots__)),
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_no_line_makes_a_row_that_cannot_be_stored(values: dict[str, Any]) -> None:
    text = line(**{**values, "outcome": values.get("outcome") or "ok"})
    try:
        row = LedgerRow.from_line(text)
    except ValueError:
        assert type(values["created_ms"]) is not int or values["created_ms"] not in range(2**53 + 1)
        return
    row.outcome = row.outcome or "ok"  # infinity is null in JSON, and a row without an outcome is not stored yet
    engine = create_engine("sqlite://")
    REQUESTS.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(REQUESTS.insert(), row.to_columns())
    assert 0 <= row.cached_tokens <= row.prompt_tokens <= MAX_TOKENS
    assert "\0" not in row.requested_model + row.served_model
    assert LedgerRow.from_line(row.to_line()) == row


def test_a_count_that_cannot_be_true_is_marked_as_a_guess() -> None:
    row = LedgerRow.from_line(line(completion_tokens=2**64 - 1))
    assert (row.completion_tokens, row.usage_estimated) == (0, True)


def refuse_poison(url: str) -> None:
    """A table that takes every row but one."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON requests WHEN new.id = 'poison' "
            "BEGIN SELECT raise(ABORT, 'not this one'); END"
        )


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(url, tmp_path / "spool")
    ledger.start()
    assert ledger.flush()
    yield ledger
    ledger.close()


def test_a_row_that_the_database_refuses_is_set_aside(ledger: Ledger, url: str, tmp_path: Path) -> None:
    told: list[str] = []
    ledger.when_committed(lambda row: told.append(row.id))
    refuse_poison(url)
    for row in (BEFORE, replace(OK, id="poison"), *(replace(OK, id=f"req_{i}") for i in range(20)), AFTER):
        ledger.record(row)
    assert ledger.flush()
    assert "poison" not in outcomes(url)
    assert len(outcomes(url)) == len(told) == len(set(told)) == 22
    assert (ledger.set_aside.added, ledger.set_aside.rows, ledger.trouble) == (1, 1, None)
    (entry,) = map(orjson.loads, ledger.set_aside.lines())
    assert entry["row"]["id"] == "poison"
    assert "not this one" in entry["why"]
    assert oct((tmp_path / "spool" / "set-aside.ndjson").stat().st_mode & 0o777) == "0o600"


def test_what_was_set_aside_can_be_put_back(url: str, tmp_path: Path) -> None:
    folder = spooled(tmp_path / "spool", OK.to_line())
    heir(url, folder)
    refuse_poison(url)
    (folder / "dead.jsonl").write_bytes(line() + b"no row\n")
    assert heir(url, folder).set_aside.rows == 2
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TRIGGER refuse")
    assert SetAside(folder).try_again() == (1, 1)
    last = Ledger(url, folder)
    last.start()
    assert last.flush()
    last.close()
    assert outcomes(url) == {"req_1": "ok", "poison": "ok"}
    assert last.set_aside.rows == 1  # what was no row stays where it can be looked at


def test_a_damaged_line_of_a_living_spool_is_set_aside(ledger: Ledger, url: str, tmp_path: Path) -> None:
    ledger.record(ROW)
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    with path.open("r+b") as file:
        file.write(b"#")
    ledger.record(replace(OK, id="after"))
    assert ledger.flush()
    assert outcomes(url) == {"after": "ok"}
    assert ledger.set_aside.rows == 1


def test_a_database_that_refuses_everything_gets_everything_later(ledger: Ledger, url: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("ALTER TABLE rollup RENAME TO away")
    for number in range(5):
        ledger.record(replace(OK, id=f"req_{number}"))
    wait_for(lambda: ledger.trouble is not None)
    assert outcomes(url) == {}
    assert ledger.set_aside.rows == 0
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("ALTER TABLE away RENAME TO rollup")
    assert ledger.flush(10)
    assert len(outcomes(url)) == 5


def test_a_pricing_that_fails_costs_a_price_and_no_row(url: str, tmp_path: Path) -> None:
    def price(row: LedgerRow) -> LedgerRow:
        if row.id == "poison":
            raise ZeroDivisionError
        return replace(row, cost_nusd=5)

    ledger = Ledger(url, tmp_path / "spool", price)
    ledger.start()
    for id in ("before", "poison", "after"):
        ledger.record(replace(OK, id=id, cost_nusd=None))
    assert ledger.flush()
    assert ledger.unpriced_rows == 1
    with ledger.read() as connection:
        costs = {row.id: row.cost_nusd for row in connection.execute(select(REQUESTS))}
    ledger.close()
    assert costs == {"before": 5, "poison": None, "after": 5}


def test_a_listener_that_fails_is_no_reason_to_count_twice(ledger: Ledger) -> None:
    told: list[str] = []

    def broken(row: LedgerRow) -> None:
        raise ZeroDivisionError

    ledger.when_committed(broken)
    ledger.when_committed(lambda row: told.append(row.id))
    ledger.record(OK)
    assert ledger.flush()
    assert told == ["req_1"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger made after this one waits for nobody."""
    monkeypatch.setattr("gateway.ledger.database.BUSY_MS", 100)
    monkeypatch.setattr("gateway.ledger.ledger.SETTLE_WAIT_S", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_counts_nothing_until_it_has_it(ledger: Ledger, url: str) -> None:
    told: list[str] = []
    ledger.when_committed(lambda row: told.append(row.id))
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for number in range(3):
        ledger.record(replace(OK, id=f"req_{number}"))
    wait_for(lambda: ledger.trouble is not None, 20)
    assert told == []
    other.execute("COMMIT")
    other.close()
    assert ledger.flush(20)
    assert told == ["req_0", "req_1", "req_2"]
    with ledger.read() as connection:
        assert total(read_rollup(connection), "requests") == 3


DYING_HALFWAY = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from gateway.ledger import Ledger
from tests.gateway.test_ledger import OK
ledger = Ledger(sys.argv[1], Path(sys.argv[2]))
ledger.when_committed(lambda row: os.kill(os.getpid(), signal.SIGKILL))
for number in range(3):
    ledger.record(replace(OK, id=f"req_{number}"))
ledger.start()
ledger.flush(30)
"""


@pytest.mark.slow
def test_killed_between_commit_and_counting_no_row_is_lost_or_doubled(url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", DYING_HALFWAY, url, str(tmp_path / "spool")]
    assert (
        subprocess.run(command, timeout=60, env={**os.environ, "PYTHONPATH": os.getcwd()}).returncode == -signal.SIGKILL
    )
    ledger = Ledger(url, tmp_path / "spool")
    ledger.start()
    with ledger.read() as connection:
        assert total(read_rollup(connection), "requests") == 3
    ledger.close()
    assert len(outcomes(url)) == 3


@pytest.mark.parametrize("moment", [None, -1, 2**63, "x", [], 1.5, True])
def test_a_row_without_a_time_is_no_row(url: str, tmp_path: Path, moment: Any) -> None:
    folder = spooled(tmp_path / "spool", line(created_ms=moment), AFTER.to_line())
    (entry,) = map(orjson.loads, heir(url, folder).set_aside.lines())
    assert entry["why"] == "created_ms is not a time"
    assert outcomes(url) == {"after": "ok"}


def test_a_poisoned_row_can_be_shown(url: str, tmp_path: Path) -> None:
    folder = spooled(tmp_path / "spool", *(line(**poison, id=str(n)) for n, poison in enumerate(POISON.values())))
    ledger = heir(url, folder)
    with create_engine(url).connect() as connection:
        assert len(find_decisions(connection, DecisionFilter(EVERYBODY)).rows) == len(POISON)
    assert ledger.set_aside.rows == 0


def test_what_is_no_file_keeps_no_file_out(url: str, tmp_path: Path) -> None:
    folder = spooled(tmp_path / "spool", OK.to_line())
    (folder / "a.jsonl").mkdir()
    os.mkfifo(folder / "b.jsonl")
    (folder / "c.jsonl").symlink_to("nowhere")
    ledger = heir(url, folder)
    assert (outcomes(url), ledger.trouble) == ({"req_1": "ok"}, None)


def test_the_rows_of_a_process_that_dies_beside_this_one_are_taken_in(
    ledger: Ledger, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ledger.flush()
    put_back(tmp_path / "spool", [orjson.loads(OK.to_line())])
    wait_for(lambda: outcomes(url) == {"req_1": "ok"}, 10)


def test_nothing_is_settled_before_the_rows_of_the_dead_are_in(url: str, tmp_path: Path) -> None:
    folder = spooled(tmp_path / "spool", *(replace(OK, id=f"req_{n}").to_line() for n in range(3000)))
    ledger = Ledger(url, folder)
    ledger.start()
    with ledger.read_settled() as connection:
        assert total(read_rollup(connection), "requests") == 3000
    ledger.close()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("replaced", [False, True])
def test_a_database_that_was_removed_gets_no_rows(ledger: Ledger, url: str, tmp_path: Path, replaced: bool) -> None:
    ledger.record(OK)
    assert ledger.flush()
    path = tmp_path / "ledger.db"
    path.rename(tmp_path / "kept.db")
    if replaced:
        path.write_bytes(b"")
    ledger.record(replace(OK, id="req_2"))
    wait_for(lambda: "removed or replaced" in (ledger.trouble or ""))
    with pytest.raises(LedgerUnavailable), ledger.read_settled():
        pass
    path.unlink(missing_ok=True)
    (tmp_path / "kept.db").rename(path)
    assert ledger.flush(10)
    assert outcomes(url) == {"req_1": "ok", "req_2": "ok"}


def test_a_disk_that_has_room_again_is_noticed_without_a_request(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr("gateway.ledger.spool.os.write", full)
        patch.setattr("gateway.ledger.spool.Spool.try_disk", lambda _self: full(0, b""))
        ledger.record(OK)
        assert ledger.flush()
        assert ledger.trouble is not None
    wait_for(lambda: ledger.trouble is None)


def test_a_mover_that_gets_nowhere_is_not_alive(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ledger.alive
    monkeypatch.setattr("gateway.ledger.mover.STUCK_S", -1)
    assert not ledger.alive
