"""A short, real measurement of a model on this machine."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx

from models.engine.options import EngineInfo, EngineOptions
from models.engine.process.supervisor import EngineSupervisor

START_TIMEOUT_S = 600.0
ANSWER_TIMEOUT_S = 300.0
LOOK_S = 0.1
N_CTX = 2048
N_TOKENS = 32
CALLERS = 4
_TEXT = "The harbour lay quiet in the morning, and the gulls walked up and down the wall as if they owned it. "


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured.

    Attributes
    ----------
    ready_s : float
        From nothing to ready.
    reading_tokens_per_s : float
        Prompt tokens, for one caller.
    writing_tokens_per_s : float
        Answer tokens, for one caller.
    shared_tokens_per_s : float
        Answer tokens, for `CALLERS` callers together.
    restarts : int
        How often the engine had to be started again: 1 where repacked weights crash here.
    """

    info: EngineInfo
    ready_s: float
    reading_tokens_per_s: float
    writing_tokens_per_s: float
    shared_tokens_per_s: float
    restarts: int


async def measure(options: EngineOptions, state_dir: Path, say: Callable[[str], None] = lambda _what: None) -> Speed:
    """Start an engine on a socket of its own, and time it: as `options` say, but for its sizes.

    Raises
    ------
    EngineFailed
        If it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="slimgate-") as folder:
        socket_path = Path(folder) / "engine.sock"
        small = replace(options, n_ctx=N_CTX, n_cells=None, max_sequences=CALLERS, prefix_cache=False)
        supervisor = EngineSupervisor(small, socket_path, state_dir)
        started = perf_counter()
        await supervisor.start()
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        client = httpx.AsyncClient(base_url="http://engine/v1/", transport=transport, timeout=ANSWER_TIMEOUT_S)
        try:
            say("loading the model, and letting it try itself out")
            info = await supervisor.wait_ready(START_TIMEOUT_S)
            ready_s = perf_counter() - started
            info = await _probed(supervisor, info, say)
            say("reading a prompt")
            reading = await _tokens_per_s(client, {"prompt": _TEXT * 12, "max_tokens": 1}, "prompt_tokens")
            say("writing an answer")
            writing = await _tokens_per_s(client, _writing(1), "completion_tokens")
            say(f"writing {CALLERS} answers at once")
            shared = await _tokens_per_s(client, _writing(CALLERS), "completion_tokens")
            return Speed(info, ready_s, reading, writing, shared, supervisor.restarts)
        finally:
            await client.aclose()
            await supervisor.stop()


async def _probed(supervisor: EngineSupervisor, info: EngineInfo, say: Callable[[str], None]) -> EngineInfo:
    """What the engine says once it has tried everything: until then it would disturb the measurement."""
    say("letting it try a tool call")
    while not info.probed:
        await asyncio.sleep(LOOK_S)
        info = await supervisor.wait_ready(START_TIMEOUT_S)
    return info


def _writing(n: int) -> dict[str, Any]:
    return {"prompt": [_TEXT] * n, "max_tokens": N_TOKENS, "temperature": 1.0}


async def _tokens_per_s(client: httpx.AsyncClient, body: dict[str, Any], counted: str) -> float:
    started = perf_counter()
    response = await client.post("completions", json={"model": "local", **body})
    response.raise_for_status()
    return float(response.json()["usage"][counted]) / (perf_counter() - started)


def run_measurement(options: EngineOptions, state_dir: Path, say: Callable[[str], None]) -> Speed:
    """`measure`, from where there is no event loop."""
    return asyncio.run(measure(options, state_dir, say))
