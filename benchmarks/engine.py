"""Tokens a second and time to first token of local engines, side by side: same model, threads and prompts, interleaved.

    python benchmarks/engine.py
    python benchmarks/engine.py --llama-server ~/peers/bin/python --llama-cpp-server .venv/bin/python
    python -m benchmarks.engine --phi3-sized --llama-server ~/peers/bin/python

The peers are optional, each named by the Python that has it installed: `xllamacpp` (llama.cpp's own server, ready
built) and `llama-cpp-python[server]`. Every engine gets the same requests, round by round, so that a drift of the
machine hits all alike. A broken or short answer is counted and shown. Compare the ratios; figures belong to a machine.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import aiohttp

from models.catalogue.bundled import bundled_model_path
from models.engine.native.machine import processor_name, usable_cores

N_CTX = 2048
START_TIMEOUT_S = 300
SYSTEM = "You work in a small hardware shop by the harbour. Advise customers kindly, briefly and honestly. " * 9
THINGS = (
    "a rope",
    "paint for a boat",
    "a lantern",
    "garden shears",
    "a ladder",
    "brass hinges",
    "a stove",
    "an anchor",
)

LLAMA_SERVER = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_parallel, params.port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params.n_ctx = int(sys.argv[4]) * params.n_parallel
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(sys.argv[5])
params.use_jinja = True
server = xllamacpp.Server(params)
while True:
    time.sleep(60)
"""


@dataclass
class Burst:
    """What came of some requests sent at once."""

    tokens_per_s: float
    first_token_s: list[float]
    failures: list[str]


@dataclass
class Engine:
    """One engine under test, and what was measured of it, by number of callers."""

    name: str
    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    bursts: dict[int, list[Burst]] = field(default_factory=dict)
    memory_mb: float = 0.0
    pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def engines(arguments: argparse.Namespace, state_dir: str) -> list[Engine]:
    """slimgate, and the peers that were named."""
    model, n, threads = str(arguments.model), max(arguments.callers), arguments.threads
    cells, port = str(N_CTX * n), free_port()
    ours = f"--model {model} --port {port} --max-sequences {n} --ctx {N_CTX} --cells {cells} --threads {threads}"
    slimgate = slimgate_command()
    found = [Engine("slimgate", [slimgate, "engine", *ours.split()], port)]
    if arguments.gateway:
        found.append(behind_the_gateway(slimgate, arguments, state_dir))
    if arguments.llama_server:
        port = free_port()
        rest = [model, str(n), str(port), str(N_CTX), str(threads)]
        found.append(Engine("llama.cpp server", [arguments.llama_server, "-c", LLAMA_SERVER, *rest], port))
    if arguments.llama_cpp_server:
        port = free_port()
        theirs = f"--model {model} --port {port} --n_ctx {N_CTX} --n_threads {threads} --interrupt_requests false"
        command = [arguments.llama_cpp_server, "-m", "llama_cpp.server", *theirs.split()]
        found.append(Engine("llama_cpp.server", command, port))
    return found


def slimgate_command() -> str:
    """The command of the environment that runs this."""
    return str(Path(sys.executable).with_name("slimgate"))


def behind_the_gateway(slimgate: str, arguments: argparse.Namespace, state_dir: str) -> Engine:
    """The same engine with the gateway before it, which decides, counts and keeps a ledger."""
    port = free_port()
    environment = {
        "SLIMGATE_STATE_DIR": state_dir,
        "SLIMGATE_EXAM__ENABLED": "false",
        "SLIMGATE_LOCAL__MODEL_PATH": str(arguments.model),
        "SLIMGATE_LOCAL__N_CTX": str(N_CTX),
        "SLIMGATE_LOCAL__N_THREADS": str(arguments.threads),
        "SLIMGATE_LOCAL__MAX_SEQUENCES": str(max(arguments.callers)),
    }
    command = [slimgate, "serve", "--port", str(port), "--log-level", "warning"]
    return Engine("slimgate behind its gateway", command, port, environment)


@contextlib.contextmanager
def running(engine: Engine) -> Iterator[None]:
    """The engine's process, up and answering."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(engine.command, env={**os.environ, **engine.environment}, **quiet) as process:  # type: ignore[call-overload]
        try:
            wait_until_up(engine, process)
            wait_until_settled(engine)
            engine.pid = process.pid
            yield
            engine.memory_mb = memory_mb(process.pid)
        finally:
            process.terminate()


def wait_until_up(engine: Engine, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{engine.name} ended before it served: {' '.join(engine.command[:3])} …")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{engine.url}/models", timeout=60):
            return
        time.sleep(0.2)
    sys.exit(f"{engine.name} did not serve within {START_TIMEOUT_S} s")


def wait_until_settled(engine: Engine) -> None:
    """Wait until slimgate's engine has tried what the model can do; others say nothing of that."""
    with contextlib.suppress(OSError, ValueError, LookupError):
        while True:
            with urllib.request.urlopen(f"{engine.url}/models", timeout=60) as answer:
                if json.loads(answer.read())["data"][0].get("probed", True):
                    return
            time.sleep(0.5)


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children; 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        own = int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return own + sum(memory_mb(int(child)) for child in children)
    return 0.0


async def ask(session: aiohttp.ClientSession, engine: Engine, number: int, max_tokens: int) -> tuple[int, float]:
    """One streamed answer: its tokens, and the time to the first."""
    question = f"Tell a long story, number {number}, about {THINGS[number % len(THINGS)]}."
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    body = {"model": "local", "messages": messages, "max_tokens": max_tokens, "temperature": 0.7, "seed": number}
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    started, first, n_chunks, n_tokens, whole = time.perf_counter(), 0.0, 0, 0, False
    async with session.post(f"{engine.url}/chat/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.content:
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                whole = True
            elif line.startswith(b"data:"):
                chunk = json.loads(data)
                n_tokens = (chunk.get("usage") or {}).get("completion_tokens", n_tokens)
                if any(choice["delta"].get("content") for choice in chunk.get("choices", ())):
                    n_chunks += 1
                    first = first or time.perf_counter() - started
    if not whole or not n_chunks:
        raise ValueError("the stream broke off")
    return n_tokens or n_chunks, first


async def burst(engine: Engine, n_callers: int, max_tokens: int, first_number: int) -> Burst:
    """`n_callers` requests at the same moment."""
    timeout, unlimited = aiohttp.ClientTimeout(total=600), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=unlimited) as session:
        started = time.perf_counter()
        asked = (ask(session, engine, first_number + i, max_tokens) for i in range(n_callers))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        elapsed = time.perf_counter() - started
    good = [answer for answer in answers if isinstance(answer, tuple)]
    failures = [repr(answer) for answer in answers if not isinstance(answer, tuple)]
    return Burst(sum(n for n, _ in good) / elapsed, [first for _, first in good], failures)


def measure(found: list[Engine], arguments: argparse.Namespace) -> None:
    """Every round asks every engine, one after the other."""
    for engine in found:
        asyncio.run(burst(engine, 1, 8, 0))
    for n_callers in arguments.callers:
        for round_number in range(arguments.rounds):
            for engine in found:
                number = 1000 * n_callers + 100 * round_number
                result = asyncio.run(burst(engine, n_callers, arguments.max_tokens, number))
                engine.bursts.setdefault(n_callers, []).append(result)
                what = f"{engine.name} {result.tokens_per_s:.0f} tokens/s"
                print(f"{n_callers} callers, round {round_number + 1}: {what}", file=sys.stderr)


def table(found: list[Engine], arguments: argparse.Namespace) -> Iterator[str]:
    """Medians, as Markdown."""
    machine = f"{processor_name() or platform.machine()}, {arguments.threads} threads"
    what = f"{arguments.model.name}, {arguments.max_tokens} new tokens, medians of {arguments.rounds} rounds"
    yield f"{date.today()}, {machine}, {what}\n"
    yield "| callers | engine | tokens/s | ratio | first token p50 | p95 | failures |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for n_callers in arguments.callers:
        speeds = [statistics.median(b.tokens_per_s for b in engine.bursts[n_callers]) for engine in found]
        for engine, speed in zip(found, speeds, strict=True):
            firsts = sorted(s for b in engine.bursts[n_callers] for s in b.first_token_s) or [float("nan")]
            failures = sum(len(b.failures) for b in engine.bursts[n_callers])
            p50, p95 = statistics.median(firsts), firsts[int(0.95 * (len(firsts) - 1))]
            yield (
                f"| {n_callers} | {engine.name} | {speed:.0f} | {speed / (speeds[-1] or 1):.2f} "
                f"| {p50:.2f} s | {p95:.2f} s | {failures} |"
            )
    yield "\nresident memory: " + ", ".join(f"{engine.name} {engine.memory_mb:.0f} MB" for engine in found)


def measure_phi3_sized(arguments: argparse.Namespace) -> None:
    """What `--phi3-sized` prints."""
    from benchmarks import phi3_sized

    arguments.model = arguments.model or phi3_sized.model_file()
    arguments.llama_script = LLAMA_SERVER
    with tempfile.TemporaryDirectory() as state_dir:
        found = phi3_sized.engines(arguments, state_dir)
        results = phi3_sized.measure(found, arguments.rounds, running)
    print("\n".join(phi3_sized.table(found, results, arguments)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="GGUF file. Default: the bundled one.")
    parser.add_argument("--gateway", action="store_true", help="Also through `slimgate serve`, to see what that costs.")
    parser.add_argument("--llama-server", metavar="PYTHON", help="A Python that has xllamacpp.")
    parser.add_argument("--llama-cpp-server", metavar="PYTHON", help="A Python that has llama-cpp-python[server].")
    parser.add_argument(
        "--phi3-sized",
        action="store_true",
        help="With a model of Phi-3-mini's size (random weights, written on the spot; 8 GB of memory, a quarter of an "
        "hour): reading, writing, 4 and 16 callers, a long prompt, memory. The engines keep their defaults.",
    )
    parser.add_argument("--callers", default="1,4,8,16", help="How many at once, comma-separated.")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--max-tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.phi3_sized:
        measure_phi3_sized(arguments)
        return
    arguments.model = arguments.model or bundled_model_path()
    arguments.callers = [int(number) for number in arguments.callers.split(",")]
    with contextlib.ExitStack() as stack:
        found = engines(arguments, stack.enter_context(tempfile.TemporaryDirectory()))
        for engine in found:
            stack.enter_context(running(engine))
        measure(found, arguments)
    print("\n".join(table(found, arguments)))


if __name__ == "__main__":
    main()
