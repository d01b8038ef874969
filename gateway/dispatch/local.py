"""The local side: the built-in engine under supervision, or a server of the user's own."""

import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp

from gateway.background import Background
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_times import LocalTimes
from models.catalogue.bundled import bundled_model_path
from models.engine.errors import EngineFailed
from models.engine.http.asgi import BLANKS_HEADER
from models.engine.options import WEIGHTS
from models.engine.process.supervisor import EngineInfo, EngineOptions, EngineState, EngineSupervisor
from models.redaction.secrets import mask
from models.redaction.server_words import clean_name
from models.remote.circuit_breaker import CircuitBreaker
from models.remote.concurrency_limiter import ConcurrencyLimiter
from models.remote.http import HttpServer
from models.remote.openai import OpenAIBackend
from models.remote.quirks import NO_QUIRKS, Quirks, quirks_of
from models.remote.resilient_backend import ResilientBackend, RetryPolicy
from models.wire.backend import Backend
from models.wire.chat import COMPLETIONS, ChatRequest
from models.wire.errors import BackendError, BackendTimeout, BackendUnavailable, ExtraMissingError, InvalidResponse
from router.decision import Feature, LocalEstimate
from router.policy import LocalCapabilities

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_AGAIN_S = 5.0
LOAD_S = 1.0
HEALTH_TIMEOUT_S = 1.0
STUCK_S = 10.0
"""An engine without any progress for so long is given up by requests that the cloud may answer."""

_TAKES_BLANKS = {BLANKS_HEADER: "1"}
UNIX = "unix:"
UNTOLD_N_CTX = 4096
MODELS_SHOWN = 20

COMMON_FEATURES = frozenset({Feature.TOOLS, Feature.JSON_OBJECT, Feature.JSON_SCHEMA})
"""What llama-server, vLLM and Ollama all support; assumed of a server that does not report its features."""


class LocalSide(Protocol):
    """The local side, whichever kind it is."""

    @property
    def model(self) -> str | None:
        """The model's name, as soon as it is known."""
        ...

    @property
    def backend(self) -> Backend: ...

    @property
    def capabilities(self) -> LocalCapabilities | None:
        """What it can do; None until that is known."""
        ...

    @property
    def up(self) -> bool:
        """Whether it can be expected to answer now."""
        ...

    @property
    def restarts(self) -> int: ...

    @property
    def trouble(self) -> str | None:
        """Why it does not answer; None while it does."""
        ...

    async def start(self, background: Background) -> None:
        """Start it; its background tasks are supervised by `background`."""
        ...

    async def wait_ready(self) -> None:
        """Wait until it answers; raises `BackendUnavailable` if that takes too long or can never be."""
        ...

    def take_key(self, settings: LocalSettings) -> None:
        """Use the key of `settings` from now on."""
        ...

    @property
    def load(self) -> LocalLoad | None:
        """How busy it was a moment ago; None where it does not say."""
        ...

    @property
    def n_callers(self) -> int:
        """Requests that it works on now, as far as this process knows."""
        ...

    @property
    def is_known(self) -> bool:
        """Whether all that there is to find out about its features has been found out."""
        ...

    @property
    def socket_path(self) -> Path | None:
        """The unix socket of an engine of ours; None for a server elsewhere."""
        ...

    @property
    def times(self) -> LocalTimes:
        """What is known of how long it takes."""
        ...

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """How long it would take, if its prompt has `counted` tokens; None where its speed is not known."""
        ...

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model counts them; None where it does not say."""
        ...

    async def stop(self) -> None: ...


def make_local(settings: LocalSettings, state_dir: Path) -> LocalSide | None:
    """The local side that `settings` describe, not yet started; None if it is disabled.

    Raises
    ------
    ExtraMissingError
        If the bundled model is wanted and not installed.
    """
    if not settings.enabled:
        return None
    if settings.base_url is not None:
        return ServerSide(settings, settings.base_url)
    return EngineSide(settings, state_dir)


def missing_model(settings: LocalSettings) -> str | None:
    """Why the built-in engine has no model file to load; None if it has one, or is not used."""
    if not settings.enabled or settings.base_url is not None:
        return None
    try:
        path = settings.model_path or bundled_model_path()
    except ExtraMissingError as exc:
        return str(exc)
    return None if path.is_file() else f"there is no model file at {path} (local.model_path)"


def engine_options(settings: LocalSettings, state_dir: Path) -> EngineOptions:
    """The options that the built-in engine is started with.

    Raises
    ------
    ExtraMissingError
        If the bundled model is wanted and not installed.
    """
    return EngineOptions(
        model_path=settings.model_path or bundled_model_path(),
        n_ctx=settings.n_ctx,
        n_threads=settings.n_threads,
        n_ubatch=settings.n_ubatch,
        repack=settings.repack,
        tune=settings.tune,
        max_gap_s=settings.max_gap_s,
        prompt_lookup=settings.prompt_lookup,
        n_gpu_layers=settings.n_gpu_layers,
        flash_attention=settings.flash_attention,
        kv_cache_type=settings.kv_cache_type,
        deterministic=settings.deterministic,
        max_sequences=settings.max_sequences,
        weights_dir=state_dir / WEIGHTS if settings.reencode else None,
    )


class EngineSide:
    """The built-in engine, in a child process of ours, behind a unix socket."""

    def __init__(self, settings: LocalSettings, state_dir: Path) -> None:
        self._ready_timeout_s = settings.ready_timeout_s
        # Not in state_dir: a unix socket's path may have no more than 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="slimgate-"))
        self.socket_path: Path | None = self._folder / "engine.sock"
        options = engine_options(settings, state_dir)
        self._supervisor = EngineSupervisor(options, self.socket_path, state_dir)
        self._model = options.name
        server = HttpServer(
            "http://engine/v1",
            use_proxy=False,
            headers=_TAKES_BLANKS,
            uds=self.socket_path,
            silence_s=settings.chunk_timeout_s,
        )
        self.backend = _backend(server, self._model, settings)
        self._load = LoadWatch(server, lambda: self._is_ready)
        self.times = LocalTimes(lambda: self._load.latest)

    def take_key(self, settings: LocalSettings) -> None:
        """Nothing: only this process reaches the engine's socket."""

    @property
    def model(self) -> str | None:
        return self._model

    @property
    def capabilities(self) -> LocalCapabilities | None:
        info = self._supervisor.info
        return None if info is None else _engine_capabilities(info)

    @property
    def up(self) -> bool:
        return self._is_ready and self._stalled_s <= STUCK_S

    @property
    def restarts(self) -> int:
        return self._supervisor.restarts

    @property
    def trouble(self) -> str | None:
        if not self._is_ready:
            return self._supervisor.last_error or f"the engine is {self._supervisor.state}"
        return None if self.up else f"the engine has made no progress for {self._stalled_s:.0f} s"

    @property
    def _is_ready(self) -> bool:
        return self._supervisor.state is EngineState.READY

    @property
    def _stalled_s(self) -> float:
        load = self._load.latest
        return 0.0 if load is None else load.stalled_s

    async def start(self, background: Background) -> None:
        await self._supervisor.start()
        background.keep("local load", self._load.watch)

    async def wait_ready(self) -> None:
        self._supervisor.hurry()
        try:
            await self._supervisor.wait_ready(self._ready_timeout_s)
        except EngineFailed as exc:
            raise BackendUnavailable("local", str(exc)) from exc

    @property
    def load(self) -> LocalLoad | None:
        return self._load.latest

    @property
    def n_callers(self) -> int:
        return 0 if self.load is None else self.load.running + self.load.queued

    @property
    def is_known(self) -> bool:
        info = self._supervisor.info
        return info is not None and info.probed

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        return self.times.estimate(request, counted)

    async def count_tokens(self, request: ChatRequest) -> int | None:
        return await self.backend.count_tokens(request)

    async def stop(self) -> None:
        await self.backend.aclose()
        await self._supervisor.stop()
        with contextlib.suppress(OSError):
            (self._folder / "engine.sock").unlink(missing_ok=True)
            self._folder.rmdir()


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
        self._shown_url = mask(base_url)
        self._trouble: str | None = f"{self._shown_url} has not answered yet"
        self.socket_path = _socket_in(base_url)
        self._connections = server = _server_at(base_url, settings)
        self._server = _server_backend(server, settings)
        self._breaker = CircuitBreaker(failures=3, rest_s=2)
        self._limiter = ConcurrencyLimiter(
            "local", settings.max_concurrent, settings.max_queue, settings.first_byte_timeout_s
        )
        self.backend = ResilientBackend(self._server, self._breaker, self._limiter, RetryPolicy(retries=0))
        self._load = LoadWatch(server, lambda: self.socket_path is not None and self.up)
        self.times = LocalTimes(lambda: self._load.latest)

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
        return self._seen.is_set() and self._breaker.allows

    @property
    def trouble(self) -> str | None:
        return self._trouble if self._breaker.allows else f"{self._shown_url} is left alone after repeated failures"

    @property
    def load(self) -> LocalLoad | None:
        return self._load.latest

    @property
    def n_callers(self) -> int:
        told = self.load
        return max(self._limiter.n_running, 0 if told is None else told.running + told.queued)

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
        return self.times.estimate(request, counted)

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
        self._trouble = None
        self._knows_little = item.get("probed") is False
        if not self._seen.is_set():
            logger.info(
                "local model %s at %s, context %d", self._server.model, self._shown_url, self._capabilities.n_ctx
            )
        self._seen.set()


async def unless_stuck(local: LocalSide, work: Awaitable[T]) -> T:
    """The result of `work`, which waits for the local side.

    Raises
    ------
    BackendTimeout
        If the local side makes no progress at all for `STUCK_S`; `work` is then cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOAD_S))[0]:
            if local.load is not None and local.load.stalled_s > STUCK_S:
                raise BackendTimeout("local", f"no progress for more than {STUCK_S:g} s")
        return task.result()
    finally:
        task.cancel()


class LoadWatch:
    """Asks the built-in engine for its load once a second, while it is `up`.

    An engine that is asked and says nothing is stuck, and counts as busier by every second of its silence.
    """

    def __init__(self, server: HttpServer, up: Callable[[], bool]) -> None:
        self._server = server
        self._up = up
        self._told: LocalLoad | None = None
        self._silent_since: float | None = None

    @property
    def latest(self) -> LocalLoad | None:
        """The load as far as it is known; None where it is not."""
        if self._silent_since is None:
            return self._told
        silent_s = time.monotonic() - self._silent_since
        told = self._told or LocalLoad(0, 0, 0.0)
        return replace(told, expected_wait_s=told.expected_wait_s + silent_s, stalled_s=told.stalled_s + silent_s)

    async def watch(self) -> None:
        """Poll until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(LOAD_S)

    async def _look(self) -> None:
        if not self._up():
            self._told = self._silent_since = None
            return
        asked = time.monotonic()
        try:
            self._told = LocalLoad.from_health(await self._server.get_json("/health", HEALTH_TIMEOUT_S), asked)
            self._silent_since = None
        except TimeoutError:
            self._silent_since = self._silent_since or asked
        except (aiohttp.ClientError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self._told = self._silent_since = None


def open_backend(settings: LocalSettings, headers: Mapping[str, str]) -> OpenAIBackend:
    """The server at `settings.base_url`, for requests that all carry `headers`; nothing else limits them."""
    assert settings.base_url is not None
    return _server_backend(_server_at(settings.base_url, settings, headers), settings)


def _server_at(base_url: str, settings: LocalSettings, headers: Mapping[str, str] | None = None) -> HttpServer:
    socket_path = _socket_in(base_url)
    return HttpServer(
        base_url if socket_path is None else "http://engine/v1",
        use_proxy=settings.use_proxy,
        headers={**_TAKES_BLANKS, **_bearer(settings), **(headers or {})},
        uds=socket_path,
        silence_s=settings.chunk_timeout_s,
    )


def _socket_in(base_url: str) -> Path | None:
    """The socket that ``unix:/path`` names; None for another URL."""
    path = base_url.removeprefix(UNIX)
    return None if path == base_url else Path(path)


def _server_backend(server: HttpServer, settings: LocalSettings) -> OpenAIBackend:
    quirks = quirks_of("", server.base_url).told(settings.rename_params, settings.drop_params)
    return _backend(server, settings.model or "", settings, quirks)


def _bearer(settings: LocalSettings) -> dict[str, str]:
    key = settings.api_key
    return {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}


def _backend(server: HttpServer, model: str, settings: LocalSettings, quirks: Quirks = NO_QUIRKS) -> OpenAIBackend:
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


def _engine_capabilities(info: EngineInfo) -> LocalCapabilities:
    return LocalCapabilities(frozenset(Feature(name) for name in info.features), info.n_ctx, marks_calls=True)


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
