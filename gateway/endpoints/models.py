"""GET /v1/models and /v1/models/{name}: every name that callers may send, with limits that hold on all its routes."""

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.dialects.messages.errors import new_headers, speaks_anthropic
from gateway.dialects.messages.models import list_of, model_info, page_of
from gateway.dispatch.decider import Decider
from gateway.http.json_response import json_response
from models.wire.errors import UnknownModelError


def models_endpoints(decider: Decider) -> APIRouter:
    """The two endpoints over `decider`'s names."""
    endpoints = APIRouter(tags=["models"])
    created = int(time.time())

    @endpoints.get("/v1/models", summary="List models")
    async def list_models(request: Request) -> Response:
        """`auto` routes, `local` and `cloud` pin; the rest are their other names. In Anthropic's shape for its SDK."""
        names = list(decider.names.all())
        if speaks_anthropic(request.scope):
            page = page_of(names, request.query_params)
            return json_response(list_of(page, names, [_model(name) for name in page]), headers=new_headers())
        return json_response({"object": "list", "data": [_item(name, created) for name in names]})

    @endpoints.get("/v1/models/{name:path}", summary="Describe one model")
    async def get_model(request: Request, name: str) -> Response:
        """One item of the list, or a 404."""
        if name not in decider.names.all():
            raise UnknownModelError(f"The model '{name}' does not exist here.", param="model")
        if speaks_anthropic(request.scope):
            return json_response(_model(name), headers=new_headers())
        return json_response(_item(name, created))

    def _model(name: str) -> dict[str, Any]:
        return model_info(name, created, decider.advertised_n_ctx(name))

    def _item(name: str, created: int) -> dict[str, Any]:
        item = {"id": name, "object": "model", "created": created, "owned_by": "slimgate"}
        n_ctx = decider.advertised_n_ctx(name)
        return item if n_ctx is None else {**item, "context_length": n_ctx}

    return endpoints
