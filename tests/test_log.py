"""The log of a real process: JSON where nobody reads it at a terminal, or where the settings say so; else text."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import wait_for
from tests.process import running_command
from tests.provider import Provider

pytestmark = pytest.mark.slow

HELLO = [{"role": "user", "content": "Say hello."}]


def told(output: str) -> Iterator[dict[str, Any]]:
    """Each line of `output`, of which none may be anything but an object with these fields."""
    for line in output.splitlines():
        record = json.loads(line)
        assert {"time", "level", "logger", "message"} <= record.keys(), line
        yield record


@pytest.mark.engine
@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_line_is_json_whoever_writes_it(provider: Provider, tmp_path: Path, workers: str) -> None:
    environment = {"SLIMGATE_CLOUD__BASE_URL": provider.base_url, "SLIMGATE_LOG__FORMAT": "auto"}
    with running_command("--workers", workers, state_dir=tmp_path, **environment) as command:
        command.client().chat.completions.create(model="cloud", messages=HELLO)  # type: ignore[arg-type]
        wait_for(lambda: "the engine serves" in command.output, 120)
        command.signal(signal.SIGTERM)
        command.process.wait(30)
        output = command.output
    records = list(told(output))
    assert {"slimgate", "slimgate.requests", "models.engine.process.supervisor"} <= {r["logger"] for r in records}
    (request,) = [record for record in records if record["logger"] == "slimgate.requests"]
    assert (request["route"], request["reason"], request["outcome"]) == ("cloud", "pinned", "ok")
    assert request["message"] == "chat.completions: ok"
    (listens,) = [record for record in records if record["logger"] == "slimgate"]
    assert listens["message"] == f"slimgate listens at {listens['url']}"


def test_what_uvicorn_says_is_json_too(provider: Provider, tmp_path: Path) -> None:
    environment = {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": provider.base_url}
    provider.always = "stall"
    with running_command(
        state_dir=tmp_path, SLIMGATE_LOG__FORMAT="json", SLIMGATE_GRACE_S="1", **environment
    ) as command:
        stream = command.client().chat.completions.create(model="cloud", messages=HELLO, stream=True)  # type: ignore[arg-type]
        next(iter(stream))
        command.signal(signal.SIGTERM)
        wait_for(lambda: command.process.poll() is not None, 30)
        output = command.output
    assert "uvicorn.error" in {record["logger"] for record in told(output)}


@pytest.mark.parametrize(("format", "is_json"), [("auto", False), ("json", True)])
def test_at_a_terminal_lines_are_text_unless_told_otherwise(tmp_path: Path, format: str, is_json: bool) -> None:
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLIMGATE_")}
    mine = {"SLIMGATE_STATE_DIR": str(tmp_path), "SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_LOG__FORMAT": format}
    mine["SLIMGATE_CLOUD__BASE_URL"] = "http://127.0.0.1:9/v1"
    command = [sys.executable, "-m", "gateway.cli", "serve", "--port", "0"]
    output = b""
    with subprocess.Popen(command, env={**inherited, **mine}, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        while b"dashboard" not in output or not output.endswith(b"\n"):
            output += os.read(ours, 4096)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    os.close(ours)
    if is_json:
        assert len(list(told(output.decode()))) >= 2
    else:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", output.decode())
        assert re.match(r"\d\d:\d\d:\d\d INFO +gateway", plain)
        assert "slimgate listens at http://127.0.0.1:" in plain
        assert "{" not in plain


def test_text_is_there_for_those_who_ask(provider: Provider, tmp_path: Path) -> None:
    environment = {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": provider.base_url}
    with running_command(state_dir=tmp_path, SLIMGATE_LOG__FORMAT="text", **environment) as command:
        command.client().chat.completions.create(model="cloud", messages=HELLO)  # type: ignore[arg-type]
        wait_for(lambda: "slimgate.requests: chat.completions: ok" in command.output)
        (line,) = [line for line in command.lines if "slimgate.requests" in line]
    assert re.match(r"\d\d:\d\d:\d\d INFO    slimgate\.requests: chat.completions: ok \{", line)
    assert json.loads(line.partition("ok ")[2])["route"] == "cloud"
