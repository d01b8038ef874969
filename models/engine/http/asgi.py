"""The engine's end of a request: JSON in, JSON or a stream of events out."""

from collections.abc import Mapping
from typing import Any

import orjson

from models.wire import asgi
from models.wire.asgi import Receive, Scope, Send
from models.wire.errors import RequestError
from models.wire.json_reader import parse_json

TIME_LIMIT_HEADER = b"x-slimgate-timeout-s"


async def read_json(receive: Receive, max_bytes: int) -> Any:
    """The request's body, decoded.

    Raises
    ------
    RequestError, BodyTooLarge, ClientGone
    """
    return parse_json(await asgi.read_body(receive, max_bytes))


async def send_json(send: Send, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send a whole answer."""
    await asgi.send_whole(send, status, orjson.dumps(body), headers)


async def send_text(send: Send, text: bytes) -> None:
    """Send a whole answer of plain text."""
    await asgi.send_whole(send, 200, text, content_type="text/plain; charset=utf-8")


def time_limit_s(scope: Scope) -> float:
    """How long the answer may take, where the caller says so in a header.

    Raises
    ------
    RequestError
        If it is not a positive number.
    """
    value = next((value for name, value in scope["headers"] if name == TIME_LIMIT_HEADER), b"inf")
    try:
        limit_s = float(value)
    except ValueError:
        limit_s = 0.0
    if limit_s > 0:
        return limit_s
    raise RequestError(f"The header {TIME_LIMIT_HEADER.decode()} must be a positive number of seconds.")


class EventStream:
    """A streamed answer. The status goes out with the first events, so that until then it can still be another."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def write(self, data: bytes) -> None:
        """Send whole events."""
        if not self.started:
            self.started = True
            await asgi.begin_stream(self._send)
        await asgi.send_events(self._send, data)

    async def close(self) -> None:
        """End the answer."""
        await asgi.send_events(self._send, b"", last=True)
