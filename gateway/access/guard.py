"""Checks in front of every endpoint, and the headers of every answer.

Plain ASGI, outermost first: `Guard` (Host, Origin, the fixed headers), `gateway.access.cors.AllowOrigins`,
`gateway.access.auth.RequireKey`, `gateway.access.known_headers.RequireKnownHeaders`, `RequireJson`.

If every call needs a key, any Host is accepted unless `allowed_hosts` is set: a page that points its own name at this
machine (DNS rebinding) has no key, and a browser sends the cookie of a login only to the name that set it. So a gateway
behind a proxy needs no further setting.
"""

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.dialects.messages.errors import refusal
from models.host.host_check import ANY_NAME, METHODS_WITH_BODY, HostCheck, add_fixed_headers, check_json, host_as_name
from models.wire.errors import RequestError

POLICY_VIOLATION = 1008

END_OF_CONNECTION = (b"connection", b"close")

CURE = (
    "name it in the setting allowed_hosts (SLIMGATE_ALLOWED_HOSTS='[\"NAME\"]'), use localhost or the address, or set "
    "a key (SLIMGATE_API_KEY)."
)

ORIGIN_CURE = (
    " If that site may, name its origin in the setting allowed_origins "
    "(SLIMGATE_ALLOWED_ORIGINS='[\"https://app.example.org\"]')."
)


class Guard:
    """Refuses calls for another host name or from another site's page; all answers get the fixed headers.

    Parameters
    ----------
    is_draining : callable
        Whether the process was told to stop. Then each answer ends its connection: a proxy in front would otherwise
        send the next request into one that is being closed, and could not send it again, since it may have been read.
    """

    def __init__(self, app: ASGIApp, host_check: HostCheck, is_draining: Callable[[], bool] = lambda: False) -> None:
        self._app = app
        self._host_check = host_check
        self._is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            # A websocket is checked like a POST: it might do anything.
            self._host_check.check(scope.get("method", "POST"), scope["headers"])
        except RequestError as exc:
            await refuse(exc, scope, receive, self._with_headers(send))
            return
        await self._app(scope, receive, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        """`send` that adds the headers of every answer. A plain function: no further coroutine for each event."""

        def sending(message: Message) -> Any:
            if message["type"] == "http.response.start":
                headers = add_fixed_headers(list(message.get("headers", ())))
                message["headers"] = [*headers, END_OF_CONNECTION] if self._is_draining() else headers
            return send(message)

        return sending


class RequireJson:
    """Refuses bodies that are not declared to be JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") in METHODS_WITH_BODY:
            try:
                check_json(scope["headers"])
            except RequestError as exc:
                await refuse(exc, scope, receive, send)
                return
        await self._app(scope, receive, send)


def make_host_check(settings: Settings) -> HostCheck:
    """The checks for a gateway with these settings."""
    any_host = settings.always_needs_key and not settings.allowed_hosts
    names = [ANY_NAME] if any_host else [*settings.allowed_hosts, *host_as_name(settings.host)]
    return HostCheck(names, CURE, settings.allowed_origins, ORIGIN_CURE)


async def refuse(
    exc: Exception, scope: Scope, receive: Receive, send: Send, headers: dict[str, str] | None = None
) -> None:
    """Refuse a call, with an error in its API shape."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
        return
    await refusal(scope, exc, headers)(scope, receive, send)
