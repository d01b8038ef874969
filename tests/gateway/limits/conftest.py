"""A Redis of the tests' own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import wait_for


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """An empty Redis on a unix socket. Without the program the test is skipped."""
    if shutil.which("redis-server") is None:
        if os.environ.get("NOTHING_SKIPS"):
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "redis.sock")
        command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                wait_for(lambda: _answers(path))
                yield f"redis+unix://{path}"
            finally:
                server.terminate()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True
