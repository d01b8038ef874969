"""From a Responses request to a chat request: what is translated, what has no effect, what is refused."""

from typing import Any

import pytest

from gateway.dialects.responses.request import REFUSED, to_chat
from models.wire.chat import ChatRequest
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader

FUNCTION = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": True}
CALL = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}", "id": "fc_1"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "rain"}
NAMESPACE = {"type": "namespace", "name": "docs", "description": "d", "tools": [FUNCTION]}
CUSTOM = {
    "type": "custom",
    "name": "patch",
    "description": "Edits.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
}
SEARCH = {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}
SECOND = {**RESULT, "call_id": "c2", "output": "sun"}
CHAT_CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "low"}
CHAT_PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}}


def chat(**body: Any) -> dict[str, Any]:
    translated = to_chat(JsonReader({"model": "auto", "input": "hi", **body}))
    ChatRequest.parse(translated)
    return translated


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def chat_call(name: str, arguments: str) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}


def chat_named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def chat_function(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}, "strict": True}}


CHAT_SEARCH = {"type": "function", "function": {"name": "tool_search", "parameters": {"type": "object"}}}
CHAT_CUSTOM = {
    "type": "function",
    "function": {
        "name": "patch",
        "description": "Edits.\n\nThe input is plain text that matches this grammar (lark):\nstart: x",
        "parameters": {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]},
    },
}


def reasoning(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": text}]}


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        ("hi", [user("hi")]),
        ([user("hi")], [user("hi")]),
        ([{"type": "message", **user([{"type": "input_text", "text": "hi"}])}], [user("hi")]),
        ([{"role": "developer", "content": "be brief"}], [{"role": "system", "content": "be brief"}]),
        (
            [user([{"type": "input_text", "text": "what is it?"}, PICTURE])],
            [user([{"type": "text", "text": "what is it?"}, CHAT_PICTURE])],
        ),
        (
            [user([{"type": "input_file", "file_data": "data:,x", "filename": "x.pdf"}])],
            [user([{"type": "file", "file": {"file_data": "data:,x", "filename": "x.pdf"}}])],
        ),
        (
            [user([{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}])],
            [user([{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}])],
        ),
        (
            [
                {
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
                }
            ],
            [{"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}],
        ),
        # a turn's text and calls are one message in the chat format
        (
            [user("hi"), {"role": "assistant", "content": "Looking."}, CALL, {**CALL, "call_id": "c2"}, RESULT],
            [
                user("hi"),
                {"role": "assistant", "content": "Looking.", "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "c2"}]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            ],
        ),
        # also where the text comes after the call, and more calls after that: results follow at once
        (
            [
                CALL,
                {"role": "assistant", "content": "Looking."},
                {**CALL, "call_id": "c2"},
                RESULT,
                user("and?"),
                SECOND,
            ],
            [
                {"role": "assistant", "content": "Looking.", "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "c2"}]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
                {"role": "tool", "tool_call_id": "c2", "content": "sun"},
                user("and?"),
            ],
        ),
        # between two results, too
        (
            [CALL, {**CALL, "call_id": "c2"}, RESULT, {"role": "assistant", "content": "Hm."}, SECOND],
            [
                {"role": "assistant", "content": "Hm.", "tool_calls": [CHAT_CALL, {**CHAT_CALL, "id": "c2"}]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
                {"role": "tool", "tool_call_id": "c2", "content": "sun"},
            ],
        ),
        # and with thoughts in between
        (
            [reasoning("Hm."), CALL, reasoning("Well."), {"role": "assistant", "content": "So."}, RESULT],
            [
                {
                    "role": "assistant",
                    "content": "So.",
                    "tool_calls": [CHAT_CALL],
                    "reasoning_content": "Hm.\n\nWell.",
                },
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            ],
        ),
        # a result that nobody asked for stays where it is
        ([RESULT, user("hi")], [{"role": "tool", "tool_call_id": "c1", "content": "rain"}, user("hi")]),
        # and calls after results are another turn
        (
            [CALL, RESULT, CALL],
            [
                {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
                {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
            ],
        ),
        # pictures from tools follow when all results are there
        (
            [CALL, {**RESULT, "output": [{"type": "input_text", "text": "see"}, PICTURE]}, {**RESULT, "call_id": "c2"}],
            [
                {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "see"},
                {"role": "tool", "tool_call_id": "c2", "content": "rain"},
                user([{"type": "text", "text": "What tool call c1 returned:"}, CHAT_PICTURE]),
            ],
        ),
        # a model's reasoning goes back with the turn it led to
        (
            [{"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}, CALL],
            [{"role": "assistant", "content": None, "tool_calls": [CHAT_CALL], "reasoning_content": "Hm."}],
        ),
        # and without a turn, or without words, nowhere
        (
            [{"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}, user("hi")],
            [user("hi")],
        ),
        ([{"type": "reasoning", "summary": [], "encrypted_content": "AAAA"}, user("hi")], [user("hi")]),
        (
            [{"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": 'say "x"'}],
            [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [chat_call("patch", '{"input":"say \\"x\\""}')],
                }
            ],
        ),
        # a namespace is part of the name
        (
            [{**CALL, "namespace": "mcp__docs"}, RESULT],
            [
                {"role": "assistant", "content": None, "tool_calls": [chat_call("mcp__docs__weather", "{}")]},
                {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            ],
        ),
        # searches for tools that the caller runs are calls, too
        (
            [
                {"type": "tool_search_call", "call_id": "c1", "execution": "client", "arguments": {"query": "rain"}},
                {"type": "tool_search_output", "call_id": "c1", "execution": "client", "tools": [NAMESPACE]},
            ],
            [
                {"role": "assistant", "content": None, "tool_calls": [chat_call("tool_search", '{"query":"rain"}')]},
                {"role": "tool", "tool_call_id": "c1", "content": "Tools that can be called now: docs__weather"},
            ],
        ),
    ],
)
def test_input(given: Any, messages: list[dict[str, Any]]) -> None:
    assert chat(input=given)["messages"] == messages


def test_instructions_come_first() -> None:
    assert chat(instructions="Be brief.")["messages"] == [{"role": "system", "content": "Be brief."}, user("hi")]


SCHEMA = {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"max_output_tokens": 7}, {"max_completion_tokens": 7}),
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}),
        ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
                }
            },
        ),
        ({"text": {"format": {"type": "text"}, "verbosity": "low"}}, {"verbosity": "low"}),
        ({"reasoning": {"effort": "low", "summary": "auto"}}, {"reasoning_effort": "low"}),
        ({"include": ["message.output_text.logprobs"], "top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        (
            {"tools": [FUNCTION], "tool_choice": "required", "parallel_tool_calls": False},
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "weather", "parameters": {"type": "object"}, "strict": True},
                    }
                ],
                "tool_choice": "required",
                "parallel_tool_calls": False,
            },
        ),
        (
            {
                "tools": [CUSTOM, FUNCTION],
                "tool_choice": {
                    "type": "allowed_tools",
                    "mode": "auto",
                    "tools": [{"type": "custom", "name": "patch"}, {"type": "function", "name": "weather"}],
                },
            },
            {
                "tools": [CHAT_CUSTOM, chat_function("weather")],
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [chat_named("patch"), chat_named("weather")]},
                },
            },
        ),
        (
            {"tools": [NAMESPACE], "tool_choice": {"type": "function", "name": "weather", "namespace": "docs"}},
            {"tools": [chat_function("docs__weather")], "tool_choice": chat_named("docs__weather")},
        ),
        # names of their own stay, and long ones are shortened
        (
            {"tools": [NAMESPACE, {**FUNCTION, "name": "docs__weather"}, {**NAMESPACE, "name": "n" * 64}]},
            {
                "tools": [
                    chat_function("docs__weather_d79887d0"),
                    chat_function("docs__weather"),
                    chat_function("n" * 55 + "_f6bc2913"),
                ]
            },
        ),
        ({"tools": [SEARCH, {**FUNCTION, "defer_loading": True}]}, {"tools": [CHAT_SEARCH, chat_function("weather")]}),
        # what other servers know is passed on
        ({"seed": 7, "top_k": 3}, {"seed": 7, "top_k": 3}),
        # about keeping and counting what is not kept here
        ({"store": True, "metadata": {"a": "b"}, "truncation": "auto", "include": ["reasoning.encrypted_content"]}, {}),
        # the chat format takes these only beside tools
        ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}, {}),
        (dict.fromkeys(REFUSED), {}),
        ({"background": False, "context_management": []}, {}),
    ],
)
def test_fields(body: dict[str, Any], expected: dict[str, Any]) -> None:
    assert chat(**body) == {"model": "auto", "messages": [user("hi")], **expected}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"background": True}, "background"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"moderation": {"model": "m"}}, "moderation"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": ["hi"]}, "input[0]"),
        ({"input": [{}]}, "input[0].type"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"type": ["message"]}]}, "input[0].type"),
        ({"input": [{"role": "wizard", "content": "hi"}]}, "input[0].role"),
        ({"input": [user(None)]}, "input[0].content"),
        ({"input": [user([{"type": "video"}])]}, "input[0].content[0].type"),
        ({"input": [user([{"type": "input_image", "file_id": "f"}])]}, "input[0].content[0].file_id"),
        ({"input": [user([{"type": "input_file", "file_url": "f"}])]}, "input[0].content[0].file_url"),
        ({"input": [{**CALL, "call_id": None}]}, "input[0].call_id"),
        ({"input": [{**RESULT, "output": 7}]}, "input[0].output"),
        (
            {"input": [{"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "x"}]}]},
            "input",
        ),
        ({"instructions": 7}, "instructions"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{**FUNCTION, "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"tools": [FUNCTION], "tool_choice": "maybe"}, "tool_choice"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema"),
        ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"stream": "yes"}, "stream"),
        ({"stream": True, "stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
    ],
)
def test_the_field_at_fault_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        chat(**body)
    assert caught.value.param == param
    assert param in caught.value.message


def test_what_to_do_instead_of_referring_to_a_response() -> None:
    with pytest.raises(RequestError, match="send the whole conversation in 'input'"):
        chat(previous_response_id="resp_1")
