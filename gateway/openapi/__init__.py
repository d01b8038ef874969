"""The OpenAPI document: what FastAPI finds by itself, and the endpoints that are plain ASGI."""

from typing import Any

from fastapi import FastAPI

from gateway.openapi.chat import CHAT
from gateway.openapi.responses import RESPONSES

PATHS: dict[str, Any] = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSES,
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` complete."""
    found = app.openapi

    def openapi() -> dict[str, Any]:
        document = found()
        document["paths"] = {**document["paths"], **PATHS}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
