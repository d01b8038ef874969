"""POST /v1/chat/completions, plain and streamed."""

from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gateway.client import ClientGone, Reply, WhileConnected, read_body
from gateway.dispatch import Dispatcher, Overrides
from gateway.errors import error_object, error_response, log_unforeseen
from gateway.exchange import Exchange
from gateway.ledger import Outcome
from gateway.overrides import read_overrides
from gateway.recorder import Recorder
from models.chat import ChatRequest, Usage, text_of
from models.errors import RequestError
from models.sse import DONE, encode_event
from models.stream import ChatStream

CHARS_PER_TOKEN_GUESS = 4


class ChatEndpoint:
    """An ASGI application of its own: between it and the server stands nothing that costs time."""

    def __init__(self, dispatcher: Dispatcher, recorder: Recorder, *, max_body_bytes: int) -> None:
        self._dispatcher = dispatcher
        self._recorder = recorder
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange, reply = Exchange("chat.completions"), Reply(send)
        with self._recorder.recording(exchange):
            try:
                body = await read_body(receive, self._max_body_bytes)
                async with WhileConnected(receive):
                    await self._serve(exchange, parse_json(body), read_overrides(scope), reply)
            except ClientGone:
                self._recorder.close(exchange, Outcome.CANCELLED)
            except Exception as exc:
                log_unforeseen(exc, exchange.endpoint)
                self._recorder.failed(exchange, exc)
                await _fail(reply, exchange, exc, scope, receive, send)

    async def _serve(self, exchange: Exchange, body: Any, overrides: Overrides, reply: Reply) -> None:
        request = ChatRequest.parse(body)
        if request.stream:
            await self._stream(exchange, request, overrides, reply)
        else:
            await self._whole(exchange, request, overrides, reply)

    async def _whole(self, exchange: Exchange, request: ChatRequest, overrides: Overrides, reply: Reply) -> None:
        completion = await self._dispatcher.chat(exchange, request, overrides)
        exchange.first_byte()
        exchange.served_model = completion.model
        exchange.took(
            completion.usage, Usage(_prompt_tokens_guess(request), len(completion.body) // CHARS_PER_TOKEN_GUESS)
        )
        self._recorder.close(exchange, Outcome.OK)
        await reply.whole(completion.body, 200, exchange.headers())

    async def _stream(self, exchange: Exchange, request: ChatRequest, overrides: Overrides, reply: Reply) -> None:
        stream = await self._dispatcher.stream(exchange, request, overrides)
        try:
            exchange.first_byte()
            exchange.served_model = stream.model or exchange.served_model
            await reply.begin_stream(exchange.headers())
            async for event in stream:
                if event == DONE:
                    _count(exchange, request, stream)
                    self._recorder.close(exchange, Outcome.OK)
                await reply.event(event, last=event == DONE)
        finally:
            _count(exchange, request, stream)
            await stream.aclose()


def parse_json(body: bytes) -> Any:
    """Decode a request body.

    Raises
    ------
    RequestError
        If it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise RequestError(f"The request body is not valid JSON: {exc}", code="invalid_json") from exc


def _count(exchange: Exchange, request: ChatRequest, stream: ChatStream) -> None:
    exchange.took(stream.usage, Usage(_prompt_tokens_guess(request), stream.content_chunks))


def _prompt_tokens_guess(request: ChatRequest) -> int:
    return sum(len(text_of(message)) for message in request.messages) // CHARS_PER_TOKEN_GUESS


async def _fail(reply: Reply, exchange: Exchange, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the caller: by a status while there still is a choice, by an event once the stream has begun."""
    if reply.begun:
        await reply.event(encode_event(error_object(exc)), last=True)
        return
    await error_response(exc, exchange.headers())(scope, receive, send)
