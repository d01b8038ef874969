"""What FastAPI cannot see by itself of the endpoints that it serves: bodies read by hand, other types, our errors."""

from typing import Any

from gateway.openapi.chat import CHAT_REQUEST
from gateway.openapi.common import ERROR, STEERING, object_of

BODIES: dict[str, Any] = {
    "/v1/route": {
        "anyOf": [CHAT_REQUEST, object_of(["prompt"], {"prompt": {"type": "string"}})],
    },
}
"""Of POST requests whose body no model describes."""

HEADERS: dict[str, Any] = {"/v1/route": STEERING}

CONTENT: dict[str, Any] = {
    "/metrics": {"text/plain": {}},
    "/v1/decisions/export": {"text/csv": {}, "application/x-ndjson": {}},
    "/v1/usage/chargeback.csv": {"text/csv": {}},
    "/v1/ledger/set-aside": {"application/x-ndjson": {}},
}
"""Of answers that are not one JSON value."""

_ERRORS = {"description": "OpenAI's error shape.", "content": {"application/json": {"schema": ERROR}}}


def complete(path: str, operations: dict[str, Any]) -> dict[str, Any]:
    """The description of `path`, with what FastAPI left out."""
    return {method: _complete(path, method, operation) for method, operation in operations.items()}


def _complete(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    # Requests that do not fit are answered with 400, in our own shape.
    responses = {status: response for status, response in operation["responses"].items() if status != "422"}
    if content := CONTENT.get(path):
        responses["200"] = {**responses["200"], "content": content}
    whole = {**operation, "responses": {**responses, "default": _ERRORS}}
    if method == "post" and (body := BODIES.get(path)):
        whole["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        whole["parameters"] = [*operation.get("parameters", ()), *HEADERS.get(path, ())]
    return whole
