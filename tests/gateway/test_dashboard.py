"""The page at /dashboard, in a real Chromium against a live gateway."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.ledger import LedgerRow
from gateway.settings import Settings
from tests.gateway import seed
from tests.gateway.browser import Complaints, running_browser
from tests.live import Gateway, running_gateway

SCRIPT = "<img src=x onerror=alert(1)>"
NOBODY = "http://127.0.0.1:9/v1"


def settings(state_dir: Path, **more: object) -> Settings:
    return Settings(state_dir=state_dir, local={"enabled": False}, cloud={"base_url": NOBODY}, **more)


def made_up(created_ms: int) -> LedgerRow:
    """A request by somebody who would like to see the operator's browser run it."""
    return LedgerRow(
        id="req_made_up",
        created_ms=created_ms,
        endpoint="chat.completions",
        requested_model=SCRIPT,
        served_model=SCRIPT,
        route="cloud",
        reason="pinned",
        score=0.5,
        threshold=0.5,
        stream=False,
        outcome="ok",
        prompt_tokens=1,
        completion_tokens=1,
        cost_nusd=1,
        baseline_nusd=1,
        baseline_model=SCRIPT,
    )


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a month of traffic behind it."""
    state_dir = tmp_path_factory.mktemp("state")
    now_ms = time.time_ns() // 1_000_000
    seed.write(state_dir / "ledger.db", [*seed.traffic(2000, now_ms), made_up(now_ms)])
    with running_gateway(settings(state_dir)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, gateway: Gateway) -> Iterator[Page]:
    """A fresh tab that may do nothing wrong."""
    context = browser.new_context(timezone_id="America/New_York")
    page = context.new_page()
    complaints = Complaints(page, gateway.url)
    yield page
    context.close()
    assert complaints.all == []


def test_page_loads_from_here_alone_and_shows_the_ledger(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard")
    page.select_option("#range", "all")
    savings = httpx.get(f"{gateway.url}/v1/savings").json()
    expect(page.locator("#why tbody tr")).to_have_count(len(savings["groups"]))
    expect(page.locator("#saved-usd")).to_have_text(f"${float(savings['saved_usd']):,.2f}")
    expect(page.locator("#saved")).to_contain_text("gpt-4.1")
    expect(page.locator("#money .main-svg").first).to_be_visible()
    expect(page.locator("#requests .barlayer path").first).to_be_attached()


def test_names_that_callers_made_up_stay_text(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard#decisions")
    expect(page.locator(".decisions tbody tr")).to_have_count(50)
    expect(page.locator("[data-id=req_made_up] .model")).to_have_text(SCRIPT)
    page.goto(f"{gateway.url}/dashboard#overview")
    expect(page.locator("#saved .model")).to_contain_text(SCRIPT)
    expect(page.locator("#money .legendtext", has_text="onerror")).to_be_attached()
    assert page.locator("img[src='x'], image[href='x']").count() == 0


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/assets/main.js", "/dashboard/assets/style.css"])
def test_files_are_asked_for_again_and_seldom_sent_again(gateway: Gateway, path: str) -> None:
    first = httpx.get(gateway.url + path)
    again = httpx.get(gateway.url + path, headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert "script-src 'self';" in first.headers["content-security-policy"]
    assert "unsafe" not in first.headers["content-security-policy"]


def test_plotly_comes_from_the_installed_package_and_may_be_kept(gateway: Gateway) -> None:
    page = httpx.get(f"{gateway.url}/dashboard").text
    name = page.partition("dashboard/assets/plotly-")[2].partition('"')[0]
    answer = httpx.get(f"{gateway.url}/dashboard/assets/plotly-{name}", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert b"plotly.js v" in answer.content[:100]


@pytest.mark.parametrize("name", ["nothing.js", "..%2f__init__.py", "%2e%2e/page.html", "plotly-0.0.0.min.js"])
def test_no_other_file_is_served(gateway: Gateway, name: str) -> None:
    assert httpx.get(f"{gateway.url}/dashboard/assets/{name}").status_code == 404


def test_address_alone_leads_to_the_page(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/", follow_redirects=True).url.path == "/dashboard"


def test_key_opens_the_page_as_a_password(browser: Browser, tmp_path: Path) -> None:
    with running_gateway(settings(tmp_path, api_key="open-sesame")) as gateway:
        assert httpx.get(f"{gateway.url}/dashboard").status_code == 401
        context = browser.new_context(http_credentials={"username": "", "password": "open-sesame"})
        page = context.new_page()
        page.goto(f"{gateway.url}/dashboard")
        expect(page.locator("#trouble")).to_be_hidden()
        expect(page.locator("#saved")).not_to_be_empty()
        context.close()
