"""The OpenID Connect provider: where it is, which keys it signs with, and what it gives for a code."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from gateway.config.sections.login import OidcSettings
from gateway.login.errors import Refusal, SignOnFailed

TIMEOUT_S = 10.0
DISCOVERY = "/.well-known/openid-configuration"

METADATA_KEPT_S = 300
"""How long the provider is not asked again where it is: anybody can begin a sign-on, as often as they like."""

_BAD_REQUEST = 400


class Provider:
    """Asks one provider. Its keys are read anew for each sign-on, since they change."""

    def __init__(self, settings: OidcSettings) -> None:
        assert settings.issuer is not None
        assert settings.client_id is not None
        self._issuer = settings.issuer
        self._client_id = settings.client_id
        secret = settings.client_secret
        self._secret = None if secret is None else secret.get_secret_value()
        self._metadata: Mapping[str, Any] = {}
        self._read_at = float("-inf")

    async def metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself, or said a few minutes ago.

        Raises
        ------
        SignOnFailed
            If it does not answer as it should, or is another one.
        """
        if time.monotonic() - self._read_at > METADATA_KEPT_S:
            self._metadata = await self._read_metadata()
            self._read_at = time.monotonic()
        return self._metadata

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> tuple[str, Mapping[str, Any]]:
        """The ID token for a code, and the keys that the provider signs with.

        Raises
        ------
        SignOnFailed
            If it does not answer as it should.
        """
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        auth = None
        if self._secret is not None:
            methods = metadata.get("token_endpoint_auth_methods_supported")
            if isinstance(methods, list) and "client_secret_post" in methods:
                form["client_secret"] = self._secret
            else:
                auth = httpx.BasicAuth(self._client_id, self._secret)
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await _json(client, "POST", metadata["token_endpoint"], data=form, auth=auth)
            key_set = await _json(client, "GET", metadata["jwks_uri"])
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise SignOnFailed(Refusal.PROVIDER, "the provider gave no ID token; is openid among oidc.scopes?")
        return id_token, key_set

    async def _read_metadata(self) -> Mapping[str, Any]:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            found = await _json(client, "GET", self._issuer.rstrip("/") + DISCOVERY)
        if found.get("issuer") != self._issuer:
            raise SignOnFailed(Refusal.PROVIDER, f"the provider is not oidc.issuer, {self._issuer}")
        scheme = self._issuer.partition("://")[0]
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(found.get(name)).startswith(f"{scheme}://"):
                raise SignOnFailed(Refusal.PROVIDER, f"the provider tells no {scheme} URL as its {name}")
        return found


async def _json(client: httpx.AsyncClient, method: str, url: str, **sent: Any) -> dict[str, Any]:
    """The JSON object that the provider answers with. Its own words stay out of our errors."""
    try:
        response = await client.request(method, url, **sent)
        response.raise_for_status()
        body = response.json()
    except httpx.HTTPStatusError as exc:
        status = exc.response.status_code
        if method == "POST" and status == _BAD_REQUEST:
            raise SignOnFailed(Refusal.STALE, "the provider does not take the code") from exc
        raise SignOnFailed(Refusal.PROVIDER, f"the provider failed with status {status}") from exc
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
        raise SignOnFailed(Refusal.PROVIDER, f"the provider failed: {type(exc).__name__}") from exc
    if not isinstance(body, dict):
        raise SignOnFailed(Refusal.PROVIDER, "the provider answered with something that is no object")
    return body
