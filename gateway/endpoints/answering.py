"""What all endpoints that answer share: the way through dispatcher, ledger and errors, whatever the API shape.

A `Dialect` puts one API shape over it. Inside, everything speaks the chat format.
"""

import asyncio
from typing import Any

from gateway.dialects.dialect import Dialect
from gateway.dispatch.dispatcher import Dispatcher
from gateway.endpoints.recorded import RecordedEndpoint
from gateway.http.client import Reply
from gateway.http.overrides import Overrides
from gateway.ledger import Outcome
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from models.wire.errors import BackendTimeout, TruncatedAnswer
from models.wire.sse import DONE
from models.wire.stream import ChatStream
from models.wire.token_estimates import answer_tokens_guess, prompt_tokens_guess


class AnsweringEndpoint(RecordedEndpoint):
    """Puts `dialect` over `dispatcher`."""

    def __init__(self, dialect: Dialect, dispatcher: Dispatcher, recorder: Recorder, *, max_body_bytes: int) -> None:
        super().__init__(dialect.endpoint, recorder, max_body_bytes=max_body_bytes, error=dialect.error)
        self._dialect = dialect
        self._dispatcher = dispatcher

    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        request = self._dialect.request(body)
        answer = self._stream if request.stream else self._whole
        try:
            await answer(record, request, overrides, reply)
        except (asyncio.CancelledError, BackendTimeout, TruncatedAnswer):
            # It will never say what it took, and is paid for what it has read all the same.
            if record.first_token_s is None and record.served_model:
                record.took(None, lambda: Usage(prompt_tokens_guess(request)))
            raise

    async def _whole(self, record: RequestRecord, request: ChatRequest, overrides: Overrides, reply: Reply) -> None:
        completion = await self._dispatcher.chat(record, request, overrides)
        record.first_byte()
        record.served_model = completion.model
        record.finish_reasons = completion.finish_reasons
        record.took(completion.usage, lambda: Usage(prompt_tokens_guess(request), answer_tokens_guess(completion.body)))
        body = self._dialect.completion(request, completion)
        self._recorder.close(record, Outcome.OK)
        await reply.whole(body, 200, record.headers())

    async def _stream(self, record: RequestRecord, request: ChatRequest, overrides: Overrides, reply: Reply) -> None:
        stream = await self._dispatcher.stream(record, request, overrides)
        translator = self._dialect.translator(request)
        try:
            record.first_byte()
            record.served_model = stream.model or record.served_model
            await reply.begin_stream(record.headers())
            async for events in stream:
                last = events == [DONE]
                if last:
                    _count(record, request, stream)
                    self._recorder.close(record, Outcome.OK)
                if (seen := b"".join(map(translator.event, events))) or last:
                    await reply.event(seen, last=last)
        except Exception as exc:
            _count(record, request, stream)
            self._recorder.failed(record, exc)
            await reply.event(translator.failed(exc), last=True)
            raise
        finally:
            _count(record, request, stream)
            await stream.aclose()


def _count(record: RequestRecord, request: ChatRequest, stream: ChatStream) -> None:
    record.finish_reasons = tuple(stream.finish_reasons.values())
    record.took(stream.usage, lambda: Usage(prompt_tokens_guess(request), stream.tokens_seen))
