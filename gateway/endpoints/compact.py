"""POST /v1/responses/compact and /v1/responses/input_tokens: a long conversation made short, or only measured."""

import time
from dataclasses import replace
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.conversations.conversations import CURE, Conversations
from gateway.conversations.summaries import COMPACTION
from gateway.conversations.turn import Turn
from gateway.dialects.responses.dialect import ResponsesDialect
from gateway.dialects.responses.output_item import new_id
from gateway.dialects.responses.shapes import to_usage
from gateway.dispatch.decider import Decider
from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.native_responses import NativeResponses
from gateway.dispatch.paying import set_aside
from gateway.endpoints.recorded import RecordedEndpoint, paid_all_the_same
from gateway.http.client import Reply, read_body
from gateway.http.json_response import json_response
from gateway.http.overrides import Overrides, read_overrides
from gateway.ledger import Outcome
from gateway.limits.key_limits import KeyLimits
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from gateway.spending.budget import Budget
from models.usage.usage import Usage, usage_in
from models.wire.chat import CUT_SHORT, ChatRequest, text_of
from models.wire.errors import InvalidResponse, RequestError
from models.wire.json_reader import parse_json
from models.wire.token_estimates import answer_tokens_guess, prompt_tokens_guess
from router.decision import Reason, Route

INSTRUCTION = (
    "Summarize the conversation above for whoever continues it: what the user wants, what was found and decided, "
    "names, numbers, and what remains to be done. Answer with the summary alone."
)
ENDPOINT = "responses.compact"

SUMMARY_TOKENS = 1024
"""The longest summary; a small model may go on for ever."""


class Compacting:
    """What compacting and counting share: who does it, and the request that it is about."""

    def __init__(self, conversations: Conversations, native: NativeResponses, decider: Decider, budget: Budget) -> None:
        self.conversations = conversations
        self._native = native
        self._decider = decider
        self._budget = budget
        self._dialect = ResponsesDialect()

    async def turn(self, body: Any, overrides: Overrides) -> tuple[Turn, ChatRequest]:
        """The conversation in `body`, with what it refers to, and as a chat that is marked if it may not leave."""
        turn = await self.conversations.turn(body, overrides.caller.id)
        return turn, await self._decider.of(overrides.caller).mark(self._dialect.turn(turn), overrides)

    async def by_cloud(
        self,
        what: str,
        turn: Turn,
        request: ChatRequest,
        overrides: Overrides,
        record: RequestRecord | None = None,
    ) -> bytes | None:
        """The answer of a cloud that keeps the conversation itself, or is the only one to have it; None for no such.

        Money is set aside for `record`; None for what costs nothing.
        """
        untranslatable = None if request.native is None else request.native.untranslatable
        decider = self._decider.of(overrides.caller)
        is_for_cloud = turn.is_native or untranslatable is not None or _is_cloud_only(decider, request)
        if is_for_cloud:
            await decider.know_budget()
        if is_for_cloud and decider.cloud_may_answer(request) and await self._native.may_know(overrides):
            assert request.native is not None
            if record is not None:
                await set_aside(self._budget, record, request, (self.cloud_model,))
                record.answer_limit = None  # this call takes no limit
            body = {**request.native.body, "model": self._native.model()}
            content = orjson.dumps(body)
            return await self._native.call("POST", what, overrides=overrides, private=request.private, content=content)
        if untranslatable is not None:
            raise untranslatable
        return None

    @property
    def cloud_model(self) -> str:
        """The model that `by_cloud` asks."""
        return self._native.model() or ""


def _is_cloud_only(decider: Decider, request: ChatRequest) -> bool:
    return decider.names.meaning(request.model).route is Route.CLOUD or decider.sides.local is None


class CompactEndpoint(RecordedEndpoint):
    """Has a model summarize a conversation; the summary is encrypted, and is read where it comes back as an item."""

    def __init__(
        self,
        compacting: Compacting,
        dispatcher: Dispatcher,
        recorder: Recorder,
        limits: KeyLimits,
        *,
        max_body_bytes: int,
    ) -> None:
        super().__init__(ENDPOINT, recorder, limits, max_body_bytes=max_body_bytes)
        self._compacting = compacting
        self._dispatcher = dispatcher

    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        turn, request = await self._compacting.turn(body, overrides)
        record.private = request.private
        request = await self.within_limits(record, request)
        answer = await self._compacting.by_cloud("compact", turn, request, overrides, record)
        if answer is None:
            with paid_all_the_same(record, request):
                answer = await self._summarize(record, turn, request, overrides)
        else:
            self._record_cloud(record, request, answer)
        self._recorder.close(record, Outcome.OK)
        await self.finish(record)
        await reply.whole(answer, 200, record.headers())

    def _record_cloud(self, record: RequestRecord, request: ChatRequest, answer: bytes) -> None:
        record.set_request(request)
        record.set_backend(self._compacting.cloud_model)
        record.moved(Route.CLOUD, Reason.CAPABILITY)
        record.first_byte()
        record.took(usage_in(orjson.loads(answer)), lambda: Usage(prompt_tokens_guess(request)))

    async def _summarize(self, record: RequestRecord, turn: Turn, request: ChatRequest, overrides: Overrides) -> bytes:
        summaries = self._compacting.conversations.summaries
        if summaries is None:
            raise RequestError(f"This gateway keeps no conversations, so it compacts none: {CURE}.")
        messages = [*request.messages, {"role": "user", "content": INSTRUCTION}]
        asked = ChatRequest.parse(
            {"model": request.model, "messages": messages, "max_completion_tokens": SUMMARY_TOKENS}
        )
        asked = replace(asked, private=request.private)
        completion = await self._dispatcher.chat(record, asked, overrides)
        record.first_byte()
        record.served_model = completion.model
        record.first_tokens = completion.first_tokens
        record.took(completion.usage, lambda: Usage(prompt_tokens_guess(asked), answer_tokens_guess(completion.body)))
        choice = orjson.loads(completion.body)["choices"][0]
        summary = text_of(choice.get("message") or {})
        if not summary or choice.get("finish_reason") in CUT_SHORT:
            raise InvalidResponse(record.route, f"the model gave no summary of at most {SUMMARY_TOKENS} tokens")
        sealed = summaries.seal(summary, turn.owner, record.private)
        return orjson.dumps(
            {
                "id": new_id("resp"),
                "object": "response.compaction",
                "created_at": int(time.time()),
                "output": [{"id": new_id("cmp"), "type": COMPACTION, "encrypted_content": sealed}],
                "usage": to_usage(record.usage),
            }
        )


def input_tokens_endpoints(compacting: Compacting, decider: Decider, *, max_body_bytes: int) -> APIRouter:
    """The endpoint that counts."""
    endpoints = APIRouter(tags=["responses"])

    @endpoints.post("/v1/responses/input_tokens", summary="Count a request's tokens")
    async def input_tokens(request: Request) -> Response:
        """Counted by the cloud if only it has the conversation, else by the local model's tokenizer, or estimated."""
        body = parse_json(await read_body(request.receive, max_body_bytes))
        overrides = read_overrides(request.scope, body)
        turn, chat = await compacting.turn(body, overrides)
        answer = await compacting.by_cloud("input_tokens", turn, chat, overrides)
        if answer is not None:
            return json_response(answer)
        counted = await decider.of(overrides.caller).count_tokens(chat)
        tokens = prompt_tokens_guess(chat) if counted is None else counted
        return json_response({"object": "response.input_tokens", "input_tokens": tokens})

    return endpoints
