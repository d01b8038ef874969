"""A page in a real browser whose name was pointed at the gateway: it reads, spends and changes nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import MakeGateway
from tests.gateway.browser import FLAGS, chromium_path
from tests.live import Gateway
from tests.provider import Provider

pytestmark = pytest.mark.browser

TRY = """async ([path, body]) => {
  const options = body === null ? {} : {
    method: "POST", body: JSON.stringify(body), headers: {"content-type": "application/json"},
  };
  const answer = await fetch(path, options);
  return [answer.status, await answer.text()];
}"""

CHAT = {"model": "auto", "messages": [{"role": "user", "content": "Say hello."}]}
ATTEMPTS: list[tuple[str, Any]] = [
    ("/v1/chat/completions", CHAT),
    ("/v1/messages", {**CHAT, "max_tokens": 8}),
    ("/v1/responses", {"model": "auto", "input": "Say hello."}),
    ("/v1/threshold", {"threshold": 0}),
    ("/v1/feedback", {"request_id": "req_1", "ok": False}),
    ("/v1/decisions", None),
    ("/v1/savings", None),
    ("/v1/status", None),
    ("/metrics", None),
    ("/openapi.json", None),
    ("/dashboard/assets/style.css", None),
]


@contextmanager
def browser_that_is_lied_to(url: str) -> Iterator[Browser]:
    """Chromium, for whom evil.example is the gateway."""
    path, at = chromium_path(), urlsplit(url).netloc
    rules = f"--host-resolver-rules=MAP evil.example:80 {at}, MAP evil.example:{at.partition(':')[2]} {at}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, rules])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def gateway(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})


def test_a_page_under_a_rebound_name_gets_nothing(gateway: Gateway, provider: Provider) -> None:
    threshold = httpx.get(f"{gateway.url}/v1/threshold").json()
    with browser_that_is_lied_to(gateway.url) as browser:
        for origin in ("http://evil.example", f"http://evil.example:{urlsplit(gateway.url).port}"):
            page = browser.new_page()
            shown = page.goto(f"{origin}/dashboard")
            assert shown is not None
            assert shown.status == 403  # by the gateway itself: the name does lead to it
            for path, body in ATTEMPTS:
                status, text = page.evaluate(TRY, [path, body])
                assert status == 403, path
                assert "allowed_hosts" in text
    assert not provider.requests
    assert httpx.get(f"{gateway.url}/v1/threshold").json() == threshold
    assert gateway.rows() == []


def test_a_form_of_another_site_spends_nothing(gateway: Gateway, provider: Provider) -> None:
    """What a browser sends without asking: from a page of another origin, as text."""
    send = """async ([url, body]) => { await fetch(url, {method: "POST", mode: "no-cors", body}); }"""
    with browser_that_is_lied_to(gateway.url) as browser:
        page = browser.new_page()
        page.goto(f"http://evil.example:{urlsplit(gateway.url).port}/dashboard")
        page.evaluate(send, [f"{gateway.url}/v1/chat/completions", json.dumps(CHAT)])
    assert not provider.requests


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "app.localhost"])
def test_under_its_own_names_page_and_calls_work(gateway: Gateway, provider: Provider, name: str) -> None:
    url = f"http://{name}:{urlsplit(gateway.url).port}"
    with browser_that_is_lied_to(gateway.url) as browser:
        page = browser.new_page()
        shown = page.goto(f"{url}/dashboard")
        assert shown is not None
        assert shown.status == 200
        assert page.evaluate(TRY, ["/v1/chat/completions", CHAT])[0] == 200
        assert page.evaluate(TRY, ["/v1/threshold", {"threshold": 0.25}])[0] == 200
        assert page.evaluate(TRY, ["/metrics", None])[0] == 200
    assert len(provider.requests) == 1
    assert httpx.get(f"{gateway.url}/v1/threshold").json()["threshold"] == 0.25
