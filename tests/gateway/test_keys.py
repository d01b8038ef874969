"""Keys: cleaned, checked at start, named where they are wrong, and never said."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import SettingsError, load_settings
from tests.command import run
from tests.process import running_command
from tests.provider import Provider

HELLO: dict[str, Any] = {"model": "cloud", "messages": [{"role": "user", "content": "Say hello."}]}
OWN = ["SLIMGATE_API_KEY", "SLIMGATE_CLOUD__API_KEY", "SLIMGATE_LOCAL__API_KEY", "OPENAI_API_KEY"]
WRONG = {
    "a space": "se cret",
    "a tab": "se\tcret",
    "a line break": "se\ncret",
    "a control": "se\x01cret",
    "umlaut": "sécret",
}
FALLBACK = '[[cloud.fallbacks]]\nbase_url = "https://one.example/v1"\nmodel = "m"\napi_key_env = "ONE_KEY"\n'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("variable", OWN)
@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_key_is_an_error(monkeypatch: pytest.MonkeyPatch, variable: str, empty: str) -> None:
    monkeypatch.setenv(variable, empty)
    with pytest.raises(SettingsError, match=f"{variable}.* is empty"):
        load_settings()


@pytest.mark.parametrize("variable", ["slimgate_api_key", "Slimgate_Cloud__Api_Key"])
def test_variables_are_found_however_they_are_written(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "")
    with pytest.raises(SettingsError, match="is empty"):
        load_settings()


@pytest.mark.parametrize("variable", OWN)
@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_what_no_header_carries_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable) as no:
        load_settings()
    assert "cret" not in str(no.value).removeprefix(variable)


def test_an_openai_key_that_is_not_used_may_be_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("SLIMGATE_CLOUD__BASE_URL", "https://other.example/v1")
    assert load_settings().cloud.api_key is None


def test_whitespace_around_keys_is_no_part_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in OWN[:3]:
        monkeypatch.setenv(variable, " sk-1\r\n")
    settings = load_settings()
    keys = (settings.api_key, settings.cloud.api_key, settings.local.api_key)
    assert [key and key.get_secret_value() for key in keys] == ["sk-1"] * 3


@pytest.mark.parametrize(("value", "said"), [(None, "is not set"), ("", "is empty"), ("a b", "is no key")])
def test_a_fallbacks_key_must_be_there_to_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    (tmp_path / "a.toml").write_text(FALLBACK)
    if value is not None:
        monkeypatch.setenv("ONE_KEY", value)
    with pytest.raises(SettingsError, match=f"cloud.fallbacks.0.api_key_env: .*ONE_KEY {said}"):
        load_settings(tmp_path / "a.toml")
    assert load_settings(tmp_path / "a.toml", serves=False).cloud.fallbacks


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    ['headers = { a = "x\\ny" }', 'headers = { a = "ü" }', 'headers = { "a b" = "x" }', 'api_key_header = "a b"'],
)
def test_headers_that_cannot_be_sent(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.toml").write_text(f"[cloud]\n{line}\n")
    with pytest.raises(SettingsError, match="header"):
        load_settings(tmp_path / "a.toml")


@pytest.mark.slow
def test_the_check_finds_a_key_that_cannot_be(tmp_path: Path) -> None:
    done = run("config", "check", cwd=tmp_path, SLIMGATE_CLOUD__API_KEY="sk-\x7fsecret")
    assert done.returncode == 2
    assert "cloud.api_key (SLIMGATE_CLOUD__API_KEY) is no key: character 4 of 10" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.slow
def test_keys_from_files_with_a_newline_are_sent_and_asked_for_without(provider: Provider, tmp_path: Path) -> None:
    environment = {
        "SLIMGATE_LOCAL__ENABLED": "false",
        "SLIMGATE_CLOUD__BASE_URL": provider.base_url,
        "SLIMGATE_CLOUD__API_KEY": "sk-cloud\n",
        "SLIMGATE_API_KEY": "sk-gate\n",
        "SLIMGATE_CLOUD__FALLBACKS": f'[{{"base_url": "{provider.base_url}", "model": "b", "api_key_env": "TWO_KEY"}}]',
        "TWO_KEY": "sk-two\n",
    }
    with running_command(state_dir=tmp_path / "state", **environment) as command:
        headers = {"authorization": "Bearer sk-gate"}
        for model in ("cloud", "b"):
            asked = httpx.post(f"{command.url}/v1/chat/completions", json={**HELLO, "model": model}, headers=headers)
            assert asked.status_code == 200
    assert [sent["authorization"] for sent in provider.headers] == ["Bearer sk-cloud", "Bearer sk-two"]


BEYOND = ["0.0.0.0", "::", "0", "192.0.2.1", "::ffff:192.0.2.1", "no-such-name.invalid"]


@pytest.mark.parametrize("host", BEYOND)
def test_beyond_this_machine_a_key_is_needed(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with pytest.raises(SettingsError, match="SLIMGATE_API_KEY, or allow_anonymous = true"):
        load_settings(host=host)
    assert load_settings(host=host, serves=False).host == host
    monkeypatch.setenv("SLIMGATE_ALLOW_ANONYMOUS", "true")
    assert load_settings(host=host).api_key is None
    monkeypatch.delenv("SLIMGATE_ALLOW_ANONYMOUS")
    monkeypatch.setenv("SLIMGATE_API_KEY", "sk")
    assert load_settings(host=host).host == host


def test_keys_that_are_required_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_KEYS__REQUIRED", "true")
    assert load_settings(host="0.0.0.0").always_needs_key
    monkeypatch.setenv("SLIMGATE_ALLOWED_ORIGINS", '["*"]')
    assert load_settings().allowed_origins == ["*"]
    monkeypatch.setenv("SLIMGATE_KEYS__REQUIRED", "false")
    with pytest.raises(SettingsError, match=r"keys.required = true, or name the origins"):
        load_settings()


def test_a_file_that_was_only_found_opens_no_gateway(tmp_path: Path) -> None:
    (tmp_path / "slimgate.toml").write_text("[keys]\nrequired = false\n")
    with pytest.raises(SettingsError, match="SLIMGATE_KEYS__REQUIRED"):
        load_settings()
    assert load_settings(tmp_path / "slimgate.toml").keys.required is False


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2", "::ffff:127.0.0.1"])
def test_on_this_machine_none_is(host: str) -> None:
    assert load_settings(host=host).host == host


def test_a_name_is_what_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"inner": ["127.0.0.1", "::1"], "outer": ["192.0.2.1"], "both": ["127.0.0.1", "192.0.2.1"]}
    monkeypatch.setattr("socket.getaddrinfo", lambda host, _port: [(0, 0, 0, "", (at, 0)) for at in addresses[host]])
    assert load_settings(host="inner").host == "inner"
    for host in ("outer", "both"):
        with pytest.raises(SettingsError, match="allow_anonymous"):
            load_settings(host=host)


@pytest.mark.slow
def test_an_empty_host_in_a_file_is_every_address(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('host = ""\n')
    with pytest.raises(SettingsError, match="allow_anonymous"):
        load_settings(tmp_path / "a.toml")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("serve", "--host", "0.0.0.0"), {}),
        (("serve", "--host", "::", "--workers", "2"), {}),
        (("config", "check"), {"SLIMGATE_HOST": "0.0.0.0"}),
        (("engine", "--host", "0.0.0.0"), {}),
        (("engine", "--host", "::"), {"SLIMGATE_API_KEY": "another"}),
    ],
)
def test_commands_that_would_open_the_door(
    arguments: tuple[str, ...], environment: dict[str, Any], tmp_path: Path
) -> None:
    done = run(*arguments, cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path), **environment)
    assert done.returncode == 2
    assert "which other machines can reach, and no key is set" in done.stderr
    assert "anonymous" in done.stderr


@pytest.mark.slow
def test_the_command_lines_host_holds_for_workers_too(provider: Provider, tmp_path: Path) -> None:
    """The file says another, for which a key would be needed."""
    (tmp_path / "a.toml").write_text('host = "0.0.0.0"\n')
    environment = {"SLIMGATE_LOCAL__ENABLED": "false", "SLIMGATE_CLOUD__BASE_URL": provider.base_url}
    arguments = ("--config", str(tmp_path / "a.toml"), "--host", "127.0.0.1", "--workers", "2")
    with running_command(*arguments, state_dir=tmp_path / "state", **environment) as command:
        assert command.client().chat.completions.create(**HELLO).choices


def test_names_of_the_gateway_are_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIMGATE_ALLOWED_HOSTS", '["Gate.LAN.", "*.example.org", "*"]')
    assert load_settings().allowed_hosts == ["gate.lan", "*.example.org", "*"]
    monkeypatch.setenv("SLIMGATE_ALLOWED_HOSTS", '["http://gate.lan:8000/"]')
    with pytest.raises(SettingsError, match=r"allowed_hosts: .*bare name"):
        load_settings()
