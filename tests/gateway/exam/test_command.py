"""`slimgate exam`: in the foreground until done, beside a gateway, interrupted, stopped, and begun anew."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.config.sections.local import LocalSettings
from gateway.marks.examinee import examinee_of
from gateway.marks.record import ExamFolder, Record
from tests.command import ROOT, run
from tests.gateway.exam.examining import examining
from tests.gateway.planted_marks import LARGE, make_marks, plant
from tests.learnt import hand_on
from tests.live import wait_for
from tests.models.engine.tiny import tiny_model
from tests.process import running_command
from tests.provider import MODEL, Provider

pytestmark = pytest.mark.slow

ITEMS = 6


@pytest.fixture
def folder(tmp_path: Path) -> ExamFolder:
    return ExamFolder(tmp_path / "state")


def environment(provider: Provider, folder: ExamFolder, **more: str) -> dict[str, str]:
    return {
        "SLIMGATE_LOCAL__BASE_URL": provider.base_url,
        "SLIMGATE_STATE_DIR": str(folder.path.parent),
        "SLIMGATE_EXAM__MAX_ITEMS": str(ITEMS),
        **more,
    }


def record_of(provider: Provider, folder: ExamFolder) -> Record:
    examinee = examinee_of(LocalSettings(base_url=provider.base_url), MODEL)
    assert examinee is not None
    return folder.record(examinee.key)


def exam(provider: Provider, folder: ExamFolder, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    told = environment(provider, folder, **more)
    return run("exam", *arguments, cwd=folder.path.parents[1], **told)


@contextmanager
def running_exam(
    provider: Provider, folder: ExamFolder, *arguments: str, **more: str
) -> "Iterator[subprocess.Popen[str]]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SLIMGATE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "exam", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment(provider, folder, **more)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_it_runs_until_done_and_then_has_nothing_to_do(provider: Provider, folder: ExamFolder) -> None:
    first = exam(provider, folder)
    assert (first.returncode, first.stdout) == (0, "")
    assert f"{MODEL} is examined" in first.stderr
    assert f"asked {ITEMS}, passed" in first.stderr
    assert len(provider.requests) == len(record_of(provider, folder).answers()) == ITEMS
    assert all(headers["x-slimgate-background"] == "1" for headers in provider.headers)
    second = exam(provider, folder)
    assert (second.returncode, len(provider.requests)) == (0, ITEMS)
    assert "was asked too little for marks" in second.stderr
    third = exam(provider, folder, "--again")
    assert (third.returncode, len(provider.requests)) == (0, 2 * ITEMS)
    assert len(record_of(provider, folder).answers()) == ITEMS


def test_no_more_requests_than_the_settings_allow(provider: Provider, folder: ExamFolder) -> None:
    assert exam(provider, folder, SLIMGATE_EXAM__MAX_REQUESTS="4").returncode == 0
    assert len(provider.requests) == 4


def test_ctrl_c_keeps_what_was_asked(provider: Provider, folder: ExamFolder) -> None:
    provider.pause_s = 0.1
    record = record_of(provider, folder)
    with running_exam(provider, folder, SLIMGATE_EXAM__MAX_ITEMS="20") as process:
        wait_for(lambda: len(record.answers()) >= 2, 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr is not None
        said = process.stderr.read()
    assert "What was asked is kept: run `slimgate exam` again" in said
    assert "Traceback" not in said
    assert examining() == []
    assert folder.examined is None
    before = record.answers()
    provider.pause_s = 0.0
    assert exam(provider, folder, SLIMGATE_EXAM__MAX_ITEMS="20").returncode == 0
    after = record.answers()
    assert after[: len(before)] == before
    assert len({answer.key for answer in after}) == len(after) == 20


def test_a_killed_command_leaves_nothing_running(provider: Provider, folder: ExamFolder) -> None:
    provider.pause_s = 0.1
    with running_exam(provider, folder, SLIMGATE_EXAM__MAX_ITEMS="50") as process:
        wait_for(lambda: len(provider.requests) >= 2, 60)
        process.kill()
        process.wait(10)
        wait_for(lambda: folder.examined is None, 10)


def test_a_model_that_does_not_answer_is_exit_code_1(provider: Provider, folder: ExamFolder) -> None:
    provider.always = "content_filter"
    failed = exam(provider, folder, SLIMGATE_EXAM__MAX_ITEMS="50")
    assert failed.returncode == 1
    assert "did not answer 20 times in a row" in failed.stderr
    assert "Traceback" not in failed.stderr
    provider.always = "none"
    assert exam(provider, folder).returncode == 0


def test_beside_a_gateway_it_shows_that_ones_progress(
    provider: Provider, folder: ExamFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.pause_s = 0.05
    told = environment(
        provider, folder, SLIMGATE_EXAM__ENABLED="true", SLIMGATE_EXAM__IDLE_S="0.1", SLIMGATE_EXAM__MAX_ITEMS="30"
    )
    with running_command(state_dir=folder.path.parent, **told) as gateway:
        wait_for(lambda: folder.examined is not None, 60)
        with running_exam(provider, folder, SLIMGATE_EXAM__MAX_ITEMS="30") as watching:
            refused = exam(provider, folder, "--again")
            assert refused.returncode == 1
            assert "`slimgate exam --stop` ends that" in refused.stderr
            assert len(examining(gateway.process.pid)) == 1
            provider.pause_s = 0.0
            assert watching.wait(60) == 0
            assert watching.stderr is not None
            said = watching.stderr.read()
        assert gateway.get("/v1/status").json()["exam"]["state"] == "done"
    assert f"{MODEL} is being examined already" in said
    assert "asked 30" in said
    assert provider.most_at_once == 1


def test_stop_ends_what_runs_until_it_is_wanted_again(provider: Provider, folder: ExamFolder) -> None:
    provider.pause_s = 0.1
    record = record_of(provider, folder)
    with running_exam(provider, folder, SLIMGATE_EXAM__MAX_ITEMS="50") as process:
        wait_for(lambda: len(record.answers()) >= 1, 60)
        stopped = exam(provider, folder, "--stop")
        assert stopped.returncode == 0
        assert "What was asked is kept" in stopped.stderr
        assert process.wait(10) == 1
        assert process.stderr is not None
        assert "`slimgate exam --stop` has ended it" in process.stderr.read()
    assert folder.is_stopped
    assert record.progress.state == "stopped"
    provider.pause_s = 0.0
    assert exam(provider, folder).returncode == 0
    assert not folder.is_stopped


@pytest.mark.parametrize(
    ("arguments", "told", "code", "said"),
    [
        (("--show", "--json"), {}, 2, "has not been examined yet: `slimgate exam` does it"),
        (("--stop", "--again"), {}, 2, "give one of"),
        (("--json",), {}, 2, "belongs to --show"),
        (("--again", "--failures"), {}, 2, "belongs to --show"),
        (("--compare", "a", "b"), {}, 2, "'a'"),
        ((), {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": "http://127.0.0.1:9/v1"}, 2, "no model"),
        ((), {"SLIMGATE_LOCAL__BASE_URL": "", "SLIMGATE_LOCAL__MODEL_PATH": "gone.gguf"}, 2, "gone.gguf"),
    ],
)
def test_mistakes_are_named(
    provider: Provider, folder: ExamFolder, arguments: tuple[str, ...], told: dict[str, str], code: int, said: str
) -> None:
    done = run("exam", *arguments, cwd=folder.path.parents[1], **{**environment(provider, folder), **told})
    assert done.returncode == code
    assert said in done.stderr


def test_marks_are_shown_without_asking_anything(provider: Provider, folder: ExamFolder) -> None:
    examined = folder.examinee(LocalSettings(base_url=provider.base_url), MODEL)
    assert examined is not None
    folder.record(examined.key).begin(examined, 0)
    plant(folder.path.parent, make_marks(examined.key, MODEL))
    plant(folder.path.parent, make_marks(LARGE, "gemma"))
    said = {
        arguments: run("exam", *arguments, cwd=folder.path.parents[1], **environment(provider, folder))
        for arguments in (("--show", "--json"), ("--show",), ("--list",), ("--compare", MODEL, "gemma"))
    }
    assert [done.returncode for done in said.values()] == [0, 0, 0, 0]
    assert json.loads(said["--show", "--json"].stdout)["model"]["key"] == examined.key
    assert all(MODEL in done.stdout for done in said.values())
    assert "gemma" in said["--list",].stdout
    assert "gemma" not in said["--show",].stdout
    assert provider.requests == []


@pytest.mark.engine
def test_two_files_are_two_exams(tmp_path: Path, folder: ExamFolder) -> None:
    """The bundled model with an engine of the command's own, then another file, then the first one again."""
    hand_on(folder.path.parent)
    told = {"SLIMGATE_STATE_DIR": str(folder.path.parent), "SLIMGATE_EXAM__MAX_ITEMS": "4"}
    told |= {"SLIMGATE_LOCAL__REENCODE": "false"}
    other = {"SLIMGATE_LOCAL__MODEL_PATH": str(tiny_model())}
    for more in ({}, other, {}):
        done = run("exam", cwd=tmp_path, **told, **more)
        assert done.returncode == 0, done.stderr
    counts = {path.name: len(Record(path).answers()) for path in folder.path.iterdir() if path.is_dir()}
    assert sorted(counts.values()) == [4, 4]
    names = {Record(folder.path / key).model["name"] for key in counts}
    assert names == {"SmolLM2-135M-Instruct.Q4_1", "tiny-phi3"}
