"""A scratch PostgreSQL and a scratch Redis that can be stopped, started and frozen: servers of nobody else.

Both listen on loopback and keep what they have in a folder that is removed with them. PostgreSQL refuses to run as
root; under root it runs as the user `postgres`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.gateway import free_port

MAX_CONNECTIONS = 300
"""A gateway process opens up to 14 connections."""


@dataclass
class Postgres:
    """A cluster of its own; `stop` is a crash (no checkpoint), as of a machine that lost its power."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections={MAX_CONNECTIONS}"
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        self._control("stop", "-w", "-m", "immediate")

    def freeze(self) -> None:
        """Every process of it stands still, and connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        for each in (pid, *children(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)

    def _control(self, *arguments: str) -> None:
        command = [str(_program("pg_ctl")), "-D", str(self.folder / "data"), *arguments]
        subprocess.run([*as_postgres(), *command], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


@dataclass
class Redis:
    """A server that keeps nothing: what it counted is gone when it was stopped."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(redis.ConnectionError), redis.Redis(port=self.port) as client:
                client.ping()
                return
            if time.monotonic() > deadline:
                raise TimeoutError("Redis did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """An empty cluster, gone with the block."""
    folder = Path(tempfile.mkdtemp(prefix="slimgate-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Postgres(folder, free_port())
    command = [str(_program("initdb")), "-D", str(folder / "data"), "-A", "trust", "-U", "postgres"]
    try:
        subprocess.run([*as_postgres(), *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        server.start()
        yield server
    finally:
        with contextlib.suppress(OSError, ValueError, subprocess.CalledProcessError):
            server.thaw()
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running_redis() -> Iterator[Redis]:
    """An empty Redis, gone with the block."""
    server = Redis(free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()


def as_postgres() -> list[str]:
    """What goes before a command of PostgreSQL's, which none of root's may be."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`; none if it has gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _program(name: str) -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) or [Path(shutil.which(name) or name)]
    return found[-1]
