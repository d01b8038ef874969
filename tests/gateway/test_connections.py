"""What comes over a connection before anybody reads JSON: offers of other protocols, and framing that is none."""

import json
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from tests.live import Gateway
from tests.models.engine.live import LiveEngine
from tests.provider import Provider

BODY = json.dumps({"model": "cloud", "messages": [{"role": "user", "content": "Say hello."}]}).encode()
LENGTH = b"content-length: %d\r\n" % len(BODY)
H2C = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUA\r\n"
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
OFFER = HEAD + LENGTH + H2C + b"\r\n" + BODY


def sent(url: str, packets: Sequence[bytes], *, answers: int = 1) -> bytes:
    """What comes back for `packets`, sent one by one: until so many answers are whole, or the connection ends."""
    address = urlsplit(url)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            sock.sendall(packet)
            time.sleep(0.005 if len(packets) > 1 else 0)
        while received.count(b'"usage"') < answers and (data := sock.recv(65536)):
            received += data
    return received


def test_an_offer_of_http_2_is_ignored(shared_gateway: Gateway, shared_provider: Provider) -> None:
    answer = sent(shared_gateway.url, [OFFER])
    assert answer.startswith(b"HTTP/1.1 200")
    assert shared_provider.requests[0]["messages"] == json.loads(BODY)["messages"]


@pytest.mark.parametrize("at", [1, 30, len(OFFER) - len(BODY) - 2, len(OFFER) - len(BODY), len(OFFER) - 5])
def test_wherever_its_packets_end(shared_gateway: Gateway, shared_provider: Provider, at: int) -> None:
    assert sent(shared_gateway.url, [OFFER[:at], OFFER[at:]]).startswith(b"HTTP/1.1 200")
    assert len(shared_provider.requests) == 1


def test_a_body_in_chunks(shared_gateway: Gateway, shared_provider: Provider) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    answer = sent(shared_gateway.url, [HEAD + H2C + b"transfer-encoding: chunked\r\n\r\n" + chunks])
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("packets", [[OFFER + OFFER], [OFFER, OFFER], [OFFER + OFFER[:40], OFFER[40:]]])
def test_the_connection_is_kept_for_the_next_request(
    shared_gateway: Gateway, shared_provider: Provider, packets: list[bytes]
) -> None:
    answer = sent(shared_gateway.url, packets, answers=2)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert len(shared_provider.requests) == 2


def test_other_options_of_the_connection_still_count(shared_gateway: Gateway, shared_provider: Provider) -> None:
    closing = OFFER.replace(b"Upgrade, HTTP2-Settings", b"close, Upgrade, HTTP2-Settings")
    assert b"\r\nconnection: close\r\n" in sent(shared_gateway.url, [closing])


def test_a_tunnel_is_no_offer(shared_gateway: Gateway) -> None:
    answer = sent(
        shared_gateway.url, [b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n" + H2C + b"\r\n"]
    )
    assert not answer.startswith(b"HTTP/1.1 2")


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\n-5\r\n{}\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked, gzip\r\n\r\n" + BODY,
        HEAD + b"transfer-encoding: chunked\r\n" + LENGTH + b"\r\n" + BODY,
        HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\n{}",
        HEAD + b"content-length: -1\r\n\r\n{}",
    ],
)
@pytest.mark.parametrize("split", [False, True])
def test_malformed_framing_is_told(shared_gateway: Gateway, request_bytes: bytes, split: bool) -> None:
    head, end, body = request_bytes.partition(b"\r\n\r\n")
    answer = sent(shared_gateway.url, [head + end, body] if split else [request_bytes])
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"


def test_an_engine_ignores_the_offer_too(engine: LiveEngine) -> None:
    ask = {"model": "local", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    body = json.dumps(ask).encode()
    answer = sent(engine.url, [HEAD + b"content-length: %d\r\n" % len(body) + H2C + b"\r\n" + body])
    assert answer.startswith(b"HTTP/1.1 200")
