"""Callers who neither send nor take: they must not hold memory, a place or a model for good."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.provider import Provider


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setattr("gateway.client.SILENCE_S", 0.3)
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})


def connect(gateway: Gateway, head: bytes) -> socket.socket:
    address = urlsplit(gateway.url)
    sock = socket.create_connection((address.hostname, address.port), timeout=10)
    sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" + head)
    return sock


def test_a_body_that_never_ends(gateway: Gateway) -> None:
    with connect(gateway, b'content-length: 100\r\n\r\n{"model"') as sock:
        assert sock.recv(1000).startswith(b"HTTP/1.1 408")
    assert gateway.row()["outcome"] == "rejected"


def test_an_answer_that_nobody_takes(gateway: Gateway, provider: Provider) -> None:
    """A stream far larger than every buffer on the way."""
    provider.always = "endless"
    messages = [{"role": "user", "content": "hi"}]
    body = json.dumps({"model": "auto", "stream": True, "messages": messages}).encode()
    with connect(gateway, b"content-length: %d\r\n\r\n" % len(body) + body):
        wait_for(lambda: gateway.rows() and gateway.row()["outcome"] == "cancelled", 20)
        wait_for(lambda: provider.at_once == 0)
