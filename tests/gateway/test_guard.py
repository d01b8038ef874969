"""In front of every endpoint: foreign names and pages are turned away, bodies must be JSON, answers are not kept."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway
from tests.provider import Provider, running_provider

HELLO = [{"role": "user", "content": "Say hello."}]
CHAT = {"model": "auto", "messages": HELLO}
UNDESCRIBED = [("GET", path) for path in ("/", "/dashboard", "/dashboard/assets/style.css", "/docs", "/openapi.json",
                                          "/nowhere", "/v1/messages/nowhere")]  # fmt: skip
ODD_METHODS = [(method, path) for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")
               for path in ("/v1/chat/completions", "/v1/threshold", "/dashboard", "/nowhere")]  # fmt: skip


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    with running_provider() as provider:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("guard"),
            local={"enabled": False},
            cloud={"base_url": provider.base_url},
            embeddings={"backend": "cloud", "model": "m"},
            allowed_hosts=["gate.lan"],
        )
        with running_gateway(settings) as gateway:
            yield gateway, provider


@pytest.fixture
def gateway(setup: tuple[Gateway, Provider]) -> Gateway:
    return setup[0]


@pytest.fixture
def provider(setup: tuple[Gateway, Provider]) -> Provider:
    setup[1].requests.clear()
    return setup[1]


def calls(gateway: Gateway) -> list[tuple[str, str]]:
    """Every endpoint there is, by method and path, and some that there are not."""
    paths = gateway.app.openapi()["paths"]
    described = [(method.upper(), re.sub(r"{\w+}", "x", path)) for path, verbs in paths.items() for method in verbs]
    assert len(described) > 20
    return [
        *described,
        *UNDESCRIBED,
        *ODD_METHODS,
        *((method, url) for method, path in described for url in urls(path)),
    ]


def urls(path: str) -> list[str]:
    """Other URLs that may lead to the same endpoint."""
    below = path.removeprefix("/v1")
    return [below, f"/openai{below}", f"/openai{path}", f"/openai/deployments/m{below}?api-version=2024-10-21"]


def call(gateway: Gateway, method: str, path: str, **headers: str) -> httpx.Response:
    content = None if method in ("GET", "HEAD", "OPTIONS") else json.dumps(CHAT)
    return httpx.request(
        method, gateway.url + path, content=content, headers={"content-type": "application/json", **headers}
    )


def error(response: httpx.Response, path: str) -> dict[str, Any]:
    """The error object in the API shape of `path`."""
    body = response.json()
    if path.startswith(("/v1/messages", "/messages", "/openai/messages", "/openai/v1/messages")):
        assert body["type"] == "error"
    found: dict[str, Any] = body["error"]
    return found


def test_no_endpoint_answers_to_a_name_that_somebody_pointed_here(gateway: Gateway, provider: Provider) -> None:
    for method, path in calls(gateway):
        response = call(gateway, method, path, host="evil.example")
        assert response.status_code == 403, (method, path)
        if method != "HEAD":
            assert "allowed_hosts" in error(response, path)["message"]
    assert not provider.requests


def test_no_page_of_another_site_changes_or_spends(gateway: Gateway, provider: Provider) -> None:
    for method, path in calls(gateway):
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}):
            response = call(gateway, method, path, **headers)
            assert (response.status_code == 403) == (method not in ("GET", "HEAD", "OPTIONS")), (method, path)
    assert not provider.requests


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_every_body_is_declared_json(gateway: Gateway, provider: Provider, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    posts = {path for method, path in calls(gateway) if method == "POST"}
    assert "/v1/feedback" in posts
    for path in posts:
        for method in ("POST", "PUT", "PATCH"):
            response = httpx.request(method, gateway.url + path, content=json.dumps(CHAT), headers=headers)
            assert response.status_code == 415, path
            assert "content-type: application/json" in error(response, path)["message"]
            assert error(response, path).get("code", "unsupported_media_type") == "unsupported_media_type"
    assert not provider.requests


def test_every_answer_says_that_it_is_what_it_is_and_is_not_kept(gateway: Gateway) -> None:
    refused = [call(gateway, *one, host="evil.example") for one in calls(gateway)]
    for response in [*(call(gateway, *one) for one in calls(gateway)), *refused]:
        assert response.headers.get_list("x-content-type-options") == ["nosniff"], response.request.url
        caching = response.headers.get_list("cache-control")
        assert caching == (["no-store"] if "/dashboard" not in response.request.url.path else caching)
        assert len(caching) == 1


def test_streams_and_their_failures_are_not_kept_either(gateway: Gateway, provider: Provider) -> None:
    for fault in ("none", "status_500"):
        provider.faults.append(fault) if fault != "none" else None
        response = httpx.post(f"{gateway.url}/v1/chat/completions", json={**CHAT, "stream": True}, timeout=30)
        assert response.headers.get_list("cache-control") == ["no-store"]
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "x.localhost", "[::1]:80", "192.168.1.9:8000", "gate.lan"]
)
def test_names_of_ours(gateway: Gateway, provider: Provider, host: str) -> None:
    assert call(gateway, "POST", "/v1/chat/completions", host=host).status_code == 200
    assert len(provider.requests) == 1


def raw(gateway: Gateway, head: str) -> tuple[int, bytes]:
    """The answer to a request head that no client library would send."""
    with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), timeout=20) as sock:
        sock.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer


HEADS = [
    ("GET /v1/models HTTP/1.1\nhost: localhost\n", 200),
    ("GET /v1/models HTTP/1.1\n", 400),
    ("GET /v1/models HTTP/1.0\n", 400),
    ("GET /v1/models HTTP/1.1\nhost: localhost\nhost: localhost\n", 400),
    ("GET /v1/models HTTP/1.1\nhost: localhost\nhost: evil.example\n", 400),
    ("GET /v1/models HTTP/1.1\nhost: me@localhost\n", 400),
    ("GET /v1/models HTTP/1.1\nhost: loc\xe4lhost\n", 400),
    ("GET http://evil.example/v1/models HTTP/1.1\nhost: localhost\n", 403),
    ("GET http://localhost:8000/v1/models HTTP/1.1\nhost: evil.example\n", 200),
    ("GET http://me@localhost/v1/models HTTP/1.1\nhost: localhost\n", 400),
    ("GET http://evil.example?/v1/models HTTP/1.1\nhost: localhost\n", 400),
]


@pytest.mark.parametrize(("head", "status"), HEADS)
def test_odd_request_heads(gateway: Gateway, head: str, status: int) -> None:
    got, answer = raw(gateway, head)
    assert got == status
    assert b"x-content-type-options: nosniff\r\n" in answer
    assert b"cache-control: no-store\r\n" in answer


def test_what_is_no_http_is_not_kept_either(gateway: Gateway) -> None:
    status, answer = raw(gateway, "NONSENSE\n")
    assert status == 400
    assert b"x-content-type-options: nosniff\r\n" in answer


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [([], "slimgate.svc.cluster.local", 200), (["gate.lan"], "gate.lan", 200), (["gate.lan"], "evil.example", 403)],
)
def test_with_a_key_any_name_will_do_unless_told_which(
    make_gateway: MakeGateway, tmp_path: Path, allowed: list[str], host: str, status: int
) -> None:
    cloud = {"base_url": "http://127.0.0.1:9/v1"}
    gateway = make_gateway(api_key="sk-gate", local={"enabled": False}, cloud=cloud, allowed_hosts=allowed)
    key = {"authorization": "Bearer sk-gate"}
    assert httpx.get(f"{gateway.url}/v1/models", headers={"host": host, **key}).status_code == status
    # A page under that name has no key, and a browser keeps a password for the origin where it was typed.
    assert httpx.get(f"{gateway.url}/v1/decisions", headers={"host": host}).status_code == (
        401 if status == 200 else 403
    )


def test_the_name_it_listens_at_is_its_own(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(host="gate.lan", local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    assert httpx.get(f"{gateway.url}/v1/models", headers={"host": "gate.lan:8000"}).status_code == 200
    assert httpx.get(f"{gateway.url}/v1/models", headers={"host": "evil.example"}).status_code == 403


def test_without_the_key_nothing_is_said_of_the_body(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(api_key="sk", local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"):
        response = httpx.post(gateway.url + path, content=b"x")
        assert response.status_code == 401
        assert error(response, path)["type"] == "authentication_error"
