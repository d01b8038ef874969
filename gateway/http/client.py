"""The caller's end of a request: the body they send, and what goes back."""

from collections.abc import Mapping
from time import monotonic

from gateway.http.errors import SlowRequestError
from models.wire import asgi
from models.wire.asgi import JSON, BodyGivenUp, Receive, Send, UnfinishedBodies

SILENCE_S = 60.0
"""How long a caller may neither send the rest of a request nor take the rest of an answer."""

WHOLE_S = 180.0
"""How long a request's body may take until its end, however much of it comes meanwhile."""

MOST_UNFINISHED_BYTES = 256 * 1024 * 1024
"""The most bytes that unfinished bodies hold together, in one process; one alone may always be of the largest size."""

_UNFINISHED = UnfinishedBodies()


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole request body.

    Raises
    ------
    BodyTooLarge
        As soon as more than `max_bytes` have come.
    ClientGone
        If the caller hangs up before its end.
    SlowRequestError
        If nothing more comes for `SILENCE_S`, the end not within `WHOLE_S`, or others need the room meanwhile.
    """
    try:
        return await asgi.read_body(receive, max_bytes, SILENCE_S, WHOLE_S, _UNFINISHED, MOST_UNFINISHED_BYTES)
    except TimeoutError:
        limits = f"{SILENCE_S:g} s, or its end within {WHOLE_S:g} s"
        raise SlowRequestError(f"The rest of the request did not come within {limits}.") from None
    except BodyGivenUp:
        raise SlowRequestError(
            f"The request was given up before its end: all that are unfinished hold more than {MOST_UNFINISHED_BYTES} "
            "bytes together, and this one began first. Send it again, in one go."
        ) from None


class Reply:
    """What goes back to the caller: one whole answer, or a stream; at most one of them, begun at most once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sent_at = monotonic()
        self._sending = False
        self.begun = False

    @property
    def silent_s(self) -> float:
        """For how long nothing was sent, in seconds; 0 where the caller has yet to take what was."""
        return 0.0 if self._sending else monotonic() - self._sent_at

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
        self._sending = True  # for good, if this is cancelled: there is nothing more to send then
        await asgi.send_events(self._send, event, last=last)
        self._sending = last
        self._sent_at = monotonic()
