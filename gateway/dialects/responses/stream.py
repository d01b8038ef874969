"""A chat stream as the events of the Responses API, each numbered."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from gateway.dialects.responses.output import ResponsesOutput
from gateway.dialects.responses.output_item import Emitted
from gateway.dialects.responses.passthrough import PassedOn, encode_response_event, is_response_event
from gateway.dialects.responses.shapes import ResponseShapes, ending, to_logprobs, to_usage
from gateway.dialects.responses.tool_names import ToolNames, offered
from gateway.http.errors import error_object
from models.usage.usage import Usage, usage_in
from models.wire.sse import DONE, event_data


class ResponsesTranslator:
    """The events of one response: made of chat chunks, or passed on where they are such events already.

    Parameters
    ----------
    request_body : mapping
        The body of the Responses request.
    """

    def __init__(self, request_body: Mapping[str, Any]) -> None:
        self._request_body = request_body
        self._inner: FromChat | PassedOn | None = None

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one event of the backend."""
        if self._inner is None:
            self._inner = PassedOn() if is_response_event(event) else FromChat(self._request_body)
        return self._inner.event(event)

    def failed(self, exc: Exception, _request_id: str) -> bytes:
        """The terminal event of a stream that broke off."""
        inner = FromChat(self._request_body) if self._inner is None else self._inner
        return inner.failed(exc)


class FromChat:
    """Turns chat chunks into the events of one response."""

    def __init__(self, request_body: Mapping[str, Any]) -> None:
        self._request_body = request_body
        self._shapes: ResponseShapes | None = None
        self._output = ResponsesOutput(ToolNames(offered(request_body)))
        self._sequence_number = 0
        self._finish_reason: str | None = None
        self._usage: Usage | None = None

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one chat event."""
        if event == DONE:
            return self._encode(self._end())
        return self._encode(self._chunk(orjson.loads(event_data(event))))

    def failed(self, exc: Exception) -> bytes:
        """The terminal event of a stream that broke off."""
        return self._encode(self._fail(error_object(exc)["error"]["message"]))

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterator[Emitted]:
        yield from self._begin(str(chunk.get("model") or ""), chunk.get("service_tier"))
        if (usage := usage_in(chunk)) is not None:
            self._usage = usage.merged(self._usage)
        for choice in chunk.get("choices") or ():
            self._finish_reason = choice.get("finish_reason") or self._finish_reason
            yield from self._output.take(choice.get("delta") or {}, to_logprobs(choice))

    def _begin(self, model: str, service_tier: str | None) -> Iterator[Emitted]:
        if self._shapes is None:
            self._shapes = ResponseShapes(self._request_body, model, service_tier)
            for kind in ("response.created", "response.in_progress"):
                yield kind, {"response": self._shapes.response("in_progress", [])}

    def _end(self) -> Iterator[Emitted]:
        yield from self._begin("", None)
        assert self._shapes is not None
        status, reason = ending(self._finish_reason)
        yield from self._output.close(status)
        response = self._shapes.response(status, self._output.items(), usage=to_usage(self._usage), incomplete=reason)
        yield f"response.{status}", {"response": response}

    def _fail(self, message: str) -> Iterator[Emitted]:
        yield from self._begin("", None)
        assert self._shapes is not None
        self._output.break_off()
        error = {"code": "server_error", "message": message}
        response = self._shapes.response("failed", self._output.items(), usage=to_usage(self._usage), error=error)
        yield "response.failed", {"response": response}

    def _encode(self, events: Iterable[Emitted]) -> bytes:
        return b"".join(self._encode_one(kind, fields) for kind, fields in events)

    def _encode_one(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        payload = {"type": kind, "sequence_number": self._sequence_number, **fields}
        self._sequence_number += 1
        return encode_response_event(payload)
