"""POST /v1/responses: answers that callers can refer to later, by their own ids and by those of their items."""

from typing import Any

import orjson

from gateway.conversations.conversations import Conversations
from gateway.conversations.turn import Turn
from gateway.dialects.responses.dialect import ResponsesDialect
from gateway.dispatch.dispatcher import Dispatcher
from gateway.endpoints.answering import AnsweringEndpoint
from gateway.http.client import Reply
from gateway.http.overrides import Overrides
from gateway.limits.key_limits import KeyLimits
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.wire.sse import event_data

KEPT = ("completed", "incomplete")
"""How a response must have ended to be kept: one in the background goes on at the provider."""


class ResponsesEndpoint(AnsweringEndpoint):
    """Puts `conversations` before and behind the answering of Responses."""

    def __init__(
        self,
        conversations: Conversations,
        dispatcher: Dispatcher,
        recorder: Recorder,
        limits: KeyLimits,
        *,
        max_body_bytes: int,
        keep_alive_s: float,
    ) -> None:
        self._responses = ResponsesDialect()
        self._conversations = conversations
        super().__init__(
            self._responses, dispatcher, recorder, limits, max_body_bytes=max_body_bytes, keep_alive_s=keep_alive_s
        )

    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        turn = await self._conversations.turn(body, record.owner)
        request = self._responses.turn(turn)

        async def keep(answer: bytes, native: bool) -> None:
            await self._keep(turn, record, answer, native)

        await self.answer(record, request, overrides, reply, keep)

    async def _keep(self, turn: Turn, record: RequestRecord, answer: bytes, native: bool) -> None:
        if not turn.is_kept:
            return
        response = _response_in(answer)
        if response.get("status") in KEPT and isinstance(response.get("id"), str):
            kept = turn.kept(
                response, route=record.route, model=record.backend_model, native=native, private=record.private
            )
            await self._conversations.keep(kept)


def _response_in(answer: bytes) -> dict[str, Any]:
    """The response object in a whole answer, or in the last of the events that end a stream."""
    if answer.startswith(b"{"):
        return _object(orjson.loads(answer))
    last = answer.rstrip().rpartition(b"\n\n")[2]
    return _object(_object(orjson.loads(event_data(last) or b"{}")).get("response"))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
