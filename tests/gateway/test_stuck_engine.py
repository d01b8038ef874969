"""An engine that hangs, or dies of a request: nobody waits for it who need not, and it is not killed twice."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.models.engine.tiny import tiny_model
from tests.provider import Provider, running_provider
from tests.test_end_to_end import EASY, engine_pids

pytestmark = pytest.mark.engine

STAYS_LOCAL = {"x-slimgate-threshold": "1.0001"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
LONG = [{"role": "user", "content": "word " * 3000}]
"""Long enough that its tokens must be counted before anybody can say whether they fit."""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose engine is stopped in the middle of its work, with a cloud."""
    before = set(engine_pids())
    with running_provider() as provider, pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.dispatch.local_load.STUCK_S", 1.0)
        patch.setattr("gateway.dispatch.load_watch.HEALTH_TIMEOUT_S", 0.3)
        patch.setattr("gateway.dispatch.load_watch.LOAD_S", 0.2)
        patch.setattr("models.remote.openai.COUNT_S", 0.5)
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("stopped"),
            cloud={"base_url": provider.base_url},
            local={"model_path": tiny_model()},
            router={"max_first_token_s": 3},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            (pid,) = set(engine_pids()) - before
            os.kill(pid, signal.SIGSTOP)
            try:
                yield gateway
            finally:
                os.kill(pid, signal.SIGCONT)


def ask(gateway: Gateway, model: str, messages: Any = EASY, **fields: Any) -> tuple[httpx.Response, float]:
    """The answer, and the seconds that it took."""
    headers = fields.pop("headers", {})
    began = time.monotonic()
    body = {"model": model, "messages": messages, "max_tokens": 4, **fields}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers, timeout=60)
    return answer, time.monotonic() - began


def test_an_answer_that_was_begun_by_a_stuck_engine_comes_from_the_cloud(stopped: Gateway) -> None:
    answer, took_s = ask(stopped, "auto", headers=STAYS_LOCAL)
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "cloud")
    assert took_s < 10


@pytest.mark.parametrize("fields", [{}, {"tools": [TOOL]}, {"messages": LONG}, {"messages": LONG, "stream": True}])
def test_who_is_pinned_to_the_cloud_waits_for_nothing_local(stopped: Gateway, fields: dict[str, Any]) -> None:
    answer, took_s = ask(stopped, "cloud", **fields)
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "cloud")
    assert took_s < 0.45  # less than the limit on counting


def test_a_count_that_does_not_come_is_replaced_by_an_estimate(stopped: Gateway) -> None:
    answer, took_s = ask(stopped, "auto", tools=[TOOL])
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "cloud")
    assert took_s < 10
    began = time.monotonic()
    counted = httpx.post(
        f"{stopped.url}/v1/messages/count_tokens", json={"model": "auto", "messages": LONG}, timeout=30
    )
    assert counted.json()["input_tokens"] > 1000
    assert time.monotonic() - began < 5


def test_the_expected_wait_grows_and_moves_requests(stopped: Gateway) -> None:
    def load() -> dict[str, float]:
        return dict(stopped.get("/v1/status").json()["local"]["load"] or {})

    wait_for(lambda: load().get("expected_wait_s", 0) > 3)
    assert load()["stalled_s"] > 3
    answer, took_s = ask(stopped, "auto", headers=STAYS_LOCAL)
    assert answer.headers["x-slimgate-route"] == "cloud"
    assert answer.headers["x-slimgate-reason"] in ("load", "offline")  # by whether it counts as up by then
    assert took_s < 1


def test_it_is_not_called_up_for_long(stopped: Gateway) -> None:
    wait_for(lambda: stopped.get("/v1/status").json()["local"]["up"] is False, 20)
    ready = stopped.get("/health/ready").json()
    assert ready["local"] != "up"
    assert "no progress for" in ready["local_trouble"]
    answer, took_s = ask(stopped, "auto", headers=STAYS_LOCAL)
    assert (answer.headers["x-slimgate-reason"], took_s < 1) == ("offline", True)


POISONED = """
    import os, signal
    from models.engine.engine import Engine
    real = Engine.prepare
    def prepare(self, job):
        if "poison" in job.messages[-1]["content"]:
            with open({deaths!r}, "a") as log:
                print("dead", file=log)
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, job)
    Engine.prepare = prepare
    import sys
    from models.engine.process.child import main
    sys.exit(main(sys.argv[2:]))
"""
POISON = [{"role": "user", "content": "Thanks! poison"}]


@pytest.fixture
def deaths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an engine that dies of poison leaves a line each time."""
    script, log = tmp_path / "poisoned.py", tmp_path / "deaths"
    script.write_text(textwrap.dedent(POISONED.format(deaths=str(log))))
    monkeypatch.setattr("models.engine.process.supervisor.PYTHON", (sys.executable, str(script)))
    log.touch()
    return log


@pytest.mark.parametrize("stream", [False, True])
def test_what_killed_the_engine_is_not_sent_to_the_next_one(
    make_gateway: MakeGateway, deaths: Path, stream: bool
) -> None:
    gateway = make_gateway(local={"model_path": tiny_model()})
    gateway.wait_ready()
    answer, _ = ask(gateway, "auto", POISON, stream=stream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "local_lost")
    assert answer.headers["x-should-retry"] == "false"
    gateway.wait_ready()
    assert ask(gateway, "auto")[0].status_code == 200
    assert deaths.read_text() == "dead\n"


def test_what_killed_the_engine_goes_to_the_cloud_only_where_it_may(
    make_gateway: MakeGateway, provider: Provider, deaths: Path
) -> None:
    gateway = make_gateway(local={"model_path": tiny_model()}, cloud={"base_url": provider.base_url})
    gateway.wait_ready()
    answer, _ = ask(gateway, "auto", POISON, headers=STAYS_LOCAL)
    assert (answer.status_code, answer.headers["x-slimgate-reason"]) == (200, "failover")
    gateway.wait_ready()
    seen = len(provider.requests)
    answer, _ = ask(gateway, "auto", POISON, headers={"x-slimgate-privacy": "local"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "local_lost")
    assert len(provider.requests) == seen
    assert deaths.read_text() == "dead\n" * 2
