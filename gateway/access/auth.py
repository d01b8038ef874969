"""Who calls, and whether they may: checked before anything else of a call."""

from collections.abc import Iterator

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.access.cookie_login import PAGES, CookieLogin, is_for_login
from gateway.access.guard import refuse
from gateway.access.permissions import Permissions
from gateway.http.errors import UnauthorizedError
from gateway.keys.active import ActiveKeys
from gateway.keys.caller import ANYBODY, CALLER, Caller
from gateway.keys.secrets import is_secret
from gateway.ledger import LedgerUnavailable
from gateway.login.logins import Logins
from models.wire.errors import ForbiddenError

OPEN_PATHS = ("/health/",)
"""Paths that need no key, for an orchestrator's probes. They say only whether the gateway is alive and ready."""

KEY_HEADERS = (b"x-api-key", b"api-key")
"""Headers that hold the bare key: Anthropic's, Azure's."""

HOW = "send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."


class RequireKey:
    """Finds the caller of each call by its key or its login, and lets through what the caller's role may do.

    A key comes as a bearer token or in one of `KEY_HEADERS`. A browser has the cookie of its login instead, and is led
    to the login page without one.
    """

    def __init__(self, app: ASGIApp, keys: ActiveKeys, logins: Logins) -> None:
        self._app = app
        self._keys = keys
        self._login = CookieLogin(logins)
        self._permissions = Permissions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(OPEN_PATHS) or is_for_login(scope):
            await self._app(scope, receive, send)
            return
        try:
            caller = self._by_key(scope) or await self._by_cookie(scope)
            self._permissions.check(caller, scope.get("method", ""), scope["path"])
        except (UnauthorizedError, ForbiddenError, LedgerUnavailable) as exc:
            if isinstance(exc, UnauthorizedError) and _wants_page(scope):
                await RedirectResponse("login", 303)(scope, receive, send)
            else:
                await refuse(exc, scope, receive, send)
            return
        scope[CALLER] = caller
        await self._app(scope, receive, send)

    def _by_key(self, scope: Scope) -> Caller | None:
        """The caller of a call that carries a key, or needs none; None for one without a key that needs one."""
        secrets = list(secrets_of(scope))
        for secret in secrets:
            if (caller := self._keys.caller_of_secret(secret)) is not None:
                return caller
        has_ours, is_needed = any(is_secret(secret) for secret in secrets), self._keys.is_needed
        if is_needed is None or (has_ours and not self._keys.is_known):
            raise LedgerUnavailable("The ledger's database has not answered yet, so it is not known who may call.")
        if has_ours:  # also where none is needed: whoever sends one means to be known by it
            raise UnauthorizedError("The key is not known to this gateway, has expired, or was revoked.")
        if is_needed and secrets:
            raise UnauthorizedError(f"This key is wrong: {HOW}")
        return None if is_needed else ANYBODY

    async def _by_cookie(self, scope: Scope) -> Caller:
        caller = await self._login.caller_of(scope)
        if caller is None:
            raise UnauthorizedError(f"This gateway needs a key: {HOW}")
        return caller


def secrets_of(scope: Scope) -> Iterator[bytes]:
    """What a call carries where keys are.

    Raises
    ------
    UnauthorizedError
        If such a header is there more than once: a proxy before the gateway may have looked at another one.
    """
    scheme, _, value = _header(scope, b"authorization").partition(b" ")
    if scheme.lower() == b"bearer" and (token := value.strip()):
        yield token
    for name in KEY_HEADERS:
        if key := _header(scope, name):
            yield key


def _header(scope: Scope, wanted: bytes) -> bytes:
    values = [value for name, value in scope["headers"] if name == wanted]
    if len(values) > 1 and wanted in (b"authorization", *KEY_HEADERS):
        raise UnauthorizedError(f"Header {wanted.decode()} is there more than once: send one key.")
    return values[0] if values else b""


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for the page itself."""
    return scope.get("method") == "GET" and scope["path"] in PAGES and b"text/html" in _header(scope, b"accept")
