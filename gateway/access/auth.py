"""Who calls, and whether they may: checked before anything else of a call."""

import base64
import binascii
from collections.abc import Iterator

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.guard import refuse
from gateway.access.permissions import Permissions
from gateway.http.errors import UnauthorizedError
from gateway.keys.active import ActiveKeys
from gateway.keys.caller import ANYBODY, CALLER, Caller
from gateway.keys.secrets import is_secret
from gateway.ledger import LedgerUnavailable
from models.wire.errors import ForbiddenError

OPEN_PATHS = ("/health/",)
"""Paths that need no key, for an orchestrator's probes. They say only whether the gateway is alive and ready."""

KEY_HEADERS = (b"x-api-key", b"api-key")
"""Headers that hold the bare key: Anthropic's, Azure's."""

HOW = "send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."


class RequireKey:
    """Finds the caller of each call by its key, and lets through what the caller's role may do.

    A key comes as a bearer token, in one of `KEY_HEADERS`, or, SLIMGATE_API_KEY only, as a browser's password. A
    browser sends a password with every request, even one that another site's page makes. So a password is good for GET
    and HEAD only.
    """

    def __init__(self, app: ASGIApp, keys: ActiveKeys) -> None:
        self._app = app
        self._keys = keys
        self._permissions = Permissions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(OPEN_PATHS):
            await self._app(scope, receive, send)
            return
        try:
            caller = self._caller(scope)
            self._permissions.check(caller, scope.get("method", ""), scope["path"])
        except (UnauthorizedError, ForbiddenError, LedgerUnavailable) as exc:
            asks_browser = isinstance(exc, UnauthorizedError) and self._keys.admin is not None and _wants_page(scope)
            asks = {"www-authenticate": 'Basic realm="slimgate: any name, the key as password"'}
            await refuse(exc, scope, receive, send, asks if asks_browser else None)
            return
        scope[CALLER] = caller
        await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        secrets = list(secrets_of(scope))
        for secret in secrets:
            if (caller := self._keys.caller_of_secret(secret)) is not None:
                return caller
        admin = self._keys.admin
        if admin is not None and admin.matches(_password(scope)):
            return admin.caller
        has_ours, is_needed = any(is_secret(secret) for secret in secrets), self._keys.is_needed
        if is_needed is None or (has_ours and not self._keys.is_known):
            raise LedgerUnavailable("The ledger's database has not answered yet, so it is not known who may call.")
        if has_ours:  # also where none is needed: whoever sends one means to be known by it
            raise UnauthorizedError("The key is not known to this gateway, has expired, or was revoked.")
        if is_needed:
            raise UnauthorizedError(f"{'This key is wrong' if secrets else 'This gateway needs a key'}: {HOW}")
        return ANYBODY


def secrets_of(scope: Scope) -> Iterator[bytes]:
    """What a call carries where keys are: of each header the first, as servers of these APIs read it."""
    scheme, _, value = _header(scope, b"authorization").partition(b" ")
    if scheme.lower() == b"bearer" and (token := value.strip()):
        yield token
    for name in KEY_HEADERS:
        if key := _header(scope, name):
            yield key


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def _password(scope: Scope) -> bytes:
    """A browser's password, where it may be used."""
    scheme, _, credentials = _header(scope, b"authorization").partition(b" ")
    if scheme.lower() != b"basic" or scope.get("method") not in ("GET", "HEAD"):
        return b""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _wants_page(scope: Scope) -> bool:
    return b"text/html" in _header(scope, b"accept")
