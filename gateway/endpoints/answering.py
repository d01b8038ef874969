"""What all endpoints that answer share: the way through dispatcher, ledger and errors, whatever the API shape.

A `Dialect` puts one API shape over it. Inside, everything speaks the chat format.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from gateway.dialects.dialect import Dialect
from gateway.dispatch.dispatcher import Dispatcher
from gateway.endpoints.recorded import RecordedEndpoint, paid_all_the_same
from gateway.http.client import Reply
from gateway.http.overrides import Overrides
from gateway.ledger import Outcome
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from models.wire.responses import ResponsesStream
from models.wire.sse import DONE
from models.wire.stream import ChatStream
from models.wire.token_estimates import answer_tokens_guess, prompt_tokens_guess

Keep = Callable[[bytes, bool], Awaitable[None]]
"""Given the JSON of a whole answer, or the last events of a stream; and whether the backend itself wrote them so."""


async def _keep_nothing(_answer: bytes, _native: bool) -> None: ...


class AnsweringEndpoint(RecordedEndpoint):
    """Puts `dialect` over `dispatcher`."""

    def __init__(self, dialect: Dialect, dispatcher: Dispatcher, recorder: Recorder, *, max_body_bytes: int) -> None:
        super().__init__(dialect.endpoint, recorder, max_body_bytes=max_body_bytes, error=dialect.error)
        self._dialect = dialect
        self._dispatcher = dispatcher

    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        await self.answer(record, self._dialect.request(body), overrides, reply)

    async def answer(
        self,
        record: RequestRecord,
        request: ChatRequest,
        overrides: Overrides,
        reply: Reply,
        keep: Keep = _keep_nothing,
    ) -> None:
        """Answer `request`, and let `keep` have the answer before the caller has all of it."""
        answer = self._stream if request.stream else self._whole
        with paid_all_the_same(record, request):
            await answer(record, request, overrides, reply, keep)

    async def _whole(
        self, record: RequestRecord, request: ChatRequest, overrides: Overrides, reply: Reply, keep: Keep
    ) -> None:
        completion = await self._dispatcher.chat(record, request, overrides)
        record.first_byte()
        record.served_model = completion.model
        record.notes = completion.notes
        record.finish_reasons = completion.finish_reasons
        record.took(completion.usage, lambda: Usage(prompt_tokens_guess(request), answer_tokens_guess(completion.body)))
        body = self._dialect.completion(request, completion)
        await keep(body, body is completion.body)
        self._recorder.close(record, Outcome.OK)
        await reply.whole(body, 200, record.headers())

    async def _stream(
        self, record: RequestRecord, request: ChatRequest, overrides: Overrides, reply: Reply, keep: Keep
    ) -> None:
        stream = await self._dispatcher.stream(record, request, overrides)
        translator = self._dialect.translator(request)
        try:
            record.first_byte()
            record.served_model = stream.model or record.served_model
            record.notes = stream.notes
            await reply.begin_stream(record.headers())
            async for events in stream:
                last = events == [DONE]
                seen = b"".join(map(translator.event, events))
                if last:
                    await keep(seen, isinstance(stream, ResponsesStream))
                    _count(record, request, stream)
                    self._recorder.close(record, Outcome.OK)
                if seen or last:
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
