"""Collects a stream into a completion."""

from collections.abc import Mapping
from typing import Any

import orjson

from models.wire.backend import Completion
from models.wire.chat import reasoning_of, text_of
from models.wire.sse import DONE, event_data
from models.wire.stream import ChatStream


async def collect_stream(stream: ChatStream) -> Completion:
    """Wait for the end of a stream with one choice, and return its answer as one completion.

    Raises
    ------
    BackendError
        If the stream breaks off.
    """
    fields: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    collected: dict[str, Any] = {"index": 0, "message": message, "logprobs": None, "finish_reason": None}
    async for events in stream:
        for event in events:
            if event == DONE:
                continue
            chunk = orjson.loads(event_data(event))
            for choice in chunk.pop("choices", None) or ():
                _add(message, choice.get("delta") or {})
                _add_logprobs(collected, choice.get("logprobs"))
                collected["finish_reason"] = choice.get("finish_reason") or collected["finish_reason"]
            fields |= {name: value for name, value in chunk.items() if value is not None}
    body = orjson.dumps({**fields, "object": "chat.completion", "choices": [collected]})
    return Completion(body, stream.model, stream.usage, notes=stream.notes, first_tokens=stream.first_tokens)


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    """Append texts, whatever their field (content, reasoning); of other fields the last value stays."""
    if isinstance(delta.get("content"), list):
        delta = {**delta, "content": text_of(delta), "reasoning_content": reasoning_of(delta)}
    for name, value in delta.items():
        if isinstance(value, str) and name != "role":
            message[name] = (message.get(name) or "") + value
        elif value is not None:
            message[name] = value


def _add_logprobs(choice: dict[str, Any], logprobs: Mapping[str, Any] | None) -> None:
    if not logprobs:
        return
    earlier = choice["logprobs"] or {}
    choice["logprobs"] = {
        name: [*(earlier.get(name) or ()), *value] if isinstance(value, list) else earlier.get(name, value)
        for name, value in logprobs.items()
    }
