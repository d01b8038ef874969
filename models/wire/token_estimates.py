"""Tokens that nobody counted: a caller hung up, a provider does not say, or counting is not worth its time.

Three kinds of estimate: `*_guess` is a typical number, for bills; `cautious_prompt_tokens` rather too many than too
few; `upper_bound_tokens` never too few.
"""

from typing import Any

import orjson

from models.wire.chat import ChatRequest, text_of

BYTES_PER_TOKEN = 4
"""Of UTF-8: the usual rule of thumb for English, and rougher elsewhere."""

CAUTIOUS_BYTES_PER_TOKEN = 3

MESSAGE_TOKENS = 4
"""What a chat template adds for each message, and"""

ANSWER_TOKENS = 3
"""what it adds to begin the answer (OpenAI's cookbook, "How to count tokens with tiktoken")."""

MOST_MESSAGE_TOKENS = 32
"""Upper bound on what any chat template adds for one message."""

LONGEST_TOKEN_CHARS = 16

_GENERATED = frozenset({"content", "text", "reasoning_content", "reasoning", "refusal", "name", "arguments", "input"})


def upper_bound_tokens(request: ChatRequest) -> int:
    """More tokens than the messages can be, the template included: no token stands for less than a byte."""
    return sum(_n_bytes(text_of(message)) + MOST_MESSAGE_TOKENS for message in request.messages)


def cautious_prompt_tokens(request: ChatRequest) -> int:
    """Tokens of the prompt, rather too many than too few: for whether it fits, where nobody can count."""
    return upper_bound_tokens(request) // CAUTIOUS_BYTES_PER_TOKEN


def prompt_tokens_guess(request: ChatRequest) -> int:
    """About how many tokens the model was given to read; images count for nothing."""
    text_tokens = sum(text_tokens_guess(text_of(message)) for message in request.messages)
    if tools := request.body.get("tools"):
        text_tokens += -(-len(orjson.dumps(tools)) // BYTES_PER_TOKEN)
    return text_tokens + MESSAGE_TOKENS * len(request.messages) + ANSWER_TOKENS


def input_tokens_guess(value: Any) -> int:
    """About how many tokens the input of an embeddings request is: a text, tokens, or an array of either.

    >>> input_tokens_guess("eight ch"), input_tokens_guess([[1, 2, 3], [4]])
    (2, 4)
    """
    if isinstance(value, str):
        return text_tokens_guess(value)
    return sum(map(input_tokens_guess, value)) if isinstance(value, list) else 1


def most_input_tokens(value: Any) -> int:
    """More tokens than the input of an embeddings request can be: no token stands for less than a byte.

    >>> most_input_tokens(["four", "four"]), most_input_tokens([[1, 2, 3], [4]])
    (14, 4)
    """
    if isinstance(value, str):
        return _n_bytes(value) + ANSWER_TOKENS
    return sum(map(most_input_tokens, value)) if isinstance(value, list) else 1


def text_tokens_guess(text: str) -> int:
    """About how many tokens a whole text is."""
    return -(-_n_bytes(text) // BYTES_PER_TOKEN)


def delta_tokens_guess(delta: Any) -> int:
    """Tokens of one delta: most servers send one a chunk, and a delta longer than a token must hold several."""
    length = len(delta) if isinstance(delta, str) else 1
    return min(length, 1) if length <= LONGEST_TOKEN_CHARS else length // BYTES_PER_TOKEN


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


def _n_bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
