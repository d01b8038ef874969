"""Small answers of commands, endpoints and the log that were wrong, or said too little."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from gateway.config.settings import Settings, SettingsError, load_settings
from tests.command import run, run_process
from tests.conftest import MakeGateway
from tests.live import Gateway
from tests.provider import Provider


def test_a_decision_that_is_not_there_is_not_an_unknown_address(shared_gateway: Gateway) -> None:
    answer = shared_gateway.get("/v1/decisions/req_x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "request_not_found")
    assert "no request 'req_x'" in answer.json()["error"]["message"]


def reload_log(folder: Path, caplog: pytest.LogCaptureFixture, before: dict[str, Any], after: dict[str, Any]) -> str:
    def make(more: dict[str, Any]) -> Settings:
        cloud = {"base_url": "http://127.0.0.1:9/v1", "api_key": "sk-secret-of-mine", **more.pop("cloud", {})}
        return Settings(state_dir=folder, local={"enabled": False}, cloud=cloud, **more)

    lifecycle = create_app(make(before)).state.lifecycle
    with caplog.at_level("INFO"):
        asyncio.run(lifecycle.reload(make(after)))
    return caplog.text


def test_a_reload_says_what_changed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    after = {"cloud": {"model": "other", "api_key": "sk-another-secret"}, "router": {"threshold": 0.7}, "drain_s": 1.5}
    text = reload_log(tmp_path, caplog, {}, after)
    assert "configuration reloaded; changed: drain_s, cloud.model, cloud.api_key, router.threshold" in text
    assert "secret" not in text
    assert "the threshold is 0.7 now, as configured; before" in text


def test_a_reload_of_the_same_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert "configuration reloaded; nothing has changed" in reload_log(tmp_path, caplog, {}, {})


def test_the_log_says_who_answers_while_the_local_model_loads(
    make_gateway: MakeGateway, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        make_gateway(local={"base_url": "http://127.0.0.1:9/v1"}, cloud={"base_url": provider.base_url})
    assert "until it is, the cloud answers" in caplog.text


@pytest.mark.slow
def test_the_engine_alone_logs_as_serve_does(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF and no more")
    done = run_process(
        *("engine", "--model", "broken.gguf", "--uds", str(tmp_path / "e.sock")),
        cwd=tmp_path,
        SLIMGATE_STATE_DIR=str(tmp_path / "state"),
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("{")]
    assert lines, done.stderr
    assert all("level" in json.loads(line) for line in lines)


def test_route_takes_its_configuration_by_the_short_name_too(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[router]\nthreshold = 0.123\n", "utf-8")
    done = run("route", "-c", "a.toml", "hello", cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path))
    assert "Threshold 0.12" in done.stdout


@pytest.mark.parametrize("days", ["0", "-1", "nan", "inf", "1e300"])
def test_a_report_of_no_days_is_refused(tmp_path: Path, days: str) -> None:
    done = run("report", "--days", days, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "must be more than 0" in done.stderr


@pytest.mark.parametrize("option", ["--max-failure-rate", "--confidence"])
@pytest.mark.parametrize("share", ["5", "0", "-0.1", "nan"])
def test_a_share_is_between_0_and_1(tmp_path: Path, option: str, share: str) -> None:
    wish = () if option == "--max-failure-rate" else ("--max-failure-rate", "0.05")
    done = run("calibrate", *wish, option, share, "--ledger", cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert option in done.stderr
    assert "is a share between 0 and 1" in done.stderr


@pytest.mark.parametrize("alias", ["auto", "local", "cloud", "auto:0.4"])
def test_names_with_a_meaning_are_no_aliases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alias: str) -> None:
    monkeypatch.setenv("SLIMGATE_ROUTER__ALIASES", json.dumps({alias: "auto"}))
    with pytest.raises(SettingsError, match="has a meaning of its own"):
        load_settings()
