"""The tools of a request: their validation, their description for the model, and the grammar of their calls."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.grammar.schema import check_schema
from models.engine.grammar.source import GrammarSource, SchemaPart, json_literal
from models.engine.prompt.call_format import CallFormat
from models.wire.json_reader import JsonReader

MAX_TOOLS = 128

# Hermes and Qwen were trained on this text; other models can follow it.
PROMPT = """You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


@dataclass(frozen=True, slots=True)
class Tool:
    """One function that the model may call: its name, the schema of its arguments, and the JSON that defines it."""

    name: str
    arguments: SchemaPart
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools that one answer may call.

    Attributes
    ----------
    tools : sequence of Tool
        At least one.
    required : bool
        Whether the answer must be a call.
    parallel : bool
        Whether it may have several calls.
    """

    tools: Sequence[Tool]
    required: bool
    parallel: bool

    def grammar(self, calls: CallFormat, tag: Callable[[str], str]) -> GrammarSource:
        """The grammar of one or more calls: from their opening, or after it where the model opens them if it likes.

        Parameters
        ----------
        tag : callable
            From the text of an opening or closing to the grammar that matches it.
        """
        opening, closing = tag(calls.opening), f"space {tag(calls.closing)}" if calls.closing else ""
        if calls.array:
            more = '(space "," space call)*' if self.parallel else ""
            rest = f'space "[" space call {more} space "]" {closing}'
        else:
            more = f"(space {opening} space call {closing})*" if self.parallel and not calls.bare else ""
            rest = f"space call {closing} {more}"
        choices = "\n | ".join(_call_rule(tool, calls, index) for index, tool in enumerate(self.tools))
        frame = f"start: {opening if self.required else ''} {rest}\ncall: {choices}"
        return GrammarSource(frame, [tool.arguments for tool in self.tools], "tools")

    def prompt(self) -> str:
        """Instructions for models whose template does not support tools."""
        return PROMPT.format(tools="\n".join(json.dumps(t.definition, ensure_ascii=False) for t in self.tools))


def _call_rule(tool: Tool, calls: CallFormat, index: int) -> str:
    """The rule for one call; a bare call's beginning is its opening, and is left out."""
    begin = "" if calls.bare else rf'"{{" space {json_literal("name")} space'
    key = json_literal(calls.arguments)
    name = json_literal(tool.name)
    return f'{begin} ":" space {name} space "," space {key} space ":" space schema_{index} space "}}"'


def read_toolbox(body: JsonReader) -> Toolbox | None:
    """The tools of a request that the model may call; None for none.

    Raises
    ------
    RequestError
        Naming the field at fault.
    """
    return _select_tools(body["tool_choice"], _tools(body["tools"]), _parallel(body["parallel_tool_calls"]))


def _tools(tools: JsonReader) -> list[Tool]:
    if not tools.value:
        return []
    if not isinstance(tools.value, list) or len(tools.value) > MAX_TOOLS:
        raise tools.must_be(f"an array of up to {MAX_TOOLS} tools")
    return [_tool(tool) for tool in tools.each()]


def _parallel(wanted: JsonReader) -> bool:
    return wanted.flag() if wanted.given else True


def _tool(tool: JsonReader) -> Tool:
    if not isinstance(tool.value, dict) or not isinstance(tool.value.get("type"), str):
        raise tool.must_be("an object with a 'type'")
    if tool.value["type"] != "function":
        raise tool.refused(f"this model calls functions only, and it is of type '{tool.value['type']}'")
    function = tool["function"]
    if not isinstance(function.value, dict):
        raise function.must_be("an object with a 'name'")
    name = function["name"]
    if not isinstance(name.value, str) or not name.value:
        raise name.must_be("a non-empty string")
    return Tool(name.value, _arguments(function), tool.value)


def _arguments(function: JsonReader) -> SchemaPart:
    """The schema of the arguments. If the function is `strict`, what a grammar cannot enforce is refused."""
    parameters = function["parameters"]
    schema = parameters.object() if parameters.given else {"properties": {}}
    check_schema(JsonReader(schema, parameters.path))
    return SchemaPart({"type": "object", **schema}, parameters.path, lenient=not function["strict"].flag())


def _select_tools(choice: JsonReader, tools: Sequence[Tool], parallel: bool) -> Toolbox | None:
    value = choice.value
    if value in (None, "auto", "none", "required"):
        if value == "required" and not tools:
            raise choice.invalid("sent beside tools")
        return None if value == "none" or not tools else Toolbox(tools, value == "required", parallel)
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "function":
        return Toolbox([_by_name(choice["function"], tools)], True, parallel=False)
    if kind == "allowed_tools":
        allowed = choice["allowed_tools"]
        kept = [_by_name(tool["function"], tools) for tool in allowed["tools"].each()]
        required = allowed["mode"].one_of({"auto": False, "required": True})
        return Toolbox(kept, required, parallel) if kept else None
    expected = '"none", "auto", "required" or name a function: {"type": "function", "function": {"name": "..."}}'
    raise choice.must_be(expected, "invalid_value")


def _by_name(function: JsonReader, tools: Sequence[Tool]) -> Tool:
    name = function["name"].text()
    for tool in tools:
        if tool.name == name:
            return tool
    raise function["name"].must_be(f"the name of one of the tools, and {name!r:.100} is not", "invalid_value")
