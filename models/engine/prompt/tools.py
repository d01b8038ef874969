"""The tools of a request: their validation, their description for the model, and the grammar of their calls."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.grammar.gbnf import RuleBook, either, json_literal, literal
from models.engine.grammar.json_schema import SchemaCompiler, bounded
from models.engine.prompt.call_format import CallFormat
from models.wire.errors import RequestError
from models.wire.fields import Body, unsupported

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


def read_toolbox(body: Body) -> Toolbox | None:
    """The tools of a request that the model may call; None for none.

    Raises
    ------
    RequestError
        Naming the field at fault.
    """
    given = body.get("tools") or []
    if not isinstance(given, list) or len(given) > MAX_TOOLS:
        raise RequestError(f"Field 'tools' must be an array of up to {MAX_TOOLS} tools.", param="tools")
    tools = [_tool(item, f"tools[{index}]") for index, item in enumerate(given)]
    parallel = body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise RequestError("Field 'parallel_tool_calls' must be true or false.", param="parallel_tool_calls")
    return _select_tools(body.get("tool_choice"), tools, parallel is not False)


def _tool(item: Any, where: str) -> Tool:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise RequestError(f"{where} must be an object with a 'type'.", param=where, code="invalid_type")
    if item["type"] != "function":
        raise unsupported(where, f"{where} is of type '{item['type']}', and this model calls functions only.")
    function = item.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        raise RequestError(f"{where}.function must be an object with a 'name'.", param=f"{where}.function")
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(parameters, dict):
        raise RequestError(f"{where}.function.parameters must be a schema.", param=f"{where}.function.parameters")
    strict = function.get("strict") is True
    return Tool(function["name"], strict, {"type": "object", **parameters}, item, where)


def _select_tools(choice: Any, tools: Sequence[Tool], parallel: bool) -> Toolbox | None:
    if choice in (None, "auto", "none", "required"):
        if choice == "required" and not tools:
            raise RequestError("Field 'tool_choice' is \"required\", but there are no tools.", param="tool_choice")
        return None if choice == "none" or not tools else Toolbox(tools, choice == "required", parallel)
    if isinstance(choice, dict) and choice.get("type") == "function":
        named = _by_name(choice.get("function"), tools)
        return Toolbox([named], True, parallel=False)
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools") or {}
        kept = [_by_name(item.get("function"), tools) for item in allowed.get("tools") or [] if isinstance(item, dict)]
        return Toolbox(kept, allowed.get("mode") == "required", parallel) if kept else None
    raise RequestError(
        'Field \'tool_choice\' must be "none", "auto", "required" or name a function: '
        '{"type": "function", "function": {"name": "..."}}.',
        param="tool_choice",
        code="invalid_value",
    )


def _by_name(function: Any, tools: Sequence[Tool]) -> Tool:
    name = function.get("name") if isinstance(function, dict) else None
    for tool in tools:
        if tool.name == name:
            return tool
    raise RequestError(f"Field 'tool_choice' names {name!r}, which is not among the tools.", param="tool_choice")
