"""Defaults, file, environment; every mistake named."""

from pathlib import Path

import pytest

from gateway.config.sections.local import LocalSettings
from gateway.config.settings import SettingsError, load_settings, setting_keys, variable_name
from gateway.dispatch.local_engine import engine_options


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.toml", "port = 1234\n[local]\nn_ctx = 2048\nmax_sequences = 3\n")
    monkeypatch.setenv("SLIMGATE_LOCAL__N_CTX", "1024")
    settings = load_settings(path)
    assert (settings.port, settings.local.n_ctx, settings.local.max_sequences) == (1234, 1024, 3)


def test_the_command_line_beats_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_PORT", "1")
    assert load_settings(write(tmp_path / "a.toml", "port = 2\n"), port=3, host=None).port == 3


def test_a_file_in_the_folder_is_found(tmp_path: Path) -> None:
    write(tmp_path / "slimgate.toml", "port = 4321\n")
    assert load_settings().port == 4321


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1\n", "prot is not a setting"),
        ("[local]\nn_ctxx = 1\n", "local.n_ctxx is not a setting"),
        ("[local]\nn_ctx = 'big'\n", r"local.n_ctx \(SLIMGATE_LOCAL__N_CTX\)"),
        ("[router]\nthreshold = 3\n", "router.threshold"),
        ("api_key = 'x'\n", "api_key is a secret and belongs in the environment, as SLIMGATE_API_KEY"),
        ("[cloud]\napi_key = 'x'\n", "SLIMGATE_CLOUD__API_KEY"),
        ("port = \n", "not valid TOML"),
        ("[local]\nenabled = false\n", "no model could answer"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings(write(tmp_path / "a.toml", text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_settings(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("SLIMGATE_PROT", "1", "did you mean SLIMGATE_PORT"),
        ("SLIMGATE_LOCAL__N_CTXX", "1", "did you mean SLIMGATE_LOCAL__N_CTX"),
        ("SLIMGATE_LOCAL__N_CTX", "big", "local.n_ctx"),
        ("SLIMGATE_SOMETHING_ELSE", "1", "is not a setting"),
        ("SLIMGATE_KEEP_ALIVE_S", "1e-9", "at least 0.1"),
        ("SLIMGATE_KEEP_ALIVE_S", "inf", "keep_alive_s"),
    ],
)
def test_mistakes_in_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=named):
        load_settings()


def test_openais_key_goes_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    key = load_settings().cloud.api_key
    assert key is not None
    assert key.get_secret_value() == "sk-openai"
    monkeypatch.setenv("SLIMGATE_CLOUD__BASE_URL", "https://other.example/v1")
    assert load_settings().cloud.api_key is None


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_API_KEY", "sk-secret")
    assert "sk-secret" not in repr(load_settings())


def test_every_setting_has_a_meaning_and_a_variable() -> None:
    from gateway.config.settings import setting_fields

    assert all(field.description for _, field in setting_fields())
    assert len({variable_name(key) for key in setting_keys()}) == len(list(setting_keys()))


def test_weights_are_reencoded_in_the_state_directory_unless_told(tmp_path: Path) -> None:
    assert engine_options(LocalSettings(), tmp_path).weights_dir == tmp_path / "weights"
    assert engine_options(LocalSettings(reencode=False), tmp_path).weights_dir is None
