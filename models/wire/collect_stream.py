"""A whole answer out of a streamed one."""

from collections.abc import Mapping
from typing import Any

import orjson

from models.wire.backend import Completion
from models.wire.sse import DONE, event_data
from models.wire.stream import ChatStream


async def gather(stream: ChatStream) -> Completion:
    """Wait for the end of an answer with one choice, and tell it in one piece.

    Raises
    ------
    BackendError
        If it breaks off.
    """
    whole: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    last: dict[str, Any] = {"index": 0, "message": message, "logprobs": None, "finish_reason": None}
    async for events in stream:
        for event in events:
            if event == DONE:
                continue
            chunk = orjson.loads(event_data(event))
            for choice in chunk.pop("choices", None) or ():
                _add(message, choice.get("delta") or {})
                _add_logprobs(last, choice.get("logprobs"))
                last["finish_reason"] = choice.get("finish_reason") or last["finish_reason"]
            whole |= {name: value for name, value in chunk.items() if value is not None}
    body = orjson.dumps({**whole, "object": "chat.completion", "choices": [last]})
    return Completion(body, stream.model, stream.usage)


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    """Texts grow, whatever they are called (content, reasoning); the rest stands as it was said last."""
    for name, value in delta.items():
        if isinstance(value, str) and name != "role":
            message[name] = (message.get(name) or "") + value
        elif value is not None:
            message[name] = value


def _add_logprobs(choice: dict[str, Any], told: Mapping[str, Any] | None) -> None:
    if not told:
        return
    known = choice["logprobs"] or {}
    choice["logprobs"] = {
        name: [*(known.get(name) or ()), *value] if isinstance(value, list) else known.get(name, value)
        for name, value in told.items()
    }
