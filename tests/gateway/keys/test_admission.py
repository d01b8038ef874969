"""Keys over HTTP: how they come, what they open, and that nothing else opens anything."""

import socket
from base64 import b64encode
from typing import Any

import anthropic
import httpx
import openai
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gateway.keys.secrets import new_secret
from tests.live import Gateway
from tests.provider import Provider

ADMIN = "sk-admin"
HELLO: list[Any] = [{"role": "user", "content": "Say hello."}]
CHAT = {"model": "auto", "messages": HELLO}


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"api_key": ADMIN}


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


def as_admin(gateway: Gateway, method: str, path: str, **options: Any) -> httpx.Response:
    return httpx.request(method, gateway.url + path, headers={"authorization": f"Bearer {ADMIN}"}, **options)


def make(gateway: Gateway, **details: Any) -> dict[str, Any]:
    made = as_admin(gateway, "POST", "/v1/keys", json={"name": "n", **details})
    assert made.status_code == 201, made.text
    key: dict[str, Any] = made.json()
    return key


WAYS = [
    lambda secret: {"authorization": f"Bearer {secret}"},
    lambda secret: {"authorization": f"bearer   {secret}"},
    lambda secret: {"x-api-key": secret},
    lambda secret: {"api-key": secret},
    lambda secret: {"authorization": "Bearer unused", "x-api-key": secret},
]


@pytest.mark.parametrize("way", WAYS)
def test_a_key_opens_however_it_comes(gateway: Gateway, shared_provider: Provider, way: Any) -> None:
    secret = make(gateway)["secret"]
    asked = httpx.post(f"{gateway.url}/v1/chat/completions", json=CHAT, headers=way(secret))
    assert asked.status_code == 200
    assert secret not in str(shared_provider.headers)
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=CHAT, headers=way(new_secret())).status_code == 401
    assert len(shared_provider.requests) == 1


def test_a_key_is_no_browsers_password(gateway: Gateway) -> None:
    for secret in (make(gateway, role="admin")["secret"], ADMIN):
        assert httpx.get(f"{gateway.url}/v1/status", auth=("any", secret)).status_code == 401


def test_a_key_stops_at_once_where_it_is_revoked(gateway: Gateway, shared_provider: Provider) -> None:
    key = make(gateway)
    with gateway.client(api_key=key["secret"]) as client:
        assert client.chat.completions.create(model="auto", messages=HELLO).choices
        revoked = as_admin(gateway, "DELETE", f"/v1/keys/{key['id']}")
        assert revoked.json()["status"] == "revoked"
        with pytest.raises(openai.AuthenticationError, match="revoked"):
            client.chat.completions.create(model="auto", messages=HELLO)
    assert len(shared_provider.requests) == 1


def test_a_rotation_over_http(gateway: Gateway) -> None:
    key = make(gateway)
    rotated = as_admin(gateway, "POST", f"/v1/keys/{key['id']}/rotate", json={}).json()
    assert rotated["secrets"][0]["prefix"] == rotated["secret"][:11]
    at_once = as_admin(gateway, "POST", f"/v1/keys/{key['id']}/rotate", json={"grace_s": 0}).json()
    opens = [
        httpx.get(f"{gateway.url}/v1/models", headers={"x-api-key": one["secret"]}).status_code == 200
        for one in (key, rotated, at_once)
    ]
    assert opens == [False, False, True]


def test_the_api_of_keys_tells_no_secret_and_no_hash(gateway: Gateway) -> None:
    key = make(gateway, name="quiet", tags=["x"], terms={"usd_per_day": "2.50"})
    listed = as_admin(gateway, "GET", "/v1/keys", params={"limit": 1}).json()
    found = as_admin(gateway, "GET", f"/v1/keys/{key['id']}").json()
    assert listed["data"] == [found]
    secret = key.pop("secret")
    assert found == key
    assert found["terms"]["usd_per_day"] == "2.50"
    assert secret not in str(listed)
    changed = as_admin(gateway, "PATCH", f"/v1/keys/{key['id']}", json={"terms": {"usd_per_day": None, "max_n": 3}})
    assert changed.json()["terms"] == {**key["terms"], "usd_per_day": None, "max_n": 3}
    assert changed.json()["name"] == "quiet"


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({}, "name", "required"),
        ({"name": "n", "terms": {"max_n": "2"}}, "terms.max_n", "integer"),
        ({"name": "n", "terms": {"max_n": True}}, "terms.max_n", "integer"),
        ({"name": "n", "tags": ["a", "b c"]}, "tags.1", "letters"),
        ({"name": "n", "expires": "2020-01-01T00:00:00Z"}, "expires", "future"),
        ({"name": "n", "role": "boss"}, "role", "'viewer'"),
        ({"name": "n", "terms": {"max": 2}}, None, "terms.max. Only these are taken: routes"),
        ({"nme": "n"}, None, "nme. Only these are taken: name"),
        ({"name": "n", "sees": "team"}, None, "team is empty"),
        ([], "name", "object"),
    ],
)
def test_a_wrong_body_is_told_which_field(gateway: Gateway, body: Any, param: str | None, words: str) -> None:
    error = as_admin(gateway, "POST", "/v1/keys", json=body)
    assert error.status_code == 400
    assert error.json()["error"]["param"] == param
    assert words in error.json()["error"]["message"]


def test_keys_that_are_not_there_or_no_more(gateway: Gateway) -> None:
    for method, path in (("GET", "key_0"), ("DELETE", "key_0"), ("POST", "key_0/rotate"), ("PATCH", "key_0")):
        answer = as_admin(gateway, method, f"/v1/keys/{path}", **({} if method in ("GET", "DELETE") else {"json": {}}))
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "key_not_found")
    id = make(gateway)["id"]
    as_admin(gateway, "DELETE", f"/v1/keys/{id}")
    answer = as_admin(gateway, "PATCH", f"/v1/keys/{id}", json={"name": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "key_unchangeable")


def test_roles_are_told_what_they_lack_in_their_own_shape(gateway: Gateway, shared_provider: Provider) -> None:
    caller, viewer = (make(gateway, role=role, sees="all")["secret"] for role in ("caller", "viewer"))
    refused = httpx.get(f"{gateway.url}/v1/keys", headers={"x-api-key": caller})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "role admin" in refused.json()["error"]["message"]
    with (
        anthropic.Anthropic(api_key=viewer, base_url=gateway.url, max_retries=0) as client,
        pytest.raises(anthropic.PermissionDeniedError, match="role caller or admin"),
    ):
        client.messages.create(model="auto", max_tokens=8, messages=HELLO)
    assert httpx.get(f"{gateway.url}/v1/status", headers={"x-api-key": viewer}).status_code == 200
    assert not shared_provider.requests


LINE = st.binary(max_size=80).filter(lambda value: not set(b"\r\n") & set(value))
NEARLY = st.tuples(
    st.sampled_from(["sg-", "Bearer ", "Bearer sg-", "Basic ", "Basic OnNrLWFkbWk=", ADMIN[:-1], f"{ADMIN} ", ""]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60),
).map(lambda parts: "".join(parts).encode())
HEADERS = st.lists(
    st.tuples(st.sampled_from([b"authorization", b"x-api-key", b"api-key"]), LINE | NEARLY), min_size=1, max_size=5
)


def status_of(gateway: Gateway, path: str, headers: list[tuple[bytes, bytes]]) -> int:
    """The status of a GET with headers that no client library would send."""
    head = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n".encode()
    with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), timeout=20) as sock:
        sock.sendall(head + b"".join(name + b": " + value + b"\r\n" for name, value in headers) + b"\r\n")
        return int(sock.makefile("rb").readline().split(b" ")[1])


def test_no_header_but_a_key_opens_anything(gateway: Gateway, shared_provider: Provider) -> None:
    @examples(max_examples=150)
    @given(HEADERS, st.sampled_from(["/v1/models", "/v1/keys", "/dashboard", "/v1/messages/x"]))
    def try_to_get_in(headers: list[tuple[bytes, bytes]], path: str) -> None:
        assume(not any(admits in value for admits in (ADMIN.encode(), b64encode(b":sk-admin")) for _, value in headers))
        # 400: what no header may hold is refused before it is read as one.
        assert status_of(gateway, path, headers) in (400, 401)

    try_to_get_in()
    assert status_of(gateway, "/v1/models", [(b"api-key", ADMIN.encode())]) == 200
    assert not shared_provider.requests


def test_a_key_is_held_to_its_limits(gateway: Gateway, shared_provider: Provider) -> None:
    limited = make(gateway, terms={"requests_per_minute": 1})["secret"]
    client = gateway.client(api_key=limited)
    told = client.chat.completions.with_raw_response.create(model="auto", messages=HELLO).headers
    assert (told["x-ratelimit-limit-requests"], told["x-ratelimit-remaining-requests"]) == ("1", "0")
    with pytest.raises(openai.RateLimitError, match="requests_per_minute"):
        client.chat.completions.create(model="auto", messages=HELLO)
    other = gateway.client(api_key=make(gateway)["secret"])
    assert other.chat.completions.create(model="auto", messages=HELLO).id
