"""One connection to an HTTP server of ours, over uvicorn's: offers to switch protocols are ignored, and errors told.

A client may offer another protocol with any request (Java's `HttpClient` offers HTTP/2 with each one that is not
encrypted). A server that does not want it answers as if nothing had been offered (RFC 9110, section 7.8). httptools
stops at such a request's head instead, and takes its body for bytes of the other protocol. So the head is parsed once
more, without the offer.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from models.host.host_check import FIXED_HEADERS
from models.wire.errors import error_body

_FIXED = "".join(f"{name.decode()}: {value.decode()}\r\n" for name, value in FIXED_HEADERS)

_OFFERS = frozenset({b"upgrade", b"http2-settings"})
"""Headers that make an offer; ``Connection`` names them as well."""

_CONNECT = b"CONNECT"
"""A method, not an offer: what follows its head is a tunnel's in any case."""


class PlainProtocol(HttpToolsProtocol):
    """Serves HTTP/1.1 whatever else is offered, and answers what is no HTTP with a JSON error."""

    _head_without_offer: bytes | None = None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("The request is no valid HTTP: its head, or the framing of its body, is malformed.")
        except httptools.HttpParserUpgrade as exc:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            elif self._head_without_offer is not None:
                self._parse_without_offer(data[exc.args[0] :])

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and not self._should_upgrade() and self.parser.get_method() != _CONNECT:
            self._head_without_offer = self._make_head()
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._head_without_offer is None:
            super().on_message_complete()

    def _make_head(self) -> bytes:
        """The request's head as it was, without what offers another protocol."""
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                kept = [option.strip() for option in value.split(b",") if option.strip().lower() not in _OFFERS]
                lines.extend([b"connection: " + b", ".join(kept)] if kept else [])
            elif name not in _OFFERS:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _parse_without_offer(self, rest: bytes) -> None:
        """Go on with the head that was kept, and what came after it."""
        head, self._head_without_offer = self._head_without_offer, None
        assert head is not None
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does, for pipelined requests
        self._parse(head + rest)

    def send_400_response(self, msg: str) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, error_body(msg, type_="invalid_request_error", code="invalid_request"))

    def refuse(self, status: int, error: Mapping[str, Any]) -> None:
        """Answer with an error and close the connection: where the next request begins is unknown."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is not None and cycle.response_complete and cycle.more_body:
            self.transport.close()  # the request at fault has its answer already
            return
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or self.pipeline or not cycle.more_body:
                self.transport.abort()  # another answer is being sent, or due first
                return
            cycle.disconnected = True  # whoever waits for the rest of the body need not answer
            cycle.message_event.set()
        phrase, body = HTTPStatus(status).phrase, orjson.dumps(error)
        head = f"HTTP/1.1 {status:d} {phrase}\r\ncontent-type: application/json\r\nconnection: close\r\n{_FIXED}"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()
