"""The little of HTTP that the engine needs, over raw ASGI: a framework would only add to each event of a stream."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson

from models.wire.errors import RequestError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TIME_LIMIT_HEADER = b"x-slimgate-timeout-s"

_JSON = (b"content-type", b"application/json")
_STREAM = ((b"content-type", b"text/event-stream; charset=utf-8"),)


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class BodyTooLarge(Exception):
    """The request is larger than the limit."""


async def read_json(receive: Receive, max_bytes: int) -> Any:
    """The request's body, decoded.

    Raises
    ------
    RequestError, BodyTooLarge, ClientGone
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise BodyTooLarge(f"The request exceeds {max_bytes} bytes.")
        if not message.get("more_body"):
            break
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise RequestError(f"The request body is not valid JSON: {exc}", code="invalid_json") from exc


async def disconnected(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_json(send: Send, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
    """A whole answer; bytes are sent as they are."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    extra = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
    fixed = [_JSON, (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *extra]})
    await send({"type": "http.response.body", "body": data})


async def send_text(send: Send, text: bytes) -> None:
    """A whole answer of plain text."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


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
            await self._send({"type": "http.response.start", "status": 200, "headers": list(_STREAM)})
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def close(self) -> None:
        """End the answer."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_gone(work: Awaitable[None], receive: Receive) -> None:
    """Do `work`, and break it off when the client goes away."""
    task = asyncio.ensure_future(work)
    watcher = asyncio.ensure_future(disconnected(receive))
    try:
        await asyncio.wait((task, watcher), return_when=asyncio.FIRST_COMPLETED)
    finally:
        watcher.cancel()
        if not task.done():
            task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        raise ClientGone from None
