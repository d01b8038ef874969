"""The tools of a request: their validation, their description for the model, and the grammar of their calls."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.grammar.gbnf import RuleBook, either, json_literal, literal
from models.engine.grammar.json_schema import SchemaCompiler, bounded
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
    """One function that the model may call. If `strict`, a schema that the grammar cannot enforce is refused."""

    name: str
    strict: bool
    parameters: Mapping[str, Any]
    definition: Mapping[str, Any]
    where: str


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

    def grammar(self, calls: CallFormat, *, opened: bool) -> str:
        """The grammar of one or more calls; `opened` says that the first opening has been generated already.

        Raises
        ------
        RequestError
            If the schema of a tool's parameters is unsupported.
        """
        book = RuleBook()
        call = book.add("call", either([_call_rule(book, tool, calls) for tool in self.tools]))
        opening, closing = literal(calls.opening), f"space {literal(calls.closing)}" if calls.closing else ""
        if calls.array:
            more = f'(space "," space {call})*' if self.parallel else ""
            rest = f'space "[" space {call} {more} space "]" {closing}'
        else:
            more = f"(space {opening} space {call} {closing})*" if self.parallel and not calls.bare else ""
            rest = f"space {call} {closing} {more}"
        return bounded(book.text(rest if opened else f"{opening} {rest}"), "tools")

    def prompt(self) -> str:
        """Instructions for models whose template does not support tools."""
        return PROMPT.format(tools="\n".join(json.dumps(t.definition, ensure_ascii=False) for t in self.tools))


def _call_rule(book: RuleBook, tool: Tool, calls: CallFormat) -> str:
    """The rule for one call; a bare call's beginning is its opening, and is left out."""
    where = f"{tool.where}.function.parameters"
    arguments = SchemaCompiler(book, tool.parameters, where, lenient=not tool.strict).rule()
    name = json_literal(tool.name)
    begin = "" if calls.bare else '"{" space "\\"name\\"" space'
    key = json_literal(calls.arguments)
    return book.add(
        f"call-{tool.name}",
        f'{begin} ":" space {name} space "," space {key} space ":" space {arguments} space "}}"',
    )


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
    if (
        not isinstance(function.value, dict)
        or not isinstance(function["name"].value, str)
        or not function["name"].value
    ):
        raise function.must_be("an object with a 'name'")
    parameters = function["parameters"].value or {"type": "object", "properties": {}}
    if not isinstance(parameters, dict):
        raise function["parameters"].must_be("a JSON schema")
    strict = function["strict"].value is True
    return Tool(function["name"].value, strict, {"type": "object", **parameters}, tool.value, tool.path)


def _select_tools(choice: JsonReader, tools: Sequence[Tool], parallel: bool) -> Toolbox | None:
    value = choice.value
    if value in (None, "auto", "none", "required"):
        if value == "required" and not tools:
            raise choice.invalid("sent beside tools")
        return None if value == "none" or not tools else Toolbox(tools, value == "required", parallel)
    if isinstance(value, dict) and value.get("type") == "function":
        return Toolbox([_by_name(choice, value.get("function"), tools)], True, parallel=False)
    if isinstance(value, dict) and value.get("type") == "allowed_tools":
        allowed = value.get("allowed_tools") or {}
        items = [item.get("function") for item in allowed.get("tools") or [] if isinstance(item, dict)]
        kept = [_by_name(choice, function, tools) for function in items]
        return Toolbox(kept, allowed.get("mode") == "required", parallel) if kept else None
    expected = '"none", "auto", "required" or name a function: {"type": "function", "function": {"name": "..."}}'
    raise choice.must_be(expected, "invalid_value")


def _by_name(choice: JsonReader, function: Any, tools: Sequence[Tool]) -> Tool:
    name = function.get("name") if isinstance(function, dict) else None
    for tool in tools:
        if tool.name == name:
            return tool
    raise choice.must_be(f"about one of the tools, and {name!r:.100} is none of them", "invalid_value")
