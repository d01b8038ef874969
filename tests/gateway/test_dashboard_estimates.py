"""The page shows what was expected of the local model's time beside what came true."""

import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.config.settings import Settings
from tests.gateway import seed
from tests.gateway.browser import Complaints, leave_out_charts, running_browser
from tests.gateway.test_estimates import STREAMED
from tests.live import Gateway, running_gateway
from tests.provider import MODEL, running_provider

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    state_dir = tmp_path_factory.mktemp("state")
    row = replace(STREAMED, created_ms=time.time_ns() // 1_000_000 - 60_000)
    rows = [
        replace(row, id="streamed"),
        replace(row, id="whole", stream=False),
        replace(row, id="cloud", route="cloud"),
        replace(row, id="unknown", estimated_first_token_ms=None, estimated_answer_ms=None),
    ]
    seed.write(state_dir / "ledger.db", rows)
    with running_provider() as provider:
        local, cloud = {"base_url": provider.base_url, "model": MODEL}, {"base_url": provider.base_url}
        with running_gateway(Settings(state_dir=state_dir, local=local, cloud=cloud)) as gateway:
            yield gateway


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, gateway: Gateway) -> Iterator[Page]:
    context = browser.new_context()
    leave_out_charts(context)
    page = context.new_page()
    complaints = Complaints(page, gateway.url)
    yield page
    assert complaints.all == []
    context.close()


@pytest.mark.parametrize(
    ("id", "listed", "explained"),
    [
        (
            "streamed",
            "2.5 sexpected 3 s",
            "expected 3 s to the first token, took 2 s (50 % off); 9 s in all, took 10 s (10 % off)",
        ),
        ("whole", "2.5 sexpected 9 s", "expected 3 s to the first token; 9 s in all, took 10 s (10 % off)"),
        ("cloud", "2.5 s", "the local model would have taken about 3 s to the first token; 9 s in all"),
        ("unknown", "2.5 s", None),
    ],
)
def test_a_decision_shows_both(page: Page, gateway: Gateway, id: str, listed: str, explained: str | None) -> None:
    page.goto(f"{gateway.url}/dashboard#decisions")
    line = page.locator(f"[data-id={id}]")
    expect(line.locator(".first-byte")).to_have_text(listed)
    line.locator(".open").click()
    figures = page.locator("#open-row .figures")
    expect(figures).to_contain_text("2.5 s to the first byte")
    if explained is None:
        expect(figures).not_to_contain_text("Estimate")
    else:
        expect(figures).to_contain_text(f"Estimate{explained}")
    line.locator(".open").click()
    expect(page.locator("#open-row")).to_have_count(0)


def test_the_overview_shows_how_good_estimates_are(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard#overview")
    words = "off by 50 % to the first token and 10 % to the end of the answer (median, last 24 h)"
    expect(page.locator("#latency-takeaway")).to_contain_text(words)


def test_a_prompt_to_try_shows_the_estimate(page: Page, gateway: Gateway) -> None:
    answer = httpx.post(f"{gateway.url}/v1/route", json={"prompt": "Say hello."}).json()
    estimate = {"first_token_s": 3.2, "answer_s": 9.0}
    page.route("**/v1/route", lambda route: route.fulfill(json={**answer, "estimate": estimate}))
    page.goto(f"{gateway.url}/dashboard#tuner")
    page.fill("#trial-prompt", "Say hello.")
    page.click("#trial-send")
    words = "The local model would take about 3.2 s to the first token, 9 s in all."
    expect(page.locator("#trial-out")).to_contain_text(words)
