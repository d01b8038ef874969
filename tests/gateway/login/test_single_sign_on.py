"""Single sign-on against a provider with real keys: whoever it names gets in, and nothing else does."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import OctKey, RSAKey

from gateway.config.sections.login import OidcSettings
from gateway.keys.terms import Role
from gateway.ledger import Ledger
from gateway.ledger.units import now_ms
from gateway.login.errors import Refusal, SignOnFailed
from gateway.login.identity import Identity, caller_of_identity, identity_of, read_identity
from gateway.login.single_sign_on import SingleSignOn
from tests.sign_on_provider import CLIENT_ID, CLIENT_SECRET, SignOnProvider

KEYS = (b"k" * 32,)


def settings_for(provider: SignOnProvider, **more: Any) -> OidcSettings:
    return OidcSettings(
        issuer=provider.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        base_url="http://127.0.0.1:8000/",
        **{"admins": ("Ada@example.org",), "viewers": ("staff",), **more},
    )


@pytest.fixture
def sign_on(provider: SignOnProvider, ledger: Ledger) -> SingleSignOn:
    return SingleSignOn(settings_for(provider), ledger, KEYS)


def come_back(sign_on: SingleSignOn) -> tuple[str, str, str]:
    """What a browser brings back from the provider, code and state, and the state that it has kept."""
    url, kept = asyncio.run(sign_on.begin())
    back = httpx.get(url).headers["location"]
    assert back.startswith("http://127.0.0.1:8000/login/oidc/callback?")
    query = parse_qs(urlsplit(back).query)
    return query["code"][0], query["state"][0], kept


def finish(sign_on: SingleSignOn, code: str, state: str, kept: str) -> Identity:
    return asyncio.run(sign_on.finish(code, state, kept))


def test_whoever_the_provider_names_is_known(sign_on: SingleSignOn, provider: SignOnProvider) -> None:
    identity = finish(sign_on, *come_back(sign_on))
    assert (identity.name, identity.listed_as) == ("ada@example.org", ("Ada@example.org",))
    kept = read_identity(identity.id, identity.to_json())
    assert kept is not None
    caller = caller_of_identity(kept, settings_for(provider))
    assert caller is not None
    assert (caller.id, caller.role) == (identity.id, Role.ADMIN)
    assert caller_of_identity(identity, settings_for(provider, admins=("somebody",))) is None


LIES: list[tuple[dict[str, Any], Refusal]] = [
    ({"nonce": "of another sign-on"}, Refusal.TOKEN),
    ({"nonce": None}, Refusal.TOKEN),
    ({"aud": "somebody else"}, Refusal.TOKEN),
    ({"aud": ["somebody else"]}, Refusal.TOKEN),
    ({"aud": [CLIENT_ID, "somebody else"], "azp": "somebody else"}, Refusal.TOKEN),
    ({"iss": "https://id.example.com"}, Refusal.TOKEN),
    ({"exp": 1_000_000_000}, Refusal.TOKEN),
    ({"exp": None}, Refusal.TOKEN),
    ({"exp": "never"}, Refusal.TOKEN),
    ({"iat": 4_000_000_000}, Refusal.TOKEN),
    ({"sub": None}, Refusal.TOKEN),
    ({"sub": ["42"]}, Refusal.TOKEN),
    ({"sub": ""}, Refusal.TOKEN),
]


@pytest.mark.parametrize(("lies", "refusal"), LIES, ids=lambda value: str(value)[:40])
def test_a_token_that_is_not_for_us_now_proves_nothing(
    sign_on: SingleSignOn, provider: SignOnProvider, lies: dict[str, Any], refusal: Refusal
) -> None:
    provider.lies = lies
    with pytest.raises(SignOnFailed) as failed:
        finish(sign_on, *come_back(sign_on))
    assert failed.value.refusal is refusal


def test_a_token_of_another_signer_proves_nothing(sign_on: SingleSignOn, provider: SignOnProvider) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "of-today"})
    with pytest.raises(SignOnFailed) as failed:
        finish(sign_on, *come_back(sign_on))
    assert failed.value.refusal is Refusal.TOKEN


def test_the_clients_secret_signs_no_token(sign_on: SingleSignOn, provider: SignOnProvider) -> None:
    provider.signs_with = OctKey.import_key(CLIENT_SECRET * 3)
    provider.algorithm = "HS256"
    with pytest.raises(SignOnFailed) as failed:
        finish(sign_on, *come_back(sign_on))
    assert failed.value.refusal is Refusal.TOKEN


def test_a_state_is_good_once_and_in_its_own_browser(
    sign_on: SingleSignOn, provider: SignOnProvider, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, state, kept = come_back(sign_on)
    _, others, _ = come_back(sign_on)
    for sent, of_cookie in ((others, kept), (state, others), ("", ""), ("A" * 64, "A" * 64), (state, "é")):
        with pytest.raises(SignOnFailed, match="not that of this browser"):
            finish(sign_on, code, sent, of_cookie)
    finish(sign_on, code, state, kept)
    with pytest.raises(SignOnFailed) as replayed:  # the provider takes no code twice
        finish(sign_on, code, state, kept)
    assert replayed.value.refusal is Refusal.STALE
    provider._codes["again"] = parse_query(asyncio.run(sign_on.begin())[0]) | asked_for(sign_on, state)
    with pytest.raises(SignOnFailed, match="used before"):  # and where it does, we do not take the state twice
        finish(SingleSignOn(settings_for(provider), ledger, KEYS), "again", state, kept)
    code, state, kept = come_back(sign_on)
    later = now_ms() + 601_000
    monkeypatch.setattr("gateway.login.single_sign_on.now_ms", lambda: later)
    with pytest.raises(SignOnFailed, match="too old"):
        finish(sign_on, code, state, kept)


def parse_query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def asked_for(sign_on: SingleSignOn, state: str) -> dict[str, str]:
    """What the provider was asked for with `state`."""
    opened = sign_on._seal.open(state)
    assert opened is not None
    challenge = create_s256_code_challenge(opened.derive("pkce verifier"))
    return {"nonce": opened.derive("nonce"), "code_challenge": challenge}


def test_another_provider_is_none_of_ours(sign_on: SingleSignOn, provider: SignOnProvider) -> None:
    provider.issuer = "https://id.example.com"
    with pytest.raises(SignOnFailed, match=r"not oidc\.issuer"):
        asyncio.run(sign_on.begin())


@pytest.mark.parametrize(
    ("claims", "listed_as"),
    [
        ({"email": "ADA@example.org", "email_verified": True}, ("Ada@example.org",)),
        ({"email": "ada@example.org", "email_verified": False}, ()),
        ({"email": "ada@example.org", "email_verified": "true"}, ()),
        ({"email": "ada@example.org"}, ()),
        ({"groups": ["staff", "others"]}, ("staff",)),
        ({"groups": "staff"}, ("staff",)),
        ({"groups": ["Staff", "Ada@example.org", "ada@example.org"]}, ()),
        ({"groups": {"staff": True}}, ()),
        ({"groups": [["staff"], None, 1]}, ()),
        ({"email": ["ada@example.org"], "email_verified": True}, ()),
        ({}, ()),
    ],
)
def test_only_verified_addresses_and_groups_count(
    provider: SignOnProvider, claims: dict[str, Any], listed_as: tuple[str, ...]
) -> None:
    assert identity_of({"iss": "i", "sub": "s", **claims}, settings_for(provider)).listed_as == listed_as


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"issuer": "http://id.example.org"}, "https"),
        ({"issuer": "https://u:p@id.example.org"}, "no user"),
        ({"client_id": None}, "client_id must be set"),
        ({"admins": (), "viewers": ()}, "nobody could log in"),
        ({"scopes": ("email",)}, "openid must be"),
    ],
)
def test_half_a_configuration_is_refused(change: dict[str, Any], told: str) -> None:
    whole = {
        "issuer": "https://id.example.org",
        "client_id": "c",
        "base_url": "https://g.example.org",
        "admins": ("a",),
    }
    OidcSettings(**whole)
    with pytest.raises(ValueError, match=told):
        OidcSettings(**{**whole, **change})


@pytest.mark.parametrize("kept", ["", "x", "[]", "{}", '{"name": "n"}', '{"name": "n", "listed_as": 3}', "null"])
def test_a_damaged_identity_is_nobody(kept: str) -> None:
    assert read_identity("oidc:1", kept) is None
