"""Input items of the Responses API, as chat messages."""

from collections.abc import Callable
from typing import Any

from gateway.dialects.message_builder import Conversation
from gateway.dialects.responses.parts import to_content
from models.wire.json_reader import TEXT_OR_ARRAY, JsonReader

# The newer name is known to fewer servers, and means the same.
_ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}


def to_messages(body: JsonReader) -> list[dict[str, Any]]:
    """`instructions` and `input` as one conversation."""
    conversation = Conversation()
    if instructions := body["instructions"].optional_text():
        conversation.say("system", instructions)
    given = body["input"]
    if isinstance(given.value, str):
        conversation.say("user", given.value)
        return conversation.messages()
    if given.value or not body.refusals:  # with a stored conversation, say, there need be no input
        for item in given.each(TEXT_OR_ARRAY):
            _add(conversation, item)
    messages = conversation.messages()
    if not messages and not body.refusals:
        raise given.wrong("a string or an array with at least one message")
    return messages or [{"role": "user", "content": ""}]


def _add(conversation: Conversation, item: JsonReader) -> None:
    kind = item["type"]
    if not kind.given and item["role"].given:
        return _message(conversation, item)
    if (name := kind.text()) in _ITEMS:
        return _ITEMS[name](conversation, item)
    return kind.refuse(f"input items may be {', '.join(_ITEMS)}, and this is {name!r:.60}")


def _message(conversation: Conversation, item: JsonReader) -> None:
    conversation.say(item["role"].one_of(_ROLES), to_content(item["content"]))


def _reasoning(conversation: Conversation, item: JsonReader) -> None:
    """Only a model's own words go back to it: summaries are not, and what is encrypted is nobody's here to read."""
    if item["content"].given:
        conversation.reason("".join(part["text"].text() for part in item["content"].each()))


def _function_call(conversation: Conversation, item: JsonReader) -> None:
    function = {"name": item["name"].text(), "arguments": item["arguments"].text()}
    conversation.call({"id": item["call_id"].text(), "type": "function", "function": function})


def _custom_call(conversation: Conversation, item: JsonReader) -> None:
    custom = {"name": item["name"].text(), "input": item["input"].text()}
    conversation.call({"id": item["call_id"].text(), "type": "custom", "custom": custom})


def _result(conversation: Conversation, item: JsonReader) -> None:
    conversation.result(item["call_id"].text(), to_content(item["output"]))


_ITEMS: dict[str, Callable[[Conversation, JsonReader], None]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "function_call_output": _result,
    "custom_tool_call": _custom_call,
    "custom_tool_call_output": _result,
}
