"""The message object, its usage, and how it ended."""

import secrets
from collections.abc import Mapping
from typing import Any

from models.usage.usage import UNCOUNTED, Usage
from models.wire.chat import CUT_SHORT


def new_message(model: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    """A message that has not ended yet."""
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": to_usage(None),
    }


def ending(body: Mapping[str, Any], choice: Mapping[str, Any], *, called: bool, refused: bool) -> dict[str, Any]:
    """`stop_reason` and `stop_sequence`, from what a chat answer says of its end.

    The chat format does not tell a stop sequence from the answer's own end. Where a server does (vLLM, SGLang), it is
    passed on.
    """
    stopped_by = choice.get("stop_reason") or choice.get("matched_stop")
    if isinstance(stopped_by, str) and stopped_by in (body.get("stop_sequences") or ()):
        return {"stop_reason": "stop_sequence", "stop_sequence": stopped_by}
    return {"stop_reason": _reason(choice.get("finish_reason"), called, refused), "stop_sequence": None}


def _reason(finish_reason: str | None, called: bool, refused: bool) -> str:
    if finish_reason in CUT_SHORT:
        return "max_tokens"
    if finish_reason == "content_filter" or refused:
        return "refusal"
    return "tool_use" if called else "end_turn"


def to_usage(usage: Usage | None) -> dict[str, int]:
    """Anthropic's usage; its `input_tokens` are only those neither read from a cache nor written to one."""
    usage = usage or UNCOUNTED
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
    }
