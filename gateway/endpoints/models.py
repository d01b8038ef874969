"""GET /v1/models and /v1/models/{name}: every name that callers may send, with limits that hold on all its routes."""

import time
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.dispatch.decider import Decider
from gateway.http.json_response import json_response
from models.wire.errors import UnknownModelError


def models_endpoints(decider: Decider) -> APIRouter:
    """The two endpoints over `decider`'s names."""
    endpoints = APIRouter(tags=["models"])
    created = int(time.time())

    @endpoints.get("/v1/models", summary="List models")
    async def list_models() -> Response:
        """`auto` routes, `local` and `cloud` pin; the rest are their other names."""
        names = decider.names.all()
        return json_response({"object": "list", "data": [_item(name, created) for name in names]})

    @endpoints.get("/v1/models/{name:path}", summary="Describe one model")
    async def get_model(name: str) -> Response:
        """One item of the list, or a 404."""
        if name not in decider.names.all():
            raise UnknownModelError(f"The model '{name:.100}' does not exist here.", param="model")
        return json_response(_item(name, created))

    def _item(name: str, created: int) -> dict[str, Any]:
        item = {"id": name, "object": "model", "created": created, "owned_by": "slimgate"}
        n_ctx = decider.advertised_n_ctx(name)
        return item if n_ctx is None else {**item, "context_length": n_ctx}

    return endpoints
