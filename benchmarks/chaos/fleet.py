"""Gateways as systemd would keep them: started again on the same port one second after their end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.servers import children

RESTART_S = 1.0
ADMIN = "sk-chaos-admin"


@dataclass
class Unit:
    """One gateway, and how often it was started.

    Attributes
    ----------
    ends : list of (float, int)
        When the main process ended, by the monotonic clock, and with which code.
    """

    name: str
    port: int
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    ends: list[tuple[float, int]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep, name=self.name)
        self._thread.start()

    def stop(self) -> int:
        """SIGTERM, as at a shutdown; the exit code."""
        self._stopping.set()
        assert self.process is not None
        assert self._thread is not None
        self.process.send_signal(signal.SIGTERM)
        self._thread.join(60)
        if self.process.poll() is None:
            self.process.kill()
            self._thread.join()
            return -signal.SIGKILL
        return self.process.returncode

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"authorization": f"Bearer {ADMIN}"}, timeout=60)

    def is_ready(self) -> bool:
        """Whether it answers, its engine is up, and no background task has failed."""
        try:
            told = self.get("/health/ready").json()
        except (httpx.HTTPError, ValueError):
            return False
        return bool(told["status"] == "ready" and told["local"] == "up")

    def processes(self) -> dict[str, int]:
        """Process ids by what they do: main, worker, engine."""
        return {
            f"{self.name} {role(pid)} {number}" if role(pid) != "main" else f"{self.name} main": pid
            for number, pid in enumerate([self.pid, *children(self.pid)])
            if role(pid) is not None
        }

    def _keep(self) -> None:
        command = [sys.executable, "-m", "gateway.cli", "serve", "--port", str(self.port), "--log-level", "warning"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLIMGATE_")}
        with self.log.open("ab") as log:
            while not self._stopping.is_set():
                self.process = subprocess.Popen(
                    [*command, *self.arguments],
                    env={**inherited, **self.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
                code = self.process.wait()
                if not self._stopping.is_set():
                    self.ends.append((time.monotonic(), code))
                    self._stopping.wait(RESTART_S)


def role(pid: int) -> str | None:
    """What a process of a gateway does; None if it is of another kind, or has gone."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return None
    marks = {"gateway.cli": "main", "gateway.process.workers": "worker", "models.engine": "engine"}
    return next((name for mark, name in marks.items() if mark in command), None)


def end(pid: int) -> None:
    """Kill -9, unless it has gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def running(units: list[Unit]) -> Iterator[None]:
    """All of them started; ended with the block, whatever happens."""
    for unit in units:
        unit.start()
    try:
        yield
    finally:
        for unit in units:
            if unit._thread is not None and unit._thread.is_alive():
                unit.stop()


def rss_mib(pid: int) -> float:
    """Resident memory that no file stands behind, in MiB: pages of files come and go with the machine's memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
