"""The OpenAPI document: what FastAPI finds by itself, and the endpoints that are plain ASGI."""

from typing import Any

from fastapi import FastAPI

_TEXT_OR_PARTS: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "object", "required": ["type"]}},
        {"type": "null"},
    ]
}
_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["developer", "system", "user", "assistant", "tool", "function"]},
        "content": _TEXT_OR_PARTS,
    },
}
_CHAT_REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["model", "messages"],
    "description": "OpenAI's chat completion request. Fields not named here reach the cloud unchanged.",
    "properties": {
        "model": {"type": "string", "minLength": 1, "examples": ["auto"]},
        "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
        "stream": {"type": ["boolean", "null"]},
        "stream_options": {"type": ["object", "null"], "properties": {"include_usage": {"type": "boolean"}}},
        "max_completion_tokens": {"type": ["integer", "null"], "minimum": 1},
        "max_tokens": {"type": ["integer", "null"], "minimum": 1},
    },
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_ERRORS = {
    "default": {"description": "OpenAI's error shape.", "content": {"application/json": {"schema": _ERROR}}},
}

PATHS: dict[str, Any] = {
    "/v1/chat/completions": {
        "post": {
            "tags": ["chat"],
            "summary": "Answer a conversation",
            "description": "Decides where the request is answered, and answers it there.",
            "parameters": [
                {
                    "name": "x-slimgate-threshold",
                    "in": "header",
                    "required": False,
                    "description": "The line for this request alone: 0 is all cloud, more than 1 is all local.",
                    "schema": {"type": "number", "minimum": 0, "maximum": 2},
                }
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _CHAT_REQUEST}}},
            "responses": {
                "200": {
                    "description": "A chat completion, or a stream of its chunks as server-sent events.",
                    "content": {"application/json": {"schema": {"type": "object"}}, "text/event-stream": {}},
                },
                **_ERRORS,
            },
        }
    }
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` complete."""
    found = app.openapi

    def openapi() -> dict[str, Any]:
        document = found()
        document["paths"] = {**document["paths"], **PATHS}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
