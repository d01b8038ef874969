"""Embeddings: no routing, since vectors of two models cannot be mixed. The configuration says who makes them."""

from collections.abc import Mapping
from typing import Any

from gateway.config.sections import EmbeddingsSettings
from gateway.dispatch.backends import Backends
from gateway.dispatch.decider import Decider
from gateway.dispatch.dispatcher import waiting
from gateway.dispatch.model_names import AUTO
from gateway.http.overrides import Overrides
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from gateway.spending.budget import Budget
from models.wire.backend import Completion
from models.wire.errors import RequestError, UnknownModelError
from models.wire.json_reader import JsonReader
from models.wire.token_estimates import input_tokens_guess
from router.decision import Reason, Route
from router.errors import BudgetSpent, MustStayLocal

NOBODY = (
    "Nobody makes embeddings here: set SLIMGATE_EMBEDDINGS__BACKEND to 'local', or to 'cloud' and "
    "SLIMGATE_EMBEDDINGS__MODEL to a model of that side."
)


class Embedder:
    """Sends embeddings requests to the side that the configuration names."""

    def __init__(
        self,
        settings: EmbeddingsSettings,
        decider: Decider,
        backends: Backends,
        budget: Budget,
        recorder: Recorder,
    ) -> None:
        self._settings = settings
        self._decider = decider
        self._backends = backends
        self._budget = budget
        self._recorder = recorder

    async def embed(self, record: RequestRecord, body: Mapping[str, Any], overrides: Overrides) -> Completion:
        """The answer as the backend gave it.

        Raises
        ------
        RequestError
            If the request is malformed, or nobody is configured to answer it.
        MustStayLocal
            If the input may not leave, and the cloud would make its vectors.
        BudgetSpent
            If the cloud would make them, and no more may be spent there.
        BackendError
            If that side fails. Nobody stands in for it.
        """
        reader = JsonReader(body)
        record.requested_model = reader["model"].text()
        if not reader["input"].value:
            raise reader["input"].wrong("a non-empty string, or an array of strings or tokens")
        route = self._route(record.requested_model)
        private = await self._decider.why_private(body, overrides)
        if private is not None and route is Route.CLOUD:
            raise MustStayLocal(private, "The cloud makes the embeddings here.")
        if route is Route.CLOUD and (obstacle := self._unaffordable()) is not None:
            raise BudgetSpent(obstacle, "It makes the embeddings here.")
        record.moved(route, Reason.PINNED if private is None else Reason.PRIVACY)
        record.served_model = self._settings.model or ""
        self._recorder.opened(record, input_tokens_guess(body["input"]) if route is Route.CLOUD else 0)
        with waiting(record):
            backend = await self._backends.embedding_backend(route)
            model = self._settings.model or backend.model
            record.set_backend(model)
            return await backend.embed({**body, "model": model})

    def _unaffordable(self) -> str | None:
        return self._budget.spent() or self._budget.unpriced((self._settings.model or "",))

    def _route(self, name: str) -> Route:
        """The side that `name` asks for."""
        settings = self._settings
        if settings.backend is None:
            raise RequestError(NOBODY, param="model", code="unsupported_capability")
        route = Route(settings.backend)
        if name not in (settings.model, AUTO, route):
            meaning = self._decider.names.meaning(name)
            if meaning.model is not None or meaning.route not in (None, route):
                raise UnknownModelError(
                    f"The model '{name:.100}' makes no embeddings here; use '{settings.model or route}'.", param="model"
                )
        return route
