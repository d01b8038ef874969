"""Who is let through while it is not known which keys there are, and what an open gateway makes of keys."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.types import Message, Receive, Scope, Send

from gateway.access.auth import RequireKey, secrets_of
from gateway.audit.chain import AuditChain
from gateway.config.sections.keys import KeysSettings
from gateway.http.errors import UnauthorizedError
from gateway.keys.active import MARK, ActiveKeys
from gateway.keys.caller import caller_of
from gateway.keys.details import NewKey
from gateway.login.logins import Logins
from tests.gateway.keys.conftest import ADA, Keys


def outcome(keys: Keys, active: ActiveKeys, secret: str = "", path: str = "/v1/models") -> str | int:
    """The id of the caller that is let through, or the status that it is told."""
    seen: list[str | int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(caller_of(scope).id)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    headers = [(b"x-api-key", secret.encode())] if secret else []
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""}
    logins = Logins(keys.settings, active, keys.ledger, AuditChain(b"k" * 32))
    asyncio.run(RequireKey(app, active, logins)(scope, receive, send))
    (first,) = seen
    return first


UNKNOWN = "sg-" + 43 * "x"
"""In the form of a key, and nobody's."""


def unread(keys: Keys, required: bool | None, api_key: str | None = None) -> ActiveKeys:
    """What a gateway that has seen keys knows while its database has not answered yet."""
    (keys.settings.state_dir / MARK).touch()
    secret = None if api_key is None else SecretStr(api_key)
    settings = keys.settings.model_copy(update={"keys": KeysSettings(required=required), "api_key": secret})
    return ActiveKeys(settings, keys.ledger, keys.hasher)


@pytest.mark.parametrize(
    ("required", "api_key", "sent", "told"),
    [
        (None, None, "", 503),
        (None, None, "unused", 503),
        (None, None, UNKNOWN, 503),
        (True, None, "", 401),
        (True, None, UNKNOWN, 503),
        (False, None, "", ""),
        (False, None, "unused", ""),
        (False, None, UNKNOWN, 503),
        (None, "sk-gate", "", 401),
        (None, "sk-gate", UNKNOWN, 503),
    ],
)
def test_nobody_is_let_in_for_want_of_knowledge(
    keys: Keys, required: bool | None, api_key: str | None, sent: str, told: str | int
) -> None:
    assert outcome(keys, unread(keys, required, api_key), sent) == told
    assert outcome(keys, unread(keys, required, api_key), sent, "/health/live") == ""


def test_a_gateway_that_has_never_seen_a_key_serves_without_its_database(keys: Keys) -> None:
    active = ActiveKeys(keys.settings, keys.ledger, keys.hasher)
    assert outcome(keys, active) == outcome(keys, active, "unused") == ""
    assert outcome(keys, active, UNKNOWN) == 503


@pytest.mark.parametrize("name", [b"authorization", b"x-api-key", b"api-key"])
def test_a_key_header_that_comes_twice_is_refused(name: bytes) -> None:
    scope = {"type": "http", "headers": [(name, b"Bearer one"), (name, b"Bearer two")]}
    with pytest.raises(UnauthorizedError, match="more than once"):
        list(secrets_of(scope))


def test_the_configured_key_is_let_in_without_the_database(keys: Keys) -> None:
    active = unread(keys, None, "sk-gate")
    assert active.admin is not None
    assert outcome(keys, active, "sk-gate") == active.admin.caller.id


def test_an_open_gateway_knows_callers_and_refuses_keys_that_do_not_work(keys: Keys) -> None:
    key, secret = keys.store.create(NewKey(name="n"), ADA)
    opened = keys.active(keys=KeysSettings(required=False))
    assert outcome(keys, opened, secret) == key.id
    assert outcome(keys, opened) == outcome(keys, opened, "unused") == ""
    keys.store.revoke(key.id, ADA)
    opened.refresh()
    assert outcome(keys, opened, secret) == 401, "it may have been a key whose requests had to stay here"
