"""Adapts a conversation to what the model's chat template can print, without losing content."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from models.engine.prompt.call_format import CallFormat, short_id
from models.engine.prompt.template import Message


def without_empty_calls(message: Message) -> Message:
    """An empty list of tool calls says the same as none, and some templates print it."""
    if message.get("tool_calls") != []:
        return message
    return {name: value for name, value in message.items() if name != "tool_calls"}


def with_parsed_arguments(message: Message, *, fill_empty: bool = False) -> Message:
    """Tool calls with their arguments as objects: the API has them as JSON text, templates expect objects.

    With `fill_empty`, arguments that are missing, null or an empty text become an empty object.
    """
    if not message.get("tool_calls"):
        return message
    calls = [_parsed(call) for call in message["tool_calls"]]
    return {**message, "tool_calls": [_filled(call) for call in calls] if fill_empty else calls}


def _filled(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or function.get("arguments") not in (None, ""):
        return call
    return {**call, "function": {**function, "arguments": {}}}


def _parsed(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    # The name comes first, as models write it; some clients send it last.
    parsed = {"name": function.get("name"), **function, "arguments": _object(function.get("arguments"))}
    return {**call, "function": parsed}


def _object(arguments: Any) -> Any:
    try:
        return json.loads(arguments)
    except (TypeError, ValueError):
        return arguments  # invalid JSON stays as the model wrote it


def with_short_ids(message: Message) -> Message:
    """The message with call ids of nine letters and digits."""
    if message.get("tool_calls"):
        message = {
            **message,
            "tool_calls": [{**call, "id": short_id(call.get("id"))} for call in message["tool_calls"]],
        }
    return {**message, "tool_call_id": short_id(message["tool_call_id"])} if "tool_call_id" in message else message


def calls_as_text(messages: Sequence[Message], calls: CallFormat) -> list[Message]:
    """For templates that print no calls: calls become assistant text, results become text of user or `result_role`."""
    converted: list[Message] = []
    for message in messages:
        if message["role"] in ("tool", "function") and calls.tools_in_system:
            converted.append({"role": calls.result_role, "content": message["content"]})
        elif message["role"] in ("tool", "function"):
            result = f"<tool_response>\n{message['content']}\n</tool_response>"
            if converted and converted[-1]["role"] == "user":
                previous = converted.pop()["content"]
                result = f"{previous}\n{result}"
            converted.append({"role": "user", "content": result})
        elif message.get("tool_calls"):
            text = calls.to_text([_function(_parsed(call)) for call in message["tool_calls"]])
            converted.append({"role": message["role"], "content": "\n".join(filter(None, (message["content"], text)))})
        else:
            converted.append(message)
    return converted


def _function(call: Any) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    fields = function if isinstance(function, dict) else {}
    return {"name": fields.get("name"), "arguments": fields.get("arguments")}


def tools_in_system(messages: Sequence[Message], tools: Sequence[Any]) -> list[Message]:
    """Messages with the tools as a field of the system message, which is added if there is none."""
    first, *rest = messages if messages[0]["role"] == "system" else [{"role": "system", "content": ""}, *messages]
    return [{**first, "tools": json.dumps(tools, ensure_ascii=False)}, *rest]


def with_system(messages: Sequence[Message], text: str) -> list[Message]:
    """Messages with `text` at the end of the system message, which is added if there is none."""
    first, *rest = messages
    if first["role"] == "system":
        return [{**first, "content": f"{first['content']}\n\n{text}"}, *rest]
    return [{"role": "system", "content": text}, *messages]


def system_first(messages: Sequence[Message]) -> list[Message]:
    """For templates that take one system message, and only at the beginning: all of them as one, there."""
    systems = [message for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not systems:
        return others
    return [{**systems[0], "content": _joined(message["content"] for message in systems)}, *others]


def merged_turns(messages: Sequence[Message]) -> list[Message]:
    """For templates whose roles must alternate: turns of the same role in a row become one. Results stay single."""
    merged: list[Message] = []
    for message in messages:
        last = merged[-1] if merged else None
        if last is None or last["role"] != message["role"] or message["role"] not in ("user", "assistant", "system"):
            merged.append(message)
            continue
        calls = [*last.get("tool_calls", ()), *message.get("tool_calls", ())]
        content = _joined((last["content"], message["content"]))
        merged[-1] = {**last, **message, "content": content, **({"tool_calls": calls} if calls else {})}
    return merged


def split_calls(messages: Sequence[Message]) -> list[Message]:
    """For templates that take one call a turn: each call becomes a turn of its own, its result right after it."""
    split: list[Message] = []
    rest = list(messages)
    while rest:
        message = rest.pop(0)
        calls = message.get("tool_calls") or ()
        if len(calls) < 2:
            split.append(message)
            continue
        n_results = next((n for n, m in enumerate(rest) if m["role"] != "tool"), len(rest))
        results, rest = rest[:n_results], rest[n_results:]
        for number, call in enumerate(calls):
            content = message["content"] if number == 0 else ""
            split.append({**message, "content": content, "tool_calls": [call]})
            own = next((r for r in results if r.get("tool_call_id") == _id(call)), None)
            if own is not None:
                results.remove(own)
                split.append(own)
        split += results
    return split


def _id(call: Any) -> Any:
    return call.get("id") if isinstance(call, dict) else None


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, texts))


def system_as_user(messages: Sequence[Message]) -> list[Message]:
    """For templates without a system role: the system message goes before the first user message."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    others = [message for message in messages if message["role"] != "system"]
    if not system:
        return others
    if others and others[0]["role"] == "user":
        return [{**others[0], "content": f"{system}\n\n{others[0]['content']}"}, *others[1:]]
    return [{"role": "user", "content": system}, *others]
