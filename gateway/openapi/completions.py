"""POST /v1/completions and /v1/embeddings."""

from gateway.openapi.common import FLAG, MODEL, TEXT, answering, array_of, nullable, object_of

_TOKEN = {"type": "integer", "minimum": 0}
_TEXTS = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        array_of(TEXT, minItems=1),
        array_of(_TOKEN, minItems=1),
        array_of(array_of(_TOKEN, minItems=1), minItems=1),
    ]
}

COMPLETIONS = answering(
    "completions",
    "Continue a text",
    "Passed on as it is to the local model and to clouds that take it; put to other clouds as a message of the user.",
    object_of(
        ["model", "prompt"],
        {
            "model": MODEL,
            "prompt": _TEXTS,
            "max_tokens": nullable("integer", minimum=0),
            "stream": FLAG,
            "stream_options": nullable("object", properties={"include_usage": {"type": "boolean"}}),
            "echo": nullable("boolean", description="Not for chat models."),
            "suffix": nullable("string", description="Not for chat models."),
            "best_of": {"description": "A number; not for chat models."},
            "logprobs": {"description": "A number; not for chat models."},
        },
        description="OpenAI's completion request. Fields not named here are passed on unchanged.",
    ),
    object_of(
        ["id", "object", "created", "model", "choices"],
        {
            "id": TEXT,
            "object": {"const": "text_completion"},
            "choices": array_of(object_of(["text", "index", "finish_reason"], {"text": TEXT})),
        },
    ),
)

EMBEDDINGS = answering(
    "embeddings",
    "Turn texts into vectors",
    "Answered by the side that the settings `embeddings.backend` and `embeddings.model` name.",
    object_of(
        ["model", "input"],
        {
            "model": MODEL,
            "input": _TEXTS,
            "encoding_format": {"type": "string", "examples": ["float", "base64"]},
            "dimensions": {"description": "Passed on."},
        },
        description="OpenAI's embeddings request, passed on unchanged but for the model.",
    ),
    object_of(
        ["object", "data", "model"],
        {"object": {"const": "list"}, "data": array_of({"type": "object"}), "model": TEXT},
    ),
    streams=False,
)
