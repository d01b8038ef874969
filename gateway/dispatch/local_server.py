"""A server of the user's own as the local side."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

from gateway.background import Background
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.load_watch import LoadWatch
from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_times import T
from gateway.dispatch.replica_times import ReplicaTimes
from models.engine.http.asgi import BLANKS_HEADER
from models.redaction.secrets import mask
from models.redaction.server_words import clean_name
from models.remote.circuit_breaker import CircuitBreaker
from models.remote.concurrency_limiter import ConcurrencyLimiter
from models.remote.http import HttpServer
from models.remote.openai import OpenAIBackend
from models.remote.quirks import NO_QUIRKS, Quirks, quirks_of
from models.remote.resilient_backend import ResilientBackend, RetryPolicy
from models.wire.chat import COMPLETIONS, ChatRequest
from models.wire.errors import BackendError, BackendUnavailable, InvalidResponse
from router.decision import Feature, LocalEstimate
from router.policy import LocalCapabilities

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0

TAKES_BLANKS = {BLANKS_HEADER: "1"}
UNIX = "unix:"
UNTOLD_N_CTX = 4096
MODELS_SHOWN = 20

COMMON_FEATURES = frozenset({Feature.TOOLS, Feature.JSON_OBJECT, Feature.JSON_SCHEMA})
"""What llama-server, vLLM and Ollama all support; assumed of a server that does not report its features."""


class ServerSide:
    """An OpenAI-compatible server that somebody else runs. Looked at until it lists its models, then trusted.

    ``unix:/path/to.sock`` stands for an engine on a unix socket: that of `slimgate engine --uds`, or the one that all
    workers of a gateway share.
    """

    restarts = 0

    def __init__(self, settings: LocalSettings, base_url: str) -> None:
        self._settings = settings
        self._seen = asyncio.Event()
        self._knows_little = True  # our own engine goes on trying out its model while it serves
        self._capabilities: LocalCapabilities | None = None
        self._address, self._shown_url = base_url, mask(base_url)
        self._trouble: str | None = f"{self._shown_url} has not answered yet"
        self.socket_path = _socket_in(base_url)
        self._connections = server = _server_at(base_url, settings)
        self._server = _server_backend(server, settings)
        self._breaker = CircuitBreaker(failures=3, rest_s=2)
        self._limiter = ConcurrencyLimiter(
            "local", settings.max_concurrent, settings.max_queue, settings.first_byte_timeout_s
        )
        self.backend = ResilientBackend(self._server, self._breaker, self._limiter, RetryPolicy(retries=0))
        self._is_ours = False
        self._load = LoadWatch(
            server, lambda: self._may_answer, lambda: self._is_ours, in_hand=lambda: self._limiter.n_running
        )
        self._times = ReplicaTimes(lambda: self._load.latest)

    def take_key(self, settings: LocalSettings) -> None:
        self._connections.replace_headers(_bearer(settings))

    @property
    def model(self) -> str | None:
        return self._server.model or None

    @property
    def capabilities(self) -> LocalCapabilities | None:
        return self._capabilities

    @property
    def up(self) -> bool:
        return self._may_answer and not self._load.is_refused

    @property
    def _may_answer(self) -> bool:
        return self._seen.is_set() and self._breaker.allows

    @property
    def trouble(self) -> str | None:
        if self._load.is_refused:
            return f"nobody listens at {self._shown_url}"
        return self._trouble if self._breaker.allows else f"{self._shown_url} is left alone after repeated failures"

    @property
    def load(self) -> LocalLoad | None:
        return self._load.latest

    @property
    def address(self) -> str:
        return self._address

    @property
    def shown_address(self) -> str:
        """`address` without its password."""
        return self._shown_url

    def speeds(self) -> dict[str, Any]:
        return self._times.to_json()

    def servers(self) -> list[dict[str, Any]]:
        return self._times.replicas()

    async def watch(self, request: ChatRequest, work: Awaitable[T]) -> T:
        return await self._times.watch(request, work)

    def share_unread(self, request: ChatRequest) -> float:
        """Which share of a prompt the server has to read, as far as is known: it may have kept the rest."""
        return self._times.share_unread(request)

    @property
    def n_callers(self) -> int:
        return self._limiter.n_running + self._limiter.n_waiting + self._load.n_others

    @property
    def is_known(self) -> bool:
        return not self._knows_little

    async def start(self, background: Background) -> None:
        background.keep("local models", self._look)
        background.keep("local load", self._load.watch)

    async def wait_ready(self) -> None:
        try:
            async with asyncio.timeout(self._settings.ready_timeout_s):
                await self._seen.wait()
        except TimeoutError:
            raise BackendUnavailable("local", self.trouble or "not ready") from None

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        return self._times.estimate(request, counted)

    async def count_tokens(self, request: ChatRequest) -> int | None:
        return await self._server.count_tokens(request)

    async def stop(self) -> None:
        await self.backend.aclose()

    async def _look(self) -> None:
        while self._knows_little:
            try:
                self._learn(await self._server.list_models())
            except BackendError as exc:
                if str(exc) != self._trouble:
                    logger.warning("%s; looking again every %g s", exc, LOOK_AGAIN_S)
                self._trouble = str(exc)
            except Exception:  # whatever its list holds: this must go on
                logger.exception("the list of models of %s cannot be read", self._shown_url)
                self._trouble = f"the list of models of {self._shown_url} cannot be read"
            if self._knows_little:
                await asyncio.sleep(LOOK_AGAIN_S)

    def _learn(self, models: list[dict[str, Any]]) -> None:
        wanted = self._server.model
        item = next((model for model in models if not wanted or model.get("id") == wanted), None)
        if item is None:
            listed = ", ".join(clean_name(model.get("id")) for model in models[:MODELS_SHOWN]) or "none"
            raise InvalidResponse("local", f"{self._shown_url} has no model '{wanted}'; it lists: {listed}")
        self._server.model = str(item["id"])
        told = self._settings.features
        features = (_listed_features(item) if told is None else frozenset(told)) | {Feature.COMPLETIONS}
        self._capabilities = LocalCapabilities(
            features, self._settings.n_ctx or _listed_n_ctx(item), _is_our_engine(item)
        )
        self._trouble, self._is_ours = None, _is_our_engine(item)
        self._knows_little = item.get("probed") is False
        if not self._seen.is_set():
            logger.info(
                "local model %s at %s, context %d", self._server.model, self._shown_url, self._capabilities.n_ctx
            )
        self._seen.set()


def open_backend(settings: LocalSettings, headers: Mapping[str, str]) -> OpenAIBackend:
    """The server at `settings.base_url`, for requests that all carry `headers`; nothing else limits them."""
    assert settings.base_url is not None
    return _server_backend(_server_at(settings.base_url, settings, headers), settings)


def _server_at(base_url: str, settings: LocalSettings, headers: Mapping[str, str] | None = None) -> HttpServer:
    socket_path = _socket_in(base_url)
    return HttpServer(
        base_url if socket_path is None else "http://engine/v1",
        use_proxy=settings.use_proxy,
        headers={**TAKES_BLANKS, **_bearer(settings), **(headers or {})},
        uds=socket_path,
        silence_s=settings.chunk_timeout_s,
    )


def _socket_in(base_url: str) -> Path | None:
    """The socket that ``unix:/path`` names; None for another URL."""
    path = base_url.removeprefix(UNIX)
    return None if path == base_url else Path(path)


def _server_backend(server: HttpServer, settings: LocalSettings) -> OpenAIBackend:
    quirks = quirks_of("", server.base_url).told(settings.rename_params, settings.drop_params)
    return local_backend(server, settings.model or "", settings, quirks)


def _bearer(settings: LocalSettings) -> dict[str, str]:
    key = settings.api_key
    return {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}


def local_backend(server: HttpServer, model: str, settings: LocalSettings, quirks: Quirks = NO_QUIRKS) -> OpenAIBackend:
    """All local servers take text completions: the engine, vLLM, llama-server, Ollama, LM Studio."""
    return OpenAIBackend(
        "local",
        server,
        model,
        first_byte_timeout_s=settings.first_byte_timeout_s,
        total_timeout_s=settings.total_timeout_s,
        quirks=quirks,
        max_answer_bytes=settings.max_answer_bytes,
        native=frozenset({COMPLETIONS}),
        is_local=True,
    )


def _is_our_engine(item: dict[str, Any]) -> bool:
    return isinstance(item.get("features"), list)


def _listed_features(item: dict[str, Any]) -> frozenset[Feature]:
    """What the server says its model can do, as our own engine does; what such servers have in common otherwise."""
    if not _is_our_engine(item):
        return COMMON_FEATURES
    listed: list[Any] = item["features"]
    return frozenset(feature for feature in Feature if feature in listed)


def _listed_n_ctx(item: dict[str, Any]) -> int:
    """The context window: vLLM lists `max_model_len`, our engine `n_ctx`, llama-server `meta.n_ctx`."""
    meta = item.get("meta")
    sources = (item, meta if isinstance(meta, dict) else {})
    found = (source.get(key) for source in sources for key in ("n_ctx", "max_model_len"))
    return next((value for value in found if type(value) is int and value > 0), UNTOLD_N_CTX)
