"""Content blocks of the Messages API, as chat messages."""

from collections.abc import Callable
from typing import Any

import orjson

from gateway.dialects.message_builder import Conversation, Part
from models.wire.json_reader import TEXT_OR_ARRAY, JsonReader


def system_text(system: JsonReader) -> str:
    """The system prompt, its blocks as paragraphs of one text."""
    return system.value if isinstance(system.value, str) else _texts(system, TEXT_OR_ARRAY)


def to_messages(messages: JsonReader) -> list[dict[str, Any]]:
    """The conversation, which must end with the user's turn."""
    conversation = Conversation()
    turns = list(messages.each())
    if not turns:
        raise messages.wrong("a non-empty array")
    for turn in turns:
        turn["role"].one_of(_TURNS)(conversation, turn["content"])
    if turns[-1]["role"].value == "assistant":
        why = "the models behind this endpoint begin a turn of their own; end with a message of the user"
        raise turns[-1]["role"].refused(why)
    return conversation.messages()


def _system(conversation: Conversation, content: JsonReader) -> None:
    conversation.say("system", system_text(content))


def _user(conversation: Conversation, content: JsonReader) -> None:
    if isinstance(content.value, str):
        conversation.say("user", content.value)
        return
    blocks = list(content.each(TEXT_OR_ARRAY))
    rest = [block for block in blocks if block["type"].value != "tool_result"]
    for block in blocks:
        if block["type"].value == "tool_result":
            conversation.result(block["tool_use_id"].text(), _result(block))
    if rest or not blocks:
        conversation.say("user", [part for block in rest for part in block["type"].one_of(_PARTS)(block)])


def _assistant(conversation: Conversation, content: JsonReader) -> None:
    if isinstance(content.value, str):
        conversation.say("assistant", content.value)
        return
    text = ""
    for block in content.each(TEXT_OR_ARRAY):
        if block["type"].value == "text":
            text += block["text"].text()
            continue
        if text:
            conversation.say("assistant", text)
            text = ""
        block["type"].one_of(_DONE)(conversation, block)
    if text:
        conversation.say("assistant", text)


def _thought(conversation: Conversation, block: JsonReader) -> None:
    conversation.reason(block["thinking"].text())


def _thought_hidden(_conversation: Conversation, _block: JsonReader) -> None:
    """Encrypted by its author, so nobody here can read it."""


def _called(conversation: Conversation, block: JsonReader) -> None:
    arguments = orjson.dumps(block["input"].object()).decode()
    function = {"name": block["name"].text(), "arguments": arguments}
    conversation.call({"id": block["id"].text(), "type": "function", "function": function})


def _result(block: JsonReader) -> str | list[Part]:
    """What a tool returned. That it failed can only be said in words."""
    content: str | list[Part] = ""
    if block["content"].given:
        content = _content(block["content"])
    if not block["is_error"].flag():
        return content
    return f"Error: {content}" if isinstance(content, str) else [{"type": "text", "text": "Error:"}, *content]


def _content(content: JsonReader, kinds: "Kinds | None" = None) -> str | list[Part]:
    if isinstance(content.value, str):
        return content.value
    return [part for block in content.each(TEXT_OR_ARRAY) for part in block["type"].one_of(kinds or _PARTS)(block)]


def _text(block: JsonReader) -> list[Part]:
    return [{"type": "text", "text": block["text"].text()}]


def _image(block: JsonReader) -> list[Part]:
    url = block["source"]["type"].one_of(_IMAGE_SOURCES)(block["source"])
    return [{"type": "image_url", "image_url": {"url": url}}]


def _data_url(source: JsonReader) -> str:
    return f"data:{source['media_type'].text()};base64,{source['data'].text()}"


def _address(source: JsonReader) -> str:
    return source["url"].text()


def _document(block: JsonReader) -> list[Part]:
    source, title = block["source"], block["title"].optional_text()
    heading = [{"type": "text", "text": text} for text in (title, block["context"].optional_text()) if text]
    kind = source["type"].text()
    if kind == "text":
        return [*heading, {"type": "text", "text": source["data"].text()}]
    if kind == "content":
        content = _content(source["content"], _PARTS_OF_DOCUMENTS)
        return [*heading, *([{"type": "text", "text": content}] if isinstance(content, str) else content)]
    if kind != "base64":
        raise source["type"].refused("send the document itself, in base64 or as text")
    file = {"filename": title or "document.pdf", "file_data": _data_url(source)}
    return [*heading[1 if title else 0 :], {"type": "file", "file": file}]


def _search_result(block: JsonReader) -> list[Part]:
    head = f"{block['title'].text()}\n{block['source'].text()}\n"
    return [{"type": "text", "text": head + _texts(block["content"])}]


def _texts(blocks: JsonReader, expected: str = "an array") -> str:
    return "\n\n".join(block["text"].text() for block in blocks.each(expected))


_TURNS: dict[str, Callable[[Conversation, JsonReader], None]] = {
    "user": _user,
    "assistant": _assistant,
    "system": _system,
}
_DONE: dict[str, Callable[[Conversation, JsonReader], None]] = {
    "tool_use": _called,
    "thinking": _thought,
    "redacted_thinking": _thought_hidden,
}
Kinds = dict[str, Callable[[JsonReader], list[Part]]]
_PARTS_OF_DOCUMENTS: Kinds = {"text": _text, "image": _image}
_PARTS: Kinds = {**_PARTS_OF_DOCUMENTS, "document": _document, "search_result": _search_result}
_IMAGE_SOURCES: dict[str, Callable[[JsonReader], str]] = {"base64": _data_url, "url": _address}
