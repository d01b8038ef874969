"""What is kept of the exam on disk, and who may hold one now.

    state_dir/exam/
        lock            locked while a model is examined: one at a time, whoever does it
        stopped         there while no examination shall begin by itself
        KEY/            one model
            model.json      what it is
            answers.jsonl   a line for each graded answer
            progress.json   how far its exam has come
            marks.json      what follows from the answers

All of it is for this user alone.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.config.sections.local import LocalSettings
from gateway.marks.examinee import Examinee, examinee_of, shown_url
from models.host.private_files import FILE_MODE, private_file, private_folder, write_atomically
from router.exam.graded import Graded

REPORT_EVERY_S = 1.0
LOCK_TRIES, LOCK_PAUSE_S = 5, 0.01
"""Whoever looks whether it is locked holds the lock for a moment."""


class ExamState(StrEnum):
    """How an exam stands: a closed list, the same in files and in ``/v1/status``."""

    OFF = "off"  # exam.enabled is false, or there is no local model
    WAITING = "waiting"  # it will begin, or go on, when the local model is idle
    RUNNING = "running"
    STOPPED = "stopped"  # by `slimgate exam --stop`
    DONE = "done"
    FAILED = "failed"  # the model did not answer; it is tried again at the next start


@dataclass(frozen=True, slots=True)
class ExamProgress:
    """How far an exam has come.

    Attributes
    ----------
    asked, passed : int
        Answers so far, and right ones among them.
    expected : int
        Items in all, by estimate.
    families_known, families : int
        Families of items whose pass rate is known well enough, of how many.
    eta_s : float or None
        Seconds that the rest will take, not counting pauses for callers; None while that is not known.
    trouble : str or None
        Why it failed.
    n_requests : int
        Requests sent to the server so far, repeated ones included.
    limits : dict
        The settings that it went by.
    """

    state: ExamState = ExamState.WAITING
    asked: int = 0
    passed: int = 0
    expected: int = 0
    families_known: int = 0
    families: int = 0
    eta_s: float | None = None
    trouble: str | None = None
    n_requests: int = 0
    limits: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` gives an equal value back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> "ExamProgress":
        """Read what `to_json` made; keys of another version are ignored.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is something else.
        """
        own = {each.name: values[each.name] for each in fields(cls) if each.name in values}
        return cls(**{**own, "state": ExamState(values["state"])})


class ExamFolder:
    """The folder of all exams of one state directory; it is made when first written to."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "exam"

    def examinee(self, settings: LocalSettings, served: str | None = None) -> Examinee | None:
        """As `examinee_of`; where a server has not said yet which model it has, the one that was examined there last.

        Raises
        ------
        ModelError
            If the model file is missing or cannot be read.
        """
        found = examinee_of(settings, served)
        if found is not None or settings.base_url is None:
            return found
        last = self._last_examined_at(shown_url(settings.base_url))
        return None if last is None else examinee_of(settings, last)

    def _last_examined_at(self, url: str) -> str | None:
        models = [_json_in(path) for path in self.path.glob("*/model.json")]
        there = [(model.get("begun", 0), model["name"]) for model in models if model.get("url") == url]
        return max(there)[1] if there else None

    def record(self, key: str) -> "Record":
        """The record of the model with that key."""
        return Record(self.path / key)

    def lock(self, key: str) -> int | None:
        """Take the right to examine the model with that key; None if somebody else has it.

        Returns
        -------
        int
            A file descriptor: the lock is held until it is closed, here and in every process that inherited it.
        """
        file = os.open(private_file(private_folder(self.path) / "lock"), os.O_RDWR | os.O_CLOEXEC)
        for _ in range(LOCK_TRIES):
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.truncate(file, 0)
                os.pwrite(file, key.encode(), 0)
                return file
            time.sleep(LOCK_PAUSE_S)
        os.close(file)
        return None

    @property
    def examined(self) -> str | None:
        """The key of the model that is examined now; None if none is."""
        try:
            file = os.open(self.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(file, 64, 0).decode("ascii", "replace")
        finally:
            os.close(file)
        return None

    @property
    def is_stopped(self) -> bool:
        """Whether no examination shall go on, or begin by itself."""
        return (self.path / "stopped").exists()

    def stop(self) -> None:
        """Let the examination that runs end, and none begin by itself."""
        private_file(private_folder(self.path) / "stopped")

    def allow(self) -> None:
        """Take `stop` back."""
        (self.path / "stopped").unlink(missing_ok=True)


class Record:
    """What is kept of one model's exam. Only who holds the lock writes.

    Attributes
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._answers: int | None = None
        self._reported_at = 0.0

    def begin(self, examinee: Examinee, now: float) -> None:
        """Write down what is examined; what was begun earlier keeps its time.

        Parameters
        ----------
        now : float
            In seconds since 1970.
        """
        path = private_folder(self.folder) / "model.json"
        begun = _json_in(path).get("begun", round(now))
        write_atomically(path, json.dumps({**examinee.to_json(), "begun": begun}, indent=1).encode())

    @property
    def model(self) -> dict[str, Any]:
        """What `begin` wrote; empty where it did not."""
        return _json_in(self.folder / "model.json")

    def answers(self) -> list[Graded]:
        """All graded answers; lines that cannot be read are left out, such as the last one after a crash."""
        try:
            lines = (self.folder / "answers.jsonl").read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        return list(_graded_in(lines))

    def append(self, graded: Graded) -> None:
        """Add an answer. It survives the end of this process, whatever the end."""
        if self._answers is None:
            self._answers = self._open_answers()
        os.write(self._answers, json.dumps(graded.to_json(), ensure_ascii=False).encode() + b"\n")

    def _open_answers(self) -> int:
        path = private_folder(self.folder) / "answers.jsonl"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # a line that a crash cut off
            os.write(file, b"\n")
        return file

    def close(self) -> None:
        """Close the file of the answers."""
        if self._answers is not None:
            os.close(self._answers)
            self._answers = None

    def report(self, progress: ExamProgress, *, at_once: bool = False) -> None:
        """Write down how far it has come; `at_once` even if that was done less than a second ago."""
        if at_once or time.monotonic() - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = time.monotonic()
            write_atomically(self.folder / "progress.json", json.dumps(progress.to_json(), indent=1).encode())

    @property
    def progress(self) -> ExamProgress:
        """What was reported last; nothing asked where that is missing or cannot be read."""
        try:
            return ExamProgress.from_json(_json_in(self.folder / "progress.json"))
        except (ValueError, TypeError, KeyError):
            return ExamProgress()

    @property
    def classifiers(self) -> Path:
        """The folder of the classifiers that its marks made."""
        return self.folder / "classifiers"

    def forget(self) -> None:
        """Forget the answers. Marks stay in force until there are new ones."""
        self.close()
        for name in ("answers.jsonl", "progress.json", "model.json"):
            (self.folder / name).unlink(missing_ok=True)


def _json_in(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _graded_in(lines: list[bytes]) -> Iterator[Graded]:
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            yield Graded.from_json(json.loads(line))
