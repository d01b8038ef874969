"""No password is shown: not by `config show`, not in answers, not in the log."""

import logging
from pathlib import Path

import httpx
import pytest

from gateway.config.masking import mask_text, mask_url
from gateway.config.settings import SettingsError, load_settings
from gateway.record.logs import configure_logging
from tests.command import run
from tests.conftest import MakeGateway

URLS = [
    ("postgresql://me:hunter2@db/ledger", "postgresql://me:***@db/ledger"),
    ("postgresql+psycopg://me:hun@ter:2/?@db:5432/ledger", "postgresql+psycopg://me:***@db:5432/ledger"),
    ("postgresql://db/ledger?user=me&password=hunter2", "postgresql://db/ledger?user=me&password=***"),
    ("postgresql:///ledger?host=/run&sslpassword=hunter2&sslmode=require",
     "postgresql:///ledger?host=/run&sslpassword=***&sslmode=require"),
    ("postgresql://:hunter2@db/ledger", "postgresql://:***@db/ledger"),
    ("postgresql://me@db/ledger", "postgresql://me@db/ledger"),
    ("mssql+pyodbc:///?odbc_connect=PWD%3Dhunter2", "mssql+pyodbc:///?odbc_connect=***"),
    ("sqlite:////var/lib/slimgate/ledger.db", "sqlite:////var/lib/slimgate/ledger.db"),
    ("https://me:hunter2@models.example:8443/v1", "https://me:***@models.example:8443/v1"),
    ("https://hunter2@models.example/v1", "https://***@models.example/v1"),
    ("https://models.example/v1?api-version=2024-10-21&sig=hunter2", "https://models.example/v1?api-version=2024-10-21&sig=***"),
    ("http://127.0.0.1:8000/v1/models/a@b", "http://127.0.0.1:8000/v1/models/a@b"),
    ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ("unix:/run/engine.sock", "unix:/run/engine.sock"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "shown"), URLS)
def test_urls(url: str, shown: str) -> None:
    assert mask_url(url) == shown
    assert mask_text(f"cannot connect to {url} (5 tries)") == f"cannot connect to {shown} (5 tries)"


CONFIG = """
[local]
base_url = "http://me:hunter2@models.example/v1"
[cloud]
base_url = "https://gate.example/v1?subscription-key=hunter2"
headers = { "x-team" = "search", "x-api-key" = "hunter2", "x-odd" = "Bearer hunter2", "x-id" = "hunter2hunter2hunter2" }
query = { "api-version" = "2024-10-21", "code-token" = "hunter2" }
rename_params = { "max_tokens" = "max_completion_tokens" }
[[cloud.fallbacks]]
base_url = "https://hunter2@two.example/v1"
model = "two"
headers = { "authorization" = "hunter2" }
[ledger]
url = "postgresql://me:hunter2@127.0.0.1:9/ledger?sslpassword=hunter2"
[telemetry]
otlp_endpoint = "http://me:hunter2@127.0.0.1:4318"
"""


@pytest.mark.slow
def test_config_show_shows_no_password(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(CONFIG)
    shown = run("config", "show", "--config", "a.toml", cwd=tmp_path, SLIMGATE_API_KEY="hunter2", COLUMNS="2000").stdout
    assert "hunter2" not in shown
    for kept in (
        "search",
        "2024-10-21",
        "max_completion_tokens",
        "two.example",
        "127.0.0.1:9/ledger",
        "'model': 'two'",
    ):
        assert kept in shown


@pytest.mark.slow
@pytest.mark.parametrize("command", [("report",), ("calibrate", "--ledger", "--max-failure-rate", "0.1")])
def test_commands_whose_database_is_away(tmp_path: Path, command: tuple[str, ...]) -> None:
    pytest.importorskip("psycopg")
    url = "postgresql://me:hunter2@127.0.0.1:9/ledger?connect_timeout=1"
    done = run(*command, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path / "s"), SLIMGATE_LEDGER__URL=url)
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_answers_and_log_while_the_database_is_away(
    make_gateway: MakeGateway, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setattr("gateway.ledger.ledger.READ_WAIT_S", 0.1)
    url = "postgresql://me:hunter2@127.0.0.1:9/ledger?connect_timeout=1"
    cloud = {"base_url": "http://me:hunter2@127.0.0.1:9/v1"}
    gateway = make_gateway(local={"enabled": False}, cloud=cloud, ledger={"url": url})
    answers = [httpx.get(f"{gateway.url}{path}", timeout=30).text for path in ("/v1/savings", "/v1/status")]
    assert "ledger_unavailable" in answers[0]
    body = {"model": "cloud", "messages": [{"role": "user", "content": "hi"}]}
    answers.append(httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=30).text)
    assert "hunter2" not in "".join(answers) + caplog.text


@pytest.mark.parametrize("url", ["postgresql://me:p@ss:hunter2@db/x", "hunter2", "postgresql://me:x@db:hunter2/x"])
def test_a_url_that_cannot_be_read_is_not_quoted(tmp_path: Path, url: str) -> None:
    (tmp_path / "a.toml").write_text(f'[ledger]\nurl = "{url}"\n')
    with pytest.raises(SettingsError, match=r"ledger\.url: is not a database URL") as no:
        load_settings(tmp_path / "a.toml")
    assert "hunter2" not in str(no.value)


def test_mistakes_quote_no_password(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[telemetry]\notlp_endpoint = "grpc://me:hunter2@host"\n')
    with pytest.raises(SettingsError, match=r"telemetry\.otlp_endpoint") as no:
        load_settings(tmp_path / "a.toml")
    assert "hunter2" not in str(no.value)


def test_the_log_masks_whoever_writes(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    try:
        try:
            raise ValueError("bad address https://me:hunter2@models.example/v1")
        except ValueError:
            logging.getLogger("some.library").exception("cannot reach %s", "postgresql://me:hunter2@db/x")
    finally:
        logging.captureWarnings(False)
        logging.basicConfig(force=True)
    shown = capsys.readouterr().err
    assert "postgresql://***@db/x" in shown
    assert "hunter2" not in shown
