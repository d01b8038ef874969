"""Logging in at the page, in a real Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.config.settings import Settings
from gateway.login.cookie import COOKIE
from tests.gateway.browser import Complaints, leave_out_charts, running_browser
from tests.live import Gateway, running_gateway
from tests.sign_on_provider import CLIENT_ID, CLIENT_SECRET, SignOnProvider, running_sign_on_provider

KEY = "sk-of-the-admin"
NARROW = {"width": 380, "height": 700}
NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, SignOnProvider]]:
    """A gateway with a key and a single sign-on, which learns its own address once it has one."""
    with running_sign_on_provider() as provider:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("state"),
            local={"enabled": False},
            cloud={"base_url": NOBODY},
            api_key=KEY,
            oidc={
                "issuer": provider.url,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "base_url": "http://127.0.0.1:1",
                "name": "Example <ID>",
                "viewers": ["ada@example.org"],
            },
        )
        with running_gateway(settings) as gateway:
            redirects_to(gateway, settings)
            yield gateway, provider


def redirects_to(gateway: Gateway, settings: Settings) -> None:
    oidc = settings.oidc.model_copy(update={"base_url": gateway.url})
    gateway.app.state.logins.configure(settings.model_copy(update={"oidc": oidc}))


@pytest.fixture
def gateway(served: tuple[Gateway, SignOnProvider]) -> Gateway:
    return served[0]


@pytest.fixture
def provider(served: tuple[Gateway, SignOnProvider]) -> SignOnProvider:
    served[1].reset()
    return served[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=NARROW)  # type: ignore[arg-type]
    leave_out_charts(context)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def log_in(page: Page, gateway: Gateway, view: str = "") -> None:
    page.goto(f"{gateway.url}/dashboard{view}")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("SLIMGATE_API_KEY, admin")


def fits(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def test_a_login_from_door_to_door(page: Page, gateway: Gateway, context: BrowserContext) -> None:
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page).to_have_url(f"{gateway.url}/login#tuner")
    expect(page.locator("#key")).to_be_focused()
    assert fits(page)
    page.keyboard.type("a wrong one")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("no key of this gateway")
    expect(page.locator("#key")).to_be_focused()

    complaints = Complaints(page, gateway.url)
    page.keyboard.type(KEY)  # over the wrong one, which is selected
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gateway.url}/dashboard#tuner")
    expect(page.locator("#who")).to_have_text("SLIMGATE_API_KEY, admin")
    assert fits(page)
    (cookie,) = (cookie for cookie in context.cookies() if cookie["name"] == COOKIE)
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")

    page.locator("#slider").press("ArrowRight")
    page.click("#apply")
    expect(page.locator("#apply-said")).to_contain_text("In force now")
    page.fill("#trial-prompt", "What is the capital of France?")
    page.click("#trial-send")
    expect(page.locator("#trial-out .verdict")).to_be_visible()

    page.click("#sign-out")
    expect(page).to_have_url(f"{gateway.url}/login")
    assert complaints.all == []
    assert [cookie for cookie in context.cookies() if cookie["name"] == COOKIE] == []
    page.goto(f"{gateway.url}/dashboard")
    expect(page.locator("#key")).to_be_visible()


def test_an_ended_login_leads_back_and_a_new_one_goes_on(page: Page, gateway: Gateway, context: BrowserContext) -> None:
    log_in(page, gateway, "#tuner")
    other = context.browser.new_context()  # type: ignore[union-attr]
    leave_out_charts(other)
    elsewhere = other.new_page()
    log_in(elsewhere, gateway)
    elsewhere.click("#who")
    dialog = elsewhere.locator("#logins-dialog")
    expect(dialog.locator("li")).to_have_count(2)
    expect(dialog.locator("li", has_text="this one").locator("button")).to_have_count(0)
    dialog.locator("li button").click()
    expect(dialog.locator("li")).to_have_count(1)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    other.close()
    page.locator("#slider").press("ArrowRight")
    expect(page).to_have_url(f"{gateway.url}/login#tuner")


def test_another_tabs_login_is_taken_over(page: Page, gateway: Gateway, context: BrowserContext) -> None:
    log_in(page, gateway, "#tuner")
    tab = context.new_page()
    tab.goto(f"{gateway.url}/login")
    tab.fill("#key", KEY)
    tab.keyboard.press("Enter")
    expect(tab.locator("#who")).to_be_visible()
    page.fill("#trial-prompt", "What is the capital of France?")
    page.click("#trial-send")
    expect(page.locator("#trial-out .verdict")).to_be_visible()


def test_a_person_signs_on_and_sees(page: Page, gateway: Gateway, provider: SignOnProvider) -> None:
    complaints = Complaints(page, "http://127.0.0.1:")
    page.goto(f"{gateway.url}/dashboard")
    page.get_by_role("link", name="Sign in with Example <ID>").click()
    expect(page).to_have_url(f"{gateway.url}/dashboard")
    expect(page.locator("#who")).to_have_text("ada@example.org, viewer")
    assert complaints.all == []
    page.click("#sign-out")
    expect(page).to_have_url(f"{gateway.url}/login")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"person": {"sub": "7", "email": "eve@example.org", "email_verified": True}}, "nobody has given you access"),
    ({"lies": {"nonce": "another"}}, "could not be verified"),
    ({"answers_code": False}, "not completed"),
]


@pytest.mark.parametrize(("change", "told"), REFUSED, ids=lambda value: str(value)[:30])
def test_who_may_not_is_told_so(
    page: Page, gateway: Gateway, provider: SignOnProvider, context: BrowserContext, change: dict[str, Any], told: str
) -> None:
    for name, value in change.items():
        setattr(provider, name, value)
    page.goto(f"{gateway.url}/login")
    page.get_by_role("link", name="Sign in").click()
    expect(page.locator("#said")).to_contain_text(told)
    assert re.fullmatch(rf"{gateway.url}/login\?refused=\w+", page.url)
    assert context.cookies() == []


def test_a_gateway_without_keys_shows_nothing_of_it(page: Page, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": NOBODY})
    with running_gateway(settings) as gateway:
        page.goto(f"{gateway.url}/login")
        expect(page).to_have_url(f"{gateway.url}/dashboard")
        expect(page.locator("#welcome")).to_be_visible()
        expect(page.locator("#account")).to_be_hidden()
        assert page.evaluate("fetch('v1/session').then((answer) => answer.json())")["csrf"] is None
