"""What an estimate of time needs to know of a prompt: how long it is, and with what others begins. No text is kept."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from models.wire.chat import ChatRequest, text_of
from models.wire.token_estimates import ANSWER_TOKENS, BYTES_PER_TOKEN, MESSAGE_TOKENS

_KEY = secrets.token_bytes(32)
"""Of this process alone: nobody can find out from a hash what was said."""

_HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class PromptOutline:
    """A conversation as numbers.

    Attributes
    ----------
    chain : tuple of bytes
        For each message, a keyed hash of the conversation up to its end, the tools included.
    tokens : tuple of int
        About how many tokens each message is; those of the tools belong to the first.
    answers : tuple of bool
        Whether each message is an assistant's.
    """

    chain: tuple[bytes, ...]
    tokens: tuple[int, ...]
    answers: tuple[bool, ...]

    @classmethod
    def of(cls, request: ChatRequest) -> "PromptOutline":
        """The outline of `request`."""
        tools = request.body.get("tools")
        told = _as_bytes(tools) if tools else b""
        hasher = blake2b(told, digest_size=_HASH_BYTES, key=_KEY)
        chain, tokens = [], []
        n_bytes = len(told)
        for message in request.messages:
            content = _content(message)
            hasher.update(b"%d %b " % (len(content), message["role"].encode()))
            hasher.update(content)
            chain.append(hasher.digest())
            tokens.append(-(-(n_bytes + len(content)) // BYTES_PER_TOKEN) + MESSAGE_TOKENS)
            n_bytes = 0
        return cls(tuple(chain), tuple(tokens), tuple(message["role"] == "assistant" for message in request.messages))

    @property
    def n_tokens(self) -> int:
        """About how many tokens the prompt is."""
        return sum(self.tokens) + ANSWER_TOKENS

    def n_unread(self, n_messages: int) -> int:
        """About how many tokens are to be read by a model that has read the first `n_messages`.

        It knows the answer that follows too, since it has written that itself.
        """
        if 0 < n_messages < len(self.answers) and self.answers[n_messages]:
            n_messages += 1
        return sum(self.tokens[n_messages:]) + ANSWER_TOKENS


def _content(message: Mapping[str, Any]) -> bytes:
    text = text_of(message).encode("utf-8", "replace")
    calls = message.get("tool_calls")
    return text + _as_bytes(calls) if calls else text


def _as_bytes(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a number of more than 64 bits, or half a character: the model's server may refuse that
        return repr(value).encode("utf-8", "replace")
