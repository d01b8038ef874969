"""What the units in deploy/systemd forbid, slimgate does not need: it serves under their system call filters."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.live import wait_for

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SANDBOX = Path(__file__).with_name("unit_sandbox.py")
DEBIANS_PYTHON = "/usr/bin/python3"

HAS_TOOLS = (
    shutil.which("systemd-analyze") is not None
    and Path(DEBIANS_PYTHON).exists()
    and subprocess.run([DEBIANS_PYTHON, "-c", "import seccomp"], capture_output=True).returncode == 0
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.engine,
    pytest.mark.skipif(not HAS_TOOLS, reason="apt-get install systemd python3-seccomp"),
]

UNSHARE = "import ctypes, os; assert ctypes.CDLL(None).unshare(0x10000000) == 0, os.strerror(1)"
WRITABLE_AND_EXECUTABLE = "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)"


def command(unit: str, *arguments: str) -> list[str]:
    return [DEBIANS_PYTHON, str(SANDBOX), str(UNITS / f"{unit}.service"), sys.executable, *arguments]


@contextmanager
def restricted(unit: str, *arguments: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A subcommand of slimgate under the restrictions of `unit`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SLIMGATE_")}
    own |= {"PYTHONPATH": str(UNITS.parents[1]), "SLIMGATE_STATE_DIR": str(folder), **environment}
    process = subprocess.Popen(command(unit, "-m", "gateway.cli", *arguments), env=own)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def get(url: str) -> dict[str, object]:
    try:
        found: dict[str, object] = httpx.get(url).json()
    except httpx.HTTPError:
        return {}
    return found


def ask(url: str, model: str = "auto") -> httpx.Response:
    body = {"model": model, "max_tokens": 4, "messages": [{"role": "user", "content": "Say hello."}]}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)


@pytest.mark.parametrize("unit", ["slimgate", "slimgate-engine"])
@pytest.mark.parametrize(
    "forbidden",
    [
        "import os; os.chroot('/')",
        "import socket; socket.socket(socket.AF_NETLINK)",
        UNSHARE,
        WRITABLE_AND_EXECUTABLE,
    ],
    ids=["chroot", "netlink", "namespace", "executable"],
)
def test_the_filters_are_in_force(unit: str, forbidden: str) -> None:
    done = subprocess.run(
        command(unit, "-c", f"print('started', flush=True); {forbidden}"), capture_output=True, text=True
    )
    assert done.stdout == "started\n", done.stderr
    assert "not permitted" in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_gateway_serves_with_its_engine(workers: str, tmp_path: Path) -> None:
    port = free_port()
    url, arguments = f"http://127.0.0.1:{port}", ("serve", "--port", str(port), "--workers", workers)
    with restricted("slimgate", *arguments, folder=tmp_path, SLIMGATE_DRAIN_S="0") as gateway:
        wait_for(lambda: gateway.poll() is not None or get(f"{url}/health/ready").get("local") == "up", 90)
        answer = ask(url)
        assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local"), answer.text
    assert gateway.returncode == 0


def test_the_engine_alone_serves(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with restricted("slimgate-engine", "engine", "--port", str(port), folder=tmp_path) as engine:
        wait_for(lambda: engine.poll() is not None or bool(get(f"{url}/health")), 90)
        model = httpx.get(f"{url}/v1/models").json()["data"][0]["id"]
        assert ask(url, model).status_code == 200
