"""The caller's end of the line, in plain ASGI: the body, the moment they hang up, and what is sent back."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from starlette.types import Receive, Send

from gateway.http.errors import PayloadTooLargeError, SlowRequestError

JSON = "application/json"
EVENT_STREAM = "text/event-stream; charset=utf-8"

WATCH_AFTER_S = 0.05
"""An answer that takes no longer needs nobody to listen for the caller meanwhile."""

SILENCE_S = 60.0
"""How long a caller may neither send the rest of a request nor take the rest of an answer."""


class ClientGone(Exception):
    """The caller hung up: nobody is there to answer."""


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole request body.

    Raises
    ------
    PayloadTooLargeError
        As soon as more than `max_bytes` have come.
    ClientGone
        If the caller hangs up before its end.
    SlowRequestError
        If nothing more comes for `SILENCE_S`.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                message = await receive()
        except TimeoutError:
            raise SlowRequestError(f"The rest of the request did not come within {SILENCE_S:g} s.") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise PayloadTooLargeError(f"The request body exceeds {max_bytes} bytes (setting max_body_bytes).")
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


class Reply:
    """What goes back to the caller: one whole answer, or a stream; at most one of them, begun at most once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def whole(self, body: bytes, status: int, headers: Mapping[str, str], content_type: str = JSON) -> None:
        """Send an answer in one piece."""
        self.begun = True
        length = {"content-type": content_type, "content-length": str(len(body))}
        await self._send(_start(status, {**length, **headers}))
        await self._send({"type": "http.response.body", "body": body})

    async def begin_stream(self, headers: Mapping[str, str]) -> None:
        """Send the head of a stream of events."""
        self.begun = True
        # Buffering proxies (nginx) would hold the events back.
        stream = {"content-type": EVENT_STREAM, "x-accel-buffering": "no"}
        await self._send(_start(200, {**stream, **headers}))

    async def event(self, event: bytes, *, last: bool = False) -> None:
        """Send one or more events of the stream; returns when the caller has taken most of what came before.

        A caller who takes nothing any more is cut off by `gateway/process/protocol.py`.
        """
        await self._send({"type": "http.response.body", "body": event, "more_body": not last})


def _start(status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": encoded}
