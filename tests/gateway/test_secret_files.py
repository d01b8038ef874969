"""Secrets that come in files: how they are read, what is refused, and that a change is seen."""

import os
from pathlib import Path

import pytest

from gateway.config.secret_files import WatchedFiles
from gateway.config.settings import SettingsError, file_variables, load_settings
from models.host.secret_files import MAX_BYTES

KEY = "a-key-in-a-file"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    monkeypatch.setenv("SLIMGATE_API_KEY_FILE", str(path))
    return path


@pytest.mark.usefixtures("file")
def test_a_key_comes_from_its_file() -> None:
    settings = load_settings()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == KEY


def test_the_key_of_a_provider_may_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(file))
    settings = load_settings()
    assert settings.cloud.api_key is not None
    assert settings.cloud.api_key.get_secret_value() == KEY


def test_a_databases_address_may_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("postgresql://me:secret@db.example/slimgate")
    monkeypatch.delenv("SLIMGATE_API_KEY_FILE")
    monkeypatch.setenv("SLIMGATE_LEDGER__URL_FILE", str(file))
    assert load_settings().ledger_url == "postgresql://me:secret@db.example/slimgate"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * (MAX_BYTES + 1), "holds more than"),
        (b"two words", "is no key"),
        (None, "No such file"),
    ],
)
def test_a_bad_file_is_refused_by_name(file: Path, content: bytes | None, why: str) -> None:
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(SettingsError, match=why) as caught:
        load_settings()
    assert "SLIMGATE_API_KEY" in str(caught.value)
    assert "two words" not in str(caught.value)


@pytest.mark.usefixtures("file")
def test_a_secret_set_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_API_KEY", KEY)
    with pytest.raises(SettingsError, match="SLIMGATE_API_KEY and SLIMGATE_API_KEY_FILE are both set"):
        load_settings()


def test_other_settings_come_from_no_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_HOST_FILE", str(file))
    with pytest.raises(SettingsError, match="SLIMGATE_HOST_FILE is not a setting"):
        load_settings()


def test_every_secret_may_come_from_a_file() -> None:
    assert {"SLIMGATE_API_KEY", "SLIMGATE_SECRET", "SLIMGATE_CLOUD__API_KEY", "SLIMGATE_LEDGER__URL"} <= set(
        file_variables()
    )


def test_a_change_is_seen_once(file: Path) -> None:
    watched = WatchedFiles()
    assert not watched.changed()
    file.write_text("another-key")
    assert [watched.changed(), watched.changed()] == [True, False]
    os.replace(file, file.with_name("elsewhere"))  # as when a mount is swapped
    assert watched.changed()
