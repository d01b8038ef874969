"""Readers who take an export slowly hold no connection to the database: budget, pages and rows go on beside them."""

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.ledger.database import READERS, WRITERS
from tests.gateway import seed
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider

pytestmark = pytest.mark.slow

EXPORTS = 16
ROWS = 10_000
"""Of about 700 bytes: far more than the sockets' buffers hold."""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seeded") / "ledger.db"
    seed.write(path, seed.traffic(ROWS, int(time.time() * 1000) - 40 * seed.DAY_MS))
    return path


@pytest.fixture
def gateway(seeded: Path, tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr("gateway.spending.budget.REFRESH_S", 0.1)
    monkeypatch.setattr("gateway.spending.budget.STALE_S", 2.0)
    shutil.copy(seeded, tmp_path)
    settings = Settings(
        state_dir=tmp_path,
        local={"enabled": False},
        cloud={"base_url": provider.base_url},
        budget={"usd_per_day": "0.00035"},
    )
    with running_gateway(settings) as gateway:
        yield gateway


def begin_export(gateway: Gateway, form: str, buffer_bytes: int = 65_536) -> socket.socket:
    """Ask for everything, and take nothing."""
    address = urlsplit(gateway.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    sock.connect((address.hostname, address.port))
    head = f"GET /v1/decisions/export?format={form} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    sock.sendall(head.encode())
    sock.settimeout(20)
    assert sock.recv(12) == b"HTTP/1.1 200"
    return sock


def ask(gateway: Gateway) -> int:
    body = {"model": "cloud", "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 8}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30).status_code


def test_sixteen_slow_exports_take_nothing_from_anybody(gateway: Gateway, provider: Provider) -> None:
    assert EXPORTS > READERS + WRITERS
    with ExitStack() as stack:
        for number in range(EXPORTS):
            stack.enter_context(begin_export(gateway, "csv" if number % 2 else "json", 4096))
        time.sleep(2.5)  # well past what makes a look at the ledger stale
        status = gateway.get("/v1/status").json()
        assert [account["trouble"] for account in status["budget"]] == [None]
        assert [ask(gateway) for _ in range(4)] == [200, 200, 200, 429]
        wait_for(lambda: gateway.get("/v1/status").json()["budget"][0]["spent_usd"] == "0.000258")
        assert gateway.rows(1)[0]["reason"] == "budget"
        assert "slimgate_budget_unknown 0" in gateway.get("/metrics").text
    assert len(provider.billed) == 3


def test_an_export_is_whole_however_slowly_it_is_taken(gateway: Gateway) -> None:
    with begin_export(gateway, "json") as sock:
        time.sleep(0.5)
        taken = b""
        while not taken.endswith(b"0\r\n\r\n"):
            taken += sock.recv(65536)
    assert taken.count(b'"id":"req_') == ROWS
