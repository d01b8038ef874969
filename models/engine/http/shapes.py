"""Builds answers in the shapes of the OpenAI API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from time import time
from typing import Any

from models.engine.prompt.tool_calls import CallArguments, CallStart
from models.engine.scheduling.generation import TextDelta
from models.engine.scheduling.prompt_lookup import NO_PROPOSALS, ProposalCounts
from models.engine.scheduling.token_selection import SelectedToken, TokenLogprob
from models.usage.usage import Usage

Delta = dict[str, Any]

ROLE: Delta = {"role": "assistant", "content": ""}
"""The first delta of each choice; its content is empty, since null breaks clients."""


def usage_object(usage: Usage, predicted: ProposalCounts = NO_PROPOSALS) -> dict[str, Any]:
    """OpenAI's `usage`, with all the details that strict clients require.

    `predicted` counts the guessed tokens of a request that came with a prediction. Rejected ones are no part of
    `completion_tokens`; at OpenAI they are.
    """
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": predicted.accepted,
            "rejected_prediction_tokens": predicted.proposed - predicted.accepted,
        },
    }


def stop_reason(stop: str | None) -> dict[str, Any]:
    """The field of a choice that tells the stop string it ended at, under vLLM's name; none where it met none."""
    return {} if stop is None else {"stop_reason": stop}


@dataclass(frozen=True, slots=True)
class ChatShapes:
    """Builds the answer or the chunks for one chat request; all of them have the same id, time and model.

    `fingerprint` names the model and the build: equal seeds give equal answers only under the same fingerprint.
    `token_bytes` gives the bytes of a token.
    """

    model: str
    fingerprint: str
    token_bytes: Callable[[int], bytes]
    id: str = field(default_factory=lambda: f"chatcmpl-{token_hex(14)}")
    created: int = field(default_factory=lambda: int(time()))

    def completion(self, choices: list[dict[str, Any]], usage: Usage, predicted: ProposalCounts) -> dict[str, Any]:
        """A whole answer."""
        return {**self._head("chat.completion"), "choices": choices, "usage": usage_object(usage, predicted)}

    def chunk(
        self,
        index: int,
        delta: Delta,
        finish_reason: str | None = None,
        tokens: Sequence[SelectedToken] = (),
        stop: str | None = None,
    ) -> dict[str, Any]:
        """One chunk of a streamed answer."""
        item = {"index": index, "delta": delta, "logprobs": self.logprobs(tokens), "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [{**item, **stop_reason(stop)}]}

    def usage_chunk(self, usage: Usage, predicted: ProposalCounts) -> dict[str, Any]:
        """The last chunk, for callers who asked for usage."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage_object(usage, predicted)}

    def logprobs(self, tokens: Sequence[SelectedToken]) -> dict[str, Any] | None:
        """The probabilities of `tokens`; None if the request did not ask for any."""
        scored = [(t.logprob, t.alternatives) for t in tokens if t.logprob is not None]
        if not scored:
            return None
        content = [
            {**self._logprob_item(logprob), "top_logprobs": list(map(self._logprob_item, others))}
            for logprob, others in scored
        ]
        return {"content": content, "refusal": None}

    def _logprob_item(self, scored: TokenLogprob) -> dict[str, Any]:
        data = self.token_bytes(scored.token)
        return {"token": token_text(data), "logprob": scored.logprob, "bytes": list(data)}

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
    """Builds the answer or the chunks for one completion request, as `ChatShapes` does for chats."""

    model: str
    fingerprint: str
    token_bytes: Callable[[int], bytes]
    id: str = field(default_factory=lambda: f"cmpl-{token_hex(14)}")
    created: int = field(default_factory=lambda: int(time()))

    def completion(self, choices: list[dict[str, Any]], usage: Usage | None = None) -> dict[str, Any]:
        """A whole answer or one chunk of a streamed one: both have the same shape."""
        head = {"id": self.id, "object": "text_completion", "created": self.created, "model": self.model}
        body = {**head, "system_fingerprint": self.fingerprint, "choices": choices}
        return body if usage is None else {**body, "usage": usage_object(usage)}

    def choice(self, index: int, text: str, reason: str | None, tokens: Sequence[SelectedToken]) -> dict[str, Any]:
        """One choice, or the part of it in one chunk."""
        return {"index": index, "text": text, "logprobs": self._logprobs(tokens), "finish_reason": reason}

    def _logprobs(self, tokens: Sequence[SelectedToken]) -> dict[str, Any] | None:
        scored = [(t.logprob, t.alternatives) for t in tokens if t.logprob is not None]
        if not scored:
            return None
        texts = [self._text(logprob.token) for logprob, _ in scored]
        return {
            "tokens": texts,
            "token_logprobs": [logprob.logprob for logprob, _ in scored],
            "top_logprobs": [{self._text(o.token): o.logprob for o in others} for _, others in scored],
            "text_offset": [t.text_offset for t in tokens if t.logprob is not None],
        }

    def _text(self, token: int) -> str:
        return token_text(self.token_bytes(token), "bytes:")


def token_text(data: bytes, prefix: str = "") -> str:
    r"""The text of a token; of one that is no whole character, `prefix` and its bytes, as OpenAI writes them.

    >>> print(token_text(b"hi"), token_text(b"\xf0\x9f"), token_text(b"\xf0\x9f", "bytes:"))
    hi \xf0\x9f bytes:\xf0\x9f
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return prefix + "".join(f"\\x{byte:02x}" for byte in data)


def to_delta(event: TextDelta | CallStart | CallArguments) -> Delta:
    """The delta for an event: the first of a call carries its id and name, later ones only arguments."""
    if isinstance(event, TextDelta):
        return {"content": event.text} if event.text else {}
    if isinstance(event, CallStart):
        function = {"name": event.name, "arguments": ""}
        return {"tool_calls": [{"index": event.index, "id": event.id, "type": "function", "function": function}]}
    return {"tool_calls": [{"index": event.index, "function": {"arguments": event.text}}]}
