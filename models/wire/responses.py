"""Reads what is needed of answers in OpenAI's Responses API, which are passed on unchanged."""

from collections.abc import Mapping
from typing import Any

from models.redaction.server_words import clean_name
from models.wire.errors import InvalidResponse
from models.wire.sse import with_data
from models.wire.stream import ChatStream, error_in_stream
from models.wire.token_estimates import delta_tokens_guess

PATH = "responses"

TERMINAL = frozenset({"response.completed", "response.incomplete"})
"""The types of events that end a complete answer."""

_FAILED = frozenset({"response.failed", "error"})


class ResponsesStream(ChatStream):
    """The events of one answer in the Responses API."""

    def _inspect(self, event: bytes, payload: bytes) -> bytes | None:
        fields = self._loads(payload)
        if self._is_mended:
            event = with_data(event, fields)
        if not isinstance(fields, dict):
            raise InvalidResponse(self._backend, "an event of the stream is not an object")
        kind, response = str(fields.get("type")), fields.get("response")
        if isinstance(response, dict):
            self.model = clean_name(response.get("model")) or self.model
            self._record_usage(response)
        if kind in _FAILED or "type" not in fields:
            raise error_in_stream(self._backend, _error_in(response if isinstance(response, dict) else fields))
        if kind in TERMINAL:
            self._finished = self._is_over = True
        if kind.endswith(".delta"):
            self.tokens_seen += delta_tokens_guess(fields.get("delta"))
        return event


def check_response(backend: str, answer: Any) -> None:
    """Raise an error if `answer`, which is not streamed, is none or reports a failure."""
    if not isinstance(answer, dict) or not isinstance(answer.get("output"), list):
        raise InvalidResponse(backend, "the answer has no output")
    if answer.get("status") == "failed":
        raise error_in_stream(backend, _error_in(answer))


def _error_in(answer: Mapping[str, Any]) -> Any:
    error = answer.get("error")
    return error if isinstance(error, Mapping) else answer
