"""A gateway as its users run it: the command, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from openai import OpenAI

from tests.learnt import hand_on
from tests.live import wait_for


@dataclass
class Command:
    """A running `slimgate serve`."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens, once it has said so."""
        found = re.search(r'listens at (http://[^\s"]+)', "".join(self.lines))
        assert found, self.lines
        return found[1]

    @property
    def output(self) -> str:
        """Everything it has said so far."""
        return "".join(self.lines)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def client(self) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key="unused", max_retries=0, timeout=60)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30)


@contextmanager
def running_command(*arguments: str, state_dir: Path, **environment: str) -> Iterator[Command]:
    """`slimgate serve` on a free port; killed if it has not ended with the block."""
    hand_on(state_dir)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLIMGATE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "serve", "--port", "0", *arguments],
        env={
            **inherited,
            "SLIMGATE_STATE_DIR": str(state_dir),
            "COLUMNS": "200",
            "SLIMGATE_LOG__FORMAT": "text",
            "SLIMGATE_EXAM__ENABLED": "false",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    command = Command(process)
    assert process.stdout is not None
    reader = threading.Thread(target=command.lines.extend, args=(process.stdout,))
    reader.start()
    try:
        wait_for(lambda: "listens at" in command.output or process.poll() is not None, 60)
        assert process.poll() is None, command.output
        yield command
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        reader.join(30)
        process.stdout.close()
