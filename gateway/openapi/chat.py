"""POST /v1/chat/completions."""

from gateway.openapi.common import FLAG, MODEL, PART, POSITIVE, TEXT, answering, array_of, nullable, object_of
from models.wire.chat import ROLES

_CONTENT = {"anyOf": [TEXT, array_of(PART)]}
_TURN = object_of(
    ["role", "content"], {"role": {"type": "string", "enum": sorted(ROLES - {"assistant"})}, "content": _CONTENT}
)
_ASSISTANT = object_of(
    ["role"],
    {
        "role": {"const": "assistant"},
        "content": {"anyOf": [TEXT, array_of(PART), {"type": "null"}]},
        "tool_calls": array_of({"type": "object"}),
    },
)

CHAT_REQUEST = object_of(
    ["model", "messages"],
    {
        "model": MODEL,
        "messages": array_of({"anyOf": [_TURN, _ASSISTANT]}, minItems=1),
        "stream": FLAG,
        "stream_options": nullable("object", properties={"include_usage": {"type": "boolean"}}),
        "max_completion_tokens": POSITIVE,
        "max_tokens": POSITIVE,
    },
    description="OpenAI's chat completion request. Fields not named here reach the cloud unchanged.",
)

CHAT = answering(
    "chat",
    "Answer a conversation",
    "Decides where the request is answered, and answers it there.",
    CHAT_REQUEST,
    object_of(
        ["id", "object", "created", "model", "choices"],
        {"id": TEXT, "object": {"const": "chat.completion"}, "choices": array_of({"type": "object"})},
    ),
)
