"""A real Chromium for tests of the page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

# A machine that is busy with other things is slow, not wrong.
expect.set_options(timeout=20_000)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

REFRESH_MS = 5000
"""How often the page fetches its figures again."""

CONFLICT = "409 (Conflict)"
"""Browsers note it by themselves where a test means it to happen."""


def chromium_path() -> str:
    """Where Chromium is; without one the test is skipped."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium found: apt-get install chromium, or name it in CHROMIUM")
    return path


@contextmanager
def running_browser(*flags: str) -> Iterator[Browser]:
    """Chromium without a window."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


def leave_out_charts(context: BrowserContext) -> None:
    """Let plotly's script be empty, for tests that look at no chart: a page would run it for a second."""
    context.route("**/plotly-*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))


def let_refresh(page: Page) -> None:
    """Put the clock of a page on which `clock.install` was called forward to its next refresh."""
    page.clock.fast_forward(REFRESH_MS)


class Complaints:
    """What a page should never do: write to the console, throw, fetch from elsewhere, be refused by its own policy."""

    def __init__(self, page: Page, own_url: str) -> None:
        self._own_url = own_url
        self.all: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.all.append(f"thrown: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and CONFLICT not in message.text:
            self.all.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._own_url, "data:", "blob:")):
            self.all.append(f"fetched from elsewhere: {request.url}")
