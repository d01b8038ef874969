"""A page in a real browser whose name was pointed at the gateway: it reads, spends and changes nothing."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.gateway.browser import leave_out_charts, running_browser
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


@pytest.fixture(scope="module")
def gateway(_cloud_only: tuple[Gateway, Provider]) -> Gateway:
    return _cloud_only[0]


@pytest.fixture(scope="module")
def liar(gateway: Gateway) -> Iterator[Browser]:
    """Chromium, for whom evil.example is the gateway."""
    at = urlsplit(gateway.url).netloc
    rules = f"--host-resolver-rules=MAP evil.example:80 {at}, MAP evil.example:{at.partition(':')[2]} {at}"
    with running_browser(rules) as browser:
        yield browser


@pytest.fixture
def page(liar: Browser) -> Iterator[Page]:
    context = liar.new_context()
    leave_out_charts(context)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("with_port", [False, True])
def test_a_page_under_a_rebound_name_gets_nothing(
    page: Page, gateway: Gateway, shared_provider: Provider, with_port: bool
) -> None:
    threshold, rows = httpx.get(f"{gateway.url}/v1/threshold").json(), gateway.rows()
    port = f":{urlsplit(gateway.url).port}" if with_port else ""
    shown = page.goto(f"http://evil.example{port}/dashboard")
    assert shown is not None
    assert shown.status == 403  # by the gateway itself: the name does lead to it
    for path, body in ATTEMPTS:
        status, text = page.evaluate(TRY, [path, body])
        assert status == 403, path
        assert "allowed_hosts" in text
    assert not shared_provider.requests
    assert httpx.get(f"{gateway.url}/v1/threshold").json() == threshold
    assert gateway.rows() == rows


def test_a_form_of_another_site_spends_nothing(page: Page, gateway: Gateway, shared_provider: Provider) -> None:
    """What a browser sends without asking: from a page of another origin, as text."""
    send = """async ([url, body]) => { await fetch(url, {method: "POST", mode: "no-cors", body}); }"""
    page.goto(f"http://evil.example:{urlsplit(gateway.url).port}/dashboard")
    page.evaluate(send, [f"{gateway.url}/v1/chat/completions", json.dumps(CHAT)])
    assert not shared_provider.requests


@pytest.mark.parametrize(("name", "threshold"), [("localhost", 0.25), ("127.0.0.1", 0.26), ("app.localhost", 0.27)])
def test_under_its_own_names_page_and_calls_work(
    page: Page, gateway: Gateway, shared_provider: Provider, name: str, threshold: float
) -> None:
    shown = page.goto(f"http://{name}:{urlsplit(gateway.url).port}/dashboard")
    assert shown is not None
    assert shown.status == 200
    assert page.evaluate(TRY, ["/v1/chat/completions", CHAT])[0] == 200
    assert page.evaluate(TRY, ["/v1/threshold", {"threshold": threshold}])[0] == 200
    assert page.evaluate(TRY, ["/metrics", None])[0] == 200
    assert len(shared_provider.requests) == 1
    assert httpx.get(f"{gateway.url}/v1/threshold").json()["threshold"] == threshold
