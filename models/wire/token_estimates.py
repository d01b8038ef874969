"""Tokens that nobody counted: a caller hung up, or a provider does not say."""

from typing import Any

import orjson

from models.wire.chat import ChatRequest, text_of

BYTES_PER_TOKEN = 4
"""Of UTF-8: the usual rule of thumb for English, and rougher elsewhere."""

MESSAGE_TOKENS = 4
"""What a chat template adds for each message, and"""

ANSWER_TOKENS = 3
"""what it adds to begin the answer (OpenAI's cookbook, "How to count tokens with tiktoken")."""

_GENERATED = frozenset({"content", "text", "reasoning_content", "reasoning", "refusal", "name", "arguments", "input"})


def prompt_tokens_guess(request: ChatRequest) -> int:
    """About how many tokens the model was given to read; images count for nothing."""
    parts = [text_of(message).encode("utf-8", "replace") for message in request.messages]
    if tools := request.body.get("tools"):
        parts.append(orjson.dumps(tools))
    text_tokens = sum(-(-len(part) // BYTES_PER_TOKEN) for part in parts)
    return text_tokens + MESSAGE_TOKENS * len(request.messages) + ANSWER_TOKENS


def answer_tokens_guess(body: bytes) -> int:
    """About how many tokens the answer took whose JSON this is, in any API shape.

    >>> answer_tokens_guess(b'{"choices": [{"message": {"role": "assistant", "content": "Twelve bytes"}}]}')
    3
    """
    return -(-_generated_bytes(orjson.loads(body)) // BYTES_PER_TOKEN)


def _generated_bytes(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_generated_bytes, value))
    if not isinstance(value, dict):
        return 0
    return sum(
        len(inner.encode()) if isinstance(inner, str) and name in _GENERATED else _generated_bytes(inner)
        for name, inner in value.items()
    )
