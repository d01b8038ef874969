"""One connection to the server, closed if its caller holds it without using it.

uvicorn's own protocol waits for a request's head for ever, accepts a head of any size, and keeps an unread answer for
as long as the connection is open. `gateway/http/client.py` reads and limits bodies.
"""

import asyncio
import re

from gateway.http import client
from gateway.http.errors import HeadTooLargeError, SlowRequestError, error_object, error_status
from models.host.http_protocol import PlainProtocol

MAX_HEAD_BYTES = 64 * 1024
"""The most bytes of request line and headers, after those of the first packet."""


class WatchedProtocol(PlainProtocol):
    """Closes connections whose caller does not finish a head, or reads nothing of an answer, for `client.SILENCE_S`.

    Attributes
    ----------
    leaving_idle_s : float
        When the server stops: how long an answer whose head was sent before is followed by silence until its connection
        is closed. That head did not say that it is the last one, so a proxy may send the next request at once, and that
        one is answered. 0 closes with the answer.
    """

    leaving_idle_s = 0.0
    _answered_at = 0.0
    _head_open = True
    _head_bytes = 0
    _untaken_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _taking_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._taking_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        # After a reset uvicorn leaves this timer running, which would keep the connection in memory for 75 s.
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        began_before = self._head_open
        super().data_received(data)
        if not self._head_open:
            return
        self._head_bytes = self._head_bytes + len(data) if began_before else 0
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HeadTooLargeError(f"The request's headers exceed {MAX_HEAD_BYTES} bytes."))
        elif self._head_timer is None:
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_open = True

    def on_headers_complete(self) -> None:
        self._head_open = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if not self.url.startswith(b"/"):
            self._name_by_target()
        super().on_headers_complete()

    def _name_by_target(self) -> None:
        """If the request line names a server, use it in place of the Host header, as RFC 9112 says."""
        _, scheme, rest = self.url.partition(b"://")
        if scheme:
            others = [(name, value) for name, value in self.headers if name != b"host"]
            self.headers[:] = [(b"host", re.split(rb"[/?#]", rest, maxsplit=1)[0]), *others]

    def on_response_complete(self) -> None:
        self._answered_at = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        cycle = self.cycle
        if not self.leaving_idle_s or cycle is None or not (cycle.response_started and cycle.keep_alive):
            super().shutdown()
            return
        self.timeout_keep_alive = self.leaving_idle_s  # type: ignore[assignment]
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            closes_at = self._answered_at + self.leaving_idle_s
            self.timeout_keep_alive_task = self.loop.call_at(closes_at, self.timeout_keep_alive_handler)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        if self._taking_timer is not None:
            self._taking_timer.cancel()
            self._taking_timer = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        # A caller that has not read the answer by now never will, and close() would wait for it.
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(client.SILENCE_S, self._no_head)

    def _no_head(self) -> None:
        if self._head_bytes:
            self._refuse(SlowRequestError(f"The request's headers did not come within {client.SILENCE_S:g} s."))
        else:
            self.transport.close()

    def _await_taking(self) -> None:
        self._untaken_bytes = self.transport.get_write_buffer_size()
        self._taking_timer = self.loop.call_later(client.SILENCE_S, self._check_taking)

    def _check_taking(self) -> None:
        if self.transport.get_write_buffer_size() < self._untaken_bytes:
            self._await_taking()
        else:
            self.transport.abort()

    def _refuse(self, exc: Exception) -> None:
        self.refuse(error_status(exc), error_object(exc))
