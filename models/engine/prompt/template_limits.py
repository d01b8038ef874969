"""What a model's chat template refuses or leaves out, found out once when the model is loaded.

A conversation is changed for the template only where its plain form would be refused or lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.errors import TemplateError
from models.engine.prompt.conversation import (
    merged_turns,
    split_calls,
    system_as_user,
    system_first,
    with_parsed_arguments,
)
from models.engine.prompt.template import Message, Template
from models.wire.errors import RequestError

_SYSTEM = {"role": "system", "content": "probe_system"}
_USER = {"role": "user", "content": "probe_user"}
_ANSWER = {"role": "assistant", "content": "probe_answer"}
_MORE = {"role": "user", "content": "probe_more"}
_LATE_SYSTEM = {"role": "system", "content": "probe_late"}
_CALLS = [
    {"id": f"probe123{n}", "type": "function", "function": {"name": "probe_tool", "arguments": {"probe": n}}}
    for n in range(2)
]
_RESULTS = [{"role": "tool", "tool_call_id": call["id"], "name": "probe_tool", "content": "x"} for call in _CALLS]


@dataclass(frozen=True, slots=True)
class TemplateLimits:
    """How conversations must be changed for one template.

    Attributes
    ----------
    no_system : bool
        There is no system role: its text goes before the first user message.
    system_first : bool
        System messages count only as one, at the beginning.
    alternating : bool
        Turns of the same role in a row are refused.
    one_call : bool
        A turn may have one tool call only.
    no_empty_arguments : bool
        The arguments of a call must be an object.
    """

    no_system: bool = False
    system_first: bool = False
    alternating: bool = False
    one_call: bool = False
    no_empty_arguments: bool = False

    def fit(self, messages: Sequence[Message]) -> list[Message]:
        """The conversation in a form that the template takes."""
        fitted = list(messages)
        if self.no_empty_arguments:
            fitted = [with_parsed_arguments(message, fill_empty=True) for message in fitted]
        if self.no_system:
            fitted = system_as_user(fitted)
        elif self.system_first:
            fitted = system_first(fitted)
        if self.alternating:
            fitted = merged_turns(fitted)
        return split_calls(fitted) if self.one_call else fitted


def find_limits(template: Template, *, prints_calls: bool) -> TemplateLimits:
    """Try conversations that clients send and some templates refuse."""
    no_system = not _takes(template, [_SYSTEM, _USER])
    late = not no_system and not _takes(template, [_SYSTEM, _USER, _ANSWER, _LATE_SYSTEM, _MORE])
    twice = not no_system and not _takes(template, [_SYSTEM, _LATE_SYSTEM, _USER])
    limits = TemplateLimits(
        no_system=no_system,
        system_first=late or twice,
        alternating=not _takes(template, [_USER, _MORE]) or not _takes(template, [_USER, _ANSWER, _ANSWER, _MORE]),
    )
    return _with_limits_of_calls(template, limits) if prints_calls and _takes(template, _turns(_CALLS[:1])) else limits


def _with_limits_of_calls(template: Template, limits: TemplateLimits) -> TemplateLimits:
    """`limits`, and those of tool calls; `template` prints a single one."""
    empty = [_turns([_with_arguments(arguments)]) for arguments in ("", None)]
    return TemplateLimits(
        no_system=limits.no_system,
        system_first=limits.system_first,
        alternating=limits.alternating,
        one_call=not _takes(template, _turns(_CALLS)),
        no_empty_arguments=not all(_takes(template, turns) for turns in empty),
    )


def _turns(calls: list[dict[str, Any]]) -> list[Message]:
    """A conversation in which `calls` were made and answered."""
    return [_USER, {"role": "assistant", "content": "", "tool_calls": calls}, *_RESULTS[: len(calls)]]


def _with_arguments(arguments: Any) -> dict[str, Any]:
    return {**_CALLS[0], "function": {"name": "probe_tool", "arguments": arguments}}


def _takes(template: Template, messages: Sequence[Message]) -> bool:
    """Whether `template` prints every text of `messages` that stands for one of a caller."""
    try:
        text = template.render(messages)
    except (RequestError, TemplateError):
        return False
    return all(text.count(content) >= sum(m["content"] == content for m in messages) for content in _texts(messages))


def _texts(messages: Sequence[Message]) -> set[str]:
    return {message["content"] for message in messages if str(message["content"]).startswith("probe_")}
