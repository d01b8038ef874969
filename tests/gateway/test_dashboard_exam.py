"""What the local model can do, on the page, in a real Chromium."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gateway.config.settings import Settings
from tests.gateway.browser import Complaints, leave_out_charts, let_refresh, running_browser
from tests.gateway.planted_marks import LARGE, SCRIPT, SMALL, make_marks, plant, plant_two
from tests.live import Gateway, running_gateway

PHONE = {"width": 390, "height": 844}
UNDER_WAY = {
    "state": "running",
    "asked": 120,
    "passed": 40,
    "expected": 312,
    "families_known": 4,
    "families": 25,
    "eta_s": 130.0,
    "trouble": None,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose state folder has the marks of two models."""
    plant_two(tmp_path)
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})
    with running_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
def page(browser: Browser, gateway: Gateway) -> Iterator[Page]:
    """A fresh tab that may do nothing wrong, with the larger model at hand."""
    context = browser.new_context()
    leave_out_charts(context)
    page = context.new_page()
    at_hand(page, gateway, LARGE)
    complaints = Complaints(page, gateway.url)
    yield page
    context.close()
    assert complaints.all == []


def at_hand(page: Page, gateway: Gateway, key: str) -> None:
    marks = httpx.get(f"{gateway.url}/v1/exam/{key}").json()
    change(page, "**/v1/exam", current=marks)


def change(page: Page, path: str, **fields: Any) -> None:
    """Have the page see other values of some fields that the gateway answers with."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), **fields})

    page.route(path, answer)


def test_card_is_of_the_model_at_hand(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page.locator("#exam-about")).to_contain_text("gemma-3-270m-it.Q8_0 (292 MB): 300 questions in about 2 min")
    expect(page.locator("#exam .readouts")).to_contain_text("74 %of the exam; 90 % interval 70 to 77 %")
    expect(page.locator("#exam-promise")).to_contain_text("Promised: at most 10 % fail, with 90 % confidence")
    rows = page.locator(".heat tbody tr")
    expect(rows).to_have_count(len(make_marks()["families"]))
    expect(rows.first).to_have_attribute("data-family", "copying")
    # What is seen, what hovering tells, and what a screen reader says.
    cell = page.locator("[data-family=facts] td").nth(4)
    expect(cell).to_have_attribute("title", "Level 5: 51 %, 26 to 76 %; 1 asked")
    assert "".join(cell.inner_text().split())[:2] == "51"
    expect(cell.locator(".unseen")).to_have_text("%, 26 to 76 %; 1 asked")
    expect(page.locator(".languages tbody tr").first).to_contain_text("English78 %")


def test_intervals_are_shown_by_keyboard_too(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard#tuner")
    interval = page.locator("[data-family=facts] td small").first
    expect(interval).to_be_hidden()
    page.focus("#exam-intervals")
    page.keyboard.press("Enter")
    expect(page.locator("#exam-intervals")).to_have_attribute("aria-pressed", "true")
    expect(interval).to_be_visible()


def test_another_model_is_chosen_and_compared(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page.locator("#exam-model option")).to_have_count(2)
    page.select_option("#exam-model", SMALL)
    expect(page.locator("#exam-about")).to_contain_text("SmolLM2-135M-Instruct.Q4_1")
    expect(page.locator("#exam-about")).to_contain_text("Not the model at hand")
    page.select_option("#exam-other", LARGE)
    comparison = page.locator("#exam-comparison")
    expect(comparison.locator("h3")).to_have_text("SmolLM2-135M-Instruct.Q4_1 against gemma-3-270m-it.Q8_0")
    facts = comparison.locator("tr", has_text="common facts").locator("td")
    expect(facts.nth(0)).to_have_text("52 % 38 to 66 %, 4 % local")
    expect(facts.nth(1)).to_have_text("81 % better: 67 to 95 %, 62 % local")
    copying = comparison.locator("tr", has_text="copying exactly")
    expect(copying.locator(".better")).to_have_count(0)
    page.select_option("#exam-other", "")
    expect(comparison).to_have_count(0)


def test_answers_stay_text_and_stay_open(page: Page, gateway: Gateway, tmp_path: Path) -> None:
    page.clock.install()
    page.goto(f"{gateway.url}/dashboard#tuner")
    failures = page.locator("#exam-failures")
    expect(failures.locator("summary")).to_have_text("Examples of failures (38)")
    expect(failures.locator("dl").first).to_be_hidden()
    failures.locator("summary").click()
    expect(failures.locator("dl").first).to_contain_text(SCRIPT)
    assert page.locator("img[src='x']").count() == 0
    page.unroute("**/v1/exam")
    plant(tmp_path, make_marks() | {"is_complete": False})
    let_refresh(page)
    expect(page.locator("#exam-about")).to_contain_text("The exam is not finished")
    expect(failures.locator("dl").first).to_be_visible()


def test_progress_is_shown_here_and_in_the_status(page: Page, gateway: Gateway) -> None:
    change(page, "**/v1/status", exam=UNDER_WAY)
    page.goto(f"{gateway.url}/dashboard#tuner")
    words = "120 of about 312 questions, about 2 min left"
    expect(page.locator("#exam-words")).to_have_text(
        f"Being examined: {words}; 40 passed, 4 of 25 families known well enough."
    )
    expect(page.locator("#exam progress")).to_have_js_property("value", 120)
    expect(page.locator("#status")).to_contain_text(f"Exam {words}")


@pytest.mark.parametrize(
    ("change_of", "words"),
    [
        ({"state": "waiting", "asked": 0, "eta_s": None}, "The exam goes on when the local model is idle: no question"),
        ({"state": "stopped"}, "The exam is stopped: 120 of about 312"),
        ({"state": "failed", "trouble": "no answer"}, "The exam failed: no answer"),
    ],
)
def test_other_states_of_the_exam(page: Page, gateway: Gateway, change_of: dict[str, Any], words: str) -> None:
    change(page, "**/v1/status", exam=UNDER_WAY | change_of)
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page.locator("#exam-progress")).to_contain_text(words)


def test_one_done_has_no_progress(page: Page, gateway: Gateway) -> None:
    change(page, "**/v1/status", exam=UNDER_WAY | {"state": "done"})
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page.locator(".heat")).to_be_visible()
    expect(page.locator("#exam-progress")).to_be_empty()


def test_damaged_marks_are_named_and_harm_nothing_else(page: Page, gateway: Gateway, tmp_path: Path) -> None:
    page.unroute("**/v1/exam")
    for key in (SMALL, LARGE):
        (tmp_path / "exam" / key / "marks.json").write_text(json.dumps({"object": "exam_marks"}))
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page.locator("#exam-card .bad")).to_have_count(2)
    expect(page.locator("#exam-card .bad").first).to_contain_text("marks.json cannot be used")
    expect(page.locator("#exam-card")).to_contain_text("No model has been examined yet")
    expect(page.locator("#apply")).to_contain_text("In force")


def test_nothing_is_cut_off_on_a_phone(page: Page, gateway: Gateway) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{gateway.url}/dashboard#tuner")
    page.select_option("#exam-other", SMALL)
    expect(page.locator("#exam-comparison")).to_be_visible()
    too_wide = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth).map(node => node.className)"
    assert page.locator("#exam, #exam .marks, #exam .scroll, html").evaluate_all(too_wide) == []
