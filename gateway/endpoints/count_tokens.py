"""POST /v1/messages/count_tokens: how long a Messages request is, without answering it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.dialects.messages.errors import new_headers, refusal
from gateway.dialects.messages.request import to_chat
from gateway.dispatch.decider import Decider
from gateway.http.client import read_body
from gateway.http.errors import log_unforeseen
from gateway.http.json_response import json_response
from gateway.keys.caller import caller_of
from models.wire.chat import ChatRequest
from models.wire.json_reader import JsonReader, parse_json
from models.wire.token_estimates import prompt_tokens_guess


def count_tokens_endpoints(decider: Decider, *, max_body_bytes: int) -> APIRouter:
    """The endpoint over the local model's tokenizer."""
    endpoints = APIRouter(tags=["messages"])

    @endpoints.post("/v1/messages/count_tokens", summary="Count a request's tokens")
    async def count_tokens(request: Request) -> Response:
        """Counted by the local model's tokenizer; if none is loaded, estimated from the length of the text."""
        try:
            body = parse_json(await read_body(request.receive, max_body_bytes))
            chat = ChatRequest.parse(to_chat(JsonReader(body), counting=True))
            counted = await decider.of(caller_of(request.scope)).count_tokens(chat)
            count = {"input_tokens": prompt_tokens_guess(chat) if counted is None else counted}
            return json_response(count, headers=new_headers())
        except Exception as exc:  # in the shape that callers of this path expect
            log_unforeseen(exc, "count_tokens")
            return refusal(request.scope, exc)

    return endpoints
