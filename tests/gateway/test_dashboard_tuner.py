"""The tuner, in a real Chromium: what is moved there changes a running gateway's next decision, and can be undone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.config.settings import Settings
from gateway.scoring.artifact_store import ArtifactStore
from tests.classifiers import ALL_CLOUD, make_classifier
from tests.gateway import seed
from tests.gateway.browser import Complaints, leave_out_charts, running_browser
from tests.gateway.test_feedback import answered, judge
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider

START = 0.5


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@contextmanager
def gateway_with_traffic(state_dir: Path, cloud_url: str) -> Iterator[Gateway]:
    """A gateway with traffic behind it, whose threshold is `START`."""
    seed.write(state_dir / "ledger.db", seed.traffic(1000, time.time_ns() // 1_000_000, days=5))
    settings = Settings(
        state_dir=state_dir,
        local={"enabled": False},
        cloud={"base_url": cloud_url},
        router={"threshold": START},
    )
    with running_gateway(settings) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def read_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """For the tests that apply nothing."""
    with gateway_with_traffic(tmp_path_factory.mktemp("state"), "http://127.0.0.1:9/v1") as gateway:
        yield gateway


@pytest.fixture
def gateway(tmp_path: Path, provider: Provider) -> Iterator[Gateway]:
    """For a test that moves its threshold."""
    with gateway_with_traffic(tmp_path, provider.base_url) as gateway:
        yield gateway


@contextmanager
def tuner_of(gateway: Gateway, browser: Browser, *, charts: bool) -> Iterator[Page]:
    context = browser.new_context()
    if not charts:
        leave_out_charts(context)
    page = context.new_page()
    complaints = Complaints(page, gateway.url)
    page.goto(f"{gateway.url}/dashboard#tuner")
    expect(page.locator("#apply")).to_have_text("In force: 0.50")
    yield page
    context.close()
    assert complaints.all == []


@pytest.fixture
def page(browser: Browser, gateway: Gateway) -> Iterator[Page]:
    with tuner_of(gateway, browser, charts=False) as page:
        yield page


@pytest.fixture
def page_with_charts(browser: Browser, gateway: Gateway) -> Iterator[Page]:
    with tuner_of(gateway, browser, charts=True) as page:
        yield page


@pytest.fixture
def read_page(browser: Browser, read_gateway: Gateway) -> Iterator[Page]:
    with tuner_of(read_gateway, browser, charts=False) as page:
        yield page


def threshold_of_next_decision(gateway: Gateway) -> str:
    body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body).headers["x-slimgate-threshold"]


def points(gateway: Gateway) -> dict[float, dict[str, float | str]]:
    curve = httpx.get(f"{gateway.url}/v1/threshold/curve").json()
    return {point["threshold"]: point for point in curve["points"]}


def test_dragged_applied_felt_and_rolled_back(page_with_charts: Page, gateway: Gateway) -> None:
    page = page_with_charts
    slider = page.locator("#slider")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
    page.mouse.up()
    expect(page.locator("#apply")).to_be_enabled()
    expect(page.locator("#flips-count")).not_to_have_text("0")
    wanted = (page.locator("#apply").text_content() or "").removeprefix("Apply ")
    assert float(wanted) == pytest.approx(0.8, abs=0.03)
    assert threshold_of_next_decision(gateway) == f"{START:.4f}"

    page.fill("#apply-note", "<b>finance</b> asked")
    page.click("#apply")
    expect(page.locator("#apply-said")).to_have_text(f"In force now, in every worker: {wanted}.")
    wait_for(lambda: threshold_of_next_decision(gateway) == f"{float(wanted):.4f}")
    expect(page.locator("#history li").first).to_contain_text(f"0.50 → {wanted} “<b>finance</b> asked”")

    page.click("#history button")
    expect(page.locator("#apply")).to_have_text("In force: 0.50")
    wait_for(lambda: threshold_of_next_decision(gateway) == f"{START:.4f}")
    expect(page.locator("#history li")).to_have_count(2)


def test_slider_moves_by_keyboard_and_says_what_it_means(read_page: Page, read_gateway: Gateway) -> None:
    page, gateway = read_page, read_gateway
    slider = page.locator("#slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#apply")).to_have_text("Apply 0.51")
    share = points(gateway)[0.51]["local_share"]
    assert isinstance(share, float)
    expect(page.locator("#readout-share")).to_have_text(f"{share * 100:.0f} %")
    cost = page.locator("#readout-cost").text_content()
    spoken = f"At 0.51, about {share * 100:.0f} % of requests like yours stay local and 30 days cost about {cost}."
    expect(slider).to_have_attribute("aria-valuetext", spoken)
    page.keyboard.press("End")
    expect(page.locator("#apply")).to_have_text("Apply never the cloud")


def test_money_typed_moves_the_line_just_far_enough(read_page: Page, read_gateway: Gateway) -> None:
    page, gateway = read_page, read_gateway
    curve = points(gateway)
    budget = (float(curve[0.3]["usd_per_30_days"]) + float(curve[0.305]["usd_per_30_days"])) / 2
    page.fill("#target-cost", f"{budget:.6f}")
    page.keyboard.press("Enter")
    expect(page.locator("#apply")).to_have_text("Apply 0.305")
    page.fill("#target-cost", "0")
    page.keyboard.press("Enter")
    expect(page.locator("#apply-said")).to_contain_text("No threshold reaches that")


def test_rate_typed_moves_the_line_just_far_enough(read_page: Page, read_gateway: Gateway) -> None:
    page, gateway = read_page, read_gateway
    curve = points(gateway)
    rate = (float(curve[0.6]["expected_failure_rate"]) + float(curve[0.605]["expected_failure_rate"])) / 2
    page.fill("#target-failing", f"{rate * 100:.6f}")
    page.keyboard.press("Enter")
    expect(page.locator("#apply")).to_have_text("Apply 0.60")


def test_presets_move_the_line(read_page: Page, read_gateway: Gateway) -> None:
    page, gateway = read_page, read_gateway
    preset = httpx.get(f"{gateway.url}/v1/threshold/curve").json()["presets"]["careful"]
    page.click("[data-preset=careful]")
    expect(page.locator("#apply")).to_contain_text(f"Apply {preset['threshold']:.2f}")
    expect(page.locator("[data-preset=careful]")).to_have_attribute("aria-pressed", "true")


def test_prompt_is_taken_apart_at_the_place_of_the_slider(read_page: Page) -> None:
    page = read_page
    page.click("[data-preset='save more']")
    place = (page.locator("#apply").text_content() or "").removeprefix("Apply ")
    page.fill("#trial-prompt", "Prove that there are infinitely many primes.")
    page.click("#trial-send")
    expect(page.locator("#trial-out .verdict")).to_contain_text("To the cloud")
    expect(page.locator("#trial-out")).to_contain_text(f"threshold {float(place):.3f}")
    expect(page.locator("#trial-out .contributions li").first).to_be_visible()


def test_own_labels_give_the_failures_an_interval(browser: Browser, provider: Provider, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(
        "\n".join(f'{{"prompt": "Hello {i}!", "local_ok": {"false" if i < 10 else "true"}}}' for i in range(100))
    )
    settings = Settings(
        state_dir=tmp_path,
        local={"enabled": False},
        cloud={"base_url": provider.base_url},
        router={"threshold": 1.0, "labels": labels},
    )
    with running_gateway(settings) as gateway:
        page = browser.new_page()
        leave_out_charts(page.context)
        page.goto(f"{gateway.url}/dashboard#tuner")
        expect(page.locator("#readout-failing")).to_have_text("10 %")
        expect(page.locator("#readout-failing-now")).to_have_text("4.9 % to 18 %, by 100 labels")
        expect(page.locator("#tuner-basis")).to_contain_text("measured on your 100 labels")
        page.locator("#slider").fill("0")
        expect(page.locator("#tuner-basis")).to_contain_text("fewer than 30 stay local")
        page.fill("#target-failing", "50")
        page.keyboard.press("Enter")
        expect(page.locator("#apply")).to_have_text("Apply never the cloud")
        page.close()


def test_what_callers_said_gives_the_failures_an_interval(browser: Browser, provider: Provider, tmp_path: Path) -> None:
    judge(tmp_path, answered(40, 0.2, 0.5, "judged"), lambda number, _row: number < 4)
    settings = Settings(
        state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": provider.base_url}, router={"threshold": 0.4}
    )
    with running_gateway(settings) as gateway:
        page = browser.new_page()
        leave_out_charts(page.context)
        page.goto(f"{gateway.url}/dashboard#tuner")
        expect(page.locator("#readout-failing")).to_have_text("10 %")
        expect(page.locator("#readout-failing-now")).to_contain_text("by 40 judged answers")
        expect(page.locator("#tuner-basis")).to_contain_text("40 local answers that callers judged")
        page.locator("#slider").fill("150")  # 0.75, which was never in force
        expect(page.locator("#tuner-basis")).to_contain_text("fewer than 30 count at this threshold")
        expect(page.locator("#tuner-basis")).to_contain_text("/v1/feedback")
        page.close()


def test_two_operators_do_not_overwrite_each_other(page: Page, gateway: Gateway) -> None:
    page.click("#live")
    page.click("[data-preset=careful]")
    httpx.post(f"{gateway.url}/v1/threshold", json={"threshold": 0.77})
    page.click("#apply")
    expect(page.locator("#apply-said")).to_contain_text("the threshold is 0.77 now")
    assert threshold_of_next_decision(gateway) == "0.7700"


def test_another_classifier_begins_anew_and_says_so(page: Page, gateway: Gateway) -> None:
    httpx.post(f"{gateway.url}/v1/threshold", json={"threshold": 0.31}).raise_for_status()
    store = ArtifactStore.of(gateway.settings)
    hard = make_classifier(gateway.settings.state_dir, ALL_CLOUD)
    store.use(hard)
    wait_for(lambda: gateway.get("/v1/status").json()["artifact"] == hard)
    page.reload()
    history = page.locator("#history")
    expect(history).to_contain_text("does not count here: the default, 0.50, is in force")
    expect(history).to_contain_text(f"for the classifier {seed.ARTIFACT}")
    expect(history.locator("button")).to_have_count(0)
    expect(page.locator("#tuner-basis")).to_contain_text("Nothing that this classifier scored in this range")
    (store.path(hard) / "weights.json").write_text("{}")
    (gateway.settings.state_dir / "artifacts" / "in-use").write_text(f"{hard} ")
    wait_for(lambda: gateway.get("/v1/status").json()["artifact_trouble"])
    page.reload()
    expect(page.locator("#status")).to_contain_text(f"Classifier {hard} stays in use")
