"""From a Messages request to a chat request: what is translated, what has no effect, what is refused."""

from typing import Any

import pytest

from gateway.dialects.messages.request import REFUSED, to_chat
from models.wire.chat import ChatRequest
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader

TOOL = {"name": "weather", "description": "Tells it.", "input_schema": {"type": "object"}}
CHAT_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object"}, "description": "Tells it."},
}
USE = {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Lund"}}
CHAT_CALL = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Lund"}'}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "rain"}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}
CHAT_PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}


def chat(**body: Any) -> dict[str, Any]:
    translated = to_chat(JsonReader({"model": "auto", "max_tokens": 9, "messages": [user("hi")], **body}))
    ChatRequest.parse(translated)
    return translated


def chat_tool(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**CHAT_TOOL["function"], "parameters": schema, **more}}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def thought(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": ""}


ASKED = [user("hi"), {"role": "assistant", "content": [text("Looking."), USE]}]
CHAT_ASKED = [user("hi"), {"role": "assistant", "content": "Looking.", "tool_calls": [CHAT_CALL]}]


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        ([user([{**text("hi"), "cache_control": {"type": "ephemeral"}}])], [user("hi")]),
        ([user([text("what is it?"), PICTURE])], [user([text("what is it?"), CHAT_PICTURE])]),
        (
            [user([{"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}])],
            [user([{"type": "image_url", "image_url": {"url": "https://a/b.png"}}])],
        ),
        (
            [
                user(
                    [
                        {
                            "type": "document",
                            "title": "a.pdf",
                            "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"},
                        }
                    ]
                )
            ],
            [
                user(
                    [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"}}],
                )
            ],
        ),
        (
            [user([{"type": "document", "title": "Notes", "source": {"type": "text", "data": "abc"}}])],
            [user([text("Notes"), text("abc")])],
        ),
        (
            [user([{"type": "search_result", "title": "T", "source": "S", "content": [text("found")]}])],
            [user("T\nS\nfound")],
        ),
        # results come first, whatever their place
        (
            [*ASKED, user([RESULT, text("and?")])],
            [*CHAT_ASKED, {"role": "tool", "tool_call_id": "t1", "content": "rain"}, user("and?")],
        ),
        # text and thoughts between calls belong to the one message of the turn
        (
            [
                user("hi"),
                {
                    "role": "assistant",
                    "content": [thought("Hm."), USE, text("Looking."), thought("Well."), {**USE, "id": "t2"}],
                },
                user([RESULT, {**RESULT, "tool_use_id": "t2"}]),
            ],
            [
                user("hi"),
                {
                    "role": "assistant",
                    "content": "Looking.",
                    "reasoning_content": "Hm.\n\nWell.",
                    "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "t2"}],
                },
                {"role": "tool", "tool_call_id": "t1", "content": "rain"},
                {"role": "tool", "tool_call_id": "t2", "content": "rain"},
            ],
        ),
        # pictures that a tool returned follow
        (
            [*ASKED, user([{**RESULT, "content": [text("see"), PICTURE]}])],
            [
                *CHAT_ASKED,
                {"role": "tool", "tool_call_id": "t1", "content": "see"},
                user([text("What tool call t1 returned:"), CHAT_PICTURE]),
            ],
        ),
        # that it failed is said in words
        (
            [*ASKED, user([{**RESULT, "is_error": True}])],
            [*CHAT_ASKED, {"role": "tool", "tool_call_id": "t1", "content": "Error: rain"}],
        ),
        (
            [*ASKED, user([{"type": "tool_result", "tool_use_id": "t1"}])],
            [*CHAT_ASKED, {"role": "tool", "tool_call_id": "t1", "content": ""}],
        ),
        (
            [
                user("hi"),
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "Hm.", "signature": ""},
                        {"type": "redacted_thinking", "data": "AAAA"},
                        text("a"),
                        text("b"),
                    ],
                },
                user("go on"),
            ],
            [user("hi"), {"role": "assistant", "content": "ab", "reasoning_content": "Hm."}, user("go on")],
        ),
        (
            [{"role": "system", "content": "be brief"}, user("hi")],
            [{"role": "system", "content": "be brief"}, user("hi")],
        ),
    ],
)
def test_messages(given: Any, messages: list[dict[str, Any]]) -> None:
    assert chat(messages=given)["messages"] == messages


@pytest.mark.parametrize("system", ["a\n\nb", [text("a"), text("b")]])
def test_system(system: Any) -> None:
    assert chat(system=system)["messages"] == [{"role": "system", "content": "a\n\nb"}, user("hi")]


SCHEMA = {"type": "object", "properties": {}}
CLOSED = {**SCHEMA, "additionalProperties": False}
CITY = {"type": "object", "properties": {"city": {"type": "string", "minLength": 1}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"temperature": 0.5, "top_p": 0.9, "top_k": 3}, {"temperature": 0.5, "top_p": 0.9, "top_k": 3}),
        ({"stop_sequences": ["END"]}, {"stop": ["END"]}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, {"tools": [CHAT_TOOL], "tool_choice": "required"}),
        ({"tools": [{**TOOL, "type": "custom"}]}, {"tools": [CHAT_TOOL]}),
        (
            {
                "tools": [TOOL],
                "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
            },
            {
                "tools": [CHAT_TOOL],
                "tool_choice": {"type": "function", "function": {"name": "weather"}},
                "parallel_tool_calls": False,
            },
        ),
        (
            {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": CLOSED}}},
            {
                "reasoning_effort": "low",
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": CLOSED, "strict": True},
                },
            },
        ),
        # strict only where OpenAI's strict mode takes the schema
        (
            {"output_format": {"type": "json_schema", "schema": SCHEMA}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}},
        ),
        ({"tools": [{**TOOL, "strict": True}]}, {"tools": [CHAT_TOOL]}),
        ({"tools": [{**TOOL, "input_schema": CITY, "strict": True}]}, {"tools": [chat_tool(CITY)]}),
        (
            {"tools": [{**TOOL, "input_schema": CLOSED, "strict": True}]},
            {"tools": [chat_tool(CLOSED, strict=True)]},
        ),
        ({"tools": [{**TOOL, "input_schema": CLOSED, "strict": False}]}, {"tools": [chat_tool(CLOSED)]}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"service_tier": "auto", "speed": "standard"}, {}),
        ({"seed": 7}, {"seed": 7}),
        ({"metadata": {"user_id": "u"}, "thinking": {"type": "enabled", "budget_tokens": 1024}}, {}),
        ({"context_management": {"edits": []}, "cache_control": {"type": "ephemeral"}}, {}),
        ({"fallbacks": "default", "fallback_credit_token": "t"}, {}),
        ({"tools": [], "tool_choice": {"type": "auto"}}, {}),
        (dict.fromkeys(REFUSED), {}),
    ],
)
def test_fields(body: dict[str, Any], expected: dict[str, Any]) -> None:
    assert chat(**body) == {"model": "auto", "messages": [user("hi")], "max_completion_tokens": 9, **expected}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [user(None)]}, "messages[0].content"),
        ({"messages": [user([{"type": "video"}])]}, "messages[0].content[0].type"),
        ({"messages": [user([{"type": ["text"]}])]}, "messages[0].content[0].type"),
        (
            {"messages": [user([{"type": "image", "source": {"type": "file", "file_id": "f"}}])]},
            "messages[0].content[0].source.type",
        ),
        (
            {"messages": [user([{"type": "document", "source": {"type": "url", "url": "u"}}])]},
            "messages[0].content[0].source.type",
        ),
        ({"messages": [user("hi"), {"role": "assistant", "content": "Once"}]}, "messages[1].role"),
        (
            {"messages": [{"role": "assistant", "content": [{**USE, "input": "x"}]}, user("hi")]},
            "messages[0].content[0].input",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}, user("hi")]},
            "messages[0].content[0].type",
        ),
        ({"system": 7}, "system"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "x"}]}, "tools[0].input_schema"),
        ({"tools": [{**TOOL, "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
        ({"mcp_servers": [{"url": "u"}]}, "mcp_servers"),
        ({"container": "c"}, "container"),
        ({"thread": {"type": "create"}}, "thread"),
        ({"compaction": {"type": "summary"}}, "compaction"),
        ({"billing_policy": {"type": "billing_policy"}}, "billing_policy"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"speed": "fast"}, "speed"),
        ({"thinking": True}, "thinking"),
        ({"stream": 1}, "stream"),
    ],
)
def test_the_field_at_fault_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        chat(**body)
    assert caught.value.param == param
    assert param in caught.value.message


def test_documents_within_documents_end_somewhere() -> None:
    document: dict[str, Any] = text("x")
    for _ in range(500):
        document = {"type": "document", "source": {"type": "content", "content": [document]}}
    with pytest.raises(RequestError, match="must be one of image, text"):
        chat(messages=[user([document])])
