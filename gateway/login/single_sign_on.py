"""Single sign-on: the authorization code flow of OpenID Connect, with PKCE, state and nonce. Needs the extra ``oidc``.

The state is sealed by us, holds when it was made, and is in a cookie too, so that it is good for one browser and a
short while; nonce and verifier are derived from it, so that no worker has to remember them.
"""

import asyncio
import os
import secrets
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from gateway.config.sections.login import OidcSettings
from gateway.ledger import Ledger
from gateway.ledger.units import now_ms
from gateway.login.cookie import SIGN_ON_PATH, STATE_LIVES_S
from gateway.login.errors import Refusal, SignOnFailed
from gateway.login.id_token import verified_claims
from gateway.login.identity import Identity, identity_of
from gateway.login.provider import Provider
from gateway.login.schema import USED_STATES
from gateway.login.seal import PAYLOAD_BYTES, Opened, Seal

TIME_BYTES = 8

CALLBACK = f"{SIGN_ON_PATH}/callback"


class SingleSignOn:
    """Sends people to the provider, and finds out who comes back.

    Parameters
    ----------
    keys : tuple of bytes
        `gateway.config.secret.derived_keys` for ``sessions``.
    """

    def __init__(self, settings: OidcSettings, ledger: Ledger, keys: tuple[bytes, ...]) -> None:
        assert settings.base_url is not None
        self._settings = settings
        self._ledger = ledger
        self._provider = Provider(settings)
        self._seal = Seal(keys, "single sign-on")
        self._redirect_uri = settings.base_url.rstrip("/") + CALLBACK

    async def begin(self) -> tuple[str, str]:
        """The URL at the provider to send a browser to, and the state that its cookie must keep.

        Raises
        ------
        SignOnFailed
            If the provider does not answer as it should.
        """
        state = self._seal.make(now_ms().to_bytes(TIME_BYTES) + os.urandom(PAYLOAD_BYTES - TIME_BYTES))
        opened = self._seal.open(state)
        assert opened is not None
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": _nonce(opened),
            "code_challenge": create_s256_code_challenge(_verifier(opened)),
            "code_challenge_method": "S256",
        }
        endpoint = (await self._provider.metadata())["authorization_endpoint"]
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}", state

    async def finish(self, code: str, state: str, kept_state: str) -> Identity:
        """Who has come back with `code` and `state`; `kept_state` is that of the browser's cookie.

        Raises
        ------
        SignOnFailed
            If that proves nothing, or was used before.
        LedgerUnavailable
            While the database does not answer.
        """
        opened = self._seal.open(state)
        if opened is None or not secrets.compare_digest(state.encode(), kept_state.encode()):
            raise SignOnFailed(Refusal.STALE, "the state is not that of this browser")
        expires_ms = int.from_bytes(opened.payload[:TIME_BYTES]) + 1000 * STATE_LIVES_S
        if now_ms() > expires_ms:
            raise SignOnFailed(Refusal.STALE, "the state is too old")
        id_token, key_set = await self._provider.redeem(code, _verifier(opened), self._redirect_uri)
        assert self._settings.issuer is not None
        assert self._settings.client_id is not None
        claims = verified_claims(
            id_token,
            key_set,
            issuer=self._settings.issuer,
            client_id=self._settings.client_id,
            nonce=_nonce(opened),
        )
        await asyncio.to_thread(self._use, opened.derive("used state"), expires_ms)
        return identity_of(claims, self._settings)

    def _use(self, hash: str, expires_ms: int) -> None:
        """Note that a state was used, in all gateways over this database."""
        try:
            with self._ledger.write() as connection:
                connection.execute(delete(USED_STATES).where(USED_STATES.c.expires_ms < now_ms()))
                connection.execute(insert(USED_STATES).values(hash=hash, expires_ms=expires_ms))
        except IntegrityError as exc:
            raise SignOnFailed(Refusal.STALE, "the state was used before") from exc


def _nonce(opened: Opened) -> str:
    return opened.derive("nonce")


def _verifier(opened: Opened) -> str:
    return opened.derive("pkce verifier")
