"""The engine's end of a request: JSON in, JSON or a stream of events out."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import orjson

from models.wire import asgi
from models.wire.asgi import BodyGivenUp, Receive, Scope, Send, UnfinishedBodies
from models.wire.errors import RequestError
from models.wire.first_tokens import FIELD, HEADER, FirstTokens
from models.wire.json_reader import parse_json
from models.wire.owner import MOST_CHARS, OWNER_HEADER

SILENCE_S, WHOLE_S = 60.0, 180.0
"""How long a caller may send nothing of a body that has begun, and how long all of it may take."""

MOST_UNFINISHED_BYTES = 256 * 1024 * 1024
"""The most bytes that unfinished bodies hold together."""

_UNFINISHED = UnfinishedBodies()

TIME_LIMIT_HEADER = b"x-slimgate-timeout-s"


BLANKS_HEADER = "x-slimgate-blanks"
"""Whoever sends it takes blanks before the JSON of an answer that is not streamed, as signs of life."""


BACKGROUND_HEADER = "x-slimgate-background"
"""Whoever sends it with the value 1 gives way to callers: see `Scheduler`."""


class SlowCaller(Exception):
    """A request was begun and not finished."""


async def read_json(receive: Receive, max_bytes: int) -> Any:
    """The request's body, decoded.

    Raises
    ------
    RequestError, BodyTooLarge, ClientGone
    SlowCaller
        If the rest does not come in time, or others need the room meanwhile.
    """
    try:
        body = await asgi.read_body(receive, max_bytes, SILENCE_S, WHOLE_S, _UNFINISHED, MOST_UNFINISHED_BYTES)
    except (TimeoutError, BodyGivenUp):
        raise SlowCaller("The rest of the request did not come in time; send it again, in one go.") from None
    return parse_json(body)


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


def takes_blanks(scope: Scope) -> bool:
    """Whether the caller takes blanks before an answer that is not streamed."""
    return any(name == BLANKS_HEADER.encode() for name, _ in scope["headers"])


def is_background(scope: Scope) -> bool:
    """Whether the request gives way to those of callers."""
    return (BACKGROUND_HEADER.encode(), b"1") in scope["headers"]


def owner_of(scope: Scope) -> str:
    """For whom the request is, where the caller says so in a header; empty for nobody in particular."""
    value = next((value for name, value in scope["headers"] if name == OWNER_HEADER.encode()), b"")
    return value[:MOST_CHARS].decode("latin-1")


class EventStream:
    """A streamed answer. The status goes out with the first events, so that until then it can still be another."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sending = False
        self._sent_at = 0.0
        self.started = False

    async def write(self, data: bytes) -> None:
        """Send whole events."""
        self._sending = True  # and if this is cancelled, there is nothing more to send
        if not self.started:
            self.started = True
            await asgi.begin_stream(self._send)
        await asgi.send_events(self._send, data)
        self._sent_at = monotonic()
        self._sending = False

    async def comment(self, text: str, silence_s: float) -> None:
        """Send a comment, unless anything was sent within `silence_s`, or the caller has yet to take it."""
        if not self._sending and monotonic() - self._sent_at >= silence_s:
            await self.write(b": %b\n\n" % text.encode())

    async def close(self) -> None:
        """End the answer."""
        self._sending = True
        await asgi.send_events(self._send, b"", last=True)


class WholeAnswer:
    """An answer in one piece. Blanks may precede it: the status goes out with the first of them."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def blank(self) -> None:
        """Send one blank."""
        if not self.begun:
            self.begun = True
            await asgi.begin_whole(self._send)
        await asgi.send_part(self._send, b" ")

    async def end(self, body: Mapping[str, Any], first_tokens: FirstTokens | None = None) -> None:
        """Send the JSON, and how sure the model was: in a header, or in a field if the headers have gone out."""
        if self.begun:
            told = {} if first_tokens is None else {FIELD: first_tokens}
            await asgi.send_part(self._send, orjson.dumps({**body, **told}), last=True)
        else:
            headers = {} if first_tokens is None else {HEADER: first_tokens.to_json().decode()}
            await send_json(self._send, 200, body, headers)
