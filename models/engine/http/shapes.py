"""The shapes of answers, as the OpenAI API has them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from secrets import token_hex
from time import time
from typing import Any

from models.engine.prompt.tool_calls import CallArguments, CallStart
from models.engine.scheduling.generation import Piece
from models.engine.scheduling.token_selection import Choice, TokenScore
from models.usage.usage import Usage

Delta = dict[str, Any]

ROLE: Delta = {"role": "assistant", "content": ""}
"""The first delta of each choice; its content is empty and not null, which breaks clients."""


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
    `token_bytes` says what a token stands for.
    """

    model: str
    fingerprint: str
    token_bytes: Callable[[int], bytes]
    id: str = field(default_factory=lambda: f"chatcmpl-{token_hex(14)}")
    created: int = field(default_factory=lambda: int(time()))

    def completion(self, choices: list[dict[str, Any]], usage: Usage) -> dict[str, Any]:
        """A whole answer."""
        return {**self._head("chat.completion"), "choices": choices, "usage": usage_object(usage)}

    def chunk(
        self, index: int, delta: Delta, finish_reason: str | None = None, choices: Sequence[Choice] = ()
    ) -> dict[str, Any]:
        """One piece of a streamed answer."""
        item = {"index": index, "delta": delta, "logprobs": self.logprobs(choices), "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [item]}

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """The last chunk, for callers who asked for it."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage_object(usage)}

    def logprobs(self, choices: Sequence[Choice]) -> dict[str, Any] | None:
        """What is known of how each token was chosen; None where nothing is."""
        scored = [(c.score, c.alternatives) for c in choices if c.score is not None]
        if not scored:
            return None
        content = [{**self._scored(s), "top_logprobs": list(map(self._scored, others))} for s, others in scored]
        return {"content": content, "refusal": None}

    def _scored(self, score: TokenScore) -> dict[str, Any]:
        data = self.token_bytes(score.token)
        return {"token": data.decode("utf-8", "replace"), "logprob": score.logprob, "bytes": list(data)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True)
class TextShapes:
    """Builds everything that answers one completion request, as `ChatShapes` does for chats."""

    model: str
    fingerprint: str
    token_bytes: Callable[[int], bytes]
    id: str = field(default_factory=lambda: f"cmpl-{token_hex(14)}")
    created: int = field(default_factory=lambda: int(time()))

    def completion(self, choices: list[dict[str, Any]], usage: Usage | None = None) -> dict[str, Any]:
        """A whole answer, or a piece of a streamed one: they look alike."""
        head = {"id": self.id, "object": "text_completion", "created": self.created, "model": self.model}
        body = {**head, "system_fingerprint": self.fingerprint, "choices": choices}
        return body if usage is None else {**body, "usage": usage_object(usage)}

    def choice(self, index: int, text: str, reason: str | None, choices: Sequence[Choice]) -> dict[str, Any]:
        """One answer, or a piece of it."""
        return {"index": index, "text": text, "logprobs": self._logprobs(choices), "finish_reason": reason}

    def _logprobs(self, choices: Sequence[Choice]) -> dict[str, Any] | None:
        scored = [(c.score, c.alternatives) for c in choices if c.score is not None]
        if not scored:
            return None
        tokens = [self._text(score.token) for score, _ in scored]
        offsets = list(accumulate((len(token) for token in tokens), initial=0))[:-1]
        return {
            "tokens": tokens,
            "token_logprobs": [score.logprob for score, _ in scored],
            "top_logprobs": [{self._text(s.token): s.logprob for s in others} for _, others in scored],
            "text_offset": offsets,
        }

    def _text(self, token: int) -> str:
        return self.token_bytes(token).decode("utf-8", "replace")


def delta_of(event: Piece | CallStart | CallArguments) -> Delta:
    """What an event adds to the message: a call's first delta names it, later ones carry arguments and nothing else."""
    if isinstance(event, Piece):
        return {"content": event.text}
    if isinstance(event, CallStart):
        function = {"name": event.name, "arguments": ""}
        return {"tool_calls": [{"index": event.index, "id": event.id, "type": "function", "function": function}]}
    return {"tool_calls": [{"index": event.index, "function": {"arguments": event.text}}]}
