"""The events of a response as the provider itself made them."""

from typing import Any

import orjson

from gateway.http.errors import error_object
from models.wire.responses import TERMINAL
from models.wire.sse import DONE, event_data


class PassedOn:
    """Passes the provider's events on, and ends honestly where it did not.

    The last event is held back until the stream is over: by then the ledger has the request.
    """

    def __init__(self) -> None:
        self._last = b""
        self._sequence_number = -1
        self._response: dict[str, Any] = {}
        self._items: list[Any] = []

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one event."""
        if event == DONE:
            return self._last
        payload = orjson.loads(event_data(event))
        self._sequence_number = payload.get("sequence_number", self._sequence_number)
        kind = payload.get("type")
        if kind in TERMINAL:
            self._last = event
            return b""
        if isinstance(payload.get("response"), dict):
            self._response = payload["response"]
        if kind == "response.output_item.done":
            self._items.append(payload.get("item"))
        return event

    def failed(self, exc: Exception) -> bytes:
        """The terminal event of a stream that broke off."""
        error = {"code": "server_error", "message": error_object(exc)["error"]["message"]}
        response = {**self._response, "status": "failed", "error": error, "output": self._items}
        number = self._sequence_number + 1
        return encode_response_event({"type": "response.failed", "sequence_number": number, "response": response})


def is_response_event(event: bytes) -> bool:
    """Whether a stream's first event is one of the Responses API, and no chat chunk."""
    return event != DONE and "choices" not in orjson.loads(event_data(event))


def encode_response_event(payload: dict[str, Any]) -> bytes:
    """One event; its type stands in the payload too, where clients look."""
    return b"event: %b\ndata: %b\n\n" % (payload["type"].encode(), orjson.dumps(payload))
