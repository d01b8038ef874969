"""Tokens of a prompt that nobody counted: its caller hung up, or its provider does not say."""

import orjson

from models.chat import ChatRequest, text_of

BYTES_PER_TOKEN = 4
"""Of UTF-8. Near the truth for most languages, since scripts with long characters have short words."""

MESSAGE_TOKENS = 4
"""What a chat template adds for each message, and"""

ANSWER_TOKENS = 3
"""what it adds to begin the answer (OpenAI's cookbook, "How to count tokens with tiktoken")."""


def prompt_tokens_guess(request: ChatRequest) -> int:
    """About how many tokens the model was given to read; images count for nothing."""
    parts = [text_of(message).encode("utf-8", "replace") for message in request.messages]
    if tools := request.body.get("tools"):
        parts.append(orjson.dumps(tools))
    text_tokens = sum(-(-len(part) // BYTES_PER_TOKEN) for part in parts)
    return text_tokens + MESSAGE_TOKENS * len(request.messages) + ANSWER_TOKENS
