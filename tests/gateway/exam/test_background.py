"""The exam begins by itself once the local model is idle, gives way to callers, and outlives kills."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.config.sections.exam import ExamSettings
from gateway.config.settings import Settings
from gateway.marks.examinee import examinee_of
from gateway.marks.record import ExamFolder, Record
from tests.conftest import MakeGateway
from tests.gateway.exam.examining import environment_of, examining, is_running, niceness, parent_of
from tests.live import Gateway, wait_for
from tests.process import running_command
from tests.provider import Provider, running_provider

pytestmark = pytest.mark.slow

ITEMS = 6
SHOWN = {"state", "asked", "passed", "expected", "families_known", "families", "eta_s", "trouble"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.exam.background.LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("gateway.exam.background.LOOK_FOR_CALLERS_S", 0.02)
    monkeypatch.setattr("gateway.background.FIRST_PAUSE_S", 0.05)


def settings_for(provider: Provider, **exam: Any) -> dict[str, Any]:
    local = {"base_url": provider.base_url, "model": "gpt-4.1-2025-04-14"}
    return {"local": local, "exam": {"enabled": True, "idle_s": 0.1, "max_items": ITEMS, **exam}}


def status(gateway: Gateway) -> dict[str, Any]:
    told: dict[str, Any] = gateway.get("/v1/status").raise_for_status().json()["exam"]
    assert told.keys() == SHOWN
    return told


def state(gateway: Gateway) -> str:
    return str(status(gateway)["state"])


def record_of(gateway: Gateway, served: str | None = None) -> Record:
    examinee = examinee_of(gateway.settings.local, served)
    assert examinee is not None
    return ExamFolder(gateway.settings.state_dir).record(examinee.key)


def test_a_server_is_examined_once(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(**settings_for(provider))
    wait_for(lambda: state(gateway) == "done", 60)
    told = status(gateway)
    assert (told["asked"], told["expected"], told["trouble"], told["eta_s"]) == (ITEMS, ITEMS, None, 0.0)
    assert provider.most_at_once == 1
    answers = record_of(gateway).answers()
    assert len(answers) == len(provider.requests) == ITEMS
    assert told["passed"] == sum(answer.passed for answer in answers)
    assert record_of(gateway).model["name"] == "gpt-4.1-2025-04-14"
    time.sleep(0.5)
    assert (len(provider.requests), examining()) == (ITEMS, [])
    assert gateway.rows() == []  # none of it is a caller's request


def test_the_examined_one_is_known_after_a_restart(make_gateway: MakeGateway, provider: Provider) -> None:
    first = make_gateway(**settings_for(provider))
    wait_for(lambda: state(first) == "done", 60)
    second = make_gateway(**settings_for(provider))
    wait_for(lambda: state(second) == "done", 5)
    assert status(second)["asked"] == ITEMS
    assert len(provider.requests) == ITEMS


def test_another_model_is_another_exam(make_gateway: MakeGateway, provider: Provider) -> None:
    with running_provider() as other:
        for at in (provider, other):
            gateway = make_gateway(**settings_for(at))
            wait_for(lambda gateway=gateway: state(gateway) == "done", 60)
    assert len(provider.requests) == len(other.requests) == ITEMS


@pytest.mark.parametrize("exam", [{"enabled": False}, {}])
def test_no_exam_where_none_is_wanted(make_gateway: MakeGateway, provider: Provider, exam: dict[str, bool]) -> None:
    settings = settings_for(provider, **exam)
    if not exam:
        settings |= {"local": {"enabled": False}, "cloud": {"base_url": provider.base_url}}
    gateway = make_gateway(**settings)
    assert state(gateway) == "off"
    time.sleep(0.5)
    assert examining() == []
    assert provider.requests == []


def test_a_stopped_exam_does_not_begin(make_gateway: MakeGateway, provider: Provider, tmp_path: Path) -> None:
    folder = ExamFolder(tmp_path / "state")
    folder.stop()
    gateway = make_gateway(**settings_for(provider))
    time.sleep(0.5)
    assert state(gateway) == "stopped"
    assert provider.requests == []
    folder.allow()
    wait_for(lambda: state(gateway) == "done", 60)


def test_an_exam_that_runs_is_stopped_and_goes_on(
    make_gateway: MakeGateway, provider: Provider, tmp_path: Path
) -> None:
    provider.pause_s = 0.05
    folder = ExamFolder(tmp_path / "state")
    gateway = make_gateway(**settings_for(provider, max_items=30))
    wait_for(lambda: status(gateway)["asked"] >= 2, 60)
    assert state(gateway) == "running"
    folder.stop()
    wait_for(lambda: state(gateway) == "stopped", 10)
    assert examining() == []
    asked = len(record_of(gateway).answers())
    provider.pause_s = 0.0
    folder.allow()
    wait_for(lambda: state(gateway) == "done", 60)
    answers = record_of(gateway).answers()
    assert len(answers) == 30
    assert asked < 30
    assert len({answer.key for answer in answers}) == 30


def test_a_killed_process_is_started_again_and_nothing_is_asked_twice(
    make_gateway: MakeGateway, provider: Provider
) -> None:
    provider.pause_s = 0.05
    gateway = make_gateway(**settings_for(provider, max_items=20))
    for asked in (2, 5):
        wait_for(lambda asked=asked: len(record_of(gateway).answers()) >= asked, 60)
        (process,) = examining()
        os.kill(process, signal.SIGKILL)
        wait_for(lambda process=process: not is_running(process), 5)
    assert gateway.get("/health/ready").status_code == 200  # a gateway can serve without it
    provider.pause_s = 0.0
    wait_for(lambda: state(gateway) == "done", 60)
    answers = record_of(gateway).answers()
    assert len({answer.key for answer in answers}) == len(answers) == 20


def test_a_model_that_never_answers_has_failed(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.always = "content_filter"  # a refusal, which is not tried again after a pause
    gateway = make_gateway(**settings_for(provider, max_items=30))
    wait_for(lambda: state(gateway) == "failed", 60)
    assert "did not answer 20 times in a row" in status(gateway)["trouble"]
    n_requests = len(provider.requests)
    time.sleep(0.5)
    assert len(provider.requests) == n_requests


def test_callers_come_first(make_gateway: MakeGateway, provider: Provider) -> None:
    """While one is answered by the same server, the exam asks it nothing."""
    provider.pause_s = 0.05
    gateway = make_gateway(**settings_for(provider, max_items=300))
    wait_for(lambda: status(gateway)["asked"] >= 2, 60)
    provider.pause_s = 0.3
    client = gateway.client()
    began = time.monotonic()
    stream = client.chat.completions.create(model="local", messages=[{"role": "user", "content": "hello"}], stream=True)
    assert len(list(stream)) > 8
    took_s = time.monotonic() - began
    mine = next(n for n, body in enumerate(provider.requests) if body["messages"][-1]["content"] == "hello")
    time.sleep(1.0)
    assert took_s < 8 * 0.3 + 1.5
    assert provider.requests[mine + 1 :] == []
    assert provider.hung_up <= 1  # what the exam was asking was cancelled
    assert state(gateway) == "running"


def test_stopping_the_gateway_ends_it_quickly(make_gateway: MakeGateway, provider: Provider, tmp_path: Path) -> None:
    environment = {
        "SLIMGATE_LOCAL__BASE_URL": provider.base_url,
        "SLIMGATE_EXAM__ENABLED": "true",
        "SLIMGATE_EXAM__IDLE_S": "0.1",
        "SLIMGATE_EXAM__MAX_ITEMS": "300",
    }
    provider.pause_s = 0.1
    with running_command(state_dir=tmp_path / "state", **environment) as command:
        wait_for(lambda: provider.requests != [], 60)
        (child,) = examining(command.process.pid)
        assert niceness(child) == 19
        assert b"KEY" not in environment_of(child)
        wait_for(lambda: len(provider.requests) >= 2, 30)
        began = time.monotonic()
        command.signal(signal.SIGTERM)
        wait_for(lambda: command.process.poll() is not None, 30)
        assert time.monotonic() - began < 3
        assert not is_running(child)


def test_a_killed_gateway_leaves_no_process_behind(provider: Provider, tmp_path: Path) -> None:
    environment = {
        "SLIMGATE_LOCAL__BASE_URL": provider.base_url,
        "SLIMGATE_EXAM__ENABLED": "true",
        "SLIMGATE_EXAM__IDLE_S": "0.1",
        "SLIMGATE_EXAM__MAX_ITEMS": "300",
    }
    provider.pause_s = 0.1
    with running_command("--workers", "2", state_dir=tmp_path / "state", **environment) as command:
        wait_for(lambda: len(provider.requests) >= 2, 60)
        (child,) = examining(command.process.pid)  # one of two workers does it
        worker = parent_of(child)
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not is_running(child), 10)
        wait_for(lambda: len(examining(command.process.pid)) == 1, 60)  # of the other worker, or the new one
        assert len(list((tmp_path / "state" / "exam").glob("*/model.json"))) == 1


def test_a_reload_ends_it_and_lets_it_begin(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.pause_s = 0.05
    gateway = make_gateway(**settings_for(provider, max_items=300))
    wait_for(lambda: state(gateway) == "running", 60)
    reload_exam(gateway, enabled=False)
    wait_for(lambda: examining() == [] and state(gateway) == "off", 10)
    reload_exam(gateway, enabled=True, max_items=4)
    wait_for(lambda: state(gateway) == "done", 60)


def reload_exam(gateway: Gateway, **exam: Any) -> None:
    """What SIGHUP does with the section."""
    changed = gateway.settings.model_copy(update={"exam": ExamSettings(**{"idle_s": 0.1, **exam})})
    assert isinstance(changed, Settings)
    exam_part = next(taker for taker in gateway.app.state.lifecycle.reloader._takers["exam"])
    exam_part(changed)


@pytest.mark.engine
def test_the_real_model_is_examined(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(exam={"enabled": True, "idle_s": 0.1, "max_items": ITEMS})
    gateway.wait_ready()
    wait_for(lambda: state(gateway) == "done", 120)
    record = record_of(gateway)
    answers = record.answers()
    assert len(answers) == ITEMS
    assert all(answer.prompt_tokens > 5 and answer.total_s >= answer.first_token_s > 0 for answer in answers)
    signals = [answer.first_tokens for answer in answers]
    assert all(it is not None and it.mean_logprob <= 0 and it.mean_margin is not None for it in signals)
    assert (record.model["quantisation"], record.model["name"]) == ("Q4_1", "SmolLM2-135M-Instruct.Q4_1")
    assert json.loads((record.folder / "progress.json").read_text())["state"] == "done"
    assert os.stat(record.folder).st_mode & 0o077 == 0
