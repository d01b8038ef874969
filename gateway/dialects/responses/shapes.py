"""The response object, and how it ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.dialects.responses.output_item import new_id
from gateway.dialects.responses.tool_names import is_client_search
from models.usage.usage import Usage
from models.wire.chat import CUT_SHORT

_ECHOED = (
    "instructions", "max_output_tokens", "max_tool_calls", "previous_response_id", "prompt_cache_key",
    "safety_identifier", "user",
)  # fmt: skip

_NUMBERS = {"temperature": 1.0, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
"""Sampling numbers that every response repeats, and what they are where the request does not say."""


@dataclass(frozen=True, slots=True)
class ResponseShapes:
    """Builds every view of one response; all of them share id, time and model.

    `request_body` is the request's body; the answer repeats it as far as it was obeyed.
    """

    request_body: Mapping[str, Any]
    model: str
    service_tier: str | None = None
    id: str = field(default_factory=lambda: new_id("resp"))
    created_at: int = field(default_factory=lambda: int(time.time()))

    def response(
        self,
        status: str,
        output: list[dict[str, Any]],
        *,
        usage: dict[str, Any] | None = None,
        incomplete: str | None = None,
        error: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The response as it stands."""
        request_body = self.request_body
        parallel = request_body.get("parallel_tool_calls")
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": int(time.time()) if status == "completed" else None,
            "status": status,
            "background": False,
            "error": error,
            "incomplete_details": None if incomplete is None else {"reason": incomplete},
            "model": self.model,
            "output": output,
            "usage": usage,
            **{name: request_body.get(name) for name in _ECHOED},
            **{name: _number(request_body.get(name), usual) for name, usual in _NUMBERS.items()},
            "metadata": request_body.get("metadata") or {},
            "parallel_tool_calls": True if parallel is None else parallel,
            "reasoning": {"effort": (request_body.get("reasoning") or {}).get("effort"), "summary": None},
            "service_tier": self.service_tier or "default",
            "store": request_body.get("store") is True,
            "text": _text(request_body.get("text")),
            "tool_choice": request_body.get("tool_choice") or "auto",
            "tools": [_tool(tool) for tool in request_body.get("tools") or () if _is_own(tool)],
            "top_logprobs": request_body.get("top_logprobs") or 0,
            "truncation": "disabled",
        }


def ending(finish_reason: str | None) -> tuple[str, str | None]:
    """Status and reason of incompleteness, from a chat answer's finish reason."""
    if finish_reason in CUT_SHORT:
        return "incomplete", "max_output_tokens"
    if finish_reason == "content_filter":
        return "incomplete", "content_filter"
    return "completed", None


def to_usage(usage: Usage | None) -> dict[str, Any] | None:
    """The Responses API's usage, every detail that strict clients look for; None where the backend told none."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens + usage.unsplit_tokens,
    }


def to_logprobs(choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Log probabilities of one choice; the Responses API wants the bytes of every token."""
    content = _mapping(choice.get("logprobs")).get("content") or ()
    return [
        {**_with_bytes(token), "top_logprobs": [_with_bytes(other) for other in token.get("top_logprobs") or ()]}
        for token in content
    ]


def _with_bytes(token: Mapping[str, Any]) -> dict[str, Any]:
    return {**token, "bytes": token.get("bytes") or list(token["token"].encode())}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    fixed = {"description": None, "parameters": None, "strict": None} if tool["type"] == "function" else {}
    return {**fixed, **tool}


def _is_own(tool: Mapping[str, Any]) -> bool:
    """Whether a tool was offered to the model: those that a provider runs were left out."""
    return tool["type"] in ("function", "custom", "namespace") or is_client_search(tool)


def _text(given: Any) -> dict[str, Any]:
    """How the text was asked for, with every field that a format has."""
    text = {"format": {"type": "text"}, **_without_nulls(given)}
    if text["format"].get("type") == "json_schema":
        text["format"] = {"description": None, "strict": False, **_without_nulls(text["format"])}
    return text


def _number(value: Any, usual: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else usual


def _without_nulls(value: Any) -> dict[str, Any]:
    return {name: inner for name, inner in _mapping(value).items() if inner is not None}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
