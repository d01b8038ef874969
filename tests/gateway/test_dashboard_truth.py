"""One truth: the page, `slimgate report`, GET /v1/savings and SQL by hand say the same of the same requests."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine

from gateway.config.settings import Settings
from tests.gateway import seed
from tests.gateway.browser import running_browser
from tests.gateway.test_savings import by_hand
from tests.live import Gateway, running_gateway

NOBODY = "http://127.0.0.1:9/v1"
ENVIRONMENT = {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": NOBODY, "TZ": "Europe/Stockholm"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    state_dir = tmp_path_factory.mktemp("state")
    seed.write(state_dir / "ledger.db", seed.traffic(1500, time.time_ns() // 1_000_000))
    with running_gateway(
        Settings(state_dir=state_dir, local={"enabled": False}, cloud={"base_url": NOBODY})
    ) as gateway:
        yield gateway


def report(gateway: Gateway, *arguments: str) -> str:
    """What `slimgate report` prints beside the running gateway."""
    environment = {**os.environ, **ENVIRONMENT, "SLIMGATE_STATE_DIR": str(gateway.settings.state_dir), "COLUMNS": "120"}
    command = [sys.executable, "-m", "gateway.cli", "report", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.browser
def test_page_report_api_and_sql_agree(gateway: Gateway) -> None:
    api = httpx.get(f"{gateway.url}/v1/savings").json()
    assert json.loads(report(gateway, "--json")) == api
    engine = create_engine(gateway.settings.ledger_url)
    with engine.connect() as connection:
        hand = by_hand(connection, None, None)
    engine.dispose()
    mean = hand.pop("first_token_ms_mean")
    assert {name: api[name] for name in hand} == hand
    assert api["first_token_ms_mean"] == pytest.approx(mean)
    with running_browser() as browser:
        page = browser.new_page()
        page.goto(f"{gateway.url}/dashboard")
        page.select_option("#range", "all")
        expect(page.locator("#tile-requests b")).to_have_text(f"{hand['requests']:,}")
        expect(page.locator("#tile-requests span")).to_have_text(f"{hand['answered']:,} answered")
        expect(page.locator("#tile-errors span")).to_have_text(f"{hand['errors']} requests")
        expect(page.locator("#tile-failovers span")).to_contain_text(f"{hand['failovers']} rescued")
        for name in ("saved", "baseline", "cost"):
            expect(page.locator("#saved")).to_contain_text(f"${float(hand[f'{name}_usd']):.2f}")
        share = hand["answered_locally"] / hand["answered"]
        expect(page.locator("#saved .share")).to_contain_text(f"{share * 100:.0f} % of {hand['answered']:,} answers")
        page.locator("#money-figure summary").click()
        rows = page.locator("#money-table tbody tr").all_inner_texts()
        saved = sum(float(re.sub(r"[^\d.−-]", "", row.split("\t")[-1]).replace("−", "-")) for row in rows)
        # Each line of the table is rounded to a hundredth of a cent.
        assert saved == pytest.approx(float(hand["saved_usd"]), abs=0.0001 * len(rows))


@pytest.mark.slow
def test_report_draws_and_tables_it(gateway: Gateway) -> None:
    text = report(gateway)
    assert "You would have paid about $" in text
    assert "█" in text
    assert re.search(r"local\s+score\s+\d", text)
    assert "\x1b" not in text


@pytest.mark.slow
def test_report_by_key_is_what_the_api_says(gateway: Gateway) -> None:
    assert json.loads(report(gateway, "--by", "key", "--json")) == httpx.get(f"{gateway.url}/v1/usage").json()
    assert re.search(r"without a key\s+1,500\s", report(gateway, "--by", "key"))


@pytest.mark.slow
def test_chargeback_is_the_same_file_by_command_and_api(gateway: Gateway, tmp_path: Path) -> None:
    month, file = f"{time.gmtime().tm_year}-{time.gmtime().tm_mon:02}", tmp_path / "bill.csv"
    report(gateway, "--chargeback", month, "--output", str(file))
    answer = httpx.get(f"{gateway.url}/v1/usage/chargeback.csv", params={"month": month, "tz": "Europe/Stockholm"})
    assert file.read_bytes() == answer.content


@pytest.mark.slow
def test_report_of_an_empty_ledger_says_how_to_begin(tmp_path: Path, gateway: Gateway) -> None:
    empty = Gateway(gateway.url, gateway.app, gateway.settings.model_copy(update={"state_dir": tmp_path}))
    assert report(empty).startswith("No requests yet.")


def test_ledger_that_does_not_answer_is_said_and_costs_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.ledger.READ_WAIT_S", 0.1)
    nowhere = {"url": f"sqlite:///{tmp_path}/missing/ledger.db"}
    settings = Settings(state_dir=tmp_path, local={"enabled": False}, cloud={"base_url": NOBODY}, ledger=nowhere)
    with running_gateway(settings) as gateway:
        answer = httpx.get(f"{gateway.url}/v1/savings")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ledger_unavailable")
        assert httpx.get(f"{gateway.url}/health/live").status_code == 200
        assert httpx.get(f"{gateway.url}/dashboard").status_code == 200
