"""How families of models write tool calls, as data; which of them a chat template belongs to is found by rendering it.

A template shows its family by how it prints a call of an earlier turn. Phi-4's prints none, and is known by the field
of the system message from which it takes the tools.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.errors import TemplateError
from models.engine.prompt.template import ChatTemplate
from models.wire.errors import RequestError


@dataclass(frozen=True, slots=True)
class CallFormat:
    """One way of writing calls: ``opening {"name": …, arguments: {…}} closing``.

    Attributes
    ----------
    opening, closing : str
        What stands around calls; `closing` may be empty: then the last bracket closes.
    arguments : str
        The key of a call's arguments.
    array : bool
        Whether all calls stand in one JSON array, within one opening and closing.
    bare : bool
        Whether the opening is the beginning of the call itself, which is then the whole answer, and the only call.
    short_ids : bool
        Whether the template takes no ids of calls but those of nine letters and digits.
    tools_in_system : bool
        Whether the template takes the tools from the system message, and prints no calls.
    result_role : str
        The role of messages that carry results, in conversations for such a template.
    """

    opening: str
    closing: str = ""
    arguments: str = "arguments"
    array: bool = False
    bare: bool = False
    short_ids: bool = False
    tools_in_system: bool = False
    result_role: str = "tool"

    def spelled(self, calls: Sequence[Mapping[str, Any]]) -> str:
        """Calls as the model would have written them."""
        texts = [json.dumps({"name": c["name"], self.arguments: c["arguments"]}, ensure_ascii=False) for c in calls]
        if self.array:
            return f"{self.opening}[{', '.join(texts)}]{self.closing}"
        return "\n".join(texts if self.bare else (f"{self.opening}\n{text}\n{self.closing}" for text in texts))

    def is_in(self, text: str) -> bool:
        """Whether `text` holds a call of `probe_tool` in this format."""
        opening = "" if self.bare else rf"{re.escape(self.opening)}\s*\[?\s*"
        return re.search(rf'{opening}\{{\s*"name"\s*:\s*"probe_tool"\s*,\s*"{self.arguments}"\s*:', text) is not None


HERMES = CallFormat("<tool_call>", "</tool_call>")
"""Qwen, Hermes; models whose template knows no tools are taught it in the system message."""

MISTRAL = CallFormat("[TOOL_CALLS]", array=True, short_ids=True)
LLAMA = CallFormat('{"name"', arguments="parameters", bare=True)
PHI = CallFormat(
    "<|tool_call|>", "<|/tool_call|>", array=True, tools_in_system=True, result_role="tool_response"
)  # fmt: skip

_PRINTED = (HERMES, MISTRAL, LLAMA)
FORMATS = (*_PRINTED, PHI)

TAGS = frozenset(tag.encode() for f in FORMATS if not f.bare for tag in (f.opening, f.closing) if tag)
"""Which control tokens mean something to whoever reads an answer."""

_TOOL = {
    "type": "function",
    "function": {"name": "probe_tool", "description": "", "parameters": {"type": "object", "properties": {}}},
}
_CALL = {"id": "probe1234", "type": "function", "function": {"name": "probe_tool", "arguments": {"probe": 1}}}
_ASKED: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]
_CALLED: list[dict[str, Any]] = [
    *_ASKED,
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "tool_call_id": "probe1234", "name": "probe_tool", "content": "probe"},
]


def format_of(template: ChatTemplate) -> CallFormat | None:
    """The format that `template` was made for; None where it knows nothing of tools, or writes calls in another way."""
    if "probe_tool" in _rendered(template, _ASKED, tools=[_TOOL]):
        printed = _rendered(template, _CALLED)
        fallback = HERMES if HERMES.opening in template.source else None
        return next((known for known in _PRINTED if known.is_in(printed)), fallback)
    system = {"role": "system", "content": "", "tools": json.dumps([_TOOL])}
    return PHI if "<|tool|>" in _rendered(template, [system, *_ASKED]) else None


def short_id(call_id: Any) -> str:
    """Nine letters and digits for an id of any form; the same for the same."""
    return hashlib.sha256(str(call_id).encode()).hexdigest()[:9]


def _rendered(template: ChatTemplate, messages: Sequence[Mapping[str, Any]], **variables: Any) -> str:
    try:
        return template.render(messages, **variables)
    except (RequestError, TemplateError):
        return ""
