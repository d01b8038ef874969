"""The gateway's key, asked for before anything else is looked at."""

import base64
import binascii
import secrets
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import (
    ForbiddenError,
    UnauthorizedError,
    error_headers,
    error_object,
    error_response,
    error_status,
)
from gateway.jsonresponse import json_response

OPEN_PATHS = ("/health/",)
"""What an orchestrator's probes may read without a key. It says nothing but "alive"."""


class RequireKey:
    """Lets a call through that carries the key: as a bearer token, in `x-api-key` as Anthropic's clients send it, or as
    the password a browser asks for.

    A browser sends a password along by itself, also from a page that is not ours; so a password opens only what reads.

    Parameters
    ----------
    key : str
        The key; compared in constant time.
    describe : callable
        The JSON object that tells of a failure, in the API shape of `app`.
    """

    def __init__(self, app: ASGIApp, key: str, describe: Callable[[Exception], Any] = error_object) -> None:
        self._app = app
        self._key = key.encode()
        self._describe = describe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OPEN_PATHS) or self._admits(scope):
            await self._app(scope, receive, send)
            return
        exc = UnauthorizedError(
            "This gateway needs a key: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY' (SLIMGATE_API_KEY)."
        )
        response = json_response(self._describe(exc), error_status(exc), error_headers(exc))
        if _wants_page(scope):
            response.headers["www-authenticate"] = 'Basic realm="slimgate: any name, the key as password"'
        await response(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        if secrets.compare_digest(_header(scope, b"x-api-key"), self._key):
            return True
        scheme, _, value = _header(scope, b"authorization").partition(b" ")
        if scheme.lower() == b"bearer":
            return secrets.compare_digest(value.strip(), self._key)
        if scheme.lower() == b"basic" and scope["method"] in ("GET", "HEAD"):
            return secrets.compare_digest(_password(value), self._key)
        return False


class RefuseOtherSites:
    """Turns away what a page of another web site sends through a browser on this machine.

    Where no key is asked for, such a page could otherwise spend the user's money, though it could not read the answer.
    Programs send no ``sec-fetch-site``; browsers always do.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _header(scope, b"sec-fetch-site") != b"cross-site":
            await self._app(scope, receive, send)
            return
        refusal = ForbiddenError("Pages of other web sites may not use a gateway without a key (SLIMGATE_API_KEY).")
        await error_response(refusal)(scope, receive, send)


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def _password(credentials: bytes) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _wants_page(scope: Scope) -> bool:
    return b"text/html" in _header(scope, b"accept")
