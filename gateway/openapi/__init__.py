"""The OpenAPI document: what FastAPI finds by itself, and the endpoints that are plain ASGI."""

from typing import Any

from fastapi import FastAPI

from gateway.openapi.chat import CHAT
from gateway.openapi.completions import COMPLETIONS, EMBEDDINGS
from gateway.openapi.messages import COUNT_TOKENS, MESSAGES
from gateway.openapi.responses import COMPACT, INPUT_TOKENS, RESPONSES
from gateway.openapi.rest import complete

PATHS: dict[str, Any] = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSES,
    "/v1/responses/compact": COMPACT,
    "/v1/responses/input_tokens": INPUT_TOKENS,
    "/v1/messages": MESSAGES,
    "/v1/messages/count_tokens": COUNT_TOKENS,
    "/v1/completions": COMPLETIONS,
    "/v1/embeddings": EMBEDDINGS,
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` complete."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        rest = {path: complete(path, seen) for path, seen in document["paths"].items() if path not in PATHS}
        document["paths"] = {**PATHS, **rest}
        for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape of errors, which is not ours
            document.get("components", {}).get("schemas", {}).pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
