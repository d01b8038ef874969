"""The built-in engine as the local side: a supervised child process of this one, behind a unix socket."""

import contextlib
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from gateway.background import Background
from gateway.config.sections.local import LocalSettings
from gateway.dispatch.load_watch import LoadWatch
from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_server import TAKES_BLANKS, UNIX, local_backend
from gateway.dispatch.local_times import LocalTimes, T
from models.catalogue.bundled import bundled_model_path
from models.engine.errors import EngineFailed
from models.engine.options import WEIGHTS
from models.engine.process.supervisor import EngineInfo, EngineOptions, EngineState, EngineSupervisor
from models.remote.http import HttpServer
from models.wire.chat import ChatRequest
from models.wire.errors import BackendUnavailable
from router.decision import Feature, LocalEstimate
from router.policy import LocalCapabilities


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
            headers=TAKES_BLANKS,
            uds=self.socket_path,
            silence_s=settings.chunk_timeout_s,
        )
        self.backend = local_backend(server, self._model, settings)
        self._load = LoadWatch(server, lambda: self._is_ready)
        self._times = LocalTimes(lambda: self._load.latest)

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
        return self._is_ready and not (self.load is not None and self.load.is_stuck)

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
        return self._times.estimate(request, counted)

    @property
    def address(self) -> str:
        return f"{UNIX}{self.socket_path}"

    def speeds(self) -> dict[str, Any]:
        return self._times.to_json()

    def servers(self) -> list[dict[str, Any]]:
        return []

    async def watch(self, request: ChatRequest, work: Awaitable[T]) -> T:
        return await self._times.watch(request, work)

    async def count_tokens(self, request: ChatRequest) -> int | None:
        return await self.backend.count_tokens(request)

    async def stop(self) -> None:
        await self.backend.aclose()
        await self._supervisor.stop()
        with contextlib.suppress(OSError):
            (self._folder / "engine.sock").unlink(missing_ok=True)
            self._folder.rmdir()


def _engine_capabilities(info: EngineInfo) -> LocalCapabilities:
    return LocalCapabilities(frozenset(Feature(name) for name in info.features), info.n_ctx, marks_calls=True)
