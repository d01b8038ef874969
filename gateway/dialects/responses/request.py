"""From a Responses request to a chat request. A field is translated, known to have no effect here, or refused.

Fields that the Responses API does not know (`seed`, `top_k`: what clients add for other servers) are passed on as they
are.
"""

from typing import Any

from gateway.dialects.responses.input_items import to_messages
from gateway.dialects.responses.tool_names import ToolNames, offered
from gateway.dialects.responses.tools import found_tools, to_tool_choice, to_tools
from models.wire.json_reader import JsonReader

SAME_IN_CHAT = (
    "model", "stream", "temperature", "top_p", "service_tier", "safety_identifier", "user", "prompt_cache_key",
    "prompt_cache_retention", "prompt_cache_options",
)  # fmt: skip

WITHOUT_EFFECT = (
    "metadata",  # labels for a stored response
    "client_metadata",
    "store",  # `gateway.conversations` keeps the answer, or not
    "max_tool_calls",  # counts only tools that the provider runs itself, and those are refused
    "truncation",  # nothing is ever truncated: what does not fit is an error
)

REFUSED = {
    "previous_response_id": "it is not kept here; send the whole conversation in 'input', with the earlier answer's "
    "output items in it",
    "conversation": "conversations are not stored; send the earlier turns in 'input'",
    "prompt": "prompt templates are not stored; send their text in 'instructions' or 'input'",
    "background": "answers are not kept for later; leave it out, and stream if the answer takes long",
    "background_options": "answers are not kept for later; leave it out",
    "context_management": "the conversation is sent as it is; leave it out, and shorten 'input' yourself",
    "moderation": "the answer is not moderated here; call the provider's moderation endpoint yourself",
    "image": "images are sent as they are; leave it out",
    "access_programs": "leave it out",
}
"""Fields that would change what happens, and what to do instead."""

_TRANSLATED = (
    "input", "instructions", "include", "max_output_tokens", "parallel_tool_calls", "reasoning", "stream_options",
    "text", "tool_choice", "tools", "top_logprobs",
)  # fmt: skip
KNOWN = frozenset((*SAME_IN_CHAT, *WITHOUT_EFFECT, *REFUSED, *_TRANSLATED))

LOGPROBS = "message.output_text.logprobs"

NAMES_HERE = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "logprobs": "top_logprobs",
}
"""What a field of the chat request is called here, for errors that come from behind."""


def to_chat(body: JsonReader) -> dict[str, Any]:
    """The chat request that says the same, but for what the chat format cannot express, which is refused.

    Raises
    ------
    RequestError
        For a field that is malformed.
    """
    fields = body.object()
    for name, why in REFUSED.items():
        if fields.get(name) not in (None, False, [], {}):
            body[name].refuse(why)
    chat = {name: fields[name] for name in SAME_IN_CHAT if fields.get(name) is not None}
    chat |= {name: value for name, value in fields.items() if name not in KNOWN}
    chat["messages"] = to_messages(body)
    if body["max_output_tokens"].given:
        chat["max_completion_tokens"] = body["max_output_tokens"].positive()
    chat |= _tools(body) | _text(body["text"]) | _logprobs(body)
    if body["reasoning"].given:
        chat |= _reasoning(body["reasoning"])
    if body["stream"].flag():
        chat["stream_options"] = _stream_options(body["stream_options"])
    return chat


def _tools(body: JsonReader) -> dict[str, Any]:
    names = ToolNames(offered(body.object()))
    tools = to_tools(body["tools"], names) if body["tools"].given else []
    tools += found_tools(body["input"], names)
    choice = to_tool_choice(body["tool_choice"], names) if body["tool_choice"].given else None
    if not tools:
        return {}  # the chat format takes the other fields only beside tools
    chat: dict[str, Any] = {"tools": tools}
    if choice is not None:
        chat["tool_choice"] = choice
    if body["parallel_tool_calls"].given:
        chat["parallel_tool_calls"] = body["parallel_tool_calls"].flag()
    return chat


def _text(text: JsonReader) -> dict[str, Any]:
    if not text.given:
        return {}
    chat: dict[str, Any] = {}
    if text["verbosity"].given:
        chat["verbosity"] = text["verbosity"].text()
    if text["format"].given:
        chat |= _format(text["format"])
    return chat


def _format(format_: JsonReader) -> dict[str, Any]:
    kind = format_["type"].text()
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"response_format": _json_object(format_["schema"])}
    if kind != "json_schema":
        raise format_["type"].unknown(("text", "json_object", "json_schema"))
    format_["name"].text()
    format_["schema"].object()
    schema = {name: value for name, value in format_.object().items() if name != "type" and value is not None}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _json_object(schema: JsonReader) -> dict[str, Any]:
    """Any object; with a schema, as some servers take it here, one that fits it."""
    if not schema.given:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema.object())}}


def _reasoning(reasoning: JsonReader) -> dict[str, Any]:
    """`summary` only asks to see more: what the model shows of its reasoning is always in the answer, whole."""
    for name, usual in (("mode", "standard"), ("context", "auto")):
        if reasoning[name].value not in (None, usual):
            reasoning[name].refuse("the chat format behind this endpoint has no such setting; leave it out")
    effort = reasoning["effort"].optional_text()
    return {} if effort is None else {"reasoning_effort": effort}


def _logprobs(body: JsonReader) -> dict[str, Any]:
    include = [item.text() for item in body["include"].each()] if body["include"].given else []
    most = body["top_logprobs"].value
    if LOGPROBS not in include and not most:
        return {}
    return {"logprobs": True} if most is None else {"logprobs": True, "top_logprobs": most}


def _stream_options(options: JsonReader) -> dict[str, Any]:
    if options.given and options["include_obfuscation"].flag():
        options["include_obfuscation"].refuse("events are sent at their own length; leave it out")
    return {"include_usage": True}
