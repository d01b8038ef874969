"""A gateway under a real uvicorn: in-process clients collect the whole body first, and see no stream and no hang-up."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from openai import OpenAI

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.process.protocol import WatchedProtocol
from models.remote.sending import OnSend, Sending
from tests.learnt import hand_on

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.05
"""Between two looks at what is waited for: most of it happens at once, and looking takes time from what does not."""


@dataclass
class Gateway:
    """Where a live gateway is, and how to look into it."""

    url: str
    app: FastAPI
    settings: Settings
    clients: list[OpenAI] = field(default_factory=list)

    def client(self, **options: Any) -> OpenAI:
        """The official client, which does not try twice: a test wants to see the first answer."""
        options = {"api_key": "unused", "max_retries": 0, "timeout": 60, **options}
        self.clients.append(OpenAI(base_url=f"{self.url}/v1", **options))
        return self.clients[-1]

    def rows(self, limit: int = 50) -> list[dict[str, Any]]:
        """The ledger's newest rows, newest first."""
        wait_for(lambda: b"slimgate_ledger_pending_bytes 0.0" in self.get("/metrics").content, 30)
        answer = self.get("/v1/decisions", limit=limit)
        rows: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return rows

    def row(self) -> dict[str, Any]:
        """The newest row."""
        return self.rows(1)[0]

    def get(self, path: str, **params: Any) -> httpx.Response:
        """A GET that carries the gateway's key, where it has one."""
        key = self.settings.api_key
        headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        return self._http.get(self.url + path, params=params, headers=headers)

    @cached_property
    def _http(self) -> httpx.Client:
        """One for all: a new client reads certificates and connects first, for as long as the answer takes."""
        return httpx.Client(timeout=30)

    def close(self) -> None:
        """Close its clients."""
        self._http.close()
        for client in self.clients:
            client.close()

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Wait until the local model answers."""
        wait_for(lambda: httpx.get(f"{self.url}/health/ready").json()["local"] == "up", timeout_s)


def unwatched(_model: str) -> OnSend:
    """For a cloud whose calls nobody keeps a record of."""

    async def on_send(_sending: Sending) -> None: ...

    return on_send


def wait_for(condition: Any, timeout_s: float = 10) -> None:
    """Wait until `condition()` is true."""
    deadline, pause_s = time.monotonic() + timeout_s, SHORTEST_PAUSE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, 1.5 * pause_s)


@contextmanager
def running_gateway(settings: Settings) -> Iterator[Gateway]:
    """A gateway in a thread of its own, shut down in order when the block ends."""
    if settings.local.enabled and settings.local.base_url is None:
        hand_on(settings.state_dir)
    app = create_app(settings)
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=WatchedProtocol,
        log_config=None,
        access_log=False,
        timeout_keep_alive=60,  # long, as it is served
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([sock],))
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive())
        assert server.started, "the gateway did not start; its log has the reason"
        gateway = Gateway(f"http://127.0.0.1:{sock.getsockname()[1]}", app, settings)
        yield gateway
        gateway.close()
    finally:
        server.should_exit = True
        thread.join(30)
        sock.close()
