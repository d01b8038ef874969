"""Settings of logins: what is refused, what a found file may not say, and what a reload changes."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.chain import AuditChain
from gateway.config.sections.login import OidcSettings
from gateway.config.settings import Settings, SettingsError, load_settings
from gateway.keys.active import ActiveKeys
from gateway.keys.secrets import SecretHasher
from gateway.ledger import Ledger
from gateway.login.identity import Identity
from gateway.login.logins import Logins, Visitor
from gateway.login.sign_on import SignOn
from models.wire.errors import ExtraMissingError

OIDC: dict[str, Any] = {
    "issuer": "https://id.example.org",
    "client_id": "c",
    "base_url": "https://gate.example.org",
    "admins": ["ada@example.org"],
}
VISITOR = Visitor("192.0.2.1", "a browser")
CLOUD = '[cloud]\nbase_url = "http://127.0.0.1:9/v1"\n'


def test_without_its_extra_single_sign_on_is_refused_at_start_and_off_after_a_reload(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "gateway.login.single_sign_on", None)
    with pytest.raises(ExtraMissingError, match="slimgate\\[oidc\\]"):
        SignOn(OidcSettings(**OIDC), ledger, (b"k" * 32,))
    sign_on = SignOn(OidcSettings(), ledger, (b"k" * 32,))
    with caplog.at_level(logging.ERROR):
        sign_on.configure(OidcSettings(**OIDC), (b"k" * 32,))
    assert sign_on.flow is None
    assert "slimgate[oidc]" in caplog.text


def test_a_found_file_does_not_say_who_logs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = "".join(f"{name} = {value!r}\n" for name, value in OIDC.items())
    file = tmp_path / "slimgate.toml"
    file.write_text(f"{CLOUD}[oidc]\n{lines}")
    with pytest.raises(SettingsError, match=r"oidc\.issuer, which says who logs in"):
        load_settings()
    assert load_settings(file).oidc.admins == ("ada@example.org",)
    monkeypatch.setenv("SLIMGATE_OIDC__ISSUER", OIDC["issuer"])
    assert load_settings().always_needs_key


def test_the_clients_secret_belongs_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "slimgate.toml"
    file.write_text(f'{CLOUD}[oidc]\nclient_secret = "s"\n')
    with pytest.raises(SettingsError, match="SLIMGATE_OIDC__CLIENT_SECRET"):
        load_settings(file)


@pytest.mark.parametrize("proxy", ["*", "proxy.example.org", "10.0.0.1/8", ""])
def test_a_proxy_is_an_address_or_a_network(tmp_path: Path, proxy: str) -> None:
    with pytest.raises(ValueError, match="an address or a network"):
        Settings(state_dir=tmp_path, trusted_proxies=[proxy])


def test_who_is_taken_off_the_list_is_out_on_reload(ledger: Ledger, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, oidc=OIDC)
    keys = ActiveKeys(Settings(state_dir=tmp_path, keys={"required": False}), ledger, SecretHasher([b"k" * 32]))
    assert keys.is_needed is False
    keys.configure(settings)
    assert keys.is_needed is True
    logins = Logins(settings, keys, ledger, AuditChain(b"k" * 32))
    ada = Identity("oidc:1", "ada@example.org", ("ada@example.org",))
    token = asyncio.run(logins.with_identity(ada, VISITOR))
    assert token is not None
    assert asyncio.run(logins.find(token)) is not None
    logins.configure(settings.model_copy(update={"oidc": OidcSettings(**{**OIDC, "admins": ("bob@example.org",)})}))
    assert asyncio.run(logins.find(token)) is None
    assert asyncio.run(logins.with_identity(ada, VISITOR)) is None
