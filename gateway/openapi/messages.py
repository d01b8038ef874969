"""POST /v1/messages and /v1/messages/count_tokens."""

from gateway.messages.request import REFUSED
from gateway.openapi.common import FLAG, MODEL, PART, TEXT, answering, array_of, nullable, object_of

_CONTENT = {"anyOf": [TEXT, array_of(PART)]}
_MESSAGE = object_of(
    ["role", "content"],
    {"role": {"type": "string", "enum": ["user", "assistant", "system"]}, "content": _CONTENT},
)
_TOOL = object_of(
    ["name", "input_schema"],
    {"name": TEXT, "description": nullable("string"), "input_schema": {"type": "object"}, "strict": FLAG},
)
_NO = "Not served: "
_ASKED = {
    "model": MODEL,
    "messages": array_of(_MESSAGE, minItems=1, description="The last one is not the assistant's."),
    "system": {"anyOf": [TEXT, array_of(PART), {"type": "null"}]},
    "tools": nullable("array", items=_TOOL),
    "tool_choice": nullable("object"),
    "thinking": nullable("object", description="Allows reasoning; it is shown where the model shows any."),
    "output_config": nullable("object"),
    **{name: {"type": "null", "description": _NO + why} for name, why in REFUSED.items()},
}
ERROR = object_of(
    ["type", "error"],
    {"type": {"const": "error"}, "error": object_of(["type", "message"], {"type": TEXT, "message": TEXT})},
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
            "metadata": nullable("object"),
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
