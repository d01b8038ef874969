"""GET /v1/models and /v1/models/{name}: every name that callers may send, with limits that hold on all its routes."""

import time
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.dispatch.decider import Decider
from gateway.dispatch.embeddings import Embedder
from gateway.http.json_response import json_response


def models_endpoints(decider: Decider, embedder: Embedder) -> APIRouter:
    """The two endpoints over `decider`'s names, and those that only `embedder` knows."""
    endpoints = APIRouter(tags=["models"])
    created = int(time.time())

    @endpoints.get("/v1/models", summary="List models")
    async def list_models() -> Response:
        """`auto` routes, `local` and `cloud` pin; the rest are their other names, and models for embeddings."""
        names = dict.fromkeys((*decider.names.all(), *embedder.names))
        return json_response({"object": "list", "data": [_item(name, created) for name in names]})

    @endpoints.get("/v1/models/{name:path}", summary="Describe one model")
    async def get_model(name: str) -> Response:
        """One item of the list, or of a name that a pattern or a threshold gives a meaning; else a 404."""
        if name not in embedder.names:
            decider.names.meaning(name)
        return json_response(_item(name, created))

    def _item(name: str, created: int) -> dict[str, Any]:
        item = {"id": name, "object": "model", "created": created, "owned_by": "slimgate"}
        n_ctx = None if name in embedder.names else decider.advertised_n_ctx(name)
        return item if n_ctx is None else {**item, "context_length": n_ctx}

    return endpoints
