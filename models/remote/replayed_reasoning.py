"""A model's reasoning that callers send back with their history. Some providers want it, and some refuse it by name."""

import re
from collections.abc import Mapping
from typing import Any

from models.wire.chat import REASONING_FIELDS
from models.wire.errors import BackendRejected

_NAMED = re.compile(rf"\b({'|'.join(REASONING_FIELDS)})\b")


def has_reasoning(body: Mapping[str, Any]) -> bool:
    """Whether any message of a chat request carries reasoning."""
    return any(field in message for message in body["messages"] for field in REASONING_FIELDS)


def without_reasoning(body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat request without it; all else is as it was.

    >>> without_reasoning({"messages": [{"role": "assistant", "content": "a", "reasoning": "b"}]})
    {'messages': [{'role': 'assistant', 'content': 'a'}]}
    """
    return {**body, "messages": [_plain(message) for message in body["messages"]]}


def is_about_reasoning(exc: BackendRejected) -> bool:
    """Whether a refusal names one of those fields."""
    words = exc.server_words
    return _NAMED.search(f"{words.param} {words.message}") is not None


def _plain(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in message.items() if name not in REASONING_FIELDS}
