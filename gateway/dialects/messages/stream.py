"""A chat stream as the events of the Messages API."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from gateway.dialects.messages.errors import anthropic_error
from gateway.dialects.messages.output import Emitted, MessagesOutput
from gateway.dialects.messages.request import shows_thinking
from gateway.dialects.messages.shapes import ending, new_message, to_usage
from models.usage.usage import Usage, usage_in
from models.wire.sse import DONE, event_data

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
"""Anthropic's own sign of life."""


class MessagesTranslator:
    """Turns chat chunks into the events of one message.

    Parameters
    ----------
    request_body : mapping
        The body of the Messages request.
    """

    def __init__(self, request_body: Mapping[str, Any]) -> None:
        self._request_body = request_body
        self._output = MessagesOutput(shows_thinking=shows_thinking(request_body))
        self._begun = False
        self._last_choice: Mapping[str, Any] = {}
        self._usage: Usage | None = None

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one chat event."""
        if event == DONE:
            return _encode(self._end())
        return _encode(self._chunk(orjson.loads(event_data(event))))

    def failed(self, exc: Exception, request_id: str) -> bytes:
        """The terminal event of a stream that broke off."""
        return _encode([anthropic_error(exc, request_id)])

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterator[Emitted]:
        if (usage := usage_in(chunk)) is not None:
            self._usage = usage.merged(self._usage)
        if not self._begun:
            self._begun = True
            message = new_message(str(chunk.get("model") or ""), [])
            yield {"type": "message_start", "message": {**message, "usage": to_usage(self._usage)}}
        for choice in chunk.get("choices") or ():
            if choice.get("finish_reason"):
                self._last_choice = choice
            yield from self._output.take(choice.get("delta") or {})

    def _end(self) -> Iterator[Emitted]:
        yield from self._output.close()
        output = self._output
        delta = ending(self._request_body, self._last_choice, called=output.called, refused=output.refused)
        yield {"type": "message_delta", "delta": delta, "usage": to_usage(self._usage)}
        yield {"type": "message_stop"}


def _encode(events: Iterable[Emitted]) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events)
