"""Tools and the choice among them, as the chat format has them."""

from typing import Any

from gateway.dialects.messages.strict_schema import is_strict
from models.wire.json_reader import JsonReader

_UNUSUAL = ("defer_loading", "input_examples")


def to_tools(tools: JsonReader) -> list[dict[str, Any]]:
    """Each tool in the chat format."""
    return [_tool(tool) for tool in tools.each()]


def _tool(tool: JsonReader) -> dict[str, Any]:
    kind = tool["type"]
    if kind.given and kind.text() != "custom":
        raise kind.refused(
            "the models behind this endpoint know only tools that are described to them; send name, description and "
            f"input_schema instead of {kind.text()!r:.60}"
        )
    for name in _UNUSUAL:
        if tool[name].value:
            raise tool[name].refused("the chat format behind this endpoint cannot express it; leave it out")
    if tool["allowed_callers"].value not in (None, ["direct"]):
        raise tool["allowed_callers"].refused("tools are called directly; leave it out")
    function: dict[str, Any] = {"name": tool["name"].text(), "parameters": tool["input_schema"].object()}
    if tool["description"].given:
        function["description"] = tool["description"].text()
    if tool["strict"].flag() and is_strict(function["parameters"]):
        function["strict"] = True
    return {"type": "function", "function": function}


def to_tool_choice(choice: JsonReader) -> dict[str, Any]:
    """The chat fields that say which tool must, may or must not be called, and whether several may at once."""
    kinds: dict[str, Any] = {"auto": "auto", "any": "required", "none": "none", "tool": None}
    chosen = choice["type"].one_of(kinds)
    if chosen is None:
        chosen = {"type": "function", "function": {"name": choice["name"].text()}}
    alone = {"parallel_tool_calls": False} if choice["disable_parallel_tool_use"].flag() else {}
    return {"tool_choice": chosen, **alone}
