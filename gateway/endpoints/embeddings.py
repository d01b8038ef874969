"""POST /v1/embeddings: passed on to the side that the configuration names, both ways untouched but for the model."""

from typing import Any

from gateway.dispatch.embeddings import Embedder
from gateway.endpoints.recorded import RecordedEndpoint
from gateway.http.client import Reply
from gateway.http.overrides import Overrides
from gateway.ledger import Outcome
from gateway.ledger.row import EMBEDDINGS
from gateway.limits.caps import check_inputs
from gateway.limits.key_limits import KeyLimits
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.usage.usage import Usage
from models.wire.token_estimates import input_tokens_guess


class EmbeddingsEndpoint(RecordedEndpoint):
    """The endpoint over `embedder`."""

    def __init__(self, embedder: Embedder, recorder: Recorder, limits: KeyLimits, *, max_body_bytes: int) -> None:
        super().__init__(EMBEDDINGS, recorder, limits, max_body_bytes=max_body_bytes)
        self._embedder = embedder

    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        await self._count(record, body.get("input") if isinstance(body, dict) else None)
        answer = await self._embedder.embed(record, body, overrides)
        record.first_byte()
        record.served_model = answer.model
        record.notes = answer.notes
        record.took(answer.usage, lambda: Usage(input_tokens_guess(body["input"])))
        self._recorder.close(record, Outcome.OK)
        await self.finish(record)
        await reply.whole(answer.body, 200, record.headers())

    async def _count(self, record: RequestRecord, inputs: Any) -> None:
        """Check and count the inputs; those that are none are refused elsewhere."""
        check_inputs(record.caller.terms, inputs)
        if record.limited is not None:
            await record.limited.take_tokens(input_tokens_guess(inputs))
