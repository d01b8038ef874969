"""From a Messages request to a chat request. A field is translated, known to have no effect here, or refused.

Fields that the Messages API does not know (`seed`, say) are passed on as they are.
"""

from typing import Any

from gateway.dialects.messages.blocks import system_text, to_messages
from gateway.dialects.messages.strict_schema import is_strict
from gateway.dialects.messages.tools import to_tool_choice, to_tools
from models.wire.json_reader import JsonReader

SAME_IN_CHAT = ("model", "stream", "temperature", "top_p", "top_k")

LOCAL_ONLY = frozenset({"top_k"})
"""Fields that the chat format does not have; local servers take them all the same, and clouds refuse them."""

WITHOUT_EFFECT = (
    "metadata", "user_profile_id", "workspace_id",  # whom the provider shall hold responsible
    "cache_control",  # what is cached is found out, not told
    "thinking",  # allows reasoning, up to a limit; what the model shows of it is shown where it was allowed
    "context_management",  # leaves things out to save room; nothing is ever left out, and what does not fit is an error
    "fallbacks", "fallback_credit_token",  # which models stand in for others, the configuration says
)  # fmt: skip

REFUSED = {
    "container": "nothing is run here; leave it out",
    "billing_policy": "the providers' keys say who pays; leave it out",
    "compaction": "the conversation is not summarised here; ask a model for a summary in 'messages'",
    "diagnostics": "no cache diagnostics are kept; leave it out",
    "inference_geo": "where the configured providers compute is not known here; leave it out",
    "mcp_servers": "the gateway calls no tools by itself; connect to the server yourself and send its tools in 'tools'",
    "thread": "conversations are not stored; send all of their messages",
}
"""Fields that would change what happens, and what to do instead."""

_TRANSLATED = (
    "max_tokens", "messages", "output_config", "output_format", "service_tier", "speed", "stop_sequences", "system",
    "tool_choice", "tools",
)  # fmt: skip
KNOWN = frozenset((*SAME_IN_CHAT, *WITHOUT_EFFECT, *REFUSED, *_TRANSLATED))

NAMES_HERE = {
    "max_completion_tokens": "max_tokens",
    "stop": "stop_sequences",
    "reasoning_effort": "output_config.effort",
}
"""What a field of the chat request is called here, for errors that come from behind."""


def to_chat(body: JsonReader, *, counting: bool = False) -> dict[str, Any]:
    """The chat request that says the same; one that only asks for a count needs no limit on the answer.

    Raises
    ------
    RequestError
        For a field that is malformed, or that the chat format cannot express.
    """
    fields = body.object()
    for name, why in REFUSED.items():
        if fields.get(name) not in (None, []):
            raise body[name].refused(why)
    chat = {name: fields[name] for name in SAME_IN_CHAT if fields.get(name) is not None}
    chat |= {name: value for name, value in fields.items() if name not in KNOWN}
    chat["messages"] = _messages(body)
    if not counting or body["max_tokens"].given:
        chat["max_completion_tokens"] = body["max_tokens"].positive()
    chat |= _tools(body) | _output(body) | _service(body)
    if body["stop_sequences"].given:
        chat["stop"] = [sequence.text() for sequence in body["stop_sequences"].each()]
    if body["thinking"].given:
        body["thinking"]["type"].text()
    if body["stream"].flag():
        chat["stream_options"] = {"include_usage": True}
    return chat


def shows_thinking(request_body: Any) -> bool:
    """Whether the caller of the Messages request `request_body` wants to see a model's reasoning."""
    thinking = request_body.get("thinking") or {}
    return thinking.get("type", "disabled") != "disabled" and thinking.get("display") != "omitted"


def _messages(body: JsonReader) -> list[dict[str, Any]]:
    system = body["system"]
    first = [{"role": "system", "content": system_text(system)}] if system.given and system.value else []
    return [*first, *to_messages(body["messages"])]


def _tools(body: JsonReader) -> dict[str, Any]:
    tools = to_tools(body["tools"]) if body["tools"].given else []
    choice = to_tool_choice(body["tool_choice"]) if body["tool_choice"].given else {}
    return {"tools": tools, **choice} if tools else {}


def _output(body: JsonReader) -> dict[str, Any]:
    chat: dict[str, Any] = {}
    config = body["output_config"]
    if config.given and config["effort"].given:
        chat["reasoning_effort"] = config["effort"].text()
    format_ = config["format"] if config.given and config["format"].given else body["output_format"]
    if format_.given:
        if format_["type"].text() != "json_schema":
            raise format_["type"].unknown(("json_schema",))
        schema: dict[str, Any] = {"name": "answer", "schema": format_["schema"].object()}
        if is_strict(schema["schema"]):
            schema["strict"] = True
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    return chat


def _service(body: JsonReader) -> dict[str, Any]:
    if body["speed"].value not in (None, "standard"):
        raise body["speed"].refused("answers come at the provider's usual speed; leave it out")
    tiers: dict[str, dict[str, Any]] = {"auto": {}, "standard_only": {"service_tier": "default"}}
    return body["service_tier"].one_of(tiers) if body["service_tier"].given else {}
