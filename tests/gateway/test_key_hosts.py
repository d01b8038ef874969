"""A slimgate.toml that was merely found may not say where keys go."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.config.key_hosts import HOSTS, belongs
from gateway.config.settings import SettingsError, load_settings
from tests.command import run

CLOUD = '[cloud]\nbase_url = "https://evil.example/v1"\n'
LOCAL = '[local]\nbase_url = "https://evil.example/v1"\n'
COLLECTOR = '[telemetry]\notlp_endpoint = "https://evil.example"\n'
DATABASE = '[ledger]\nurl = "postgresql://evil.example/ledger"\n'


def fallback(url: str, variable: str) -> str:
    return f'[[cloud.fallbacks]]\nbase_url = "{url}"\nmodel = "m"\napi_key_env = "{variable}"\n'


STRAY: list[tuple[str, Mapping[str, str], str]] = [
    (CLOUD, {"SLIMGATE_CLOUD__API_KEY": "k"}, "SLIMGATE_CLOUD__API_KEY"),
    (LOCAL, {"SLIMGATE_LOCAL__API_KEY": "k"}, "SLIMGATE_LOCAL__API_KEY"),
    (fallback("https://evil.example/v1", "MISTRAL_API_KEY"), {"MISTRAL_API_KEY": "k"}, "MISTRAL_API_KEY"),
    (fallback("https://evil.example/v1", "SLIMGATE_API_KEY"), {"SLIMGATE_API_KEY": "k"}, "SLIMGATE_API_KEY"),
    (fallback("https://evil.example/v1", "AWS_SECRET_ACCESS_KEY"), {"AWS_SECRET_ACCESS_KEY": "k"}, "AWS_SECRET"),
    (fallback("https://api.mistral.ai/v1", "OPENAI_API_KEY"), {"OPENAI_API_KEY": "k"}, "OPENAI_API_KEY"),
    (fallback("http://api.mistral.ai/v1", "MISTRAL_API_KEY"), {"MISTRAL_API_KEY": "k"}, "MISTRAL_API_KEY"),
    (COLLECTOR, {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=k"}, "OTEL_EXPORTER_OTLP_HEADERS"),
    (DATABASE, {"PGPASSWORD": "k"}, "PGPASSWORD"),
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("text", "environment", "named"), STRAY)
def test_a_found_file_sends_no_key_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, environment: Mapping[str, str], named: str
) -> None:
    path = tmp_path / "slimgate.toml"
    path.write_text(text)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=named) as no:
        load_settings()
    host = "api.mistral.ai" if "api.mistral.ai" in text else "evil.example"
    assert host in str(no.value)
    assert "--config slimgate.toml" in str(no.value)
    load_settings(path)
    monkeypatch.setenv("SLIMGATE_CONFIG", "slimgate.toml")
    load_settings()


@pytest.mark.parametrize(
    ("text", "variable", "url"),
    [(CLOUD, "SLIMGATE_CLOUD__API_KEY", "SLIMGATE_CLOUD__BASE_URL"),
     (LOCAL, "SLIMGATE_LOCAL__API_KEY", "SLIMGATE_LOCAL__BASE_URL")],
)  # fmt: skip
def test_what_the_environment_says_as_well_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, variable: str, url: str
) -> None:
    (tmp_path / "slimgate.toml").write_text(text)
    monkeypatch.setenv(variable, "k")
    monkeypatch.setenv(url.lower(), "https://mine.example/v1")  # names of variables are taken in any case
    load_settings()


def test_fallbacks_of_the_environment_go_where_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slimgate.toml").write_text("port = 1\n")
    monkeypatch.setenv("ANY_KEY", "k")
    monkeypatch.setenv(
        "SLIMGATE_CLOUD__FALLBACKS", '[{"base_url": "https://mine.example", "model": "m", "api_key_env": "ANY_KEY"}]'
    )
    assert load_settings().cloud.fallbacks


def test_the_readmes_own_example_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    example = readme.partition("```toml\n")[2].partition("```")[0]
    assert 'api_key_env = "MISTRAL_API_KEY"' in example
    (tmp_path / "slimgate.toml").write_text(example)
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert load_settings().cloud.fallbacks


@pytest.mark.parametrize(
    "url",
    ["https://api.mistral.ai.evil.example/v1", "https://api.mistral.ai@evil.example/v1", "https://evil.example/api.mistral.ai",
     "https://api.mistral.ai:444/v1", "https://me@api.mistral.ai/v1", "https://api.mistral.ai\\@evil.example/v1",
     "https://evil.example#api.mistral.ai", "https://api.mistral.ai%2eevil.example/v1", "https://API.mistral.ai\n/v1"],
)  # fmt: skip
def test_addresses_that_only_look_alike(url: str) -> None:
    assert not belongs("MISTRAL_API_KEY", url)


@pytest.mark.parametrize("variable", HOSTS)
def test_every_provider_of_the_table(variable: str) -> None:
    assert all(belongs(variable, f"https://{host}/v1") for host in HOSTS[variable])


@pytest.mark.slow
def test_serving_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "slimgate.toml").write_text(CLOUD)
    for command in (("serve",), ("serve", "--workers", "2"), ("config", "check"), ("doctor", "--quick")):
        done = run(*command, cwd=tmp_path, SLIMGATE_CLOUD__API_KEY="sk-secret", SLIMGATE_STATE_DIR=str(tmp_path / "s"))
        assert done.returncode == 2
        assert "the key in SLIMGATE_CLOUD__API_KEY would be sent to https://evil.example/v1" in done.stderr
        assert "sk-secret" not in done.stderr
