"""Tools and the choice among them, as the chat format has them."""

from collections.abc import Iterator
from typing import Any

from gateway.dialects.responses.call_item import INPUT
from gateway.dialects.responses.tool_names import SEARCH, SEARCH_OUTPUT, ToolNames, is_client_search
from models.wire.json_reader import JsonReader

ONLY = "tools may be functions and custom tools, which the caller runs; leave out those that a provider runs itself"

_UNUSUAL = ("async", "output_schema")

_TEXT_ONLY = {"type": "object", "properties": {INPUT: {"type": "string"}}, "required": [INPUT]}


def to_tools(tools: JsonReader, names: ToolNames) -> list[dict[str, Any]]:
    """Each tool in the chat format, those in namespaces one by one, without those that a provider runs itself."""
    return [found for tool in tools.each() for found in _tools(tool, names)]


def found_tools(given: JsonReader, names: ToolNames) -> list[dict[str, Any]]:
    """The tools that searches of earlier turns have found, in the chat format."""
    items = given.each() if isinstance(given.value, list) else ()
    outputs = (item["tools"] for item in items if item["type"].value == SEARCH_OUTPUT)
    found = {tool["function"]["name"]: tool for tools in outputs for tool in to_tools(tools, names)}
    return list(found.values())


def _tools(tool: JsonReader, names: ToolNames) -> Iterator[dict[str, Any]]:
    kind = tool["type"].text()
    if kind == "namespace":
        namespace = tool["name"].text()
        for inner in tool["tools"].each():
            if (inner_kind := inner["type"].text()) not in _OWN:
                raise inner["type"].unknown(_OWN)
            _check(inner, names)
            yield _OWN[inner_kind](inner, names.in_chat(inner["name"].text(), namespace))
    elif is_client_search(tool.object()):
        yield _function(tool, names.in_chat(SEARCH))
    elif kind in _OWN:
        _check(tool, names)
        yield _OWN[kind](tool, names.in_chat(tool["name"].text()))
    else:
        tool["type"].leave_out(f"tool {kind:.60}", f"{ONLY}; this is {kind!r:.60}")


def _function(tool: JsonReader, name: str) -> dict[str, Any]:
    inner = {field: tool.object()[field] for field in ("description", "parameters", "strict") if tool[field].given}
    return {"type": "function", "function": {"name": name, **inner}}


def _custom(tool: JsonReader, name: str) -> dict[str, Any]:
    """A tool that takes any text, as a function with one text; a grammar for it can only be said in words."""
    description = tool["description"].optional_text() or ""
    function = {"name": name, "description": description + _form(tool["format"]), "parameters": _TEXT_ONLY}
    return {"type": "function", "function": function}


def _check(tool: JsonReader, names: ToolNames) -> None:
    """What is searched for is offered from the beginning: that is no harm."""
    for name in _UNUSUAL if names.searchable else (*_UNUSUAL, "defer_loading"):
        if tool[name].value:
            tool[name].refuse("the chat format behind this endpoint cannot express it; leave it out")
    if tool["allowed_callers"].given and tool["allowed_callers"].value != ["direct"]:
        tool["allowed_callers"].refuse("tools are called directly; leave it out")


def _form(format_: JsonReader) -> str:
    if not format_.given or format_["type"].text() == "text":
        return ""
    syntax, definition = format_["syntax"].text(), format_["definition"].text()
    return f"\n\nThe {INPUT} is plain text that matches this grammar ({syntax}):\n{definition}"


_OWN = {"function": _function, "custom": _custom}


def to_tool_choice(choice: JsonReader, names: ToolNames) -> Any:
    """Which tool must, may or must not be called."""
    if isinstance(choice.value, str):
        if choice.value not in ("none", "auto", "required"):
            raise choice.unknown(("none", "auto", "required"))
        return choice.value
    if not isinstance(choice.value, dict):
        raise choice.wrong("a string or an object")
    if choice["type"].value != "allowed_tools":
        if choice["type"].text() not in _OWN:
            choice["type"].refuse(f"{ONLY}; this is {choice['type'].text()!r:.60}")
            return "auto"
        return _named(choice, names)
    tools = [_named(tool, names) for tool in choice["tools"].each() if _is_own(tool["type"])]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice["mode"].text(), "tools": tools}}


def _is_own(kind: JsonReader) -> bool:
    """Whether an allowed tool is the caller's; one that a provider runs is left out here as well."""
    if kind.text() not in _OWN:
        kind.leave_out(f"tool {kind.text():.60}", ONLY)
    return kind.value in _OWN


def _named(choice: JsonReader, names: ToolNames) -> dict[str, Any]:
    name = names.in_chat(choice["name"].text(), choice["namespace"].optional_text())
    return {"type": "function", "function": {"name": name}}
