"""Headers of this gateway's own that a request may not have: unknown ones, and two of a kind."""

import httpx
import pytest

from gateway.access.known_headers import check_headers
from gateway.http.overrides import KNOWN_HEADERS
from models.wire.errors import RequestError
from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello!"}]}


def test_every_known_header_may_be_there_once() -> None:
    check_headers([*((name.encode(), b"x") for name in KNOWN_HEADERS), (b"x-other", b"1"), (b"x-other", b"2")])


@pytest.mark.parametrize(
    ("header", "near"),
    [
        (b"x-slimgate-privcy", "x-slimgate-privacy"),
        (b"x-slimgate-private", "x-slimgate-privacy"),
        (b"x_slimgate_privacy", "x-slimgate-privacy"),
        (b"slimgate-privacy", "x-slimgate-privacy"),
        (b"x-slimgate-treshold", "x-slimgate-threshold"),
        (b"x-slimgate-sessionid", "x-slimgate-session"),
        (b"x-slimgate-max-first-token", "x-slimgate-max-first-token-s"),
        (b"x-slimgate-", "x-slimgate-csrf"),
        (b"x-slimgate-route", None),
        (b"x-slimgat-privacy", "x-slimgate-privacy"),
        (b"x-slim-gate-privacy", "x-slimgate-privacy"),
        (b"x-slmgate-privcy", "x-slimgate-privacy"),
    ],
)
def test_an_unknown_one_is_named_with_the_nearest(header: bytes, near: str | None) -> None:
    with pytest.raises(RequestError) as refused:
        check_headers([(b"host", b"localhost"), (header, b"local")])
    assert (refused.value.param, refused.value.code) == (header.decode(), "unknown_header")
    assert near is None or f"Did you mean {near}?" in refused.value.message


@pytest.mark.parametrize(
    "header", ["x-session-id", "x-litellm-session-id", "x-csrf-token", "x-max-first-token", "x-privacy"]
)
def test_headers_of_others_are_left_alone(header: str) -> None:
    check_headers([(header.encode(), b"x"), (header.encode(), b"y")])


@pytest.mark.parametrize("header", KNOWN_HEADERS)
def test_two_of_a_kind_are_refused(header: str) -> None:
    with pytest.raises(RequestError, match=f"Header {header} is there more than once"):
        check_headers([(header.encode(), b"0.9"), (header.encode(), b"0.1")])


def test_a_gateway_may_be_the_local_side_of_another(
    shared_gateway: Gateway, shared_provider: Provider, make_gateway: MakeGateway
) -> None:
    front = make_gateway(local={"base_url": f"{shared_gateway.url}/v1", "model": "auto"})
    front.wait_ready()
    answer = httpx.post(f"{front.url}/v1/chat/completions", json=HELLO)
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local")
    assert len(shared_provider.requests) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "chat/completions"),
        ("POST", "messages"),
        ("POST", "responses"),
        ("POST", "completions"),
        ("POST", "embeddings"),
        ("POST", "route"),
        ("POST", "responses/compact"),
        ("POST", "messages/count_tokens"),
        ("GET", "models"),
        ("GET", "responses/resp_1"),
    ],
)
def test_every_endpoint_refuses_them(
    shared_gateway: Gateway, shared_provider: Provider, method: str, path: str
) -> None:
    url, body = f"{shared_gateway.url}/v1/{path}", HELLO if method == "POST" else None
    answer = httpx.request(method, url, json=body, headers={"X-Slimgate-Privcy": "local"})
    assert answer.status_code == 400
    assert "x-slimgate-privacy" in answer.json()["error"]["message"]
    twice = [("x-slimgate-privacy", "local"), ("x-slimgate-privacy", "local")]
    assert httpx.request(method, url, json=body, headers=twice).status_code == 400
    assert shared_provider.paths == []
