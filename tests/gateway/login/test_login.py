"""Logging in over HTTP: what a cookie opens, what it never opens, and how it ends."""

import base64
import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from gateway.access.cookie_login import ASKS_MODELS
from gateway.audit.schema import AUDIT
from gateway.http.fast_path import FastPathApp
from gateway.login.cookie import COOKIE
from tests.live import Gateway, wait_for
from tests.provider import Provider

KEY = "sk-of-the-admin"
BROWSER = {"user-agent": "a browser", "accept": "text/html,*/*"}
ADDRESSES = itertools.count(1)


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"api_key": KEY, "trusted_proxies": ["127.0.0.1"]}


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


@pytest.fixture
def visitor(gateway: Gateway) -> Iterator[httpx.Client]:
    """A browser without a page, behind the proxy, at an address that no other test has failed from."""
    headers = {**BROWSER, "x-forwarded-for": f"198.51.100.{next(ADDRESSES)}"}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=30) as visitor:
        yield visitor


def log_in(visitor: httpx.Client, key: str = KEY, **headers: str) -> httpx.Response:
    return visitor.post("/v1/session", json={"key": key}, headers=headers)


def entries(gateway: Gateway) -> list[dict[str, Any]]:
    engine = create_engine(gateway.settings.ledger_url)
    with engine.connect() as connection:
        bodies = connection.execute(select(AUDIT.c.body).where(AUDIT.c.kind == "admin").order_by(AUDIT.c.seq)).scalars()
        found = [orjson.loads(body) for body in bodies]
    engine.dispose()
    return found


def test_a_login_looks_changes_and_ends(gateway: Gateway, visitor: httpx.Client) -> None:
    answer = log_in(visitor)
    who = answer.raise_for_status().json()
    assert (who["name"], who["role"]) == ("SLIMGATE_API_KEY", "admin")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert KEY not in cookie
    assert visitor.get("/v1/session").json() == who
    assert visitor.get("/v1/savings").status_code == 200
    assert visitor.get("/dashboard").status_code == 200

    change = {"threshold": 0.3}
    for headers in ({}, {"x-slimgate-csrf": "guessed"}, {"x-slimgate-csrf": ""}):
        refused = visitor.post("/v1/threshold", json=change, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf_token")
        assert "GET /v1/session" in refused.json()["error"]["message"]
    token = {"x-slimgate-csrf": who["csrf"]}
    assert visitor.post("/v1/threshold", json=change, headers=token).json()["threshold"] == 0.3

    kept = visitor.cookies[COOKIE]
    assert visitor.delete("/v1/session", headers=token).status_code == 200
    assert COOKIE not in visitor.cookies
    assert httpx.get(f"{gateway.url}/v1/savings", cookies={COOKIE: kept}).status_code == 401


def test_a_cookie_asks_no_model(gateway: Gateway, visitor: httpx.Client, shared_provider: Provider) -> None:
    token = {"x-slimgate-csrf": log_in(visitor).json()["csrf"]}
    assert isinstance(gateway.app, FastPathApp)
    answering = tuple(gateway.app._answering)
    assert len(answering) >= 6
    for path in (*answering, "/chat/completions", "/openai/deployments/m/chat/completions"):
        body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}], "input": "hello"}
        assert visitor.post(path, json=body, headers=token).status_code == 401
    assert visitor.get("/v1/responses/resp_1").status_code == 401
    assert all(path.startswith(ASKS_MODELS) for path in answering)
    assert not shared_provider.requests


def test_a_browser_without_a_login_is_led_to_one(visitor: httpx.Client) -> None:
    for path in ("/", "/dashboard"):
        led = visitor.get(path)
        assert (led.status_code, led.headers["location"]) == (303, "login")
    page = visitor.get("/login")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "login/oidc" not in page.text
    for asset in ("login.js", "login.css", "style.css", "icon.svg"):
        assert visitor.get(f"/dashboard/assets/{asset}").status_code == 200
    for path in ("/dashboard/assets/main.js", "/v1/session", "/v1/savings", "/login/nowhere"):
        assert visitor.get(path).status_code == 401
    assert visitor.get("/login/oidc").status_code == 404
    assert visitor.get("/login", params={"refused": "<b>"}).text == page.text


def test_a_page_of_another_site_logs_nobody_in_or_out(visitor: httpx.Client) -> None:
    token = {"x-slimgate-csrf": log_in(visitor).json()["csrf"]}
    for foreign in (
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert log_in(visitor, **foreign).status_code == 403
        assert visitor.delete("/v1/session", headers={**token, **foreign}).status_code == 403
    form = visitor.post("/v1/session", content=b'{"key": "x"}', headers={"content-type": "text/plain"})
    assert form.status_code == 415
    assert visitor.get("/v1/session").status_code == 200


def test_wrong_keys_wait_and_the_right_one_waits_with_them(gateway: Gateway, visitor: httpx.Client) -> None:
    before = len(entries(gateway))
    for _ in range(5):
        refused = log_in(visitor, "a wrong one")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        assert "set-cookie" not in refused.headers
    waits = log_in(visitor)
    assert (waits.status_code, waits.json()["error"]["code"]) == (429, "too_many_logins")
    assert 0 < int(waits.headers["retry-after"]) <= 60
    assert f"in {waits.headers['retry-after']} seconds" in waits.json()["error"]["message"]
    assert log_in(visitor, **{"x-forwarded-for": "192.0.2.7"}).status_code == 200  # somebody else behind the proxy
    new = entries(gateway)[before:]
    assert [entry["action"] for entry in new] == ["login failed"] * 5 + ["login"]
    assert {entry["where"] for entry in new} == {visitor.headers["x-forwarded-for"], "192.0.2.7"}
    assert "a wrong one" not in str(new)
    assert KEY not in str(new)


def test_https_at_a_trusted_proxy_makes_the_cookie_secure(visitor: httpx.Client) -> None:
    assert "Secure" in log_in(visitor, **{"x-forwarded-proto": "https"}).headers["set-cookie"]


def test_the_list_shows_and_ends_logins(gateway: Gateway, visitor: httpx.Client) -> None:
    token = {"x-slimgate-csrf": log_in(visitor).json()["csrf"]}
    with httpx.Client(base_url=gateway.url, headers={"user-agent": "x" * 300}) as other:
        log_in(other, **{"x-forwarded-for": "192.0.2.9"})
        listed = visitor.get("/v1/sessions").json()["data"]
        (current,) = (item for item in listed if item["current"])
        (found,) = (item for item in listed if item["address"] == "192.0.2.9")
        assert (current["agent"], found["agent"]) == ("a browser", "x" * 199 + "…")
        assert found["name"] == "SLIMGATE_API_KEY"
        assert visitor.cookies[COOKIE] not in str(listed)
        assert visitor.delete(f"/v1/sessions/{found['id']}", headers=token).status_code == 200
        assert other.get("/v1/session").status_code == 401
        assert (
            visitor.delete(f"/v1/sessions/{found['id']}", headers=token).json()["error"]["code"] == "session_not_found"
        )
    assert entries(gateway)[-1]["action"] == "session ended"
    assert entries(gateway)[-1]["session"] == found["id"]


def test_a_revoked_key_ends_its_logins(gateway: Gateway, visitor: httpx.Client) -> None:
    admin = {"authorization": f"Bearer {KEY}"}
    made = httpx.post(f"{gateway.url}/v1/keys", json={"name": "ada", "role": "viewer"}, headers=admin).json()
    secret, id = next(value for value in made.values() if str(value).startswith("sg-")), made["id"]
    wait_for(lambda: log_in(visitor, secret).status_code == 200, 3)
    who = visitor.get("/v1/session").json()
    assert (who["name"], who["role"]) == ("ada", "viewer")
    moved = visitor.post("/v1/threshold", json={"threshold": 0.2}, headers={"x-slimgate-csrf": who["csrf"]})
    assert (moved.status_code, moved.json()["error"]["code"]) == (403, "forbidden")
    assert {item["name"] for item in visitor.get("/v1/sessions").json()["data"]} == {"ada"}  # and nobody else's
    httpx.delete(f"{gateway.url}/v1/keys/{id}", headers=admin).raise_for_status()
    began = time.monotonic()
    wait_for(lambda: visitor.get("/v1/session").status_code == 401, 3)
    assert time.monotonic() - began < 3
    assert log_in(visitor, secret).status_code == 401


TOKENS = st.one_of(
    st.binary(min_size=48, max_size=48).map(base64.urlsafe_b64encode),
    st.from_regex(rb"[A-Za-z0-9_=-]{0,80}", fullmatch=True),
    st.binary(max_size=80).map(lambda value: bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F).strip()),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=TOKENS, before=st.sampled_from([b"", b"a=b; ", b"slimgate_session=x; ", b";;", b'slimgate_session="']))
@example(value=b"A" * 64, before=b"")
def test_no_made_up_cookie_opens_anything(visitor: httpx.Client, value: bytes, before: bytes) -> None:
    cookie = before + b"slimgate_session=" + value
    answer = visitor.get("/v1/session", headers=[(b"cookie", cookie)])
    assert answer.status_code in (400, 401)  # 400 for what is no HTTP


@pytest.mark.parametrize("body", ["", "{}", '{"key": ""}', '{"key": 1}', '{"key": "k", "role": "admin"}', "[1]"])
def test_odd_bodies_are_refused_by_name(visitor: httpx.Client, body: str) -> None:
    answer = visitor.post("/v1/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
