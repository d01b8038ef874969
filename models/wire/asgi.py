"""One request in plain ASGI: its body, the moment its caller hangs up, and what is sent back.

A framework would add its own cost to each event of a stream, here in front of the gateway and of the engine alike.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import TracebackType
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = "application/json"

_STREAM = {
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",  # buffering proxies (nginx) would hold the events back
}

WATCH_AFTER_S = 0.05
"""An answer that takes no longer needs nobody to listen for the caller meanwhile."""


class ClientGone(Exception):
    """The caller hung up: nobody is there to answer."""


class BodyTooLarge(Exception):
    """The request's body is larger than the limit."""


async def read_body(receive: Receive, max_bytes: int, silence_s: float | None = None) -> bytes:
    """The whole request body.

    Raises
    ------
    BodyTooLarge
        As soon as more than `max_bytes` have come.
    ClientGone
        If the caller hangs up before its end.
    TimeoutError
        If nothing more comes for `silence_s`.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        async with asyncio.timeout(silence_s):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise BodyTooLarge(f"The request body exceeds {max_bytes} bytes.")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


class WhileConnected:
    """An async context that is cut short with `ClientGone` when the caller hangs up.

    Works as `asyncio.timeout` does: cancels the task, then turns that cancellation into its own exception.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._watcher: asyncio.Task[None] | None = None
        self._begin = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._begin_watching)

    async def __aexit__(
        self, kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._begin.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._gone and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise ClientGone

    def _begin_watching(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()


async def send_whole(
    send: Send, status: int, body: bytes, headers: Mapping[str, str] | None = None, content_type: str = JSON
) -> None:
    """Send an answer in one piece."""
    length = {"content-type": content_type, "content-length": str(len(body))}
    await send(_start(status, {**length, **(headers or {})}))
    await send({"type": "http.response.body", "body": body})


async def begin_stream(send: Send, headers: Mapping[str, str] | None = None) -> None:
    """Send the head of a stream of events."""
    await send(_start(200, {**_STREAM, **(headers or {})}))


async def send_events(send: Send, events: bytes, *, last: bool = False) -> None:
    """Send events of a stream that has begun; returns when the caller has taken most of what came before."""
    await send({"type": "http.response.body", "body": events, "more_body": not last})


def _start(status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": encoded}
