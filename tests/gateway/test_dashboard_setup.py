"""The page's Setup, in a real Chromium: keys, budgets, logins and the audit chain, by an administrator."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.config.settings import Settings
from tests.gateway.browser import Complaints, leave_out_charts, running_browser
from tests.live import Gateway, running_gateway
from tests.provider import running_provider

KEY = "sk-of-the-admin"
ADMIN = {"authorization": f"Bearer {KEY}"}
SCRIPT = "<img src=x onerror=alert(1)>"
NARROW = {"width": 380, "height": 800}
NOBODY = "http://127.0.0.1:9/v1"
REFUSED = "400 (Bad Request)"
"""Browsers note it by themselves where a test means it to happen."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_provider() as provider:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("state"),
            local={"enabled": False},
            cloud={"base_url": provider.base_url},
            api_key=KEY,
            budget={"usd_per_month": 100},
        )
        with running_gateway(settings) as gateway:
            yield gateway


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab that may do nothing wrong."""
    context = browser.new_context()
    leave_out_charts(context)
    page = context.new_page()
    complaints = Complaints(page, "http://127.0.0.1:")
    yield page
    context.close()
    assert [complaint for complaint in complaints.all if REFUSED not in complaint] == []


def make(gateway: Gateway, name: str, **more: Any) -> dict[str, Any]:
    """A key, made by API."""
    answer = httpx.post(f"{gateway.url}/v1/keys", headers=ADMIN, json={"name": name, **more})
    key: dict[str, Any] = answer.raise_for_status().json()
    return key


def open_setup(page: Page, gateway: Gateway, key: str = KEY) -> None:
    page.goto(f"{gateway.url}/dashboard#setup")
    page.fill("#key", key)
    page.keyboard.press("Enter")
    expect(page.locator("#view-setup")).to_be_visible()


def field(page: Page, name: str) -> Any:
    return page.locator(f"[id='key-{name}']")


def row(page: Page, name: str) -> Any:
    return page.locator("#key-table tr[data-id]", has_text=name)


def shown_secret(page: Page) -> str:
    """The secret in the dialog that shows it, which is closed then."""
    secret = page.locator("#secret").input_value()
    page.click("#secret-kept")
    expect(page.locator("#secret-dialog")).to_have_count(0)
    return secret


def ask(gateway: Gateway, secret: str) -> str | None:
    with_key = gateway.client(api_key=secret)
    answer = with_key.chat.completions.create(model="auto", messages=[{"role": "user", "content": "Hello"}])
    return answer.choices[0].message.content


def test_a_key_from_its_making_to_its_end(page: Page, gateway: Gateway) -> None:
    open_setup(page, gateway)
    page.click("#create-key")
    expect(field(page, "name")).to_be_focused()
    page.keyboard.type("checkout")
    field(page, "team").fill("shop")
    field(page, "tags").fill("prod, eu")
    page.get_by_text("Limits and privacy", exact=True).click()
    field(page, "terms.requests_per_minute").fill("600")
    field(page, "terms.aliases").fill("gpt-4o = auto")
    page.keyboard.press("Escape")
    expect(page.locator("#create-key")).to_be_focused()  # and nothing was made
    expect(row(page, "checkout")).to_have_count(0)

    page.click("#create-key")
    field(page, "name").fill("checkout")
    field(page, "terms.usd_per_day").evaluate("input => (input.closest('details').open = true)")
    field(page, "terms.usd_per_day").fill("2.50")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#secret")).to_be_focused()
    page.keyboard.press("Escape")  # which must not lose it
    expect(page.locator("#secret-dialog pre")).to_contain_text(page.locator("#secret").input_value())
    first = shown_secret(page)
    assert ask(gateway, first)
    expect(row(page, "checkout").locator(".limits")).to_have_text("$2.50 a day")
    expect(row(page, "checkout").locator(".prefix")).to_have_text(f"{first[:11]}…")

    row(page, "checkout").get_by_role("button", name="Rotate").click()
    page.select_option("#grace", "0")
    page.locator("#rotate-dialog [type=submit]").click()
    second = shown_secret(page)
    expect(row(page, "checkout").get_by_role("button", name="Rotate")).to_be_focused()
    assert ask(gateway, second)
    with pytest.raises(openai.AuthenticationError):
        ask(gateway, first)
    expect(page.locator(".budgets li", has_text="Key checkout per day")).to_contain_text("of $2.50 spent")
    expect(page.locator(".budgets li", has_text="Everybody per month")).to_contain_text("of $100.00 spent")

    row(page, "checkout").get_by_role("button", name="Revoke").click()
    expect(page.locator("#revoke-dialog h2")).to_have_text("Revoke “checkout”?")
    page.locator("#revoke-dialog [type=submit]").click()
    expect(row(page, "checkout")).to_have_count(0)
    with pytest.raises(openai.AuthenticationError):
        ask(gateway, second)


WRONG = [
    ("name", "", "name: Field required"),
    ("team", "the shop", "team: "),
    ("tags", "prod, <b>", "tags.1: "),
    ("terms.max_n", "many", "terms.max_n: "),
    ("terms.usd_per_week", "-1", "terms.usd_per_week: "),
    ("terms.aliases", "gpt-4o", "terms.aliases.gpt-4o: "),
]


def test_what_is_refused_is_said_beside_its_field(page: Page, gateway: Gateway) -> None:
    open_setup(page, gateway)
    page.click("#create-key")
    for name, wrong, told in WRONG:
        field(page, "name").fill("wrong")
        field(page, name).evaluate("input => input.closest('details')?.setAttribute('open', '')")
        field(page, name).fill(wrong)
        page.locator("#key-form details").evaluate("details => details.removeAttribute('open')")
        page.locator("#key-form [type=submit]").click()
        expect(page.locator(f"[data-field='{name}'] .bad")).to_contain_text(told)
        expect(page.locator("#key-form .bad:not(:empty)")).to_have_count(1)
        expect(field(page, name)).to_be_focused()
        field(page, name).fill("")


def test_a_change_leaves_the_rest_as_it_is(page: Page, gateway: Gateway) -> None:
    terms = {"max_n": 2, "usd_per_day": "0.5", "threshold": 0, "models": ["auto", "gpt-*"], "aliases": {"a": "auto"}}
    key = make(gateway, "to be changed", team="shop", tags=["a"], expires="2999-01-31T12:34:56Z", terms=terms)
    open_setup(page, gateway)
    row(page, "to be changed").get_by_role("button", name="Edit").click()
    expect(field(page, "terms.threshold")).to_have_value("0")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        field(page, "name").fill("changed")
        field(page, "terms.max_n").fill("")
        field(page, "terms.local_only").check()
        page.get_by_role("button", name="Save").click()
    assert sent.value.post_data_json == {"name": "changed", "terms": {"max_n": None, "local_only": True}}
    expect(row(page, "to be changed")).to_have_count(0)
    expect(row(page, "changed").locator(".limits")).to_contain_text("stays here")
    found = httpx.get(f"{gateway.url}/v1/keys/{key['id']}", headers=ADMIN).json()
    assert found["terms"] == {**key["terms"], "max_n": None, "local_only": True}
    assert (found["expires"], found["tags"]) == (key["expires"], ["a"])


def test_keys_are_found_among_many(page: Page, gateway: Gateway) -> None:
    needle = make(gateway, "Needle", owner="ada_lovelace@example.org")
    for number in range(25):
        make(gateway, f"hay {number}")
    open_setup(page, gateway)
    expect(page.locator("#key-table tr[data-id]")).to_have_count(20)
    expect(row(page, "Needle")).to_have_count(0)
    page.click("#keys-older")
    expect(row(page, "Needle")).to_have_count(1)
    page.fill("#key-search", "ADA_love")
    expect(page.locator("#key-table tr[data-id]")).to_have_count(1)
    with page.expect_request(re.compile(r"search=sg-")) as asked:
        page.fill("#key-search", needle["secret"])
    assert asked.value.url.endswith(f"search={needle['secret'][:11]}")
    expect(row(page, "Needle")).to_have_count(1)
    page.fill("#key-search", "%")
    expect(page.locator("#keys-note")).to_have_text("No key matches.")


def test_who_is_no_administrator_is_told_so(page: Page, gateway: Gateway) -> None:
    viewer = make(gateway, "onlooker", role="viewer", sees="all")
    open_setup(page, gateway, viewer["secret"])
    expect(page.locator("#setup-refused")).to_contain_text("You are logged in as onlooker, a viewer.")
    expect(page.locator("#setup-parts")).to_be_hidden()
    expect(page.locator("#who")).to_be_visible()
    expect(page.locator("[data-view=setup]")).to_be_hidden()


def test_names_stay_text_and_a_phone_has_room(page: Page, gateway: Gateway) -> None:
    name = SCRIPT + "x" * 60
    make(gateway, name, owner=SCRIPT, tags=["t" * 50], terms={"models": [SCRIPT], "aliases": {"y" * 90: SCRIPT}})
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    open_setup(page, gateway)
    expect(row(page, name).locator("small").first).to_have_text(SCRIPT)
    expect(page.locator("#audit-entries li").nth(1)).to_contain_text(SCRIPT)  # the login is later
    for button, dialog in (("Edit", "#key-form"), ("Rotate", "#rotate-dialog"), ("Revoke", "#revoke-dialog")):
        row(page, name).get_by_role("button", name=button).click()
        expect(page.locator(f"{dialog} h2")).to_contain_text(SCRIPT)
        for node in ("html", dialog):
            assert page.locator(node).evaluate("node => node.scrollWidth <= node.clientWidth"), node
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_have_count(0)
    assert page.locator("img[src=x]").count() == 0


def test_logins_and_the_audit_chain(page: Page, gateway: Gateway, browser: Browser) -> None:
    with browser.new_context() as other:
        leave_out_charts(other)
        elsewhere = other.new_page()
        open_setup(elsewhere, gateway)
        open_setup(page, gateway)
        mine = page.locator("#setup-logins li", has_text="this one")
        expect(mine).to_have_count(1)
        before = page.locator("#setup-logins li").count()
        page.locator("#setup-logins button").first.click()
        expect(page.locator("#setup-logins li")).to_have_count(before - 1)
        elsewhere.locator("#create-key").click()
        field(elsewhere, "name").fill("too late")
        elsewhere.locator("#key-form [type=submit]").click()
        expect(elsewhere).to_have_url(f"{gateway.url}/login#setup")
    page.select_option("#audit-kind", "admin")
    expect(page.locator("#audit-entries li").first).to_contain_text("session ended")
    head = httpx.get(f"{gateway.url}/v1/audit", headers=ADMIN).json()["head"]
    expect(page.locator("#audit-head")).to_have_text(f"{head['seq']}:{head['hash']}")
    page.locator("#audit-entries summary").first.click()
    expect(page.locator("#audit-entries pre").first).to_contain_text('"where": "127.0.0.1"')
    page.fill("#audit-request", "req_nobody")
    expect(page.locator("#audit-note")).to_have_text("No entry matches.")


def test_the_first_key_closes_the_gateway_and_logs_in(page: Page, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": NOBODY})
    with running_gateway(settings) as gateway:
        page.goto(f"{gateway.url}/dashboard")
        page.get_by_role("link", name="Setup").click()
        expect(page.locator("#first-key")).to_contain_text("From the first key on, every call needs one")
        page.click("#create-key")
        expect(field(page, "role")).to_have_value("admin")
        field(page, "name").fill("Ada")
        page.get_by_role("button", name="Create", exact=True).click()
        secret = shown_secret(page)
        expect(page.locator("#who")).to_have_text("Ada, admin")
        expect(page.locator("#first-key")).to_be_hidden()
        expect(row(page, "Ada")).to_have_count(1)
        assert httpx.get(f"{gateway.url}/v1/models").status_code == 401
        answer = httpx.get(f"{gateway.url}/v1/models", headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
