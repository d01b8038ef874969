"""What all endpoints with a ledger row share: reading the body, errors, and callers who hang up."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gateway.dispatch.privacy import why_asked
from gateway.http.client import Reply, read_body
from gateway.http.errors import error_headers, error_object, error_status, log_unforeseen
from gateway.http.overrides import Overrides, read_overrides
from gateway.http.paths import with_deployment
from gateway.http.sessions import end_user_of
from gateway.keys.caller import caller_of
from gateway.ledger import Outcome
from gateway.limits.caps import n_answers, within_caps
from gateway.limits.key_limits import KeyLimits
from gateway.record.egress import CURRENT
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.remote.fan_out import spent_until
from models.usage.usage import Usage
from models.wire.asgi import ClientGone, WhileConnected
from models.wire.chat import ChatRequest
from models.wire.errors import BackendTimeout, TruncatedAnswer
from models.wire.json_reader import parse_json
from models.wire.owner import OWNER, opaque_owner
from models.wire.token_estimates import prompt_tokens_guess


class RecordedEndpoint(ABC):
    """An ASGI application of its own: between it and the server stands nothing that costs time.

    Parameters
    ----------
    endpoint : str
        Its name in ledger, log and metrics.
    error : callable
        The JSON object that tells of a failure, and of the request's id where the shape has a place for it.
    """

    def __init__(
        self,
        endpoint: str,
        recorder: Recorder,
        limits: KeyLimits,
        *,
        max_body_bytes: int,
        error: Callable[[Exception, str], Any] = lambda exc, _request_id: error_object(exc),
    ) -> None:
        self._endpoint = endpoint
        self._recorder = recorder
        self._limits = limits
        self._max_body_bytes = max_body_bytes
        self._error = error

    @abstractmethod
    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        """Answer one decoded request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope)
        OWNER.set(opaque_owner(caller.id))
        record, reply = RequestRecord(self._endpoint, caller=caller, limited=self._limits.of(caller)), Reply(send)
        CURRENT.set(record)  # each call has a context of its own, which ends with it
        with self._recorder.recording(record, scope["headers"]):
            try:
                async with self._place(record):
                    body = await read_body(receive, self._most_bytes(record))
                    async with WhileConnected(receive):
                        asked = with_deployment(scope, parse_json(body))
                        overrides = read_overrides(scope, asked)
                        record.session_id, record.end_user = overrides.session_id or "", end_user_of(asked)
                        record.private = why_asked(overrides)  # whatever fails from here on
                        await self.serve(record, asked, overrides, reply)
            except ClientGone:
                self._recorder.close(record, Outcome.CANCELLED)
            except Exception as exc:
                log_unforeseen(exc, record.endpoint, is_private=record.private is not None)
                self._recorder.failed(record, exc)
                # Once the stream has begun, it has told the caller itself.
                if not reply.begun:
                    body = orjson.dumps(self._error(exc, record.id))
                    await reply.whole(body, error_status(exc), {**record.headers(), **error_headers(exc)})

    @asynccontextmanager
    async def _place(self, record: RequestRecord) -> AsyncIterator[None]:
        """A place within the limits of the caller's key, before any work; given back whatever happens."""
        limited = record.limited
        if limited is None:
            yield
            return
        await limited.begin()
        try:
            yield
        finally:
            await self.finish(record)

    async def within_limits(self, record: RequestRecord, request: ChatRequest) -> ChatRequest:
        """`request` as the caller's key allows it; the tokens that it may take are counted.

        Raises
        ------
        RequestError, LimitReached
        """
        request = within_caps(record.caller.terms, request)
        if record.limited is not None:
            most = (request.max_tokens or 0) * n_answers(request.original)
            await record.limited.take_tokens(prompt_tokens_guess(request) + most)
        return request

    async def finish(self, record: RequestRecord) -> None:
        """Give the place back, and count the tokens that were used in place of those that might have been.

        Before the last byte leaves: the caller may send the next request as soon as it has that.
        """
        if record.limited is not None:
            await record.limited.finish(record.usage.prompt_tokens + record.usage.completion_tokens)

    def _most_bytes(self, record: RequestRecord) -> int:
        return min(self._max_body_bytes, record.caller.terms.max_body_bytes or self._max_body_bytes)


@contextmanager
def paid_all_the_same(record: RequestRecord, request: ChatRequest) -> Iterator[None]:
    """A model that is left, or breaks off, never says what it took, and is paid for what it has read."""
    try:
        yield
    except (asyncio.CancelledError, BackendTimeout, TruncatedAnswer) as exc:
        if record.first_token_s is None and record.served_model:
            spent = spent_until(exc)
            record.took(spent, lambda: Usage(prompt_tokens_guess(request)) if spent is None else Usage())
        raise
