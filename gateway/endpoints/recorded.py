"""What all endpoints with a ledger row share: reading the body, errors, and callers who hang up."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.remote.fan_out import spent_until
from models.usage.usage import Usage
from models.wire.asgi import ClientGone, WhileConnected
from models.wire.chat import ChatRequest
from models.wire.errors import BackendTimeout, TruncatedAnswer
from models.wire.json_reader import parse_json
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
        *,
        max_body_bytes: int,
        error: Callable[[Exception, str], Any] = lambda exc, _request_id: error_object(exc),
    ) -> None:
        self._endpoint = endpoint
        self._recorder = recorder
        self._max_body_bytes = max_body_bytes
        self._error = error

    @abstractmethod
    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        """Answer one decoded request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record, reply = RequestRecord(self._endpoint, caller=caller_of(scope)), Reply(send)
        with self._recorder.recording(record, scope["headers"]):
            try:
                body = await read_body(receive, self._max_body_bytes)
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
