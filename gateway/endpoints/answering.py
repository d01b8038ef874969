"""What all endpoints that answer share: the way through dispatcher, ledger and errors, whatever the API shape.

A `Dialect` puts one API shape over it. Inside, everything speaks the chat format.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from gateway.dialects.dialect import Dialect, Translator
from gateway.dispatch.dispatcher import Dispatcher
from gateway.endpoints.recorded import RecordedEndpoint, paid_all_the_same
from gateway.http.client import Reply
from gateway.http.keep_alive import KeepAlive
from gateway.http.overrides import Overrides
from gateway.ledger import Outcome
from gateway.limits.key_limits import KeyLimits
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
    """Puts `dialect` over `dispatcher`; callers of streams hear something every `keep_alive_s`, unless it is 0."""

    def __init__(
        self,
        dialect: Dialect,
        dispatcher: Dispatcher,
        recorder: Recorder,
        limits: KeyLimits,
        *,
        max_body_bytes: int,
        keep_alive_s: float,
    ) -> None:
        super().__init__(dialect.endpoint, recorder, limits, max_body_bytes=max_body_bytes, error=dialect.error)
        self._dialect = dialect
        self._dispatcher = dispatcher
        self._keep_alive_s = keep_alive_s

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
        request = await self.within_limits(record, request)
        if not request.stream:
            await self._whole(record, request, overrides, reply, keep)
            return
        translator = self._dialect.translator(request)
        async with KeepAlive(reply, self._dialect.sign_of_life, self._keep_alive_s, partial(_early_headers, record)):
            stream = await self._open(record, request, overrides, reply, translator)
            await self._stream(record, request, stream, translator, reply, keep)

    async def _whole(
        self, record: RequestRecord, request: ChatRequest, overrides: Overrides, reply: Reply, keep: Keep
    ) -> None:
        with paid_all_the_same(record, request):
            completion = await self._dispatcher.chat(record, request, overrides)
        record.first_byte()
        record.served_model = completion.model
        record.notes = completion.notes
        record.finish_reasons = completion.finish_reasons
        record.first_tokens = completion.first_tokens
        record.took(completion.usage, lambda: Usage(prompt_tokens_guess(request), answer_tokens_guess(completion.body)))
        body = self._dialect.completion(request, completion)
        await keep(body, body is completion.body)
        self._recorder.close(record, Outcome.OK)
        await self.finish(record)
        await reply.whole(body, 200, record.headers())

    async def _open(
        self,
        record: RequestRecord,
        request: ChatRequest,
        overrides: Overrides,
        reply: Reply,
        translator: Translator,
    ) -> ChatStream:
        """The stream, with its first event at hand. A failure is told in the caller's own, if that has begun."""
        try:
            with paid_all_the_same(record, request):
                return await self._dispatcher.stream(record, request, overrides)
        except Exception as exc:
            if reply.begun:
                self._recorder.failed(record, exc)
                await reply.event(translator.failed(exc, record.id), last=True)
            raise

    async def _stream(
        self,
        record: RequestRecord,
        request: ChatRequest,
        stream: ChatStream,
        translator: Translator,
        reply: Reply,
        keep: Keep,
    ) -> None:
        try:
            record.first_byte()
            record.served_model = stream.model or record.served_model
            record.notes = stream.notes
            if not reply.begun:
                await reply.begin_stream(record.headers())
            async for events in stream:
                last = events == [DONE]
                seen = b"".join(map(translator.event, events))
                if last:
                    await keep(seen, isinstance(stream, ResponsesStream))
                    _count(record, request, stream)
                    self._recorder.close(record, Outcome.OK)
                    await self.finish(record)
                if seen or last:
                    await reply.event(seen, last=last)
        except Exception as exc:
            _count(record, request, stream)
            self._recorder.failed(record, exc)
            await self.finish(record)
            await reply.event(translator.failed(exc, record.id), last=True)
            raise
        finally:
            _count(record, request, stream)
            await stream.aclose()


def _early_headers(record: RequestRecord) -> Mapping[str, str] | None:
    """The headers of a stream that begins before its answer does: once it is known where that shall come from."""
    if record.decision is None:
        return None
    record.answers_early = True
    return record.headers()


def _count(record: RequestRecord, request: ChatRequest, stream: ChatStream) -> None:
    record.finish_reasons = tuple(stream.finish_reasons.values())
    record.first_tokens = stream.first_tokens
    record.took(stream.usage, lambda: Usage(prompt_tokens_guess(request), stream.tokens_seen))
