"""The cloud side: one or more models of one or more providers, in order of preference."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from gateway.config.sections.cloud import OPENAI_BASE_URL, CloudSettings, ProviderSettings
from gateway.scoring.prompt import needs_of
from models.host.api_keys import key_from_environment
from models.redaction.secrets import keep_secret
from models.redaction.server_words import CONTEXT_LENGTH
from models.remote.circuit_breaker import CircuitBreaker
from models.remote.concurrency_limiter import ConcurrencyLimiter
from models.remote.http import HttpServer
from models.remote.openai import OpenAIBackend
from models.remote.quirks import quirks_of
from models.remote.resilient_backend import ResilientBackend, RetryPolicy
from models.remote.sending import OnSend
from models.wire.backend import Completion
from models.wire.chat import COMPLETIONS, ChatRequest
from models.wire.errors import BackendBusy, BackendError, BackendRejected
from models.wire.responses import PATH as RESPONSES
from models.wire.stream import ChatStream
from router.decision import Feature, lacking
from router.errors import MustStayLocal

logger = logging.getLogger(__name__)

T = TypeVar("T", Completion, ChatStream)

Watch = Callable[[str], OnSend]

FORMS = frozenset({Feature.COMPLETIONS, Feature.RESPONSES})
"""API shapes, not abilities of a model: a setting of its own says which shapes a server accepts."""


class CloudSide:
    """Asks its models in order until one answers.

    Parameters
    ----------
    models : sequence of ResilientBackend
        The preferred one first; never empty.
    features : sequence of frozenset of Feature, optional
        What each of them can do beyond text; None for one that is taken to do everything. Default: all are.
    """

    def __init__(
        self, models: Sequence[ResilientBackend], features: Sequence[frozenset[Feature] | None] | None = None
    ) -> None:
        self.models = tuple(models)
        self._features = tuple(features) if features is not None else (None,) * len(self.models)
        self._all_do_everything = not any(known is not None for known in self._features)

    @property
    def model(self) -> str:
        """The preferred model's name."""
        return self.models[0].model

    @property
    def names(self) -> tuple[str, ...]:
        """All models' names, in order."""
        return tuple(model.model for model in self.models)

    @property
    def up(self) -> bool:
        """Whether the circuit breaker of any of them lets calls through."""
        return any(model.breaker.allows for model in self.models)

    @property
    def answers(self) -> bool:
        """Whether the last call to any of them did not fail; also true of one that was not called yet."""
        return any(model.trouble is None for model in self.models)

    @property
    def key_refused(self) -> bool:
        """Whether a provider refused the gateway's key when it was last asked."""
        return any(model.trouble is not None and model.trouble.key_refused for model in self.models)

    def takes(self, request: ChatRequest, only: str | None = None) -> bool:
        """Whether any of them (with `only`, that one) accepts this request at all."""
        return any(model.takes(request) for model in self._able(request, only))

    def missing(self, request: ChatRequest, only: str | None = None) -> frozenset[Feature]:
        """Features that `request` needs and no model has (with `only`: that model); empty if one has all of them."""
        if self._all_do_everything or next(self._able(request, only), None) is not None:
            return frozenset()
        asked = zip(self.models, self._features, strict=True)
        had = next((known for model, known in asked if only in (None, model.model)), None)
        return lacking(needs_of(request) - FORMS, had or frozenset())

    def _able(self, request: ChatRequest, only: str | None) -> Iterator[ResilientBackend]:
        """The models that have every feature that `request` needs, in order."""
        needs = frozenset() if self._all_do_everything else needs_of(request) - FORMS
        for model, known in zip(self.models, self._features, strict=True):
            if only in (None, model.model) and (known is None or not lacking(needs, known)):
                yield model

    async def ask(
        self,
        request: ChatRequest,
        call: Callable[[ResilientBackend], Awaitable[T]],
        only: str | None = None,
        may_pay: Callable[[str], bool] = lambda _model: True,
    ) -> T:
        """The first answer to `request` that one of them gives by `call`; with `only`, that model's or none.

        `may_pay` says which of them, by name, may be paid.

        Raises
        ------
        MustStayLocal
            Whoever asks for whatever reason, where the request may not leave this machine.
        RequestError
            If none of them can be asked this.
        BackendError
            The preferred model's, where all failed: the others stood in for it.
        """
        _check_may_leave(request.private)
        candidates = [model for model in self._able(request, only) if model.takes(request) and may_pay(model.model)]
        if not candidates and request.native is not None and request.native.untranslatable is not None:
            raise request.native.untranslatable
        first: BackendError | None = None
        for number, model in enumerate(candidates):
            try:
                return await call(model)
            except BackendError as exc:
                # A model that rests says less than one that was asked.
                first = exc if first is None or isinstance(first, BackendBusy) else first
                if number + 1 == len(candidates) or not may_answer_elsewhere(exc):
                    raise first from exc
                logger.warning("%s failed (%s); asking %s", model.model, exc, candidates[number + 1].model)
        raise BackendBusy("cloud", "none of its models may be paid for this")

    async def embed(self, body: Mapping[str, Any], private: str | None) -> Completion:
        """The vectors that the first model's server makes; `private` says why the input may not leave, if so.

        Raises
        ------
        MustStayLocal
        BackendError
        """
        _check_may_leave(private)
        return await self.models[0].embed(body)

    async def forward(
        self,
        backend: ResilientBackend,
        method: str,
        path: str,
        content: bytes | None,
        query: Mapping[str, str],
        private: str | None,
    ) -> bytes:
        """The answer of `backend`, one of its models, about something that it keeps; `private` as for `embed`.

        Raises
        ------
        MustStayLocal
        BackendError
        """
        _check_may_leave(private)
        return await backend.forward(method, path, content, query)

    def speaking(self, path: str, model: str | None = None) -> ResilientBackend | None:
        """The model of this name, or else the first, that supports the API shape at `path` itself; None if none does.

        `model` names one that was asked before; it may be gone.
        """
        speaking = [candidate for candidate in self.models if candidate.speaks(path)]
        return next((one for one in speaking if one.model == model), next(iter(speaking), None))

    async def aclose(self) -> None:
        """Close all connections."""
        for model in self.models:
            await model.aclose()


def _check_may_leave(private: str | None) -> None:
    """The check of last resort: whoever calls the cloud for whatever reason passes here."""
    if private is not None:
        raise MustStayLocal(private, "The cloud is not asked.")


def may_answer_elsewhere(exc: BackendError) -> bool:
    """Whether another model should be asked after `exc`: not if the request itself was refused."""
    return not isinstance(exc, BackendRejected) or exc.code == CONTEXT_LENGTH


def make_cloud(settings: CloudSettings, watch: Watch) -> CloudSide | None:
    """The cloud side that `settings` describe; None where there is none.

    `watch` gives for each model, by name, what is told of requests to it before they leave.
    """
    if not settings.configured:
        return None
    key = settings.api_key.get_secret_value() if settings.api_key else None
    providers = (settings, *settings.fallbacks)
    keys = (key, *fallback_keys(settings))
    return CloudSide(
        [_make_model(provider, key, watch) for provider, key in zip(providers, keys, strict=True)],
        [None if provider.features is None else frozenset(provider.features) for provider in providers],
    )


def fallback_keys(settings: CloudSettings) -> tuple[str | None, ...]:
    """The keys of the fallbacks, as their variables or files hold them now."""
    variables = [fallback.api_key_env for fallback in settings.fallbacks]
    return tuple(None if variable is None else key_from_environment(variable) for variable in variables)


def _make_model(settings: ProviderSettings, key: str | None, watch: Watch) -> ResilientBackend:
    keep_secret([key])  # whatever the header is called that carries it
    server = HttpServer(
        settings.base_url,
        use_proxy=True,
        headers={**_credentials(settings.api_key_header, key), **settings.headers},
        query=settings.query,
        connect_timeout_s=settings.connect_timeout_s,
        silence_s=settings.chunk_timeout_s,
        on_send=watch(settings.model),
    )
    backend = OpenAIBackend(
        "cloud",
        server,
        settings.model,
        first_byte_timeout_s=settings.first_byte_timeout_s,
        total_timeout_s=settings.total_timeout_s,
        quirks=quirks_of(settings.model, settings.base_url).told(settings.rename_params, settings.drop_params),
        max_answer_bytes=settings.max_answer_bytes,
        native=frozenset(_native(settings)),
    )
    breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_rest_s)
    limiter = ConcurrencyLimiter("cloud", settings.max_concurrent, settings.max_queue, settings.max_wait_s)
    return ResilientBackend(backend, breaker, limiter, RetryPolicy(settings.retries))


def _native(settings: ProviderSettings) -> Iterator[str]:
    if settings.completions == "native":
        yield COMPLETIONS
    if settings.responses == "native" or (settings.responses is None and settings.base_url == OPENAI_BASE_URL):
        yield RESPONSES


def _credentials(header: str, key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    return {header: f"Bearer {key}" if header == "authorization" else key}
