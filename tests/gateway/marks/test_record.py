"""What is kept survives a crash at any moment, and only one examination runs at a time."""

import json
import os
import stat
from pathlib import Path

import pytest

from gateway.marks.examinee import Examinee
from gateway.marks.record import ExamFolder, ExamProgress, ExamState, Record
from router.confidence import FirstTokens
from router.exam.graded import Graded, ItemKey


def graded(seed: int, *, passed: bool = True) -> Graded:
    signals = FirstTokens(8, -0.5, -1.5, 2.0, None)
    return Graded(ItemKey("sums", 1, "en", seed), passed, "Zwölf\n12", 9, 3, 0.1, 0.2, signals)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return ExamFolder(tmp_path).record("0123456789abcdef")


def test_answers_come_back_as_they_were(record: Record) -> None:
    answers = [graded(seed, passed=seed % 2 == 0) for seed in range(5)]
    for answer in answers:
        record.append(answer)
    assert Record(record.folder).answers() == answers


def test_nothing_was_asked_at_first(record: Record) -> None:
    assert record.answers() == []
    assert record.progress == ExamProgress()
    assert record.progress.state is not ExamState.DONE


@pytest.mark.parametrize("n_bytes_lost", [1, 2, 40])
def test_a_torn_last_line_is_left_out_and_later_lines_are_whole(record: Record, n_bytes_lost: int) -> None:
    for seed in (0, 1):
        record.append(graded(seed))
    record.close()
    path = record.folder / "answers.jsonl"
    os.truncate(path, path.stat().st_size - n_bytes_lost)
    resumed = Record(record.folder)
    kept = resumed.answers()
    assert kept == ([graded(0), graded(1)] if n_bytes_lost == 1 else [graded(0)])
    resumed.append(graded(2))
    assert resumed.answers() == [*kept, graded(2)]


@pytest.mark.parametrize("line", ["null", "[]", '{"key": 1}', "\x00" * 20, '{"key": ["sums", 1, "en"]}'])
def test_a_line_of_something_else_is_left_out(record: Record, line: str) -> None:
    record.append(graded(0))
    with (record.folder / "answers.jsonl").open("a") as file:
        file.write(line + "\n")
    record.append(graded(1))
    assert record.answers() == [graded(0), graded(1)]


def test_progress_is_written_once_a_second_unless_it_matters(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.marks.record.time.monotonic", lambda: now)
    record.report(ExamProgress(ExamState.RUNNING, asked=1))
    record.report(ExamProgress(ExamState.RUNNING, asked=2))
    assert record.progress.asked == 1
    now += 1
    record.report(ExamProgress(ExamState.RUNNING, asked=3))
    assert record.progress.asked == 3
    done = ExamProgress(ExamState.DONE, 4, 3, 4, 2, 2, 0.0, None, 5)
    record.report(done, at_once=True)
    assert record.progress == done
    assert record.progress.state is ExamState.DONE


@pytest.mark.parametrize("content", ["", "[1]", '{"state": "dancing"}', '{"asked": 7}'])
def test_progress_that_cannot_be_read_counts_as_none(record: Record, content: str) -> None:
    record.folder.mkdir(parents=True)
    (record.folder / "progress.json").write_text(content)
    assert record.progress == ExamProgress()


def test_what_was_begun_keeps_its_time(record: Record) -> None:
    examinee = Examinee("0123456789abcdef", "tiny", quantisation="Q4_K_M", size_bytes=7)
    record.begin(examinee, 1000.4)
    record.begin(examinee, 2000.0)
    assert record.model == {**examinee.to_json(), "begun": 1000}


def test_what_is_forgotten_is_gone_and_marks_stay(record: Record) -> None:
    record.append(graded(0))
    record.report(ExamProgress(ExamState.DONE, asked=1), at_once=True)
    (record.folder / "marks.json").write_text("{}")
    record.forget()
    assert (record.answers(), record.progress.state) == ([], ExamState.WAITING)
    assert (record.folder / "marks.json").exists()
    record.append(graded(1))
    assert record.answers() == [graded(1)]


def test_one_at_a_time_and_whoever_asks_is_told_which(tmp_path: Path) -> None:
    folder = ExamFolder(tmp_path)
    assert folder.examined is None
    lock = folder.lock("0123456789abcdef")
    assert lock is not None
    assert ExamFolder(tmp_path).lock("fedcba9876543210") is None
    assert ExamFolder(tmp_path).examined == "0123456789abcdef"
    os.close(lock)
    assert folder.examined is None
    second = folder.lock("fedcba9876543210")
    assert second is not None
    assert folder.examined == "fedcba9876543210"
    os.close(second)


def test_a_lock_is_held_until_each_process_that_has_it_closes_it(tmp_path: Path) -> None:
    folder = ExamFolder(tmp_path)
    lock = folder.lock("0123456789abcdef")
    assert lock is not None
    inherited = os.dup(lock)
    os.close(lock)
    assert folder.examined is not None
    os.close(inherited)
    assert folder.examined is None


def test_stopped_until_allowed(tmp_path: Path) -> None:
    folder = ExamFolder(tmp_path)
    assert not folder.is_stopped
    folder.allow()
    folder.stop()
    folder.stop()
    assert ExamFolder(tmp_path).is_stopped
    folder.allow()
    assert not folder.is_stopped


def test_only_this_user_may_read_it(tmp_path: Path, record: Record) -> None:
    record.append(graded(0))
    record.report(ExamProgress(), at_once=True)
    record.begin(Examinee("0123456789abcdef", "tiny"), 0)
    ExamFolder(tmp_path).stop()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "exam").rglob("*")}
    assert modes.pop("0123456789abcdef") == 0o700
    assert set(modes.values()) == {0o600}


def test_lines_are_json_for_other_programs(record: Record) -> None:
    record.append(graded(3))
    (line,) = (record.folder / "answers.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["key"] == ["sums", 1, "en", 3]
