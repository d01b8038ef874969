"""One place where a gateway runs: its port and its state directory stay, its version changes."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.upgrade.versions import Version

START_S, STOP_S = 90.0, 300.0
LOOK_S = 0.02


class DrillError(Exception):
    """The drill cannot go on."""


@dataclass
class Gateway:
    """A gateway that is stopped and started again, as a service manager would do it.

    Attributes
    ----------
    version : Version or None
        What runs now.
    """

    name: str
    port: int
    folder: Path
    settings: Mapping[str, str]
    version: Version | None = None
    _before: int = field(default=0, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Its settings as environment variables, with its own state directory."""
        return {**self.settings, "SLIMGATE_STATE_DIR": str(self.folder / "state")}

    @property
    def log(self) -> Path:
        """What all of its processes have said."""
        return self.folder / "log"

    def start(self, version: Version) -> None:
        """Start that version, and wait until it is ready.

        Raises
        ------
        DrillError
            If it ends, or takes too long.
        """
        self.folder.mkdir(exist_ok=True)
        self.version, self._before = version, self._n_logged()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*version.command, "serve", "--port", str(self.port)],
                env={**version.environment(), **self.environment},
                cwd=version.source or self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait(self.is_ready, START_S, "is not ready")

    def stop(self, noticed: Callable[[], None]) -> None:
        """Tell it to stop, and wait for its end.

        Parameters
        ----------
        noticed : callable
            Called once it says that it is not ready.

        Raises
        ------
        DrillError
            If it does not end by itself, or not well.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._wait(lambda: not self.is_ready(), STOP_S, "is still ready")
        noticed()
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise DrillError(
                f"gateway {self.name} has not ended {STOP_S:g} s after it was told to; see {self.log}"
            ) from None
        if code not in (0, -signal.SIGTERM):
            raise DrillError(f"gateway {self.name} has ended with {code}; see {self.log}")

    def kill(self) -> None:
        """End it, however it is."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def is_ready(self) -> bool:
        """Whether it says so."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/health/ready", timeout=10).status_code == 200
        return False

    def n_answered(self) -> int:
        """How many requests its version has answered since it was started, by its log."""
        return self._n_logged() - self._before

    def _n_logged(self) -> int:
        return self.log.read_text("utf-8").count("slimgate.requests:") if self.log.exists() else 0

    def complaints(self) -> list[str]:
        """Warnings and errors of its log."""
        lines = self.log.read_text("utf-8").splitlines()
        return [line for line in lines if line[9:16] in ("WARNING", "ERROR  ") or line.startswith("Traceback")]

    def _wait(self, condition: Callable[[], bool], seconds: float, trouble: str) -> None:
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while not condition():
            if self._process.poll() is not None and trouble == "is not ready":
                raise DrillError(f"gateway {self.name} has ended with {self._process.returncode}; see {self.log}")
            if time.monotonic() > deadline:
                raise DrillError(f"gateway {self.name} {trouble} after {seconds:g} s; see {self.log}")
            time.sleep(LOOK_S)
