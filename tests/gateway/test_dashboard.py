"""The page at /dashboard, in a real Chromium against a live gateway."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from tests.gateway import seed
from tests.gateway.browser import Complaints, leave_out_charts, let_refresh, running_browser
from tests.live import Gateway, running_gateway
from tests.provider import Provider

SCRIPT = "<img src=x onerror=alert(1)>"
NOBODY = "http://127.0.0.1:9/v1"
SESSION = "nightly run"


def settings(state_dir: Path, **more: Any) -> Settings:
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
    rows = seed.traffic(2000, now_ms, keys=("web shop", None))
    in_session = [replace(row, session_id=SESSION) if n in range(200, 210, 2) else row for n, row in enumerate(rows)]
    seed.write(state_dir / "ledger.db", [*in_session, made_up(now_ms)])
    with running_gateway(settings(state_dir)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who has not been here before."""
    context = browser.new_context(timezone_id="America/New_York")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, gateway: Gateway) -> Iterator[Page]:
    """A fresh tab that may do nothing wrong."""
    page = context.new_page()
    complaints = Complaints(page, gateway.url)
    yield page
    assert complaints.all == []


@pytest.fixture
def page_without_charts(context: BrowserContext, page: Page) -> Page:
    """A fresh tab that may do nothing wrong, sooner."""
    leave_out_charts(context)
    return page


def test_page_loads_from_here_alone_and_shows_the_ledger(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard")
    page.select_option("#range", "all")
    savings = httpx.get(f"{gateway.url}/v1/savings").json()
    expect(page.locator("#groups tbody tr:not(.route)")).to_have_count(len(savings["groups"]))
    expect(page.locator("#saved-usd")).to_have_text(f"${float(savings['saved_usd']):,.2f}")
    expect(page.locator("#saved")).to_contain_text("gpt-4.1")
    expect(page.locator("#money .main-svg").first).to_be_visible()
    expect(page.locator("#requests .barlayer path").first).to_be_attached()
    expect(page.locator("#usage tbody tr")).to_have_count(2)
    expect(page.locator("#usage")).to_contain_text("web shop")


def test_names_that_callers_made_up_stay_text(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard#decisions")
    expect(page.locator(".decisions tbody tr")).to_have_count(50)
    expect(page.locator("[data-id=req_made_up] .model")).to_have_text(SCRIPT)
    page.goto(f"{gateway.url}/dashboard#overview")
    expect(page.locator("#saved .model")).to_contain_text(SCRIPT)
    expect(page.locator("#money .legendtext", has_text="onerror")).to_be_attached()
    assert page.locator("img[src='x'], image[href='x']").count() == 0


def test_who_used_what_leads_to_their_requests(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard")
    page.select_option("#range", "all")
    page.click("#usage a:text('web shop')")
    expect(page.locator(".decisions .who", has_text="web shop")).to_have_count(50)
    expect(page.locator("#filter-key_id")).to_have_value("web shop")
    page.goto(f"{gateway.url}/dashboard#overview")
    page.click("[data-usage=session]")
    page.click(f"#usage a:text('{SESSION}')")
    expect(page.locator(".decisions tbody tr")).to_have_count(5)
    page.locator(".decisions .open").first.click()
    expect(page.locator("#open-row a")).to_have_text(SESSION)


def test_a_months_bill_is_a_file(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard")
    page.select_option("#bill-month", index=1)
    month = page.locator("#bill-month").input_value()
    bill = page.locator("#bill").get_attribute("href")
    assert bill is not None
    answer = httpx.get(f"{gateway.url}/{bill}")
    assert answer.text.startswith("month,key_id,key_name")
    assert f"slimgate-chargeback-{month}.csv" in answer.headers["content-disposition"]


def test_who_is_not_told_the_state_sees_figures_all_the_same(context: BrowserContext, gateway: Gateway) -> None:
    leave_out_charts(context)
    page = context.new_page()
    refusal = {"error": {"message": "This key may look at its own requests only."}}
    page.route("**/v1/status", lambda route: route.fulfill(status=403, json=refusal))
    page.goto(f"{gateway.url}/dashboard")
    page.select_option("#range", "all")
    expect(page.locator("#tile-requests b")).to_have_text("2,001")
    expect(page.locator("nav [data-view=tuner]")).to_be_hidden()
    expect(page.locator("#trouble")).to_be_hidden()


def test_range_narrows_every_figure(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard")
    page.select_option("#range", "all")
    expect(page.locator("#tile-requests b")).to_have_text("2,001")
    page.select_option("#range", "custom")
    # Typed on the reader's own clock, which is five hours behind.
    page.fill("#custom [name=since]", "2000-01-01T00:00")
    page.fill("#custom [name=until]", "2000-01-02T00:00")
    page.click("#custom [type=submit]")
    expect(page.locator("#tile-requests b")).to_have_text("0")
    expect(page.locator("#span")).to_contain_text("America/New_York")
    expect(page.locator("#saved")).to_contain_text("No request was answered in this range")


def choose_whole_range(page: Page) -> None:
    """Show requests of any time, and wait until they are asked for: the next choice is then asked for once."""
    with page.expect_response(lambda answer: "/v1/decisions?" in answer.url and "since=" not in answer.url):
        page.select_option("#range", "all")


def choose_reason(page: Page, reason: str) -> None:
    """Show requests of one reason, and wait until there are no others, and some."""
    page.select_option("#filter-reason", reason)
    expect(page.locator(".decisions .reason").first).to_contain_text(reason)
    expect(page.locator(".decisions .reason", has_not_text=reason)).to_have_count(0)


def test_filters_find_and_export_the_same_rows(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard#decisions")
    choose_whole_range(page)
    page.select_option("#filter-route", "cloud")
    choose_reason(page, "capability")
    expect(page.locator("#decisions-note")).to_have_text("Page 1")
    first = page.locator(".decisions tbody tr").first.get_attribute("data-id")
    page.click("#older")
    expect(page.locator("#decisions-note")).to_have_text("Page 2")
    assert page.locator(f"[data-id={first}]").count() == 0
    page.click("#newer")
    expect(page.locator(f"[data-id={first}]")).to_be_visible()
    with page.expect_download() as download:
        page.click("#export-csv")
    lines = download.value.path().read_text("utf-8").splitlines()
    expected = httpx.get(f"{gateway.url}/v1/decisions", params={"reason": "capability", "limit": 1000}).json()["data"]
    assert [line.split(",")[0] for line in lines] == ["id", *(row["id"] for row in expected)]


def test_row_opens_by_keyboard_and_explains_itself(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard#decisions")
    choose_whole_range(page)
    choose_reason(page, "score")
    button = page.locator(".decisions .open").first
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#open-row .steps .decided")).to_contain_text("the threshold 0.500")
    expect(page.locator("#open-row .contributions li").first).to_be_visible()
    expect(page.locator("#open-row .egress")).to_contain_text("What left this machine")
    page.keyboard.press("Enter")
    expect(page.locator("#open-row")).to_have_count(0)


def test_late_rows_of_an_earlier_choice_are_not_shown(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard#decisions")
    expect(page.locator(".decisions tbody tr").first).to_be_visible()
    late: list[Route] = []
    page.route(re.compile(r"/v1/decisions\?(?!.*reason=)"), lambda route: late.append(route))
    with page.expect_request(re.compile(r"/v1/decisions\?(?!.*reason=)")):
        page.select_option("#range", "all")
    choose_reason(page, "escalated")
    page.locator(".decisions .open").first.click()
    expect(page.locator("#open-row")).to_be_visible()
    with page.expect_response(re.compile(r"/v1/decisions\?(?!.*reason=)")):
        for route in late:
            route.continue_()
    page.wait_for_timeout(200)
    expect(page.locator(".decisions .reason", has_not_text="escalated")).to_have_count(0)
    expect(page.locator("#open-row")).to_be_visible()


def test_second_look_tells_what_it_found_and_cost(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.goto(f"{gateway.url}/dashboard#decisions")
    choose_whole_range(page)
    choose_reason(page, "escalated")
    page.locator(".decisions .open").first.click()
    expect(page.locator("#open-row .steps")).to_contain_text("confidence 0.310: too unsure to go on")
    expect(page.locator("#open-row .figures")).to_contain_text("thrown away: 120 tokens in, 9 out")
    expect(page.locator("#open-row .figures")).to_contain_text("$0.000012 for the second look")
    left = page.locator("#open-row .egress")
    expect(left).to_contain_text("api.openai.com for gpt-4.1, 812 bytes, by a proxy, because of escalated")
    expect(left.locator("code")).to_have_text("ab" * 32)


VIEWS = {"overview": "#groups tbody tr", "tuner": "#presets button", "decisions": ".decisions tbody tr"}


@pytest.fixture(scope="module", params=["light", "dark"])
def telephone(request: pytest.FixtureRequest, browser: Browser, gateway: Gateway) -> Iterator[tuple[Page, str]]:
    """A small screen that shows one view after the other, and the colour scheme that it asks for."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=request.param)
    yield context.new_page(), request.param
    context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_telephone_needs_no_sideways_scrolling(telephone: tuple[Page, str], gateway: Gateway, view: str) -> None:
    page, scheme = telephone
    page.goto(f"{gateway.url}/dashboard#{view}")
    page.locator(VIEWS[view]).first.wait_for()
    for plot in page.locator(f"#view-{view} .plot").all():
        expect(plot.locator(".main-svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(16, 20, 19)") == (scheme == "dark")


def test_everything_that_can_be_used_has_a_name(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    for view, sign in VIEWS.items():
        page.goto(f"{gateway.url}/dashboard#{view}")
        page.locator(f"#view-{view} {sign}").first.wait_for()
        for role in ("button", "link", "combobox", "slider", "textbox", "spinbutton"):
            assert page.get_by_role(role, name=re.compile(r"^$")).count() == 0, (view, role)


def test_refresh_leaves_the_keyboard_where_it_was(page_without_charts: Page, gateway: Gateway) -> None:
    page = page_without_charts
    page.clock.install()
    page.goto(f"{gateway.url}/dashboard#tuner")
    shown = page.locator("#readout-share")
    expect(shown).to_have_text(re.compile(r"\d %"))
    page.locator("[data-preset=balanced]").focus()
    shown.evaluate("share => (share.textContent = 'of old')")
    let_refresh(page)
    expect(shown).to_have_text(re.compile(r"\d %"))
    expect(page.locator("[data-preset=balanced]")).to_be_focused()


def test_newcomer_sends_a_first_request_from_the_page(browser: Browser, provider: Provider, tmp_path: Path) -> None:
    cloud = {"base_url": provider.base_url}
    with running_gateway(
        Settings(state_dir=tmp_path, local={"enabled": False}, cloud=cloud, api_key="sesame")
    ) as gateway:
        context = browser.new_context()
        leave_out_charts(context)
        page = context.new_page()
        page.clock.install()
        page.goto(f"{gateway.url}/dashboard")
        page.fill("#key", "sesame")
        page.keyboard.press("Enter")
        expect(page.locator("#welcome h1")).to_have_text("Nothing has come through yet")
        expect(page.locator("#welcome pre")).to_contain_text(f"{gateway.url}/v1")
        page.click("#try-send")
        page.fill("#key-input", "wrong")
        page.keyboard.press("Enter")
        page.fill("#key-input", "sesame")
        page.keyboard.press("Enter")
        expect(page.locator("#tile-requests b")).to_have_text("1")
        expect(page.locator("#welcome")).to_be_hidden()
        body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
        httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers={"authorization": "Bearer sesame"})
        gateway.rows()  # wait until it is written
        let_refresh(page)
        expect(page.locator("#tile-requests b")).to_have_text("2")
        assert len(provider.requests) == 2
        context.close()


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


ODD = [
    ("/v1/savings", {"since": "0001-01-01T00:00:00"}, "since"),
    ("/v1/savings/timeline", {"since": "2026-01-01", "until": "9999-12-31T23:59:59", "tz": "Asia/Tokyo"}, "since"),
    ("/v1/savings/timeline", {"tz": "../../etc/passwd"}, "tz"),
    ("/v1/latency", {"tz": "Europe"}, "tz"),
    ("/v1/decisions", {"after": "9" * 30 + ":x"}, "after"),
    ("/v1/decisions", {"after": "yesterday"}, "after"),
    ("/v1/decisions", {"limit": "0"}, "limit"),
    ("/v1/decisions", {"outcome": "fine"}, "outcome"),
    ("/v1/decisions/export", {"format": "xlsx"}, "format"),
    ("/v1/threshold/flips", {"candidate": "nan"}, "candidate"),
]


@pytest.mark.parametrize(("path", "params", "param"), ODD)
def test_odd_wishes_are_refused_by_name(gateway: Gateway, path: str, params: dict[str, str], param: str) -> None:
    answer = httpx.get(gateway.url + path, params=params)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_span_that_ends_before_it_begins_is_empty(gateway: Gateway) -> None:
    params = {"since": "2026-02-01", "until": "2026-01-01"}
    assert httpx.get(f"{gateway.url}/v1/savings", params=params).json()["requests"] == 0
    assert httpx.get(f"{gateway.url}/v1/savings/timeline", params=params).json()["data"] == []
    assert httpx.get(f"{gateway.url}/v1/latency", params=params).json()["local"]["answers"] == 0
    assert httpx.get(f"{gateway.url}/v1/threshold/curve", params=params).json()["requests"] == 0


def test_address_alone_leads_to_the_page(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/", follow_redirects=True).url.path == "/dashboard"
