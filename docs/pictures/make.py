"""Makes the pictures in this folder: the real page in a real Chromium, over made-up traffic.

python -m docs.pictures.make             all but the report card
python -m docs.pictures.make STATE_DIR   the report card of the model in that state folder which was examined last
"""

import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from gateway.config.settings import Settings
from models.catalogue.bundled import bundled_model_path
from tests.gateway import seed
from tests.gateway.browser import running_browser
from tests.live import Gateway, running_gateway
from tests.provider import running_provider

FOLDER = Path(__file__).parent
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
SETTLED_MS = 1500
PATIENCE_MS = 120_000
START = 0.46
BUDGET = {"usd_per_month": 200, "teams": {"shop": {"usd_per_day": 5}}}
KEYS = (
    {"name": "reports", "team": "finance", "role": "viewer", "sees": "all"},
    {"name": "night batch", "team": "data", "tags": ["batch"], "terms": {"local_only": True, "max_concurrent": 4}},
    {"name": "checkout", "owner": "Grace", "team": "shop", "tags": ["prod"], "terms": {"usd_per_day": "2.50"}},
    {"name": "search", "owner": "Grace", "team": "shop", "tags": ["prod"], "terms": {"requests_per_minute": 600}},
)


def main() -> None:
    if len(sys.argv) > 1:
        exam_card(Path(sys.argv[1]))
    else:
        all_others()


def exam_card(state_dir: Path) -> None:
    """The section of the page alone, with examples of failures, without the header that stays in view."""

    def pose(page: Page) -> None:
        page.locator("#exam-failures summary").click()
        page.evaluate("document.querySelector('.top').style.position = 'static'")

    with ExitStack() as stack:
        browser = stack.enter_context(running_browser())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(state_dir / "exam", folder / "exam")
        settings = Settings(state_dir=folder, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
        gateway = stack.enter_context(running_gateway(settings))
        picture(browser, gateway, "exam-card", "tuner", before=pose, of="#exam")


def all_others() -> None:
    seed.LOCAL_MODEL = bundled_model_path().stem  # the one that really runs behind the page
    with ExitStack() as stack:
        browser = stack.enter_context(running_browser())
        provider = stack.enter_context(running_provider())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def gateway(name: str, rows: int) -> Gateway:
            if rows:
                (folder / name).mkdir()
                seed.write(folder / name / "ledger.db", seed.traffic(rows, time.time_ns() // 1_000_000))
            settings = Settings(
                state_dir=folder / name,
                cloud={"base_url": provider.base_url},
                router={"threshold": START},
                budget=BUDGET,
            )
            gateway = stack.enter_context(running_gateway(settings))
            gateway.wait_ready()
            return gateway

        busy, fresh = gateway("busy", 40_000), gateway("fresh", 0)
        httpx.post(f"{busy.url}/v1/threshold", json={"threshold": 0.5, "note": "finance asked"}).raise_for_status()
        overview(browser, busy)
        tuner(browser, busy)
        decisions(browser, busy)
        picture(browser, fresh, "welcome", "overview")
        setup(browser, busy)


def overview(browser: Browser, gateway: Gateway) -> None:
    for name, viewport, scheme in (
        ("dashboard", DESKTOP, "light"),
        ("dashboard-dark", DESKTOP, "dark"),
        ("dashboard-phone", PHONE, "light"),
    ):
        picture(browser, gateway, name, "overview", viewport, scheme)


def tuner(browser: Browser, gateway: Gateway) -> None:
    def tune(page: Page) -> None:
        page.click("[data-preset='save more']")
        page.fill("#trial-prompt", "Prove that there are infinitely many primes congruent to 3 modulo 4.")
        page.click("#trial-send")
        page.locator("#trial-out .verdict").wait_for()
        page.evaluate("scrollTo(0, 0)")

    picture(browser, gateway, "tuner", "tuner", before=tune)
    picture(browser, gateway, "tuner-phone", "tuner", PHONE, "dark", tune)


def decisions(browser: Browser, gateway: Gateway) -> None:
    def open_one(page: Page) -> None:
        page.locator(".decisions .open").nth(2).click()
        page.locator("#open-row").wait_for()

    picture(browser, gateway, "decisions", "decisions", before=open_one)


def setup(browser: Browser, gateway: Gateway) -> None:
    """With keys, of which the first closes the gateway: nothing else can be pictured after it."""
    address = f"{gateway.url}/v1/keys"
    admin = httpx.post(address, json={"name": "Ada", "role": "admin"}).raise_for_status().json()
    for key in KEYS:
        httpx.post(address, json=key, headers={"authorization": f"Bearer {admin['secret']}"}).raise_for_status()

    def log_in(page: Page) -> None:
        page.fill("#key", admin["secret"])
        page.keyboard.press("Enter")
        page.locator(".keys tr[data-id]").first.wait_for()

    picture(browser, gateway, "setup", "setup", before=log_in)
    picture(browser, gateway, "setup-phone", "setup", PHONE, "dark", log_in)


def picture(browser, gateway, name, view, viewport=DESKTOP, scheme="light", before=None, of=None):  # type: ignore[no-untyped-def]
    """One file: `view` as it looks when it has settled, after `before` was done to it; `of` a part of it alone."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{gateway.url}/dashboard#{view}")
    page.wait_for_load_state("networkidle")
    if before is not None:
        before(page)
    page.wait_for_timeout(SETTLED_MS)
    path = FOLDER / f"{name}.png"
    (page if of is None else page.locator(of)).screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()
