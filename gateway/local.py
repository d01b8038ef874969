"""The local side: the built-in engine under supervision, or a server of the user's own."""

import asyncio
import contextlib
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from gateway.settings import LocalSettings
from models.bundled import bundled_model_path
from models.engine.errors import EngineFailed
from models.engine.supervisor import EngineInfo, EngineOptions, EngineState, EngineSupervisor
from models.errors import BackendError, BackendUnavailable, InvalidResponse
from models.http import HttpServer
from models.openai import OpenAIBackend
from router.decision import Feature
from router.policy import LocalTier

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
HEALTH_TIMEOUT_S = 1.0
UNTOLD_N_CTX = 4096

COMMON_FEATURES = frozenset({Feature.TOOLS, Feature.JSON_OBJECT, Feature.JSON_SCHEMA})
"""What llama-server, vLLM and Ollama all do, where a server does not say what it can."""


@dataclass(frozen=True, slots=True)
class LocalLoad:
    """How busy the local side says it is; the wait is that of a request which came now, in seconds."""

    running: int
    queued: int
    expected_wait_s: float


class LocalSide(Protocol):
    """Whoever answers locally."""

    @property
    def model(self) -> str | None:
        """The model's name, as soon as it is known."""
        ...

    @property
    def backend(self) -> OpenAIBackend: ...

    @property
    def tier(self) -> LocalTier | None:
        """What it can do; None until that is known."""
        ...

    @property
    def up(self) -> bool:
        """Whether it is thought to answer now."""
        ...

    @property
    def restarts(self) -> int: ...

    @property
    def trouble(self) -> str | None:
        """Why it does not answer, where it does not."""
        ...

    async def start(self) -> None: ...

    async def wait_ready(self) -> None:
        """Wait until it answers; raises `BackendUnavailable` if that takes too long or can never be."""
        ...

    async def load(self) -> LocalLoad | None:
        """How busy it is; None where it does not say."""
        ...

    async def stop(self) -> None: ...


def make_local(settings: LocalSettings, state_dir: Path) -> LocalSide | None:
    """The local side that `settings` describe, not yet started; None where there is to be none.

    Raises
    ------
    ExtraMissingError
        If the bundled model is wanted and not installed.
    """
    if not settings.enabled:
        return None
    if settings.base_url is not None:
        return ServerSide(settings, settings.base_url)
    return EngineSide(settings, settings.model_path or bundled_model_path(), state_dir)


class EngineSide:
    """The built-in engine, in a child process of ours, behind a unix socket."""

    def __init__(self, settings: LocalSettings, model_path: Path, state_dir: Path) -> None:
        self._ready_timeout_s = settings.ready_timeout_s
        # Not in state_dir: a unix socket's path may have no more than 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="slimgate-"))
        socket_path = self._folder / "engine.sock"
        options = EngineOptions(
            model_path=model_path,
            n_ctx=settings.n_ctx,
            n_threads=settings.n_threads,
            n_gpu_layers=settings.n_gpu_layers,
            max_sequences=settings.max_sequences,
        )
        self._supervisor = EngineSupervisor(options, socket_path, state_dir)
        self._model = model_path.stem
        self._server = server = HttpServer("http://engine/v1", uds=socket_path, silence_s=settings.chunk_timeout_s)
        self.backend = _backend(server, self._model, settings)

    @property
    def model(self) -> str | None:
        return self._model

    @property
    def tier(self) -> LocalTier | None:
        info = self._supervisor.info
        return None if info is None else _engine_tier(info)

    @property
    def up(self) -> bool:
        return self._supervisor.state is EngineState.READY

    @property
    def restarts(self) -> int:
        return self._supervisor.restarts

    @property
    def trouble(self) -> str | None:
        return None if self.up else self._supervisor.last_error or f"the engine is {self._supervisor.state}"

    async def start(self) -> None:
        await self._supervisor.start()

    async def wait_ready(self) -> None:
        try:
            await self._supervisor.wait_ready(self._ready_timeout_s)
        except EngineFailed as exc:
            raise BackendUnavailable("local", str(exc)) from exc

    async def load(self) -> LocalLoad | None:
        try:
            facts = (
                (await self._server.client.get("http://engine/health", timeout=HEALTH_TIMEOUT_S))
                .raise_for_status()
                .json()
            )
            return LocalLoad(int(facts["running"]), int(facts["queued"]), float(facts["expected_wait_s"]))
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    async def stop(self) -> None:
        await self.backend.aclose()
        await self._supervisor.stop()
        with contextlib.suppress(OSError):
            (self._folder / "engine.sock").unlink(missing_ok=True)
            self._folder.rmdir()


class ServerSide:
    """An OpenAI-compatible server that somebody else runs. Looked at until it lists its models, then trusted."""

    restarts = 0

    def __init__(self, settings: LocalSettings, base_url: str) -> None:
        self._settings = settings
        self._base_url = base_url
        self._seen = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._tier: LocalTier | None = None
        self.trouble: str | None = f"{base_url} has not answered yet"
        key = settings.api_key
        server = HttpServer(
            base_url,
            headers={"authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            silence_s=settings.chunk_timeout_s,
        )
        self.backend = _backend(server, settings.model or "", settings)

    @property
    def model(self) -> str | None:
        return self.backend.model or None

    @property
    def tier(self) -> LocalTier | None:
        return self._tier

    @property
    def up(self) -> bool:
        return self._seen.is_set()

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def wait_ready(self) -> None:
        try:
            async with asyncio.timeout(self._settings.ready_timeout_s):
                await self._seen.wait()
        except TimeoutError:
            raise BackendUnavailable("local", self.trouble or "not ready") from None

    async def load(self) -> LocalLoad | None:
        return None

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await self.backend.aclose()

    async def _look(self) -> None:
        while not self.up:
            try:
                self._learn(await self.backend.list_models())
            except BackendError as exc:
                if str(exc) != self.trouble:
                    logger.warning("%s; looking again every %g s", exc, LOOK_AGAIN_S)
                self.trouble = str(exc)
                await asyncio.sleep(LOOK_AGAIN_S)

    def _learn(self, models: list[dict[str, Any]]) -> None:
        wanted = self.backend.model
        item = next((model for model in models if not wanted or model.get("id") == wanted), None)
        if item is None:
            listed = ", ".join(str(model.get("id")) for model in models) or "none"
            raise InvalidResponse("local", f"{self._base_url} has no model '{wanted}'; it lists: {listed}")
        self.backend.model = str(item["id"])
        self._tier = LocalTier(_listed_features(item), self._settings.n_ctx or _listed_n_ctx(item))
        self.trouble = None
        self._seen.set()
        logger.info("local model %s at %s, context %d", self.backend.model, self._base_url, self._tier.n_ctx)


def _backend(server: HttpServer, model: str, settings: LocalSettings) -> OpenAIBackend:
    return OpenAIBackend(
        "local",
        server,
        model,
        first_byte_timeout_s=settings.first_byte_timeout_s,
        total_timeout_s=settings.total_timeout_s,
    )


def _engine_tier(info: EngineInfo) -> LocalTier:
    return LocalTier(frozenset(Feature(name) for name in info.features), info.n_ctx)


def _listed_features(item: dict[str, Any]) -> frozenset[Feature]:
    """What the server says its model can do, as our own engine does; what such servers have in common otherwise."""
    listed = item.get("features")
    if not isinstance(listed, list):
        return COMMON_FEATURES
    return frozenset(Feature(name) for name in listed if name in Feature)


def _listed_n_ctx(item: dict[str, Any]) -> int:
    """The context window: vLLM lists `max_model_len`, our engine `n_ctx`, llama-server `meta.n_ctx`."""
    meta = item.get("meta")
    sources = (item, meta if isinstance(meta, dict) else {})
    found = (source.get(key) for source in sources for key in ("n_ctx", "max_model_len"))
    return next((value for value in found if isinstance(value, int) and value > 0), UNTOLD_N_CTX)
