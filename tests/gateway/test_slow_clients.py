"""Callers who neither send nor take: they must not hold memory, a place or a model for good."""

import gc
import json
import select
import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.process.protocol import WatchedProtocol
from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.provider import Provider

pytestmark = pytest.mark.slow


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setattr("gateway.http.client.SILENCE_S", 0.3)
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})


def connect(gateway: Gateway, head: bytes) -> socket.socket:
    address = urlsplit(gateway.url)
    sock = socket.create_connection((address.hostname, address.port), timeout=10)
    sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" + head)
    return sock


def held(sock: socket.socket) -> bool:
    """Whether the gateway still keeps its end of the connection: as the kernel sees it, since we read nothing."""
    ends = f":{sock.getpeername()[1]:04X} ", f":{sock.getsockname()[1]:04X} 01 "
    return any(all(end in line for end in ends) for line in Path("/proc/net/tcp").read_text().splitlines())


def test_a_body_that_never_ends(gateway: Gateway) -> None:
    with connect(gateway, b'content-length: 100\r\n\r\n{"model"') as sock:
        assert sock.recv(1000).startswith(b"HTTP/1.1 408")
    assert gateway.row()["outcome"] == "rejected"


def test_headers_that_never_end(gateway: Gateway) -> None:
    with connect(gateway, b"x-more: and") as sock:
        assert sock.recv(1000).startswith(b"HTTP/1.1 408")
        assert sock.recv(1000) == b""


def test_a_connection_that_says_nothing(gateway: Gateway) -> None:
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
        assert sock.recv(1000) == b""


def test_a_connection_that_was_reset_is_forgotten(gateway: Gateway) -> None:
    address = urlsplit(gateway.url)
    for _ in range(5):
        with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
            sock.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert sock.recv(1000).startswith(b"HTTP/1.1 200")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
    wait_for(lambda: not any(type(it) is WatchedProtocol and it.transport.is_closing() for it in gc.get_objects()))


def test_headers_of_any_size(gateway: Gateway) -> None:
    with connect(gateway, b"x-long: ") as sock:
        for _ in range(1000):
            sock.sendall(b"v" * 10_000)
            if select.select([sock], [], [], 0.02)[0]:
                break
        assert sock.recv(1000).startswith(b"HTTP/1.1 431")


def test_no_http_at_all(gateway: Gateway) -> None:
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        answer = sock.recv(1000)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"type":"invalid_request_error"' in answer


def test_a_whole_answer_that_nobody_takes(gateway: Gateway, provider: Provider) -> None:
    """The gateway is through with it at once; its connection must not keep it for good."""
    provider.always = "huge"
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "hi"}]}).encode()
    with connect(gateway, b"content-length: %d\r\n\r\n" % len(body) + body) as sock:
        wait_for(lambda: provider.requests and not held(sock), 20)


def test_an_answer_that_nobody_takes(gateway: Gateway, provider: Provider) -> None:
    """A stream far larger than every buffer on the way."""
    provider.always = "endless"
    messages = [{"role": "user", "content": "hi"}]
    body = json.dumps({"model": "auto", "stream": True, "messages": messages}).encode()
    with connect(gateway, b"content-length: %d\r\n\r\n" % len(body) + body):
        wait_for(lambda: gateway.rows() and gateway.row()["outcome"] == "cancelled", 20)
        wait_for(lambda: provider.at_once == 0)
