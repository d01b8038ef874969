"""The shapes of answers, as the OpenAI API has them."""

from dataclasses import dataclass, field
from secrets import token_hex
from time import time
from typing import Any

from models.chat import Usage


def usage_object(usage: Usage) -> dict[str, Any]:
    """OpenAI's `usage`, with all the details that strict clients look for."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


@dataclass(frozen=True, slots=True)
class ChatShapes:
    """Builds everything that answers one chat request; all of it shares id, time and model.

    `fingerprint` names the model and the build: equal seeds can be expected to give equal answers only within one.
    """

    model: str
    fingerprint: str
    id: str = field(default_factory=lambda: f"chatcmpl-{token_hex(14)}")
    created: int = field(default_factory=lambda: int(time()))

    def completion(self, choices: list[dict[str, Any]], usage: Usage) -> dict[str, Any]:
        """A whole answer."""
        return {**self._head("chat.completion"), "choices": choices, "usage": usage_object(usage)}

    def chunk(self, index: int, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """One piece of a streamed answer."""
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """The last chunk, for callers who asked for it."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage_object(usage)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }


def choice(index: int, content: str, finish_reason: str) -> dict[str, Any]:
    """One answer of a whole completion."""
    message = {"role": "assistant", "content": content, "refusal": None}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish_reason}
