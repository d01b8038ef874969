"""Kept responses by their ids: GET and DELETE /v1/responses/{id}, its input items, and cancel."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.conversations.conversations import Conversations, not_found
from gateway.conversations.store import Item, KeptResponse
from gateway.dispatch.native_responses import NativeResponses
from gateway.http.json_response import json_response
from gateway.http.overrides import read_overrides
from gateway.keys.caller import caller_of
from models.wire.errors import RequestError

After = Annotated[str | None, Query(description="The `last_id` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many.")]
Order = Annotated[Literal["asc", "desc"], Query(description="`desc`: the last item first.")]

_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


class KeptResponses:
    """Answers calls about one response: from what is kept here, or by the cloud that keeps it."""

    def __init__(self, conversations: Conversations, native: NativeResponses) -> None:
        self._conversations = conversations
        self._native = native

    async def find(self, request: Request, id: str) -> KeptResponse | None:
        """The response of this id where the gateway itself answers for it; None where a cloud does.

        Raises
        ------
        ResponseNotFound
        """
        if not _ID.fullmatch(id):
            raise not_found(id)
        kept = await self._conversations.find(caller_of(request.scope).id, id)
        if kept is not None and not kept.native:
            return kept
        if await self._native.may_know(read_overrides(request.scope)):
            return None
        if kept is None:
            raise not_found(id)
        return kept

    async def by_cloud(self, request: Request, id: str, rest: str = "", method: str | None = None) -> Response:
        """The answer of the cloud that keeps it."""
        kept = await self._conversations.find(caller_of(request.scope).id, id)
        answer = await self._native.call(
            method or request.method,
            id + rest,
            overrides=read_overrides(request.scope),
            model=None if kept is None else kept.model,
            content=b"{}" if request.method == "POST" else None,
            query=dict(request.query_params),
        )
        if answer is None:
            raise not_found(id)
        return json_response(answer)

    async def delete(self, request: Request, id: str) -> Response:
        """Delete it, here and where else it is."""
        answering = await self.find(request, id)
        kept = answering or await self._conversations.find(caller_of(request.scope).id, id)
        response = json_response({"id": id, "object": "response", "deleted": True})
        if answering is None:
            response = await self.by_cloud(request, id)
        if kept is not None:
            await self._conversations.delete(kept)
        return response


def kept_responses_endpoints(conversations: Conversations, native: NativeResponses) -> APIRouter:
    """The endpoints over `conversations`, and over the cloud that keeps its own."""
    endpoints = APIRouter(tags=["responses"])
    responses = KeptResponses(conversations, native)

    @endpoints.get("/v1/responses/{id}", summary="A kept response")
    async def retrieve(request: Request, id: str) -> Response:
        """As it was given; one that a cloud keeps is asked for there."""
        kept = await responses.find(request, id)
        if kept is None:
            return await responses.by_cloud(request, id)
        if request.query_params.get("stream", "false") not in ("false", "0"):
            raise RequestError(
                "stream: a kept response is given in one piece; leave it out.", param="stream", code="unsupported_value"
            )
        return json_response(kept.response)

    @endpoints.delete("/v1/responses/{id}", summary="Delete a kept response")
    async def delete(request: Request, id: str) -> Response:
        """Its text is gone then, and it cannot be continued."""
        return await responses.delete(request, id)

    @endpoints.get("/v1/responses/{id}/input_items", summary="What a response was given")
    async def list_input_items(
        request: Request, id: str, after: After = None, limit: Limit = 20, order: Order = "desc"
    ) -> Response:
        """A page of the input items, those of the turns before it included."""
        kept = await responses.find(request, id)
        if kept is None:
            return await responses.by_cloud(request, id, "/input_items")
        items = await conversations.input_of(kept)
        return json_response(_page(items[:: -1 if order == "desc" else 1], after, limit))

    @endpoints.post("/v1/responses/{id}/cancel", summary="Cancel a response in the background")
    async def cancel(request: Request, id: str) -> Response:
        """Only a cloud answers in the background; everything else has ended once it has an id that is kept."""
        kept = await responses.find(request, id)
        if kept is None:
            return await responses.by_cloud(request, id, "/cancel")
        raise RequestError(f"The response {id!r} is complete: only one in the background can be cancelled.")

    return endpoints


def _page(items: list[Item], after: str | None, limit: int) -> Mapping[str, Any]:
    ids = [str(item.get("id")) for item in items]
    if after is not None and after not in ids:
        raise RequestError(f"after: there is no item {after!r:.100}", param="after", code="invalid_value")
    begin = 0 if after is None else ids.index(after) + 1
    page = items[begin : begin + limit]
    first, last = (ids[begin], ids[begin + len(page) - 1]) if page else (None, None)
    more = begin + limit < len(items)
    return {"object": "list", "data": page, "first_id": first, "last_id": last, "has_more": more}
