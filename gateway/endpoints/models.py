"""GET /v1/models and /v1/models/{name}: every name that callers may send, with limits that hold on all its routes."""

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.dialects.messages.errors import new_headers, speaks_anthropic
from gateway.dialects.messages.models import list_of, model_info, page_of
from gateway.dispatch.decider import Decider
from gateway.dispatch.embeddings import Embedder
from gateway.http.json_response import json_response
from gateway.keys.caller import caller_of


def models_endpoints(decider: Decider, embedder: Embedder) -> APIRouter:
    """The two endpoints over `decider`'s names, and those that only `embedder` knows."""
    endpoints = APIRouter(tags=["models"])
    created = int(time.time())

    @endpoints.get("/v1/models", summary="List models")
    async def list_models(request: Request) -> Response:
        """`auto` routes, `local` and `cloud` pin; the rest are their other names, and models for embeddings.

        Only those that the caller's key may send. In Anthropic's shape for its SDK, without models for embeddings,
        which it has no use for.
        """
        if speaks_anthropic(request.scope):
            names = decider.of(caller_of(request.scope)).names.all()
            page = page_of(names, request.query_params)
            return json_response(list_of(page, names, [_model(name) for name in page]), headers=new_headers())
        caller = caller_of(request.scope)
        everything = dict.fromkeys((*decider.of(caller).names.all(), *embedder.names_for(caller)))
        return json_response({"object": "list", "data": [_item(name, created) for name in everything]})

    @endpoints.get("/v1/models/{name:path}", summary="Describe one model")
    async def get_model(request: Request, name: str) -> Response:
        """One item of the list, or of a name that a pattern or a threshold gives a meaning; else a 404."""
        caller = caller_of(request.scope)
        if name not in embedder.names_for(caller):
            decider.of(caller).names.meaning(name)
        if speaks_anthropic(request.scope):
            return json_response(_model(name), headers=new_headers())
        return json_response(_item(name, created))

    def _model(name: str) -> dict[str, Any]:
        return model_info(name, created, decider.advertised_n_ctx(name))

    def _item(name: str, created: int) -> dict[str, Any]:
        item = {"id": name, "object": "model", "created": created, "owned_by": "slimgate"}
        n_ctx = None if name in embedder.names else decider.advertised_n_ctx(name)
        return item if n_ctx is None else {**item, "context_length": n_ctx}

    return endpoints
