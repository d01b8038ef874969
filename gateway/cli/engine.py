"""`slimgate engine`: serves one local model without the gateway."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.config.settings import SettingsError, chosen_state_dir, variable_name
from gateway.config.state_dir import prepare_state_dir
from gateway.record.logs import configure_logging
from models.catalogue.bundled import bundled_model_path
from models.engine.options import (
    DEFAULT_MAX_GAP_S,
    MAX_SEQUENCES,
    WEIGHTS,
    EngineInfo,
    EngineOptions,
    FlashAttention,
    KvCacheType,
    PromptLookup,
    check_cache,
    check_deterministic,
)
from models.engine.process.supervisor import EngineState, EngineSupervisor
from models.host.api_keys import key_from_environment
from models.host.host_check import is_reachable_from_outside, normalise_name
from models.host.private_files import OTHERS

KEY_VARIABLE = variable_name(("local", "api_key"))
"""The key of the local model's server: the gateway sends it, and the engine requires it."""

START_TIMEOUT_S = 600.0
POLL_S = 0.5

console = Console(stderr=True, highlight=False)


def engine(
    model: Annotated[
        Path | None, typer.Option(help="GGUF file to serve. Default: the bundled SmolLM2-135M-Instruct.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8080,
    uds: Annotated[Path | None, typer.Option(help="Unix socket to listen on instead of a port.")] = None,
    allow_anonymous: Annotated[
        bool, typer.Option("--allow-anonymous", help="Serve beyond this machine without a key.")
    ] = False,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A host name that callers use, beside localhost and addresses; may be repeated. *: any."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the model for callers. Default: the file's.")] = None,
    ctx: Annotated[
        int | None,
        typer.Option(min=128, help="Context window in tokens. Default: what the model was trained for, at most 8192."),
    ] = None,
    cells: Annotated[
        int | None,
        typer.Option(
            min=128, help="KV cells: tokens of all requests together. Default: by free memory, at least --ctx."
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=512, help="CPU threads. Default: what tuning finds best, else the machine's cores."),
    ] = None,
    ubatch: Annotated[
        int | None,
        typer.Option(min=16, max=512, help="Tokens that llama.cpp computes at once. Default: what tuning finds best."),
    ] = None,
    repack: Annotated[
        bool | None,
        typer.Option(
            "--repack/--no-repack",
            help="Repack weights for the processor, in a second copy. Default: what tuning finds best, else yes, "
            "unless that crashes or memory is short.",
        ),
    ] = None,
    tune: Annotated[
        bool,
        typer.Option(
            help="Try settings that are left open with a model of more than 512 MiB at its first start here (up to two "
            "minutes), and keep the best."
        ),
    ] = True,
    max_gap: Annotated[
        float,
        typer.Option(
            min=0.05,
            max=10,
            help="Longest pause between two tokens of an answer while other prompts are read, in seconds. A shorter "
            "one makes reading slower.",
        ),
    ] = DEFAULT_MAX_GAP_S,
    gpu_layers: Annotated[
        int | None, typer.Option(min=-1, help="Layers on the GPU; -1 is all. Default: all, if there is a GPU.")
    ] = None,
    flash_attention: Annotated[
        FlashAttention,
        typer.Option(help="Flash attention; auto is what tuning finds best, else on if model and device support it."),
    ] = FlashAttention.AUTO,
    kv_cache_type: Annotated[
        KvCacheType,
        typer.Option(
            help="Data type of the KV cache: q8_0 takes half of f16's memory, q4_0 a third, with worse answers."
        ),
    ] = KvCacheType.F16,
    deterministic: Annotated[
        bool,
        typer.Option("--deterministic", help="Equal answers to equal requests, whatever else runs: slower, see docs."),
    ] = False,
    prompt_lookup: Annotated[
        PromptLookup, typer.Option(help="Compute tokens ahead that an answer may copy from its prompt, where it pays.")
    ] = PromptLookup.AUTO,
    max_sequences: Annotated[
        int, typer.Option(min=1, max=MAX_SEQUENCES, help="Answers generated at the same time, in one batch.")
    ] = 8,
    max_queue: Annotated[
        int, typer.Option(min=0, help="Requests that may wait; further callers get a 503 and a Retry-After.")
    ] = 64,
    chat_template: Annotated[
        Path | None, typer.Option(help="Jinja file to use instead of the model's own chat template.")
    ] = None,
    reencode: Annotated[
        bool, typer.Option(help="Convert a small model's weights to an encoding that llama.cpp computes faster.")
    ] = True,
) -> None:
    """Serve one GGUF model over the OpenAI API, without the gateway: no routing, no ledger.

    [dim]slimgate engine --model phi-3-mini.gguf --port 8080[/dim]

    Then point any OpenAI client at http://127.0.0.1:8080/v1. The model's name is its file's, or "local". If the native
    code crashes, the engine is restarted, and the log says so.

    With SLIMGATE_LOCAL__API_KEY set, callers must send that key; a gateway with the same variable does. Without a key
    the engine listens on this machine only. A unix socket belongs to this user alone and needs no key.
    """
    key = None if uds else _key(host, allow_anonymous=allow_anonymous)
    try:
        check_cache(flash_attention, kv_cache_type)
        if deterministic:
            check_deterministic(flash_attention, gpu_layers)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--flash-attention") from None
    if ctx is not None and cells is not None and cells < ctx:
        raise typer.BadParameter(f"{cells} are not enough for one request of --ctx {ctx}", param_hint="--cells")
    options = EngineOptions(
        model_path=model or bundled_model_path(),
        model_name=name,
        n_ctx=ctx,
        n_cells=cells,
        n_threads=threads,
        n_ubatch=ubatch,
        repack=repack,
        tune=tune,
        max_gap_s=max_gap,
        n_gpu_layers=gpu_layers,
        flash_attention=flash_attention,
        kv_cache_type=kv_cache_type,
        deterministic=deterministic,
        prompt_lookup=prompt_lookup,
        max_sequences=max_sequences,
        max_queue=max_queue,
        chat_template=chat_template,
        weights_dir=chosen_state_dir() / WEIGHTS if reencode else None,
    )
    configure_logging("warning")
    os.umask(OTHERS)
    prepare_state_dir(chosen_state_dir())
    tcp = None if uds else (host, port)
    names = _names(allowed_host or [])
    supervisor = EngineSupervisor(options, uds, chosen_state_dir(), tcp=tcp, allowed_hosts=names, api_key=key)
    raise typer.Exit(asyncio.run(_run(supervisor, uds)))


def _key(host: str, *, allow_anonymous: bool) -> str | None:
    """The key that callers must send; None where they need none."""
    try:
        key = key_from_environment(KEY_VARIABLE)
    except ValueError as exc:
        raise SettingsError(str(exc)) from None
    if key is None and not allow_anonymous and is_reachable_from_outside(host):
        raise SettingsError(
            f"--host is {host!r}, which other machines can reach, and no key is set: set {KEY_VARIABLE}, or give "
            "--allow-anonymous if anyone who reaches it may use it"
        )
    return key


def _names(names: list[str]) -> list[str]:
    try:
        return [normalise_name(name) for name in names]
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--allowed-host") from None


async def _run(supervisor: EngineSupervisor, uds: Path | None) -> int:
    """Serve until a signal comes (exit code 0) or the engine has failed for good (1)."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await supervisor.start()
    try:
        with console.status("loading the model …"):
            await _ready_or_stopping(supervisor, stopping)
        if supervisor.info is not None:
            console.print(
                _banner(supervisor.info, f"unix:{uds}" if uds else "http://{}:{}/v1".format(*supervisor.address))
            )
        while not stopping.is_set() and supervisor.state is not EngineState.FAILED:
            await asyncio.wait((asyncio.ensure_future(stopping.wait()),), timeout=POLL_S)
        return 1 if supervisor.state is EngineState.FAILED else 0
    finally:
        await supervisor.stop()


async def _ready_or_stopping(supervisor: EngineSupervisor, stopping: asyncio.Event) -> None:
    ready = asyncio.ensure_future(supervisor.wait_ready(START_TIMEOUT_S))
    stopped = asyncio.ensure_future(stopping.wait())
    await asyncio.wait((ready, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if ready.done():
        ready.result()
    else:
        ready.cancel()


def _banner(info: EngineInfo, where: str) -> str:
    return (
        f"[bold]{info.model}[/bold] at [bold]{where}[/bold]: {info.n_ctx} tokens of context ({info.kv_cache_type}), "
        f"{info.max_sequences} answers at a time, {info.n_threads} threads"
    )
