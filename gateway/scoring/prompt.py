"""Converts a request to the router's `Prompt`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.engine.prompt.tool_calls import CALL_ID_PREFIX
from models.wire.chat import ChatRequest, text_of
from router.decision import Feature, Prompt, Route, Turn
from router.policy import LocalCapabilities

_PART_NEEDS = {
    "image_url": Feature.IMAGES,
    "input_image": Feature.IMAGES,
    "input_audio": Feature.AUDIO,
    "file": Feature.FILES,
    "input_file": Feature.FILES,
}
_FORMAT_NEEDS = {"json_object": Feature.JSON_OBJECT, "json_schema": Feature.JSON_SCHEMA}


def to_prompt(request: ChatRequest) -> Prompt:
    """The conversation's text, and what the request needs beyond text."""
    turns = tuple(Turn(message["role"], text_of(message)) for message in request.messages)
    return Prompt(turns, needs_of(request))


def needs_of(request: ChatRequest) -> frozenset[Feature]:
    """What the request needs beyond text."""
    needs = frozenset(_needs(request.body))
    if request.native is not None and request.native.untranslatable is not None:
        return needs | {Feature(request.native.path)}
    return needs


def loop_began(request: ChatRequest, tier: LocalCapabilities | None) -> Route | None:
    """The side that made the pending tool calls of a tool loop; None where there are none, or it cannot be known.

    The calls' ids show it, and callers send those back: so it works in every worker, and after a restart. Of responses
    that the gateway keeps it is remembered.
    """
    if request.began is not None:
        return Route(request.began)
    last = next((message for message in reversed(request.messages) if message["role"] == "assistant"), None)
    calls = last.get("tool_calls") if last is not None else None
    if tier is None or not tier.marks_calls or not calls:
        return None
    return Route.LOCAL if all(map(_made_here, calls)) else Route.CLOUD


def _made_here(call: Mapping[str, Any]) -> bool:
    return str(call.get("id")).startswith(CALL_ID_PREFIX)


def _needs(body: Mapping[str, Any]) -> Iterator[Feature]:
    yield from _part_needs(body["messages"])
    yield from _tool_needs(body)
    response_format = body.get("response_format")
    if isinstance(response_format, dict) and (need := _FORMAT_NEEDS.get(str(response_format.get("type")))):
        yield need
    if body.get("logprobs"):
        yield Feature.LOGPROBS
    if body.get("logit_bias"):
        yield Feature.LOGIT_BIAS
    if isinstance(n := body.get("n"), int) and n > 1:
        yield Feature.SEVERAL_CHOICES
    if body.get("audio") or "audio" in _list(body, "modalities"):
        yield Feature.AUDIO


def _part_needs(messages: Sequence[Mapping[str, Any]]) -> Iterator[Feature]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            yield from (_PART_NEEDS[part["type"]] for part in content if part["type"] in _PART_NEEDS)


def _tool_needs(body: Mapping[str, Any]) -> Iterator[Feature]:
    if body.get("web_search_options") is not None:
        yield Feature.HOSTED_TOOLS
    if body.get("tool_choice") == "none":
        return
    functions = Feature.FORCED_TOOLS if _forces_call(body.get("tool_choice")) else Feature.TOOLS
    for tool in _list(body, "tools"):
        yield functions if isinstance(tool, dict) and tool.get("type") == "function" else Feature.HOSTED_TOOLS
    if body.get("functions"):
        yield Feature.TOOLS


def _forces_call(choice: Any) -> bool:
    """Whether a ``tool_choice`` demands the call of a function."""
    if not isinstance(choice, dict):
        return bool(choice == "required")
    allowed = choice.get("allowed_tools")
    return choice.get("type") == "function" or (isinstance(allowed, dict) and allowed.get("mode") == "required")


def _list(body: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A field that should be an array. Another value counts as empty here; the backend will refuse it."""
    value = body.get(name)
    return value if isinstance(value, list) else ()
