"""One request in plain ASGI: its body, the moment its caller hangs up, and what is sent back.

A framework would add its own cost to each event of a stream, here in front of the gateway and of the engine alike.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
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


class BodyGivenUp(Exception):
    """The rest of the request's body is not waited for: others need the room."""


class UnfinishedBodies:
    """The bodies that are being received. Together they hold no more than a number of bytes.

    Where they would, those that began first are given up, since they had the most time: callers who only hold what
    they have begun cannot keep others out.
    """

    def __init__(self) -> None:
        self._bodies: dict[_Receiving, None] = {}
        self._bytes = 0

    def hold(self, body: "_Receiving", n_bytes: int, most: int) -> None:
        """Count `n_bytes` more of `body`, and give up others until no more than `most` are held."""
        self._bodies[body] = None
        body.n_bytes += n_bytes
        self._bytes += n_bytes
        for other in [one for one in self._bodies if one is not body]:
            if self._bytes <= most:
                return
            self.drop(other)
            other.give_up()

    def drop(self, body: "_Receiving") -> None:
        """It has ended, one way or another."""
        if body in self._bodies:
            del self._bodies[body]
            self._bytes -= body.n_bytes


class _Receiving:
    """One body that is being received."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.is_given_up = False
        self._waiting: asyncio.Timeout | None = None

    def give_up(self) -> None:
        self.is_given_up = True
        if self._waiting is not None:
            with suppress(RuntimeError):  # it is timing out anyway
                self._waiting.reschedule(0)

    async def next(self, receive: Receive, until: float | None) -> MutableMapping[str, Any]:
        """The next message, unless none comes until a moment of the loop's clock, or the body is given up."""
        try:
            async with asyncio.timeout_at(until) as self._waiting:
                message = await receive()
        except TimeoutError:
            if self.is_given_up:
                raise BodyGivenUp from None
            raise
        finally:
            self._waiting = None
        if self.is_given_up:
            raise BodyGivenUp
        return message


async def read_body(
    receive: Receive,
    max_bytes: int,
    silence_s: float | None = None,
    total_s: float | None = None,
    unfinished: UnfinishedBodies | None = None,
    most_unfinished: int = 0,
) -> bytes:
    """The whole request body.

    Raises
    ------
    BodyTooLarge
        As soon as more than `max_bytes` have come.
    BodyGivenUp
        If all bodies in `unfinished` together hold more than `most_unfinished`, and this one began first.
    ClientGone
        If the caller hangs up before its end.
    TimeoutError
        If nothing more comes for `silence_s`, or the end does not within `total_s`.
    """
    parts: list[bytes] = []
    size = 0
    body, clock = _Receiving(), asyncio.get_running_loop().time
    end = None if total_s is None else clock() + total_s
    try:
        while True:
            silent = None if silence_s is None else clock() + silence_s
            message = await body.next(receive, min((at for at in (end, silent) if at is not None), default=None))
            if message["type"] == "http.disconnect":
                raise ClientGone
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > max_bytes:
                raise BodyTooLarge(f"The request body exceeds {max_bytes} bytes.")
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)
            if unfinished is not None:
                unfinished.hold(body, len(part), max(most_unfinished, max_bytes))
    finally:
        if unfinished is not None:
            unfinished.drop(body)


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


async def begin_whole(send: Send, headers: Mapping[str, str] | None = None) -> None:
    """Send the head of an answer in one piece, the length of which is not known yet."""
    await send(_start(200, {"content-type": JSON, **(headers or {})}))


async def send_part(send: Send, part: bytes, *, last: bool = False) -> None:
    """Send a part of an answer that has begun; returns when the caller has taken most of what came before."""
    await send({"type": "http.response.body", "body": part, "more_body": not last})


async def begin_stream(send: Send, headers: Mapping[str, str] | None = None) -> None:
    """Send the head of a stream of events."""
    await send(_start(200, {**_STREAM, **(headers or {})}))


async def send_events(send: Send, events: bytes, *, last: bool = False) -> None:
    """Send events of a stream that has begun, as `send_part` does."""
    await send_part(send, events, last=last)


def _start(status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": encoded}
