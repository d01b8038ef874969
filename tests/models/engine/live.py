"""A real engine process under its supervisor, on a port of this machine, for tests."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from openai import OpenAI

from models.engine.process.probe_cache import ProbeCache
from models.engine.process.supervisor import EngineInfo, EngineOptions, EngineSupervisor
from tests.learnt import hand_on
from tests.models.engine.tiny import tiny_model

T = TypeVar("T")

READY_S = 60.0


class LiveEngine:
    """Runs the supervisor on an event loop in a thread of its own."""

    def __init__(self, options: EngineOptions, state_dir: Path, **how: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.supervisor: EngineSupervisor = self.call(_make(options, state_dir, how))

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await something on the supervisor's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(READY_S + 30)

    def ready(self) -> EngineInfo:
        return self.call(self.supervisor.wait_ready(READY_S))

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.supervisor.address)

    @property
    def pid(self) -> int:
        pid = self.supervisor.pid
        assert pid is not None
        return pid

    def client(self) -> OpenAI:
        """The official client, which does not try twice: a test wants to see the first answer."""
        return OpenAI(base_url=f"{self.url}/v1", api_key="unused", max_retries=0, timeout=110)

    def health(self) -> dict[str, Any]:
        facts: dict[str, Any] = httpx.get(f"{self.url}/health", timeout=60).json()
        return facts

    def metrics(self, name: str) -> float:
        """The sum of a series over its labels."""
        lines = httpx.get(f"{self.url}/metrics", timeout=60).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"slimgate_engine_{name}"))

    def post(self, body: dict[str, Any], path: str = "/v1/chat/completions") -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=110)

    def close(self) -> None:
        self.call(self.supervisor.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _make(options: EngineOptions, state_dir: Path, how: dict[str, Any]) -> EngineSupervisor:
    supervisor = EngineSupervisor(options, None, state_dir, tcp=("127.0.0.1", 0), **how)
    await supervisor.start()
    return supervisor


@contextmanager
def running_engine(
    state_dir: Path,
    *,
    command: list[str] | None = None,
    trial_command: list[str] | None = None,
    probe: bool = False,
    knows_nothing: bool = False,
    api_key: str | None = None,
    allowed_hosts: Sequence[str] = (),
    **options: Any,
) -> Iterator[LiveEngine]:
    """An engine with a tiny model, unless `options` say otherwise; stopped when the block ends.

    It looks for what the model can do only with `probe`, which takes seconds. With `knows_nothing` it also finds out
    anew whether it crashes on this machine.
    """
    if not knows_nothing:
        hand_on(state_dir, only_crashes=True)
    chosen = EngineOptions(**{"model_path": tiny_model(), "n_ctx": 2048, "max_sequences": 4, **options})
    if not probe:
        ProbeCache(state_dir, chosen).record_features(frozenset())
    how = {"trial_command": trial_command} if trial_command else {}
    engine = LiveEngine(chosen, state_dir, command=command, api_key=api_key, allowed_hosts=allowed_hosts, **how)
    try:
        yield engine
    finally:
        engine.close()
