"""POST /v1/embeddings: passed on to the side that the configuration names, both ways untouched but for the model."""

from typing import Any

from gateway.dispatch.embeddings import Embedder
from gateway.endpoints.recorded import RecordedEndpoint
from gateway.http.client import Reply
from gateway.http.overrides import Overrides
from gateway.ledger import Outcome
from gateway.ledger.row import EMBEDDINGS
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from models.usage.usage import Usage
from models.wire.token_estimates import input_tokens_guess


class EmbeddingsEndpoint(RecordedEndpoint):
    """The endpoint over `embedder`."""

    def __init__(self, embedder: Embedder, recorder: Recorder, *, max_body_bytes: int) -> None:
        super().__init__(EMBEDDINGS, recorder, max_body_bytes=max_body_bytes)
        self._embedder = embedder

    async def serve(self, record: RequestRecord, body: Any, overrides: Overrides, reply: Reply) -> None:
        answer = await self._embedder.embed(record, body, overrides)
        record.first_byte()
        record.served_model = answer.model
        record.notes = answer.notes
        record.took(answer.usage, lambda: Usage(input_tokens_guess(body["input"])))
        self._recorder.close(record, Outcome.OK)
        await reply.whole(answer.body, 200, record.headers())
