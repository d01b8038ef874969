"""Shared files where things go wrong: outages at the start, full disks, races on one machine, damaged content."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from gateway.audit.chain import AuditChain
from gateway.config.settings import Settings
from gateway.ledger import Ledger
from gateway.ledger.schema import FIRST_ADDITIVE, MIGRATIONS, migrate
from gateway.marks.record import ExamFolder, ExamProgress, ExamState
from gateway.scoring.active_threshold import ActiveThreshold
from gateway.shared import files as shared_files
from gateway.shared.files import CLASSIFIER_IN_USE, THRESHOLD, SharedFiles
from gateway.shared.peers import Peers
from gateway.shared.schema import SHARED_FILES
from tests import command
from tests.classifiers import ALL_CLOUD, make_classifier
from tests.relay import relayed

pytestmark = pytest.mark.slow

Postgres = tuple[str, Engine]
Share = Callable[..., SharedFiles]


@contextmanager
def _shared(url: str, folder: Path) -> Iterator[SharedFiles]:
    folder.mkdir(exist_ok=True)
    ledger = Ledger(url, folder / "spool", chain=AuditChain(b"k" * 32))
    ledger.start()
    try:
        yield SharedFiles(ledger, folder)
    finally:
        ledger.close()


@pytest.fixture
def share(postgres: Postgres, tmp_path: Path) -> Iterator[Share]:
    """Makes the shared files of a process whose state directory has that name."""
    with ExitStack() as stack:
        yield lambda name, url=postgres[0]: stack.enter_context(_shared(url, tmp_path / name))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_files, "RETRY_S", 0.0)


def exam(folder: Path, state: ExamState, answers: int) -> Path:
    """An exam that has come so far; its folder."""
    record = ExamFolder(folder).record("k1")
    record.folder.mkdir(parents=True)
    (record.folder / "answers.jsonl").write_text("{}\n" * answers)
    record.report(ExamProgress(state=state, asked=answers), at_once=True)
    return record.folder


def test_what_is_here_is_brought_in_once_the_database_answers(postgres: Postgres, share: Share, tmp_path: Path) -> None:
    ActiveThreshold(tmp_path / "a" / THRESHOLD, 0.5, "v1").apply(0.3, by="before")
    with relayed(postgres[0]) as (url, relay):
        relay.cut()
        first = share("a", f"{url}?connect_timeout=1")
        assert first.pull() == []
        relay.mend()
        assert first._ledger.flush(30)
        first.pull()
        other = share("b")
        other.first_pull()
        assert ActiveThreshold(tmp_path / "b" / THRESHOLD, 0.5, "v1").value == 0.3


def test_a_command_before_the_first_gateway_loses_no_threshold(share: Share, tmp_path: Path) -> None:
    ActiveThreshold(tmp_path / "a" / THRESHOLD, 0.5, "v1").apply(0.3, by="before")
    command_files = share("a")
    command_files._ledger.flush()
    command_files.replace(CLASSIFIER_IN_USE, lambda _old: b"shipped\n")
    share("b").first_pull()
    assert ActiveThreshold(tmp_path / "b" / THRESHOLD, 0.5, "v1").value == 0.3


def test_half_an_exam_never_takes_the_place_of_a_whole_one(share: Share, tmp_path: Path) -> None:
    exam(tmp_path / "half", ExamState.WAITING, 3)
    whole = exam(tmp_path / "whole", ExamState.DONE, 9)
    first, second = share("half"), share("whole")
    first.first_pull()
    second.first_pull()
    assert ExamFolder(tmp_path / "whole").record("k1").progress.asked == 9
    assert first.pull() == ["exam/k1"]
    assert (tmp_path / "half" / "exam" / "k1" / "answers.jsonl").read_bytes() == (whole / "answers.jsonl").read_bytes()


def test_marks_wait_for_an_exam_that_runs_here(share: Share, tmp_path: Path) -> None:
    here, there = share("here"), share("there")
    here.first_pull()
    there.first_pull()
    exam(tmp_path / "there", ExamState.DONE, 9)
    there.publish("exam/k1")
    lock = ExamFolder(tmp_path / "here").lock("k1")
    assert lock is not None
    assert here.pull() == []
    os.close(lock)
    assert here.pull() == ["exam/k1"]


def test_a_classifier_is_pointed_at_only_once_it_is_there(share: Share, tmp_path: Path) -> None:
    here, there = share("here"), share("there")
    here.first_pull()
    there.first_pull()
    version = make_classifier(tmp_path / "there", ALL_CLOUD)
    obstacle = tmp_path / "here" / "artifacts" / version
    obstacle.parent.mkdir()
    obstacle.write_text("a file where a folder should be")
    there.publish(f"artifacts/{version}")
    there.replace(CLASSIFIER_IN_USE, lambda _old: f"{version}\n".encode())
    there.replace(THRESHOLD, lambda _old: b"{}")
    assert here.pull() == [THRESHOLD], "what has nothing to do with it is taken over"
    assert not (tmp_path / "here" / CLASSIFIER_IN_USE).exists()
    obstacle.unlink()
    assert here.pull() == [f"artifacts/{version}", CLASSIFIER_IN_USE]
    assert here.pull() == []


def test_what_is_taken_over_by_eight_workers_is_written_once(share: Share, tmp_path: Path) -> None:
    there, workers = share("there"), [share("here") for _ in range(3)]
    exam(tmp_path / "there", ExamState.DONE, 9)
    there.first_pull()
    workers[0].first_pull()
    written = (tmp_path / "here" / "exam" / "k1" / "answers.jsonl").stat()
    for worker in workers[1:]:
        worker.first_pull()
    assert (tmp_path / "here" / "exam" / "k1" / "answers.jsonl").stat().st_ino == written.st_ino


def test_of_two_processes_of_one_machine_the_later_change_stays(
    share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = share("one"), share("one")
    slow.first_pull()
    quick.first_pull()
    is_stored, quick_is_done = threading.Event(), threading.Event()
    write = slow._write

    def write_late(name: str, content: bytes) -> None:
        is_stored.set()
        quick_is_done.wait(1)
        write(name, content)

    monkeypatch.setattr(slow, "_write", write_late)
    first = threading.Thread(target=slow.replace, args=(THRESHOLD, lambda _old: b"first"))
    first.start()
    is_stored.wait(10)
    quick.replace(THRESHOLD, lambda _old: b"second")
    quick_is_done.set()
    first.join()
    assert (tmp_path / "one" / THRESHOLD).read_bytes() == b"second"


@pytest.mark.parametrize("content", [b"\0", b"[]", b'{"changes": [7]}', b'{"changes": "abc"}'])
def test_a_damaged_threshold_changes_nothing(content: bytes, share: Share, tmp_path: Path) -> None:
    here, there = share("here"), share("there")
    for files in (here, there):
        files.first_pull()
    line = ActiveThreshold(tmp_path / "here" / THRESHOLD, 0.5, "v1", here)
    line.apply(0.3, by="somebody")
    there.replace(THRESHOLD, lambda _old: content)
    here.pull()
    line._reload()
    assert line.value == 0.3
    assert ActiveThreshold(tmp_path / "there" / THRESHOLD, 0.5, "v1", there).value == 0.5, "at the start: the default"


def test_a_threshold_that_is_no_number_fails_no_request(share: Share, tmp_path: Path) -> None:
    here = share("here")
    here.first_pull()
    line = ActiveThreshold(tmp_path / "here" / THRESHOLD, 0.5, "v1", here)
    line.apply(0.3, by="somebody")
    here.replace(THRESHOLD, lambda content: content.replace(b'"threshold": 0.3', b'"threshold": "high"'))
    line._reload()
    assert line.value == 0.3


def test_a_folder_whose_bytes_are_damaged_is_told_once_and_stops_nothing(
    postgres: Postgres, share: Share, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = share("here")
    here.first_pull()
    with postgres[1].begin() as connection:
        row = {"name": "exam/k1", "version": 1, "changed_ms": 1, "content": b"PK\x05\x06" + b"\xff" * 18}
        connection.execute(SHARED_FILES.insert(), row)
    assert here.pull() == []
    assert here.pull() == []
    assert caplog.text.count("exam/k1 of the database cannot be used") == 1


def test_nothing_is_prepared_at_the_server(share: Share) -> None:
    """PgBouncer in transaction mode gives each transaction another connection, which would not know of it."""
    files = share("a")
    files.first_pull()
    for _ in range(20):
        files.replace(THRESHOLD, lambda _old: b"{}")
    with files._ledger.write() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0


def test_many_that_start_together_on_the_schema_before_all_serve(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before, postgres[1].begin() as connection:
        before.setattr("gateway.ledger.schema.MIGRATIONS", MIGRATIONS[: FIRST_ADDITIVE - 1])
        migrate(connection)
    ledgers = [Ledger(postgres[0], tmp_path / str(number)) for number in range(8)]
    for ledger in ledgers:
        ledger.start()
    try:
        assert all(ledger.flush(10) for ledger in ledgers)
        assert [ledger.trouble for ledger in ledgers] == [None] * 8
    finally:
        for ledger in ledgers:
            ledger.close()


def test_a_command_with_another_secret_than_the_gateways_makes_no_keys(
    postgres: Postgres, share: Share, tmp_path: Path
) -> None:
    files = share("a")
    files.first_pull()
    cloud = {"base_url": "http://127.0.0.1:9/v1"}
    serving = Settings(state_dir=tmp_path / "a", secret="g" * 40, ledger={"url": postgres[0]}, cloud=cloud)
    Peers(serving, files._ledger).beat()
    own = {"SLIMGATE_LEDGER__URL": postgres[0], "SLIMGATE_STATE_DIR": str(tmp_path / "b")}
    elsewhere = {**own, "SLIMGATE_SECRET": "e" * 40}
    assert command.run("keys", "create", "bob", cwd=tmp_path, **{**own, "SLIMGATE_SECRET": "g" * 40}).returncode == 0
    refused = command.run("keys", "create", "ada", cwd=tmp_path, **elsewhere)
    assert refused.returncode == 1
    assert "Give all gateways and commands the same SLIMGATE_SECRET" in refused.stderr
    with postgres[1].begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM api_keys")).scalar_one() == 1
