"""What SIGHUP reloads is what the settings declare: each part is read at start, or somebody takes it over."""

import asyncio
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.settings import Settings, read_at_start
from gateway.reload import Lifecycle


def settings_for(folder: Path) -> Settings:
    return Settings(state_dir=folder, local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"})


def lifecycle_of(settings: Settings) -> Lifecycle:
    lifecycle: Lifecycle = create_app(settings).state.lifecycle
    return lifecycle


def test_every_setting_is_reloaded_or_named_as_needing_a_restart(tmp_path: Path) -> None:
    reloaded = lifecycle_of(settings_for(tmp_path)).reloader.reloaded
    assert not reloaded & read_at_start()
    assert reloaded | read_at_start() == set(Settings.model_fields)


def test_how_long_an_end_takes_is_reloaded(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    lifecycle = lifecycle_of(settings)
    asyncio.run(lifecycle.reload(settings.model_copy(update={"drain_s": 1.5, "grace_s": 7})))
    assert (lifecycle.drain_s, lifecycle.grace_s) == (1.5, 7)


def test_what_needs_a_restart_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_for(tmp_path)
    changed = settings.model_copy(update={"port": 1, "max_body_bytes": 2048, "drain_s": 1.5})
    asyncio.run(lifecycle_of(settings).reloader.apply(changed))
    assert "these settings changed too, and need a restart: max_body_bytes, port" in caplog.messages
