"""From chat answers to text completions; what already is one passes through."""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.http.errors import error_object
from models.wire.chat import text_of
from models.wire.sse import DONE, encode_event, event_data

OBJECT = "text_completion"


def to_completion(body: bytes) -> bytes:
    """A whole answer."""
    answer = orjson.loads(body)
    if "message" not in answer["choices"][0]:
        return body
    choices = [_choice(choice, choice.get("message")) for choice in answer["choices"]]
    return orjson.dumps({**answer, "object": OBJECT, "choices": choices})


class CompletionsTranslator:
    """Turns chat chunks into those of a text completion."""

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one chat event."""
        if event == DONE:
            return event
        chunk = orjson.loads(event_data(event))
        choices = chunk.get("choices") or []
        if choices and "delta" not in choices[0]:
            return event
        texts = [_choice(choice, choice.get("delta")) for choice in choices]
        kept = [choice for choice in texts if choice["text"] or choice["finish_reason"]]
        if not kept and not chunk.get("usage"):
            return b""
        return encode_event({**chunk, "object": OBJECT, "choices": kept})

    def failed(self, exc: Exception, _request_id: str) -> bytes:
        """The terminal event of a stream that broke off."""
        return encode_event(error_object(exc))


def _choice(choice: Mapping[str, Any], message: Any) -> dict[str, Any]:
    message = message or {}
    return {
        "text": text_of(message) or message.get("refusal") or "",
        "index": choice.get("index", 0),
        "logprobs": None,
        "finish_reason": choice.get("finish_reason"),
    }
