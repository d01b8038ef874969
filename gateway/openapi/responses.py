"""POST /v1/responses."""

from gateway.openapi.common import FLAG, MODEL, PART, POSITIVE, TEXT, answering, array_of, nullable, object_of
from gateway.responses.request import REFUSED

_CONTENT = {"anyOf": [TEXT, array_of(PART)]}
_MESSAGE = object_of(
    ["role", "content"],
    {
        "type": {"const": "message"},
        "role": {"type": "string", "enum": ["user", "assistant", "system", "developer"]},
        "content": _CONTENT,
    },
)
_CALL = object_of(
    ["type", "call_id", "name", "arguments"],
    {"type": {"const": "function_call"}, "call_id": TEXT, "name": TEXT, "arguments": TEXT},
)
_RESULT = object_of(
    ["type", "call_id", "output"], {"type": {"const": "function_call_output"}, "call_id": TEXT, "output": _CONTENT}
)
_TOOL = object_of(
    ["type", "name"],
    {
        "type": {"type": "string", "enum": ["function", "custom"]},
        "name": TEXT,
        "description": nullable("string"),
        "parameters": nullable("object"),
        "strict": FLAG,
    },
)
_NO = "Not served: "

RESPONSES = answering(
    "responses",
    "Answer a conversation, in OpenAI's newer shape",
    "Translated to the chat format and back. Nothing is stored: send the whole conversation each time.",
    object_of(
        ["model", "input"],
        {
            "model": MODEL,
            "input": {"anyOf": [TEXT, array_of({"anyOf": [_MESSAGE, _CALL, _RESULT]}, minItems=1)]},
            "instructions": nullable("string"),
            "stream": FLAG,
            "max_output_tokens": POSITIVE,
            "temperature": nullable("number", minimum=0, maximum=2),
            "top_p": nullable("number", minimum=0, maximum=1),
            "tools": nullable("array", items=_TOOL),
            "tool_choice": {"anyOf": [{"enum": ["none", "auto", "required"]}, {"type": "object"}, {"type": "null"}]},
            "parallel_tool_calls": FLAG,
            "text": nullable("object"),
            "reasoning": nullable("object"),
            "include": nullable("array", items=TEXT),
            "store": FLAG,
            "metadata": nullable("object"),
            **{name: {"type": "null", "description": _NO + why} for name, why in REFUSED.items()},
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
            "store": {"const": False},
        },
    ),
)
