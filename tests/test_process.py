"""The command as a process: signals, reload, several workers, sudden deaths."""

import http.client
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.live import wait_for
from tests.process import Command, running_command
from tests.provider import WORDS, Provider

pytestmark = pytest.mark.slow

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]


def cloud(provider: Provider) -> dict[str, str]:
    return {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": provider.base_url}


def rows(command: Command) -> list[dict[str, object]]:
    wait_for(lambda: "slimgate_ledger_pending_bytes 0.0" in command.get("/metrics").text, 30)
    found: list[dict[str, object]] = command.get("/v1/decisions?limit=1000").json()["data"]
    return found


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_running_stream_may_finish_when_the_gateway_is_told_to_stop(provider: Provider, tmp_path: Path) -> None:
    provider.pause_s = 0.2
    with running_command(state_dir=tmp_path, SLIMGATE_DRAIN_S="0.5", **cloud(provider)) as command:
        stream = command.client().chat.completions.create(model="auto", messages=HELLO, stream=True)
        next(stream)
        command.signal(signal.SIGTERM)
        wait_for(lambda: command.get("/health/ready").status_code == 503)
        assert command.get("/health/live").status_code == 200
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "".join(WORDS)
        assert command.process.wait(20) == 0


def test_a_request_is_answered_that_a_proxy_sends_right_after_an_answer_from_before(
    provider: Provider, tmp_path: Path
) -> None:
    """The head of that answer, sent before the signal, did not say that it is the last one on its connection."""
    provider.pause_s = 0.4  # so that it ends after the port was closed
    with running_command(state_dir=tmp_path, SLIMGATE_DRAIN_S="1", **cloud(provider)) as command:
        proxy = http.client.HTTPConnection(command.url.removeprefix("http://"), timeout=30)
        body = json.dumps({"model": "auto", "messages": HELLO, "stream": True})
        proxy.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        stream = proxy.getresponse()
        command.signal(signal.SIGTERM)
        assert stream.getheader("connection") is None
        assert stream.read().endswith(b"[DONE]\n\n")
        with pytest.raises(httpx.ConnectError):
            command.get("/health/live")
        proxy.request("GET", "/health/live")
        last = proxy.getresponse()
        assert (last.status, last.getheader("connection")) == (200, "close")
        proxy.close()
        assert command.process.wait(20) == 0


def test_what_does_not_finish_in_time_is_cut_and_said_so(provider: Provider, tmp_path: Path) -> None:
    provider.always = "stall"
    with running_command(state_dir=tmp_path, SLIMGATE_GRACE_S="1", **cloud(provider)) as command:
        stream = command.client().chat.completions.create(model="auto", messages=HELLO, stream=True)
        next(stream)
        command.signal(signal.SIGTERM)
        with pytest.raises((openai.APIError, httpx.HTTPError)):
            list(stream)
        command.process.wait(20)
        assert '"outcome":"cancelled"' in command.output


def test_hup_reloads_and_a_broken_file_changes_nothing(provider: Provider, tmp_path: Path) -> None:
    config = tmp_path / "slimgate.toml"
    config.write_text("[router]\nthreshold = 0.25\n")
    with running_command("--config", str(config), state_dir=tmp_path / "state", **cloud(provider)) as command:

        def threshold() -> float:
            return float(command.get("/v1/status").json()["threshold"])

        assert threshold() == 0.25
        config.write_text("[router]\nthreshold = 0.75\n[router.aliases]\ngpt-4o = 'auto'\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: threshold() == 0.75)
        assert "gpt-4o" in [model.id for model in command.client().models.list()]
        config.write_text("[router]\nthreshold = 'high'\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: "the last good one keeps serving" in command.output)
        assert "router.threshold" in command.output
        assert threshold() == 0.75
        config.write_text("port = 1\ndrain_s = 0.125\n[router]\nthreshold = 0.5\n")
        command.signal(signal.SIGHUP)
        wait_for(lambda: threshold() == 0.5)
        command.signal(signal.SIGTERM)
        assert command.process.wait(20) == 0
        wait_for(lambda: "taking no new work after 0.125 s" in command.output)


def test_workers_share_a_port_a_ledger_and_their_metrics(provider: Provider, tmp_path: Path) -> None:
    with running_command("--workers", "3", state_dir=tmp_path, **cloud(provider)) as command:
        wait_for(lambda: len(children(command.process.pid)) == 3)

        def ask(_: int) -> str | None:
            answer = command.client().chat.completions.create(model="auto", messages=HELLO)
            return answer.choices[0].message.content

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(60)))
        assert answers == ["".join(WORDS)] * 60
        assert len(rows(command)) == 60
        counted = command.get("/metrics").text
        assert 'slimgate_requests_total{outcome="ok",reason="offline",route="cloud"} 60.0' in counted
        command.signal(signal.SIGTERM)
        assert command.process.wait(20) == 0


def test_a_worker_that_dies_is_started_again_and_its_rows_are_kept(provider: Provider, tmp_path: Path) -> None:
    with running_command("--workers", "2", state_dir=tmp_path, **cloud(provider)) as command:
        wait_for(lambda: len(children(command.process.pid)) == 2)
        before = set(children(command.process.pid))
        wait_for(lambda: command.get("/health/ready").status_code == 200)
        for _ in range(10):
            command.client().chat.completions.create(model="auto", messages=HELLO)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(set(children(command.process.pid)) - before) == 2)
        command.client().chat.completions.create(model="auto", messages=HELLO)
        wait_for(lambda: len(rows(command)) == 11)  # those of the dead are taken over by the living
        assert "is started again" in command.output


@pytest.mark.engine
def test_workers_share_one_engine(tmp_path: Path) -> None:
    with running_command("--workers", "2", state_dir=tmp_path) as command:
        wait_for(lambda: command.get("/health/ready").json()["local"] == "up", 60)
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children(command.process.pid)}
        (engine,) = (pid for pid, line in commands.items() if b"models.engine" in line)

        def ask(_: int) -> str:
            answer = command.client().chat.completions.create(model="local", messages=HELLO, max_tokens=4)
            return answer.model

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(ask, range(8))) == {"SmolLM2-135M-Instruct.Q4_1"}
        command.signal(signal.SIGTERM)
        assert command.process.wait(30) == 0
        wait_for(lambda: not Path(f"/proc/{engine}").exists())


@pytest.mark.engine
def test_nothing_is_left_when_the_parent_is_killed(provider: Provider, tmp_path: Path) -> None:
    with running_command("--workers", "2", state_dir=tmp_path) as command:
        wait_for(lambda: len(children(command.process.pid)) == 3)
        family = children(command.process.pid)
        command.process.kill()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 30)


def test_rows_whose_answer_reached_the_caller_survive_kill_9(provider: Provider, tmp_path: Path) -> None:
    with running_command(state_dir=tmp_path, **cloud(provider)) as command:
        for _ in range(20):
            command.client().chat.completions.create(model="auto", messages=HELLO)
        command.process.kill()
    with running_command(state_dir=tmp_path, **cloud(provider)) as command:
        wait_for(lambda: len(rows(command)) == 20)
        assert {row["outcome"] for row in rows(command)} == {"ok"}


def test_workers_that_cannot_start_say_why_and_end(provider: Provider, tmp_path: Path) -> None:
    wrong = {"SLIMGATE_ROUTER__ARTIFACT": str(tmp_path / "nowhere"), **cloud(provider)}
    with running_command("--workers", "2", state_dir=tmp_path, **wrong) as command:
        assert command.process.wait(60) == 2
    assert "an artifact is a folder made by `slimgate train`" in command.output
    assert "is started again" not in command.output


def test_a_port_that_is_taken(provider: Provider, tmp_path: Path) -> None:
    started = time.monotonic()
    with running_command(state_dir=tmp_path / "a", **cloud(provider)) as first:
        port = first.url.rpartition(":")[2]
        for workers in ("1", "2"):
            with (
                pytest.raises(AssertionError, match=r"(?i)address already in use"),
                running_command("--port", port, "--workers", workers, state_dir=tmp_path / "b", **cloud(provider)),
            ):
                pass
    assert time.monotonic() - started < 60
