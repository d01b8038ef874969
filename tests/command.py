"""The `slimgate` command, run to its end: in this process, or in one of its own, which takes a second longer."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from gateway.cli import main

ROOT = Path(__file__).parent.parent


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the command's entry point. An exception that a user would see as a traceback fails the test."""
    output, errors = StringIO(), StringIO()
    with _as_in_a_process(arguments, cwd, environment), redirect_stdout(output), redirect_stderr(errors):
        status = _status()
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


def run_process(
    *arguments: str, cwd: Path, timeout_s: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Start the command as users do: where the process itself is what a test is about."""
    kept = {name: value for name, value in os.environ.items() if name not in _settings_variables()}
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


def _status() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextmanager
def _as_in_a_process(arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Take back what a process would leave behind in itself: its log's handlers, its umask, its hooks."""
    umask, level = os.umask(0o022), logging.root.level
    os.umask(umask)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in _settings_variables():
                patch.delenv(name)
            for name, value in {"COLUMNS": "200", **environment}.items():
                patch.setenv(name, value)
            patch.chdir(cwd)
            patch.setattr("sys.argv", ["slimgate", *arguments])
            patch.setattr(logging.root, "handlers", [])
            patch.setattr(sys, "excepthook", sys.excepthook)
            patch.setattr(threading, "excepthook", threading.excepthook)
            yield
    finally:
        os.umask(umask)
        logging.captureWarnings(False)
        logging.root.setLevel(level)


def _settings_variables() -> list[str]:
    return [name for name in os.environ if name.startswith("SLIMGATE_")]
