"""What stands in front of an engine that others than its own gateway may reach: its names, its key.

On a unix socket only this user connects, so nothing stands there.
"""

import secrets
from typing import Any

from models.engine.http.asgi import send_json
from models.engine.http.failures import Unauthorized, describe_error
from models.engine.http.server import EngineServer
from models.host.doors import Doors, answered
from models.wire.asgi import Receive, Scope, Send

CURE = "use localhost or the address, start the engine with --allowed-host NAME, or give it a key."
OPEN_PATH = "/health"


class FrontDoor:
    """An ASGI application around `server`.

    Parameters
    ----------
    names : sequence of str
        What the engine is called beside localhost and its addresses.
    key : str, optional
        What every call must carry, but for `OPEN_PATH`.
    """

    def __init__(self, server: EngineServer, names: list[str], key: str | None) -> None:
        self._server = server
        self._doors = Doors(names, CURE)
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = answered(message["headers"])
            await send(message)

        try:
            self._check(scope)
        except Exception as exc:
            status, body, headers = describe_error(exc)
            await send_json(sending, status, body, headers)
            return
        await self._server(scope, receive, sending)

    def _check(self, scope: Scope) -> None:
        self._doors.check(scope["method"], scope["headers"])
        if self._key is not None and scope["path"] != OPEN_PATH and not self._admits(scope, self._key):
            raise Unauthorized("This engine needs a key: send it as 'Authorization: Bearer KEY'.")

    def _admits(self, scope: Scope, key: bytes) -> bool:
        value = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, sent = value.partition(b" ")
        return scheme.lower() == b"bearer" and secrets.compare_digest(sent.strip(), key)
