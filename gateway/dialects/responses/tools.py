"""Tools and the choice among them, as the chat format has them."""

from typing import Any

from models.wire.json_reader import JsonReader

ONLY = "tools may be functions and custom tools, which the caller runs; leave out those that a provider runs itself"

_UNUSUAL = ("async", "defer_loading", "output_schema")


def to_tools(tools: JsonReader) -> list[dict[str, Any]]:
    """Each tool in the chat format."""
    return [_tool(tool) for tool in tools.each()]


def _tool(tool: JsonReader) -> dict[str, Any]:
    kind = tool["type"].text()
    if kind not in ("function", "custom"):
        tool["type"].refuse(f"{ONLY}; this is {kind!r:.60}")
        return {"type": kind}
    for name in _UNUSUAL:
        if tool[name].value:
            tool[name].refuse("the chat format behind this endpoint cannot express it; leave it out")
    if tool["allowed_callers"].value not in (None, ["direct"]):
        tool["allowed_callers"].refuse("tools are called directly; leave it out")
    tool["name"].text()
    names = ("name", "description", "parameters", "strict", "format")
    inner = {name: tool.object()[name] for name in names if tool[name].given}
    if kind == "custom" and tool["format"].given:
        inner["format"] = _format(tool["format"])
    return {"type": kind, kind: inner}


def _format(format_: JsonReader) -> dict[str, Any]:
    kind = format_["type"].text()
    inner = {name: value for name, value in format_.object().items() if name != "type"}
    return {"type": kind, kind: inner} if inner else {"type": kind}


def to_tool_choice(choice: JsonReader) -> Any:
    """Which tool must, may or must not be called."""
    if isinstance(choice.value, str):
        if choice.value not in ("none", "auto", "required"):
            raise choice.unknown(("none", "auto", "required"))
        return choice.value
    if not isinstance(choice.value, dict):
        raise choice.wrong("a string or an object")
    if choice["type"].value != "allowed_tools":
        return _named(choice)
    tools = [_named(tool) for tool in choice["tools"].each()]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice["mode"].text(), "tools": tools}}


def _named(choice: JsonReader) -> dict[str, Any]:
    kind = choice["type"].text()
    if kind not in ("function", "custom"):
        choice["type"].refuse(f"{ONLY}; this is {kind!r:.60}")
        return {"type": kind}
    return {"type": kind, kind: {"name": choice["name"].text()}}
