"""POST /v1/chat/completions."""

from gateway.openapi.common import FLAG, MODEL, PART, POSITIVE, TEXT, answering, array_of, nullable, object_of
from models.chat import ROLES

_MESSAGE = object_of(
    ["role"],
    {
        "role": {"type": "string", "enum": sorted(ROLES)},
        "content": {"anyOf": [TEXT, array_of(PART), {"type": "null"}]},
    },
)

CHAT = answering(
    "chat",
    "Answer a conversation",
    "Decides where the request is answered, and answers it there.",
    object_of(
        ["model", "messages"],
        {
            "model": MODEL,
            "messages": array_of(_MESSAGE, minItems=1),
            "stream": FLAG,
            "stream_options": nullable("object", properties={"include_usage": {"type": "boolean"}}),
            "max_completion_tokens": POSITIVE,
            "max_tokens": POSITIVE,
        },
        description="OpenAI's chat completion request. Fields not named here reach the cloud unchanged.",
    ),
    object_of(
        ["id", "object", "created", "model", "choices"],
        {"id": TEXT, "object": {"const": "chat.completion"}, "choices": array_of({"type": "object"})},
    ),
)
