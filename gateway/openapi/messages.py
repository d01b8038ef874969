"""POST /v1/messages and /v1/messages/count_tokens."""

from typing import Any

from gateway.dialects.messages.request import REFUSED
from gateway.openapi.common import FLAG, MODEL, PART, TEXT, answering, array_of, nullable, object_of, text_or, variant

_TEXT_BLOCK = variant("text", ["text"], {"text": TEXT})
_IMAGE = variant(
    "image",
    ["source"],
    {
        "source": {
            "anyOf": [
                variant("base64", ["media_type", "data"], {"media_type": TEXT, "data": TEXT}),
                variant("url", ["url"], {"url": TEXT}),
            ]
        }
    },
)
_DOCUMENT = variant(
    "document",
    ["source"],
    {
        "source": {
            "anyOf": [
                variant("base64", ["media_type", "data"], {"media_type": TEXT, "data": TEXT}),
                variant("text", ["data"], {"data": TEXT}),
                variant("content", ["content"], {"content": text_or(_TEXT_BLOCK, _IMAGE)}),
            ]
        },
        "title": nullable("string"),
        "context": nullable("string"),
    },
)
_FOUND = variant(
    "search_result", ["title", "source", "content"], {"title": TEXT, "source": TEXT, "content": array_of(_TEXT_BLOCK)}
)
_RESULT = variant(
    "tool_result",
    ["tool_use_id"],
    {"tool_use_id": TEXT, "content": text_or(_TEXT_BLOCK, _IMAGE, _DOCUMENT, _FOUND), "is_error": FLAG},
)
_USE = variant("tool_use", ["id", "name", "input"], {"id": TEXT, "name": TEXT, "input": {"type": "object"}})
_THOUGHT = variant("thinking", ["thinking"], {"thinking": TEXT, "signature": TEXT})
_HIDDEN = variant("redacted_thinking", ["data"], {"data": TEXT})


def _turn(role: str, content: dict[str, Any]) -> dict[str, Any]:
    return object_of(["role", "content"], {"role": {"const": role}, "content": content})


_MESSAGE = {
    "anyOf": [
        _turn("user", text_or(_TEXT_BLOCK, _IMAGE, _DOCUMENT, _FOUND, _RESULT)),
        _turn("assistant", text_or(_TEXT_BLOCK, _USE, _THOUGHT, _HIDDEN)),
        _turn("system", text_or(_TEXT_BLOCK)),
    ]
}
_TOOL = object_of(
    ["name", "input_schema"],
    {
        "type": {"enum": ["custom", None]},
        "name": TEXT,
        "description": nullable("string"),
        "input_schema": {"type": "object"},
        "strict": FLAG,
    },
)
_CHOICE = {
    "anyOf": [
        object_of(["type"], {"type": {"enum": ["auto", "any", "none"]}, "disable_parallel_tool_use": FLAG}),
        object_of(["type", "name"], {"type": {"const": "tool"}, "name": TEXT, "disable_parallel_tool_use": FLAG}),
    ]
}
_FORMAT = {"anyOf": [variant("json_schema", ["schema"], {"schema": {"type": "object"}}), {"type": "null"}]}
_NO = "Not served: "
_ASKED = {
    "model": MODEL,
    "messages": array_of(_MESSAGE, minItems=1, description="The last one is not the assistant's."),
    "system": {"anyOf": [TEXT, array_of(_TEXT_BLOCK), {"type": "null"}]},
    "tools": nullable("array", items=_TOOL),
    "tool_choice": {"anyOf": [_CHOICE, {"type": "null"}]},
    "thinking": nullable(
        "object",
        required=["type"],
        properties={"type": TEXT},
        description="Allows reasoning; shown where there is any.",
    ),
    "output_config": nullable("object", properties={"effort": nullable("string"), "format": _FORMAT}),
    **{name: {"type": "null", "description": _NO + why} for name, why in REFUSED.items()},
}
ERROR = object_of(
    ["type", "error"],
    {
        "type": {"const": "error"},
        "error": object_of(["type", "message"], {"type": TEXT, "message": TEXT}),
        "request_id": TEXT,
    },
)
_COUNT = {"type": "integer", "minimum": 0}

MESSAGES = answering(
    "messages",
    "Answer a conversation, in Anthropic's shape",
    "Translated to the chat format and back.",
    object_of(
        ["model", "max_tokens", "messages"],
        {
            **_ASKED,
            "max_tokens": {"type": "integer", "minimum": 1},
            "stream": FLAG,
            "stop_sequences": nullable("array", items={"type": "string", "minLength": 1}),
            "temperature": nullable("number", minimum=0, maximum=1),
            "top_p": nullable("number", minimum=0, maximum=1),
            "top_k": nullable("integer", minimum=0),
            "metadata": {"description": "Has no effect."},
        },
        description="Anthropic's Messages request.",
    ),
    object_of(
        ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"],
        {
            "id": TEXT,
            "type": {"const": "message"},
            "role": {"const": "assistant"},
            "content": array_of(PART),
            "stop_reason": {"enum": ["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"]},
            "usage": object_of(["input_tokens", "output_tokens"], {"input_tokens": _COUNT, "output_tokens": _COUNT}),
        },
    ),
    error=ERROR,
    errors="Anthropic's error shape.",
)

COUNT_TOKENS = answering(
    "messages",
    "Count a request's tokens",
    "By the local model's own tokenizer; where that is not there, an estimate from the text's length.",
    object_of(["model", "messages"], _ASKED, description="Anthropic's Messages request, of which nothing is answered."),
    object_of(["input_tokens"], {"input_tokens": _COUNT}),
    streams=False,
    error=ERROR,
    errors="Anthropic's error shape.",
)
