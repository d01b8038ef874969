"""Input items of the Responses API, as chat messages."""

from collections.abc import Callable
from typing import Any

import orjson

from gateway.dialects.message_builder import Conversation
from gateway.dialects.responses.call_item import INPUT, SEARCH_CALL
from gateway.dialects.responses.parts import to_content
from gateway.dialects.responses.tool_names import SEARCH, SEARCH_OUTPUT, ToolNames, offered
from gateway.dialects.responses.tools import to_tools
from models.wire.json_reader import TEXT_OR_ARRAY, JsonReader

# The newer name is known to fewer servers, and means the same.
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}


def to_messages(body: JsonReader) -> list[dict[str, Any]]:
    """`instructions` and `input` as one conversation."""
    conversation, names = Conversation(), ToolNames(offered(body.object()))
    if instructions := body["instructions"].optional_text():
        conversation.say("system", instructions)
    given = body["input"]
    if isinstance(given.value, str):
        conversation.say("user", given.value)
        return conversation.messages()
    if given.value or not body.refusals:  # with a stored conversation, say, there need be no input
        for item in given.each(TEXT_OR_ARRAY):
            _add(conversation, item, names)
    messages = conversation.messages()
    if not messages and not body.refusals:
        raise given.wrong("a string or an array with at least one message")
    return messages or [{"role": "user", "content": ""}]


def _add(conversation: Conversation, item: JsonReader, names: ToolNames) -> None:
    kind = item["type"]
    if not kind.given and item["role"].given:
        return _message(conversation, item)
    name = kind.text()
    if name in _SEARCHES and item["execution"].value == "client":
        return _SEARCHES[name](conversation, item, names)
    if name in _CALLS:
        return conversation.call(_call(item, names, _CALLS[name](item)))
    if name in _ITEMS:
        return _ITEMS[name](conversation, item)
    why = f"input items may be {', '.join((*_ITEMS, *_CALLS))}, and this is {name!r:.60}"
    return kind.leave_out(f"item {name}", why) if name in _HOSTED else kind.refuse(why)


def _message(conversation: Conversation, item: JsonReader) -> None:
    conversation.say(item["role"].one_of(_ROLES), to_content(item["content"]))


def _reasoning(conversation: Conversation, item: JsonReader) -> None:
    """Only a model's own words go back to it: summaries are not, and what is encrypted is nobody's here to read."""
    if item["content"].given:
        conversation.reason("".join(part["text"].text() for part in item["content"].each()))


def _call(item: JsonReader, names: ToolNames, arguments: str) -> dict[str, Any]:
    name = names.in_chat(item["name"].text(), item["namespace"].optional_text())
    function = {"name": name, "arguments": arguments}
    return {"id": item["call_id"].text(), "type": "function", "function": function}


def _search(conversation: Conversation, item: JsonReader, names: ToolNames) -> None:
    function = {"name": names.in_chat(SEARCH), "arguments": orjson.dumps(item["arguments"].object()).decode()}
    conversation.call({"id": item["call_id"].text(), "type": "function", "function": function})


def _found(conversation: Conversation, item: JsonReader, names: ToolNames) -> None:
    """The tools themselves are offered with those of the request; here stand their names."""
    found = [tool["function"]["name"] for tool in to_tools(item["tools"], names)]
    conversation.result(item["call_id"].text(), f"Tools that can be called now: {', '.join(found) or 'none'}")


def _arguments(item: JsonReader) -> str:
    return item["arguments"].text()


def _text_as_arguments(item: JsonReader) -> str:
    return orjson.dumps({INPUT: item["input"].text()}).decode()


def _result(conversation: Conversation, item: JsonReader) -> None:
    conversation.result(item["call_id"].text(), to_content(item["output"]))


_ITEMS: dict[str, Callable[[Conversation, JsonReader], None]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call_output": _result,
    "custom_tool_call_output": _result,
}

_CALLS: dict[str, Callable[[JsonReader], str]] = {
    "function_call": _arguments,
    "custom_tool_call": _text_as_arguments,
}
_SEARCHES: dict[str, Callable[[Conversation, JsonReader, ToolNames], None]] = {
    SEARCH_CALL: _search,
    SEARCH_OUTPUT: _found,
}
_HOSTED = frozenset(
    {
        "code_interpreter_call", "compaction", "computer_call", "computer_call_output", "file_search_call",
        "image_generation_call", "mcp_approval_request", "mcp_approval_response", "mcp_call", "mcp_list_tools",
        "tool_search_call", "tool_search_output", "web_search_call",
    }
)  # fmt: skip
"""What a provider's own tools leave in a history, and what only it can read."""
