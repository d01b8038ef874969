"""The caller's end of a request: the body they send, and what goes back."""

from collections.abc import Mapping

from gateway.http.errors import SlowRequestError
from models.wire import asgi
from models.wire.asgi import JSON, Receive, Send

SILENCE_S = 60.0
"""How long a caller may neither send the rest of a request nor take the rest of an answer."""


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole request body.

    Raises
    ------
    BodyTooLarge
        As soon as more than `max_bytes` have come.
    ClientGone
        If the caller hangs up before its end.
    SlowRequestError
        If nothing more comes for `SILENCE_S`.
    """
    try:
        return await asgi.read_body(receive, max_bytes, SILENCE_S)
    except TimeoutError:
        raise SlowRequestError(f"The rest of the request did not come within {SILENCE_S:g} s.") from None


class Reply:
    """What goes back to the caller: one whole answer, or a stream; at most one of them, begun at most once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def whole(self, body: bytes, status: int, headers: Mapping[str, str], content_type: str = JSON) -> None:
        """Send an answer in one piece."""
        self.begun = True
        await asgi.send_whole(self._send, status, body, headers, content_type)

    async def begin_stream(self, headers: Mapping[str, str]) -> None:
        """Send the head of a stream of events."""
        self.begun = True
        await asgi.begin_stream(self._send, headers)

    async def event(self, event: bytes, *, last: bool = False) -> None:
        """Send one or more events of the stream; returns when the caller has taken most of what came before.

        A caller who takes nothing any more is cut off by `gateway/process/protocol.py`.
        """
        await asgi.send_events(self._send, event, last=last)
