"""Secrets that are rotated while the gateway serves: the new one is used, and nothing is restarted."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from gateway.config.sections.cloud import CloudSettings
from gateway.dispatch.backends import Backends
from gateway.ledger.database import DatabasePassword, connect
from tests.live import unwatched, wait_for
from tests.process import running_command
from tests.provider import Provider, running_provider

CHAT = {"model": "cloud", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def local() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.mark.slow
def test_keys_in_files_are_taken_over_while_serving(local: Provider, provider: Provider, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("cloud", "local", "fallback")}
    for name, path in files.items():
        path.write_text(f"{name}-key-before")
    environment = {
        "SLIMGATE_CLOUD__API_KEY_FILE": str(files["cloud"]),
        "SLIMGATE_LOCAL__API_KEY_FILE": str(files["local"]),
        "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
        "SLIMGATE_LOCAL__BASE_URL": local.base_url,
    }

    def sent_by(asked: Provider, model: str) -> str:
        answer = httpx.post(f"{command.url}/v1/chat/completions", json={**CHAT, "model": model}, timeout=30)
        assert answer.status_code == 200
        return asked.headers[-1]["authorization"]

    with running_command(state_dir=tmp_path / "state", **environment) as command:
        wait_for(lambda: command.get("/health/ready").status_code == 200)
        assert sent_by(provider, "cloud") == "Bearer cloud-key-before"
        assert sent_by(local, "local") == "Bearer local-key-before"
        for name in ("cloud", "local"):
            new = files[name].with_suffix(".new")
            new.write_text(f"{name}-key-after")
            os.replace(new, files[name])
        wait_for(lambda: "configuration reloaded" in command.output)
        assert sent_by(provider, "cloud") == "Bearer cloud-key-after"
        assert sent_by(local, "local") == "Bearer local-key-after"
        assert "need a restart" not in command.output
        assert "-key-" not in command.output


def test_a_fallbacks_new_key_makes_a_new_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("before")
    monkeypatch.setenv("OTHER_KEY_FILE", str(file))
    fallback = {"base_url": "http://127.0.0.1:9/v1", "model": "other", "api_key_env": "OTHER_KEY"}
    settings = CloudSettings.model_validate({"base_url": "http://127.0.0.1:9/v1", "fallbacks": [fallback]})
    backends = Backends(None, settings, unwatched)
    first = backends.cloud
    backends.configure(settings)
    assert backends.cloud is first
    file.write_text("after")
    backends.configure(settings)
    assert backends.cloud is not first


def test_a_database_is_told_its_new_password(postgres: tuple[str, Engine]) -> None:
    url = postgres[0].replace("postgres@", "postgres:before@")
    password = DatabasePassword(url)
    engine = connect(url, 2, password)
    with engine.connect() as first:
        password.take(url.replace("before", "after"))
        with engine.connect() as second:
            used = [one.connection.dbapi_connection.info.password for one in (first, second)]  # type: ignore[union-attr]
            assert second.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()
    assert used == ["before", "after"]
