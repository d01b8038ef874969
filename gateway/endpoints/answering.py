"""What every endpoint that answers has in common: one way through dispatcher, ledger and errors below all API shapes.

A `Dialect` puts one API shape over it. Inside, everything speaks the chat format.
"""

import asyncio
from typing import Any, Protocol

from gateway.client import Reply
from gateway.dispatch import Dispatcher, Overrides
from gateway.endpoints.recorded import RecordedEndpoint
from gateway.estimates import answer_tokens_guess, prompt_tokens_guess
from gateway.exchange import Exchange
from gateway.ledger import Outcome
from gateway.recorder import Recorder
from models.backend import Completion
from models.chat import ChatRequest
from models.errors import AnswerCut, BackendTimeout
from models.sse import DONE
from models.stream import ChatStream
from models.usage import Usage


class Translator(Protocol):
    """Turns the events of one chat stream into those of an API shape; keeps what it must remember in between."""

    def event(self, event: bytes) -> bytes:
        """What the caller sees for one whole chat event (`DONE` at the end); empty for nothing."""
        ...

    def failed(self, exc: Exception) -> bytes:
        """How the stream ends that broke off after it had begun."""
        ...


class Dialect(Protocol):
    """One API shape."""

    @property
    def endpoint(self) -> str:
        """Its name in ledger, log and metrics."""
        ...

    def request(self, body: Any) -> ChatRequest:
        """The chat request that a decoded JSON body stands for; raises `RequestError` naming the field at fault."""
        ...

    def completion(self, request: ChatRequest, completion: Completion) -> bytes:
        """A whole answer's JSON."""
        ...

    def translator(self, request: ChatRequest) -> Translator:
        """For a streamed answer."""
        ...

    def error(self, exc: Exception) -> Any:
        """The JSON object that tells of `exc`."""
        ...


class AnsweringEndpoint(RecordedEndpoint):
    """Puts `dialect` over `dispatcher`."""

    def __init__(self, dialect: Dialect, dispatcher: Dispatcher, recorder: Recorder, *, max_body_bytes: int) -> None:
        super().__init__(dialect.endpoint, recorder, max_body_bytes=max_body_bytes, error=dialect.error)
        self._dialect = dialect
        self._dispatcher = dispatcher

    async def serve(self, exchange: Exchange, body: Any, overrides: Overrides, reply: Reply) -> None:
        request = self._dialect.request(body)
        answer = self._stream if request.stream else self._whole
        try:
            await answer(exchange, request, overrides, reply)
        except (asyncio.CancelledError, BackendTimeout, AnswerCut):
            # It will never say what it took, and is paid for what it has read all the same.
            if exchange.first_token_s is None and exchange.served_model:
                exchange.took(None, lambda: Usage(prompt_tokens_guess(request)))
            raise

    async def _whole(self, exchange: Exchange, request: ChatRequest, overrides: Overrides, reply: Reply) -> None:
        completion = await self._dispatcher.chat(exchange, request, overrides)
        exchange.first_byte()
        exchange.served_model = completion.model
        exchange.finish_reasons = completion.finish_reasons
        exchange.took(
            completion.usage, lambda: Usage(prompt_tokens_guess(request), answer_tokens_guess(completion.body))
        )
        body = self._dialect.completion(request, completion)
        self._recorder.close(exchange, Outcome.OK)
        await reply.whole(body, 200, exchange.headers())

    async def _stream(self, exchange: Exchange, request: ChatRequest, overrides: Overrides, reply: Reply) -> None:
        stream = await self._dispatcher.stream(exchange, request, overrides)
        translator = self._dialect.translator(request)
        try:
            exchange.first_byte()
            exchange.served_model = stream.model or exchange.served_model
            await reply.begin_stream(exchange.headers())
            async for events in stream:
                last = events == [DONE]
                if last:
                    _count(exchange, request, stream)
                    self._recorder.close(exchange, Outcome.OK)
                if (seen := b"".join(map(translator.event, events))) or last:
                    await reply.event(seen, last=last)
        except Exception as exc:
            _count(exchange, request, stream)
            self._recorder.failed(exchange, exc)
            await reply.event(translator.failed(exc), last=True)
            raise
        finally:
            _count(exchange, request, stream)
            await stream.aclose()


def _count(exchange: Exchange, request: ChatRequest, stream: ChatStream) -> None:
    exchange.finish_reasons = tuple(stream.finish_reasons.values())
    exchange.took(stream.usage, lambda: Usage(prompt_tokens_guess(request), stream.tokens_seen))
