"""What the descriptions of all endpoints that answer have in common."""

from typing import Any

from gateway.http.sessions import SESSION_CHARS
from router.auto_terms import LONGEST_FIRST_TOKEN_S
from router.threshold import HIGHEST_THRESHOLD

Schema = dict[str, Any]


def nullable(kind: str, **more: Any) -> Schema:
    """A field that may be left out, or null."""
    return {"type": [kind, "null"], **more}


def array_of(item: Schema, **more: Any) -> Schema:
    """An array."""
    return {"type": "array", "items": item, **more}


def object_of(required: list[str], properties: dict[str, Any], **more: Any) -> Schema:
    """An object; fields that are not named may be there too."""
    return {"type": "object", "required": required, "properties": properties, **more}


def variant(kind: str, required: list[str], properties: dict[str, Any]) -> Schema:
    """One of several objects that their `type` tells apart."""
    return object_of(["type", *required], {"type": {"const": kind}, **properties})


def text_or(*parts: Schema) -> Schema:
    """A string, or an array of `parts`."""
    return {"anyOf": [TEXT, array_of({"anyOf": list(parts)})]}


TEXT: Schema = {"type": "string"}
MODEL: Schema = {"type": "string", "minLength": 1, "examples": ["auto"]}
POSITIVE = nullable("integer", minimum=1)
FLAG = nullable("boolean")
PART = object_of(["type"], {"type": TEXT})

ERROR = object_of(
    ["error"],
    {
        "error": object_of(
            ["message", "type", "param", "code"],
            {"message": TEXT, "type": TEXT, "param": nullable("string"), "code": nullable("string")},
        )
    },
)

PRIVACY_HEADER: dict[str, Any] = {
    "name": "x-slimgate-privacy",
    "in": "header",
    "required": False,
    "description": "The request is answered here or refused: it never goes to the cloud.",
    "schema": {"type": "string", "enum": ["local"]},
}

THRESHOLD_HEADER: dict[str, Any] = {
    "name": "x-slimgate-threshold",
    "in": "header",
    "required": False,
    "description": f"The threshold for this request alone: 0 is all cloud, {HIGHEST_THRESHOLD} is all local.",
    "schema": {"type": "number", "minimum": 0, "maximum": HIGHEST_THRESHOLD},
}

FIRST_TOKEN_HEADER: dict[str, Any] = {
    "name": "x-slimgate-max-first-token-s",
    "in": "header",
    "required": False,
    "description": "The longest time until the local model's first token, in seconds, for this request alone: if the "
    "estimate is longer, the cloud answers.",
    "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_FIRST_TOKEN_S},
}

SESSION_HEADER: dict[str, Any] = {
    "name": "x-slimgate-session",
    "in": "header",
    "required": False,
    "description": "The session of the request: once one of its requests may not leave this machine, none may.",
    "schema": {"type": "string", "maxLength": SESSION_CHARS, "pattern": "^[!-~]+$"},
}

STEERING = [THRESHOLD_HEADER, PRIVACY_HEADER, FIRST_TOKEN_HEADER, SESSION_HEADER]
"""By these a caller steers one request."""


def answering(
    tag: str,
    summary: str,
    description: str,
    request: Schema,
    answer: Schema,
    *,
    streams: bool = True,
    error: Schema = ERROR,
    errors: str = "OpenAI's error shape.",
) -> dict[str, Any]:
    """The description of one POST endpoint."""
    content: dict[str, Any] = {"application/json": {"schema": answer}}
    if streams:
        content["text/event-stream"] = {}
    whole = "The answer, or a stream of its pieces as server-sent events." if streams else "The answer."
    return {
        "post": {
            "tags": [tag],
            "summary": summary,
            "description": description,
            "parameters": STEERING,
            "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
            "responses": {
                "200": {"description": whole, "content": content},
                "default": {"description": errors, "content": {"application/json": {"schema": error}}},
            },
        }
    }
