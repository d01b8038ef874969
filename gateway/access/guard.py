"""Checks in front of every endpoint, and the headers of every answer.

Plain ASGI, outermost first: `Guard` (Host, Origin, the fixed headers), `gateway.access.cors.AllowOrigins`,
`gateway.access.auth.RequireKey`, `gateway.access.known_headers.RequireKnownHeaders`, `RequireJson`.

If every call needs a key, any Host is accepted unless `allowed_hosts` is set: a page that points its own name at this
machine (DNS rebinding) has no key, and a browser sends the cookie of a login only to the name that set it. So a gateway
behind a proxy needs no further setting.
"""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.dialects.messages.errors import refusal
from models.host.host_check import ANY_NAME, METHODS_WITH_BODY, HostCheck, add_fixed_headers, check_json, host_as_name
from models.wire.errors import RequestError

POLICY_VIOLATION = 1008

CURE = (
    "name it in the setting allowed_hosts (SLIMGATE_ALLOWED_HOSTS='[\"NAME\"]'), use localhost or the address, or set "
    "a key (SLIMGATE_API_KEY)."
)

ORIGIN_CURE = (
    " If that site may, name its origin in the setting allowed_origins "
    "(SLIMGATE_ALLOWED_ORIGINS='[\"https://app.example.org\"]')."
)


class Guard:
    """Refuses calls for another host name or from another site's page; all answers get the fixed headers."""

    def __init__(self, app: ASGIApp, host_check: HostCheck) -> None:
        self._app = app
        self._host_check = host_check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            # A websocket is checked like a POST: it might do anything.
            self._host_check.check(scope.get("method", "POST"), scope["headers"])
        except RequestError as exc:
            await refuse(exc, scope, receive, with_fixed_headers(send))
            return
        await self._app(scope, receive, with_fixed_headers(send))


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


def with_fixed_headers(send: Send) -> Send:
    """`send` that adds the fixed headers to every answer. A plain function: no further coroutine for each event."""

    def sending(message: Message) -> Any:
        if message["type"] == "http.response.start":
            message["headers"] = add_fixed_headers(list(message.get("headers", ())))
        return send(message)

    return sending


async def refuse(
    exc: Exception, scope: Scope, receive: Receive, send: Send, headers: dict[str, str] | None = None
) -> None:
    """Refuse a call, with an error in its API shape."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
        return
    await refusal(scope, exc, headers)(scope, receive, send)
