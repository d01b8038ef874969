"""Measures the speed of a model on this machine, with a real engine, in a short run."""

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
POLL_S = 0.1
N_CTX = 2048
N_TOKENS = 32
CALLERS = 4
_TEXT = "The harbour lay quiet in the morning, and the gulls walked up and down the wall as if they owned it. "


@dataclass(frozen=True, slots=True)
class Speed:
    """The result of `measure`.

    Attributes
    ----------
    ready_s : float
        From the start of the process to ready.
    prefill_tokens_per_s : float
        Prompt tokens, for one caller.
    decode_tokens_per_s : float
        Answer tokens, for one caller.
    concurrent_tokens_per_s : float
        Answer tokens, for `CALLERS` callers together.
    restarts : int
        How often the engine was restarted: 1 if repacked weights crash on this machine.
    """

    info: EngineInfo
    ready_s: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    concurrent_tokens_per_s: float
    restarts: int


async def measure(options: EngineOptions, state_dir: Path, report: Callable[[str], None] = lambda _step: None) -> Speed:
    """Start an engine on a socket of its own and time it, with `options` except for the sizes of the context.

    Raises
    ------
    EngineFailed
        If it does not start.
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
            report("loading and testing the model")
            info = await supervisor.wait_ready(START_TIMEOUT_S)
            ready_s = perf_counter() - started
            info = await _probed_info(supervisor, info, report)
            report("prefill: reading a prompt")
            prefill = await _tokens_per_s(client, {"prompt": _TEXT * 12, "max_tokens": 1}, "prompt_tokens")
            report("decode: writing an answer")
            decode = await _tokens_per_s(client, _decode_body(1), "completion_tokens")
            report(f"decode: writing {CALLERS} answers at once")
            concurrent = await _tokens_per_s(client, _decode_body(CALLERS), "completion_tokens")
            return Speed(info, ready_s, prefill, decode, concurrent, supervisor.restarts)
        finally:
            await client.aclose()
            await supervisor.stop()


async def _probed_info(supervisor: EngineSupervisor, info: EngineInfo, report: Callable[[str], None]) -> EngineInfo:
    """Wait until the engine has run all probes: they would disturb the measurement."""
    report("waiting until the engine has probed tool calls")
    while not info.probed:
        await asyncio.sleep(POLL_S)
        info = await supervisor.wait_ready(START_TIMEOUT_S)
    return info


def _decode_body(n: int) -> dict[str, Any]:
    return {"prompt": [_TEXT] * n, "max_tokens": N_TOKENS, "temperature": 1.0}


async def _tokens_per_s(client: httpx.AsyncClient, body: dict[str, Any], usage_field: str) -> float:
    started = perf_counter()
    response = await client.post("completions", json={"model": "local", **body})
    response.raise_for_status()
    return float(response.json()["usage"][usage_field]) / (perf_counter() - started)


def run_measurement(options: EngineOptions, state_dir: Path, report: Callable[[str], None]) -> Speed:
    """`measure` for callers without an event loop."""
    return asyncio.run(measure(options, state_dir, report))
