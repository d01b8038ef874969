"""Logins: who opens a session, whose a session is, and how it ends. Each of these is in the audit chain."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import Scope

from gateway.audit.actions import Actor, action_entry
from gateway.audit.chain import AuditChain
from gateway.config.secret import derived_keys
from gateway.config.settings import Settings
from gateway.keys.caller import Caller
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.login.errors import LoginRefused, SessionNotFound
from gateway.login.identity import Identity, caller_of_identity, read_identity
from gateway.login.sessions import LoginSession, LoginSessions
from gateway.login.sign_on import SignOn
from gateway.login.throttle import LoginThrottle
from models.redaction.plain_text import plain_text

logger = logging.getLogger(__name__)

PURPOSE = "sessions"
"""What of the gateway's secret the keys of cookies are made for."""

MAX_ADDRESS_CHARS = 60
MAX_AGENT_CHARS = 200


class Keys(Protocol):
    """What logins use of the keys of callers."""

    @property
    def is_needed(self) -> bool | None:
        """Whether a call needs a key; None while that is not known."""
        ...

    @property
    def is_known(self) -> bool:
        """Whether it is known which keys there are."""
        ...

    def caller_of_secret(self, secret: str) -> Caller | None:
        """Whose key `secret` is; None where it is none that works now."""
        ...

    def caller_of_key(self, key_id: str) -> Caller | None:
        """The caller with the key of that id; None where there is none, or it works no longer."""
        ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where an attempt to log in comes from: address and browser, as far as they say."""

    address: str
    agent: str


def visitor_of(scope: Scope) -> Visitor:
    """Who sent a call. Behind a proxy of `trusted_proxies` the address is the one that the proxy names."""
    client = scope.get("client")
    agent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), "")
    address = client[0] if client else "unknown"
    return Visitor(plain_text(address, MAX_ADDRESS_CHARS), plain_text(agent, MAX_AGENT_CHARS))


class Logins:
    """Joins keys, sessions, single sign-on, throttle and audit chain.

    Raises
    ------
    ExtraMissingError
        If single sign-on is configured, and its extra is not installed.
    SettingsError
        If the secret's file cannot be used.
    """

    def __init__(self, settings: Settings, keys: Keys, ledger: Ledger, chain: AuditChain) -> None:
        self._keys = keys
        self._ledger = ledger
        self._chain = chain
        self._throttle = LoginThrottle()
        secrets = derived_keys(settings, PURPOSE)
        self._sessions = LoginSessions(ledger, settings.login, secrets)
        self._sign_on = SignOn(settings.oidc, ledger, secrets)

    @property
    def is_needed(self) -> bool:
        """Whether anybody has to log in, as far as is known."""
        return self._keys.is_needed is not False

    @property
    def sessions(self) -> LoginSessions:
        """All sessions."""
        return self._sessions

    @property
    def sign_on(self) -> SignOn:
        """The single sign-on."""
        return self._sign_on

    def configure(self, settings: Settings) -> None:
        """Let people log in by other settings, and another secret, from now on."""
        secrets = derived_keys(settings, PURPOSE)
        self._sessions.configure(settings.login, secrets)
        self._sign_on.configure(settings.oidc, secrets)

    async def with_key(self, secret: str, visitor: Visitor) -> tuple[str, Caller]:
        """Open a session for whoever has the key `secret`: its token, and who that is.

        Raises
        ------
        LoginThrottled
            If too many attempts from this address failed before; then the key is not looked at.
        LoginRefused
            If it is no key.
        LedgerUnavailable
            While the database does not answer.
        """
        self._throttle.check(visitor.address)
        caller = self._keys.caller_of_secret(secret)
        if caller is None and not self._keys.is_known:
            raise LedgerUnavailable("The ledger's database has not answered yet, so it is not known who may log in.")
        if caller is None:
            await self.failed(visitor, "key")
            raise LoginRefused("This is no key of this gateway, or it has expired or been revoked.")
        return await self._open(caller, "", visitor, "key"), caller

    async def with_identity(self, identity: Identity, visitor: Visitor) -> str | None:
        """Open a session for a person whom a single sign-on has named: its token; None where they are on no list.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        caller = caller_of_identity(identity, self._sign_on.settings)
        if caller is None:
            return None
        return await self._open(caller, identity.to_json(), visitor, "single sign-on")

    def check(self, visitor: Visitor) -> None:
        """Return if an attempt of `visitor` may be looked at.

        Raises
        ------
        LoginThrottled
            If too many failed before.
        """
        self._throttle.check(visitor.address)

    async def failed(self, visitor: Visitor, by: str) -> None:
        """Count and record an attempt that failed. An attempt fails whether or not that can be recorded."""
        unrecorded = self._throttle.failed(visitor.address)
        if unrecorded is None:
            return
        details = {"by": by, "unrecorded_before": unrecorded}
        try:
            await asyncio.to_thread(self._record, Actor("nobody", visitor.address), "login failed", details)
        except LedgerUnavailable as exc:
            logger.warning("a login from %s failed, which the audit chain does not take: %s", visitor.address, exc)

    async def find(self, token: str) -> tuple[Caller, LoginSession] | None:
        """Who a token's session is for, and the session; None where it has ended, or its key has.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        session = await self._sessions.find(token)
        caller = None if session is None else self._caller_of(session)
        return None if session is None or caller is None else (caller, session)

    async def end(self, session: LoginSession, actor: Actor, action: str) -> None:
        """End a session.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer; then it has not ended.
        """
        await asyncio.to_thread(self._end, session, actor, action)

    def listed(self, caller: Caller, *, of_all: bool) -> list[tuple[LoginSession, str]]:
        """The sessions of a caller, or of all, with the name of each one's owner; blocks."""
        sessions = self._sessions.of(None if of_all else caller.id)
        owners = [(session, self._caller_of(session)) for session in sessions]
        return [(session, owner.name) for session, owner in owners if owner is not None]

    def named(self, id: str, caller: Caller, *, of_all: bool) -> LoginSession:
        """The session of this id, if `caller` may end it; blocks.

        Raises
        ------
        SessionNotFound
            If there is none.
        """
        for session in self._sessions.of(None if of_all else caller.id):
            if session.id == id:
                return session
        raise SessionNotFound("There is no such session; GET /v1/sessions lists those that you may end.")

    def _caller_of(self, session: LoginSession) -> Caller | None:
        if not session.identity:
            return self._keys.caller_of_key(session.key_id)
        identity = read_identity(session.key_id, session.identity)
        return None if identity is None else caller_of_identity(identity, self._sign_on.settings)

    async def _open(self, caller: Caller, identity: str, visitor: Visitor, by: str) -> str:
        entry = action_entry(_actor(caller, visitor), "login", {"by": by})

        def store() -> str:
            with self._ledger.write() as connection:
                token = self._sessions.open(connection, caller.id, identity, visitor.address, visitor.agent)
                self._chain.append(connection, [entry])
            return token

        return await asyncio.to_thread(store)

    def _end(self, session: LoginSession, actor: Actor, action: str) -> None:
        entry = action_entry(actor, action, {"session": session.id, "key_id": session.key_id})
        with self._ledger.write() as connection:
            self._sessions.end(connection, session)
            self._chain.append(connection, [entry])

    def _record(self, actor: Actor, action: str, details: Mapping[str, Any]) -> None:
        with self._ledger.write() as connection:
            self._chain.append(connection, [action_entry(actor, action, details)])


def _actor(caller: Caller, visitor: Visitor) -> Actor:
    return Actor(f"{caller.id} ({caller.name})", visitor.address)
