"""Embeddings: no routing, since vectors of two models cannot be mixed. The configuration says who makes them."""

from collections.abc import Mapping
from typing import Any

from gateway.config.sections.local import EmbeddingsSettings
from gateway.dispatch.backends import Backends
from gateway.dispatch.decider import Decider
from gateway.dispatch.dispatcher import waiting
from gateway.dispatch.model_names import AUTO, ModelNames
from gateway.http.overrides import Overrides
from gateway.keys.caller import Caller
from gateway.keys.terms import KeyForbids
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from gateway.spending.budget import Budget
from models.wire.backend import Completion
from models.wire.errors import RequestError, UnknownModelError
from models.wire.json_reader import JsonReader
from models.wire.token_estimates import input_tokens_guess, most_input_tokens
from router.decision import Reason, Route
from router.errors import BudgetSpent, MustStayLocal

NOBODY = (
    "Nobody makes embeddings here: set SLIMGATE_EMBEDDINGS__BACKEND to 'local', or to 'cloud' and "
    "SLIMGATE_EMBEDDINGS__MODEL to a model of that side."
)

OPENAI_MODELS = ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002")
"""OpenAI's, which its key opens without any setting; the first for callers who name none of them. They share one
tokenizer, cl100k_base, which clients also use for names that they do not know."""

FOREIGN_TOKENS = (
    "holds token numbers, and whose they are cannot be known: '{}' would read them as other words. Send the text "
    "(LangChain's OpenAIEmbeddings does with check_embedding_ctx_length=False)"
)

_INPUTS = "a non-empty string, or a non-empty array of strings or of tokens"


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
        KeyForbids
            If the caller's key may not send that name, or may not use the side that makes them.
        MustStayLocal
            If the input may not leave, and the cloud would make its vectors.
        BudgetSpent
            If the cloud would make them, and no more may be spent there.
        BackendError
            If that side fails. Nobody stands in for it.
        """
        reader = JsonReader(body)
        record.requested_model = name = reader["model"].text()
        has_tokens = _has_tokens(reader["input"])
        decider = self._decider.of(overrides.caller)
        route, model = self._target(name, decider.names)
        if not overrides.caller.terms.allows(route):
            raise KeyForbids(f"use the {route}, which makes the embeddings here; use another key", param="model")
        record.private = private = await decider.why_private(body, overrides)
        record.clearance = decider.clearance
        if private is not None and route is Route.CLOUD:
            raise MustStayLocal(private, "The cloud makes the embeddings here.")
        if has_tokens and not (route is Route.CLOUD and _shares_tokens(name, model)):
            raise reader["input"].error(FOREIGN_TOKENS.format(model or route), "unsupported_value")
        if route is Route.CLOUD:
            await self._set_aside(record, model, body["input"])
        record.moved(route, Reason.PINNED if private is None else Reason.PRIVACY)
        record.served_model = model
        self._recorder.opened(record, input_tokens_guess(body["input"]) if route is Route.CLOUD else 0)
        with waiting(record):
            return await self._call(record, route, model, body, private)

    async def _call(
        self, record: RequestRecord, route: Route, model: str, body: Mapping[str, Any], private: str | None
    ) -> Completion:
        if route is Route.CLOUD:
            cloud = self._backends.cloud
            assert cloud is not None
            model = model or cloud.model
            record.set_backend(model)
            return await cloud.embed({**body, "model": model}, private)
        backend = await self._backends.local_backend()
        model = model or backend.model
        record.set_backend(model)
        return await backend.embed({**body, "model": model})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of models for embeddings, which are no names for chats."""
        if self._settings.backend is None:
            return OPENAI_MODELS if self._backends.cloud_is_openai else ()
        return () if self._settings.model is None else (self._settings.model,)

    async def _set_aside(self, record: RequestRecord, model: str, given: Any) -> None:
        most_tokens = most_input_tokens(given)
        obstacle = await self._budget.reserve_reading(record.id, most_tokens, model, record.caller)
        if obstacle is not None:
            raise BudgetSpent(obstacle, "It makes the embeddings here.")

    def names_for(self, caller: Caller) -> tuple[str, ...]:
        """Those of `names` that the caller's key lets it send."""
        terms, names = caller.terms, self._decider.of(caller).names
        route = Route(self._settings.backend or Route.CLOUD)
        if not terms.allows(route) or (terms.local_only and route is Route.CLOUD):
            return ()
        return tuple(filter(names.may_send, self.names))

    def _target(self, name: str, known: ModelNames) -> tuple[Route, str]:
        """The side that `name` asks for, and its model; empty for the side's own."""
        known.check_sent(name)
        settings, names = self._settings, self.names
        if settings.backend is None and not names:
            raise RequestError(NOBODY, param="model", code="unsupported_capability")
        route = Route(settings.backend or Route.CLOUD)
        if name in names:
            return route, name
        if name not in (AUTO, route):
            meaning = known.meaning(name)
            if meaning.model is not None or meaning.route not in (None, route):
                usable = "' or '".join(names) or route
                raise UnknownModelError(
                    f"The model '{name:.100}' makes no embeddings here; use '{usable}'.", param="model"
                )
        return route, names[0] if names else ""


def _has_tokens(given: JsonReader) -> bool:
    """Whether the input is token numbers, and not text.

    Raises
    ------
    RequestError
        If it is neither.
    """
    value = given.value
    if isinstance(value, str) and value:
        return False
    if not isinstance(value, list) or not value:
        raise given.wrong(_INPUTS)
    if all(isinstance(part, str) for part in value):
        return False
    if not (_are_tokens(value) or all(map(_are_tokens, value))):
        raise given.must_be(_INPUTS)
    return True


def _are_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(token, int) and not isinstance(token, bool) for token in value)


def _shares_tokens(name: str, model: str) -> bool:
    """Whether a client that calls the model `name` counts in tokens that `model` reads."""
    return model in OPENAI_MODELS and name in (*OPENAI_MODELS, AUTO, Route.CLOUD)
