"""The formats in which families of models write tool calls, as data; a template's format is detected by rendering it.

A template shows its format when it prints a call of an earlier turn. Phi-4's template prints none; it is detected by
the field of the system message from which it takes the tools.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.errors import TemplateError
from models.engine.prompt.template import Template
from models.wire.errors import RequestError


@dataclass(frozen=True, slots=True)
class CallFormat:
    """One format of tool calls: ``opening {"name": …, arguments: {…}} closing``.

    Attributes
    ----------
    opening, closing : str
        The tags around calls; if `closing` is empty, the last bracket ends a call.
    arguments : str
        The key of a call's arguments.
    array : bool
        Whether all calls are in one JSON array, within one opening and closing.
    bare : bool
        Whether the opening is the beginning of the call itself. The call is then the whole answer, and the only one.
    short_ids : bool
        Whether the template takes only call ids of nine letters and digits.
    tools_in_system : bool
        Whether the template takes the tools from the system message, and prints no calls.
    result_role : str
        The role of messages with results, in conversations for a template with `tools_in_system`.
    """

    opening: str
    closing: str = ""
    arguments: str = "arguments"
    array: bool = False
    bare: bool = False
    short_ids: bool = False
    tools_in_system: bool = False
    result_role: str = "tool"

    def to_text(self, calls: Sequence[Mapping[str, Any]]) -> str:
        """The text of `calls`, as the model would write it."""
        texts = [json.dumps({"name": c["name"], self.arguments: c["arguments"]}, ensure_ascii=False) for c in calls]
        if self.array:
            return f"{self.opening}[{', '.join(texts)}]{self.closing}"
        return "\n".join(texts if self.bare else (f"{self.opening}\n{text}\n{self.closing}" for text in texts))

    def matches(self, text: str) -> bool:
        """Whether `text` contains a call of `probe_tool` in this format."""
        opening = "" if self.bare else rf"{re.escape(self.opening)}\s*\[?\s*"
        return re.search(rf'{opening}\{{\s*"name"\s*:\s*"probe_tool"\s*,\s*"{self.arguments}"\s*:', text) is not None


HERMES = CallFormat("<tool_call>", "</tool_call>")
"""Qwen, Hermes. Models whose template has no tools get instructions for this format in the system message."""

MISTRAL = CallFormat("[TOOL_CALLS]", array=True, short_ids=True)
LLAMA = CallFormat('{"name"', arguments="parameters", bare=True)
PHI = CallFormat(
    "<|tool_call|>", "<|/tool_call|>", array=True, tools_in_system=True, result_role="tool_response"
)  # fmt: skip

_DETECTED_BY_OUTPUT = (HERMES, MISTRAL, LLAMA)
FORMATS = (*_DETECTED_BY_OUTPUT, PHI)

TAGS = frozenset(tag.encode() for f in FORMATS if not f.bare for tag in (f.opening, f.closing) if tag)
"""Control tokens that must appear in the text of an answer, so that `ToolCallReader` finds the calls."""

_TOOL = {
    "type": "function",
    "function": {"name": "probe_tool", "description": "", "parameters": {"type": "object", "properties": {}}},
}
_CALL = {"id": "probe1234", "type": "function", "function": {"name": "probe_tool", "arguments": {"probe": 1}}}
_USER_TURN: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]
_TURNS_WITH_CALL: list[dict[str, Any]] = [
    *_USER_TURN,
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "tool_call_id": "probe1234", "name": "probe_tool", "content": "probe"},
]


def detect_call_format(template: Template) -> CallFormat | None:
    """The format that `template` uses; None if it has no tools, or an unknown format."""
    if "probe_tool" in _rendered(template, _USER_TURN, tools=[_TOOL]):
        printed = _rendered(template, _TURNS_WITH_CALL)
        # Qwen3.5 puts XML between Hermes' tags.
        fallback = HERMES if HERMES.opening in template.source and "<function=" not in template.source else None
        return next((each for each in _DETECTED_BY_OUTPUT if each.matches(printed)), fallback)
    system = {"role": "system", "content": "", "tools": json.dumps([_TOOL])}
    return PHI if "<|tool|>" in _rendered(template, [system, *_USER_TURN]) else None


def short_id(call_id: Any) -> str:
    """An id of nine letters and digits for an id of any form; equal ids give equal ids."""
    return hashlib.sha256(str(call_id).encode()).hexdigest()[:9]


def _rendered(template: Template, messages: Sequence[Mapping[str, Any]], **variables: Any) -> str:
    try:
        return template.render(messages, **variables)
    except (RequestError, TemplateError):
        return ""
