"""The gateway's key, checked before anything else of a call."""

import base64
import binascii
import hashlib
import secrets

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.guard import refuse
from gateway.http.errors import UnauthorizedError
from gateway.keys.caller import CALLER, Caller
from gateway.keys.terms import Role, Sees

OPEN_PATHS = ("/health/",)
"""Paths that need no key, for an orchestrator's probes. They say only whether the gateway is alive and ready."""

KEY_HEADERS = (b"x-api-key", b"api-key")
"""Headers that hold the bare key: Anthropic's, Azure's."""

KEY_ID_CHARS = 16


class RequireKey:
    """Requires the key: as a bearer token, in one of `KEY_HEADERS`, or as a browser's password.

    A browser sends a password with every request, even one that another site's page makes. So a password is good for
    GET and HEAD only.

    Parameters
    ----------
    key : str
        The key; compared in constant time.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()
        id = hashlib.sha256(self._key).hexdigest()[:KEY_ID_CHARS]
        self._caller = Caller(id, "SLIMGATE_API_KEY", Role.ADMIN, Sees.ALL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(OPEN_PATHS) or self._admits(scope):
            scope[CALLER] = self._caller
            await self._app(scope, receive, send)
            return
        exc = UnauthorizedError(
            "This gateway needs a key: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY' (SLIMGATE_API_KEY)."
        )
        asks = {"www-authenticate": 'Basic realm="slimgate: any name, the key as password"'}
        await refuse(exc, scope, receive, send, asks if _wants_page(scope) else None)

    def _admits(self, scope: Scope) -> bool:
        if any(secrets.compare_digest(_header(scope, name), self._key) for name in KEY_HEADERS):
            return True
        scheme, _, value = _header(scope, b"authorization").partition(b" ")
        if scheme.lower() == b"bearer":
            return secrets.compare_digest(value.strip(), self._key)
        if scheme.lower() == b"basic" and scope.get("method") in ("GET", "HEAD"):
            return secrets.compare_digest(_password(value), self._key)
        return False


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def _password(credentials: bytes) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _wants_page(scope: Scope) -> bool:
    return b"text/html" in _header(scope, b"accept")
