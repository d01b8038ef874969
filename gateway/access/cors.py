"""Pages of other sites that may call the gateway from a browser (CORS, Fetch standard).

A browser asks before it sends such a page's request: that preflight carries no key, so it is answered before the key is
asked for. What it allows is to send the request, which then needs the key. No answer lets a browser send what it keeps
for the gateway by itself (`Access-Control-Allow-Credentials`): a page has to know the key.
"""

import re
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.access.guard import ORIGIN_CURE, refuse
from models.host.host_check import ANY_NAME
from models.wire.errors import ForbiddenError

PREFLIGHT_KEPT_S = 600

FOREIGN = f"This web site may not call the gateway.{ORIGIN_CURE}"

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_HEADER_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z, \t-]{0,4000}")

READABLE = (
    "x-request-id",
    "request-id",
    "x-slimgate-route",
    "x-slimgate-reason",
    "x-slimgate-score",
    "x-slimgate-threshold",
    "x-slimgate-first-token-estimate-s",
    "x-slimgate-model",
    "x-slimgate-overhead-ms",
    "x-slimgate-warning",
    "openai-processing-ms",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "retry-after",
    "x-should-retry",
)
"""Headers of an answer that such a page may read; a browser shows it few others."""


class AllowOrigins:
    """Answers preflights of `origins`, and lets their pages read the answers.

    Parameters
    ----------
    origins : iterable of str
        As `models.host.host_check.normalise_origin` gives them; ``*`` stands for all.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        is_preflight = scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method") is not None
        if not self._allows(origin):
            if is_preflight:
                await refuse(ForbiddenError(FOREIGN), scope, receive, send)
            else:
                await self._app(scope, receive, send)  # its page cannot read the answer
        elif is_preflight:
            response = Response(status_code=204, headers=_preflight_headers(scope))
            await response(scope, receive, self._readable(send, origin))
        else:
            await self._app(scope, receive, self._readable(send, origin))

    def _allows(self, origin: bytes) -> bool:
        return ANY_NAME in self._origins or origin.decode("latin-1") in self._origins

    def _readable(self, send: Send, origin: bytes) -> Send:
        """`send` that adds to an answer who may read it. A plain function: no further coroutine for each event."""
        allowed = b"*" if ANY_NAME in self._origins else origin
        added = [
            (b"access-control-allow-origin", allowed),
            (b"access-control-expose-headers", ", ".join(READABLE).encode()),
            (b"vary", b"Origin"),
        ]

        def sending(message: Message) -> Any:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            return send(message)

        return sending


def _preflight_headers(scope: Scope) -> dict[str, str]:
    headers = {"access-control-allow-methods": METHODS, "access-control-max-age": str(PREFLIGHT_KEPT_S)}
    # A wildcard would leave out the header that carries the key.
    asked = _header(scope, b"access-control-request-headers")
    if asked is not None and _HEADER_NAMES.fullmatch(asked):
        headers["access-control-allow-headers"] = asked.decode("ascii")
    if _header(scope, b"access-control-request-private-network") == b"true":  # a page on the web, a gateway at home
        headers["access-control-allow-private-network"] = "true"
    return headers


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)
