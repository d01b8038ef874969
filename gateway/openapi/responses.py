"""POST /v1/responses."""

from gateway.dialects.responses.request import REFUSED
from gateway.openapi.common import (
    FLAG,
    MODEL,
    POSITIVE,
    TEXT,
    answering,
    array_of,
    nullable,
    object_of,
    text_or,
    variant,
)

_CONTENT = text_or(
    variant("input_text", ["text"], {"text": TEXT}),
    variant("output_text", ["text"], {"text": TEXT}),
    variant("refusal", ["refusal"], {"refusal": TEXT}),
    variant(
        "input_image", ["image_url"], {"image_url": TEXT, "detail": nullable("string"), "file_id": {"type": "null"}}
    ),
    variant("input_file", ["file_data"], {"file_data": TEXT, "filename": TEXT, "file_url": {"type": "null"}}),
    variant("input_audio", ["input_audio"], {"input_audio": {"type": "object"}}),
)
_MESSAGE = object_of(
    ["role", "content"],
    {
        "type": {"const": "message"},
        "role": {"type": "string", "enum": ["user", "assistant", "system", "developer"]},
        "content": _CONTENT,
    },
)
_NAMED = {"call_id": TEXT, "name": TEXT}
_ITEM = {
    "anyOf": [
        _MESSAGE,
        variant("function_call", ["call_id", "name", "arguments"], {**_NAMED, "arguments": TEXT}),
        variant("function_call_output", ["call_id", "output"], {"call_id": TEXT, "output": _CONTENT}),
        variant("custom_tool_call", ["call_id", "name", "input"], {**_NAMED, "input": TEXT}),
        variant("custom_tool_call_output", ["call_id", "output"], {"call_id": TEXT, "output": _CONTENT}),
    ]
}
_CHOICE = {
    "anyOf": [
        {"enum": ["none", "auto", "required", None]},
        variant("function", ["name"], {"name": TEXT}),
        variant("custom", ["name"], {"name": TEXT}),
    ]
}
_FORMAT = {
    "anyOf": [
        variant("text", [], {}),
        variant("json_object", [], {}),
        variant("json_schema", ["name", "schema"], {"name": TEXT, "schema": {"type": "object"}, "strict": FLAG}),
        {"type": "null"},
    ]
}
_TOOL_FORMAT = {"anyOf": [variant("text", [], {}), variant("grammar", [], {}), {"type": "null"}]}
_TOOL = object_of(
    ["type", "name"],
    {
        "type": {"type": "string", "enum": ["function", "custom"]},
        "name": TEXT,
        "description": nullable("string"),
        "parameters": nullable("object"),
        "strict": FLAG,
        "format": _TOOL_FORMAT,
    },
)
_NO = "Only for a cloud that takes Responses itself. Otherwise: "

RESPONSES = answering(
    "responses",
    "Answer a conversation, in OpenAI's newer shape",
    "Passed on as it is to a cloud that takes Responses itself; translated to a chat for everybody else. Answers are "
    "kept for callers who refer to them, unless `store` is false.",
    object_of(
        ["model", "input"],
        {
            "model": MODEL,
            "input": {"anyOf": [TEXT, array_of(_ITEM, minItems=1)]},
            "instructions": nullable("string"),
            "stream": FLAG,
            "max_output_tokens": POSITIVE,
            "temperature": nullable("number", minimum=0, maximum=2),
            "top_p": nullable("number", minimum=0, maximum=1),
            "tools": nullable("array", items=_TOOL),
            "tool_choice": _CHOICE,
            "parallel_tool_calls": FLAG,
            "text": nullable("object", properties={"format": _FORMAT, "verbosity": nullable("string")}),
            "reasoning": nullable(
                "object",
                properties={
                    "effort": nullable("string"),
                    "mode": {"enum": ["standard", None]},
                    "context": {"enum": ["auto", None]},
                },
            ),
            "include": nullable("array", items=TEXT),
            "store": FLAG,
            "metadata": nullable("object"),
            **{name: {"description": _NO + why} for name, why in REFUSED.items()},
            "previous_response_id": nullable("string", description="An answer that is kept, or that a cloud keeps."),
        },
        description="OpenAI's Responses request. Fields that the Responses API does not have are passed on as they "
        "are.",
    ),
    object_of(
        ["id", "object", "created_at", "status", "model", "output", "parallel_tool_calls", "tool_choice", "tools"],
        {
            "id": TEXT,
            "object": {"const": "response"},
            "status": {"enum": ["completed", "incomplete"]},
            "output": array_of(object_of(["id", "type"], {"id": TEXT, "type": TEXT})),
        },
    ),
)

_CONVERSATION = object_of(
    ["model", "input"],
    {
        "model": MODEL,
        "input": {"anyOf": [TEXT, array_of(_ITEM, minItems=1)]},
        "instructions": nullable("string"),
        "previous_response_id": nullable("string"),
    },
    description="A Responses request; only the conversation counts.",
)

COMPACT = answering(
    "responses",
    "Make a long conversation short",
    "A model summarizes it. The summary is encrypted, and is read where it comes back as an input item.",
    _CONVERSATION,
    object_of(
        ["id", "object", "created_at", "output"],
        {
            "id": TEXT,
            "object": {"const": "response.compaction"},
            "output": array_of(object_of(["type"], {"type": TEXT})),
        },
    ),
    streams=False,
)

INPUT_TOKENS = answering(
    "responses",
    "Count a request's tokens",
    "By the local model's tokenizer, or estimated; by the cloud, if only it has the conversation.",
    _CONVERSATION,
    object_of(
        ["object", "input_tokens"], {"object": {"const": "response.input_tokens"}, "input_tokens": {"type": "integer"}}
    ),
    streams=False,
)
