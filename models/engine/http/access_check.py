"""Checks the Host header, the origin and the key of requests to an engine on TCP.

An engine on a unix socket needs no check: only this user can connect.
"""

import secrets
from typing import Any

from models.engine.http.asgi import send_json
from models.engine.http.failures import Unauthorized, describe_error
from models.engine.http.server import Handler
from models.host.host_check import HostCheck, add_fixed_headers
from models.wire.asgi import Receive, Scope, Send

HINT = "use localhost or the address, start the engine with --allowed-host NAME, or give it a key."
OPEN_PATH = "/health"


class AccessCheck:
    """An ASGI application around `server` that refuses requests without access.

    Parameters
    ----------
    names : sequence of str
        Host names of the engine beside localhost and its addresses.
    key : str, optional
        The API key of every request, except those for `OPEN_PATH`.
    """

    def __init__(self, server: Handler, names: list[str], key: str | None) -> None:
        self._server = server
        self._host_check = HostCheck(names, HINT)
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_fixed(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = add_fixed_headers(message["headers"])
            await send(message)

        try:
            self._check(scope)
        except Exception as exc:
            status, body, headers = describe_error(exc)
            await send_json(send_fixed, status, body, headers)
            return
        await self._server(scope, receive, send_fixed)

    def _check(self, scope: Scope) -> None:
        self._host_check.check(scope["method"], scope["headers"])
        if self._key is not None and scope["path"] != OPEN_PATH and not self._has_key(scope, self._key):
            raise Unauthorized("This engine needs a key: send it as 'Authorization: Bearer KEY'.")

    def _has_key(self, scope: Scope, key: bytes) -> bool:
        value = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, sent = value.partition(b" ")
        return scheme.lower() == b"bearer" and secrets.compare_digest(sent.strip(), key)
