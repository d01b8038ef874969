"""A port that systemd opens outlives the gateway, and systemd is told when the gateway is ready and when it stops."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live import wait_for

pytestmark = pytest.mark.slow

LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[2]}
os.execv(sys.executable, [sys.executable, "-m", "gateway.cli", "serve", *sys.argv[3:]])
"""
"""What systemd does: the socket as descriptor 3, and two variables that say so."""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield listener


@pytest.fixture
def told(tmp_path: Path) -> Iterator[socket.socket]:
    """Where systemd listens for notices."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(60)
        yield told


def start(
    sock: socket.socket, folder: Path, *arguments: str, n_sockets: int = 1, **environment: str
) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SLIMGATE_")}
    own |= {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "SLIMGATE_STATE_DIR": str(folder),
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": "http://127.0.0.1:9/v1",
        "NOTIFY_SOCKET": str(folder / "notify"),
        **environment,
    }
    command = [sys.executable, "-c", LAUNCH, str(sock.fileno()), str(n_sockets), *arguments]
    return subprocess.Popen(command, env=own, pass_fds=(sock.fileno(),), stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_connects_between_two_gateways_is_answered_by_the_second(
    workers: str, listener: socket.socket, told: socket.socket, tmp_path: Path
) -> None:
    url = "http://{}:{}".format(*listener.getsockname())
    first = start(listener, tmp_path, "--workers", workers)
    assert told.recv(100) == b"READY=1"
    wait_for(lambda: httpx.get(f"{url}/health/ready", timeout=60).status_code == 200, 60)
    first.send_signal(signal.SIGTERM)
    assert told.recv(100) == b"STOPPING=1"
    assert first.wait(60) == 0
    with socket.create_connection(listener.getsockname()) as waiting:
        waiting.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        second = start(listener, tmp_path, "--workers", workers)
        waiting.settimeout(60)
        assert waiting.recv(1000).startswith(b"HTTP/1.1 200")
    second.terminate()
    assert second.wait(60) == 0
    for process in (first, second):
        process.communicate()


def test_a_port_that_systemd_opens_to_the_world_needs_a_key_too(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        refused = start(listener, tmp_path)
        _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert "SLIMGATE_API_KEY" in errors


@pytest.mark.parametrize(
    ("family", "n_sockets", "said"), [(socket.AF_UNIX, 1, "no TCP port"), (socket.AF_INET, 2, "leave one")]
)
def test_other_sockets_are_refused_by_name(family: int, n_sockets: int, said: str, tmp_path: Path) -> None:
    with socket.socket(family) as listener:
        listener.bind(str(tmp_path / "sock") if family == socket.AF_UNIX else ("127.0.0.1", 0))
        listener.listen()
        refused = start(listener, tmp_path, n_sockets=n_sockets)
        _, errors = refused.communicate(timeout=60)
    assert (refused.returncode, "Traceback" in errors) == (2, False)
    assert said in errors
