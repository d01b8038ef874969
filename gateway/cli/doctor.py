"""`slimgate doctor`: checks what this machine can run, and how fast."""

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.model_memory import ExpectedMemory, configured_plan, memory_of
from gateway.cli.serve import ConfigOption
from gateway.config.masking import mask_url
from gateway.config.sections.local import LocalSettings
from gateway.config.settings import Settings, load_settings
from gateway.config.state_dir import prepare_state_dir
from gateway.dispatch.local import missing_model
from gateway.dispatch.local_engine import engine_options
from gateway.dispatch.local_server import MODELS_SHOWN, UNIX
from models.catalogue.catalogue import CatalogueModel, catalogue
from models.engine.errors import EngineError
from models.engine.native.machine import free_memory_bytes, memory_bytes, processor_name, usable_cores
from models.engine.process.measure import CALLERS, Speed, run_measurement
from models.engine.process.tuner import known_tuning, run_tuning
from models.engine.process.tuning import READ_TOKENS, WRITTEN_TOKENS, Trial, Tuning
from models.redaction.secrets import keep_secret
from models.redaction.server_words import clean_name, clean_words
from models.wire.errors import ModelError

console = Console(highlight=False)

USABLE_SPEED = 3.0
"""Tokens a second below which a model is too slow to use."""

SERVER_TIMEOUT_S = 5.0


def doctor(
    config: ConfigOption = None,
    model: Annotated[Path | None, typer.Option(help="GGUF file to try. Default: the configured one.")] = None,
    skip_measurement: Annotated[bool, typer.Option("--quick", help="Measure nothing; start no model.")] = False,
    tune: Annotated[
        bool, typer.Option("--tune", help="Try the settings of a large model anew; best while nothing else runs.")
    ] = False,
) -> None:
    """Show which models this machine can run and how fast, by a short measurement, and what is wrong.

    [dim]slimgate doctor --model phi-3-mini.gguf[/dim]

    The exit code is 1 if no local model can answer as configured.
    """
    if tune and skip_measurement:
        raise typer.BadParameter("--quick starts no model, so it cannot be combined with --tune")
    settings = load_settings(config, serves=False)
    _print_machine(settings)
    local = settings.local.model_copy(
        update={"model_path": model, "base_url": None, "base_urls": None} if model else {}
    )
    if local.base_url is not None:
        answers = [_print_server(local, url) for url in local.base_urls or [local.base_url]]
        speed, well = None, any(answers)
    elif not local.enabled and model is None:
        speed, well = None, True
        _say("local", "off (local.enabled): everything goes to the cloud")
    elif (missing := missing_model(local)) is not None:
        speed, well = None, False
        _say("local", f"[bold red]the local model does not run here:[/] {escape(missing)}")
    else:
        fits = _print_plan(settings, local)
        speed = _try_out(settings, local, tune_anew=tune) if fits and not skip_measurement else None
        well = fits and (skip_measurement or speed is not None)
    _print_models(speed, settings.state_dir)
    if not well:
        raise typer.Exit(1)


def _print_machine(settings: Settings) -> None:
    disk = shutil.disk_usage(_existing(settings.state_dir)).free
    _say("processor", f"{processor_name() or platform.machine()}, {usable_cores()} cores to compute with")
    _say("memory", f"{memory_bytes() / 1e9:.1f} GB, {free_memory_bytes() / 1e9:.1f} GB of it free")
    _say("disk", f"{disk / 1e9:.1f} GB free at {escape(str(settings.state_dir))}")
    _say("python", f"{platform.python_version()}, slimgate {_version('slimgate') or '(not installed)'}")
    llama = _version("llama_cpp_python")
    _say("llama.cpp", f"llama-cpp-python {llama}" if llama else "[yellow]not installed[/]")
    cloud = settings.cloud
    _say(
        "cloud",
        f"{cloud.model} at {mask_url(cloud.base_url)}" if cloud.configured else "not configured: everything is local",
    )


def _print_server(local: LocalSettings, base_url: str) -> bool:
    """Whether the server at `base_url` answers."""
    uds = base_url.removeprefix(UNIX) if base_url.startswith(UNIX) else None
    # With a given transport, httpx uses no proxies from the environment.
    transport = None if local.use_proxy and not uds else httpx.HTTPTransport(uds=uds)
    key = local.api_key.get_secret_value() if local.api_key else None
    keep_secret([key, urlsplit(base_url).password])
    headers = {"authorization": f"Bearer {key}"} if key else {}
    shown = escape(mask_url(base_url))
    url = "http://engine/v1/models" if uds else f"{base_url.rstrip('/')}/models"
    try:
        with httpx.Client(transport=transport, timeout=SERVER_TIMEOUT_S) as client:
            listed = client.get(url, headers=headers).raise_for_status().json()["data"]
        names = ", ".join(clean_name(item["id"]) for item in listed[:MODELS_SHOWN])
        _say("local", f"{shown} answers, with: {escape(names) or 'no model'}")
        return bool(listed)
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as exc:
        why = clean_words(str(exc)) or type(exc).__name__
        _say("local", f"[bold red]{shown} does not answer as it should:[/] {escape(why)}")
        return False


def _print_plan(settings: Settings, local: LocalSettings) -> bool:
    """Whether the model's file can be read, and there is memory for it as configured."""
    try:
        options = engine_options(local, settings.state_dir)
        plan = configured_plan(options, settings.state_dir)
    except ModelError as exc:
        _say("local", f"[bold red]the local model does not run here:[/] {escape(clean_words(str(exc)))}")
        return False
    _say("needs", f"{plan.total_bytes / 1e9:.1f} GB, {plan.n_ctx} tokens of context")
    return True


def _try_out(settings: Settings, local: LocalSettings, *, tune_anew: bool) -> Speed | None:
    try:
        prepare_state_dir(settings.state_dir)
        options = engine_options(local, settings.state_dir)
        _say("trying", escape(str(options.model_path)))
        if tune_anew and not run_tuning(options, settings.state_dir, console.print):
            _say("tuning", "this model is not tuned: it is small, or on a GPU, or local.tune is off")
        with console.status("") as status:
            speed = run_measurement(options, settings.state_dir, status.update)
    except (EngineError, ModelError, httpx.HTTPError) as exc:
        why = escape(clean_words(str(exc)) or type(exc).__name__)
        console.print(f"[bold red]the local model does not run here:[/] {why}", soft_wrap=True)
        return None
    _print_speed(speed)
    _print_tuning(known_tuning(options, settings.state_dir))
    return speed


def _print_tuning(tuning: Tuning | None) -> None:
    """What was tried; nothing for a model that is not tuned."""
    if tuning is None or not tuning.trials:
        return
    title = f"\nsettings tried, for requests that read {READ_TOKENS} tokens and write {WRITTEN_TOKENS}"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for column in ("repacking", "flash attention", "micro-batch", "threads", "reads", "writes", "a request", ""):
        table.add_column(column)
    for trial in tuning.trials:
        setting = trial.setting
        how = ("on" if setting.repack else "off", str(setting.flash_attention), str(setting.n_ubatch))
        table.add_row(*how, str(setting.n_threads), *_figures(trial, is_chosen=trial is tuning.chosen))
    console.print(table)


def _figures(trial: Trial, *, is_chosen: bool) -> tuple[str, ...]:
    if trial.failure:
        return "-", "-", "-", f"{'crashes' if trial.crashed else 'fails'}: {escape(trial.failure)}"
    remark = "chosen" if is_chosen else "other programs were busy: tried again" if trial.disturbed else ""
    return f"{trial.reads:.0f}/s", f"{trial.writes:.1f}/s", f"{trial.request_s:.1f} s", remark


def _print_speed(speed: Speed) -> None:
    info = speed.info
    _say("model", f"{info.model}: {info.n_params / 1e6:.0f} million parameters, {info.size_bytes / 1e6:.0f} MB")
    _say("context", f"{1000 * info.cells_bytes / max(1, info.n_cells) / 1e6:.0f} MB for 1,000 tokens "
                    f"({info.kv_cache_type}), flash attention {info.flash_attention}")  # fmt: skip
    _say("takes", f"{info.resident_bytes / 1e9:.2f} GB with the context for this test, reckoned "
                  f"{info.planned_bytes / 1e9:.2f} GB")  # fmt: skip
    _say("build", info.system_info)
    _say("threads", f"{info.n_threads}" + (f", {info.n_gpu_layers} layers on the GPU" if info.n_gpu_layers else ""))
    if speed.restarts and not info.use_extra_bufts:
        _say("note", "[yellow]repacked weights crash on this machine and are off, which costs some speed[/]")
    _say("ready", f"after {speed.ready_s:.1f} s")
    _say("reads", f"{speed.prefill_tokens_per_s:.0f} prompt tokens a second")
    _say("writes", f"{speed.decode_tokens_per_s:.0f} tokens a second for one caller, "
                   f"{speed.concurrent_tokens_per_s:.0f} for {CALLERS} together")  # fmt: skip
    _say("can do", ", ".join(sorted(info.features)) or "text only")


def _print_models(speed: Speed | None, state_dir: Path) -> None:
    table = Table(box=None, pad_edge=False, title="\nmodels of the catalogue on this machine", title_justify="left")
    for column in ("name", "memory", "fits", "about"):
        table.add_column(column, justify="right" if column == "memory" else "left")
    for model in catalogue().values():
        expected = memory_of(model, state_dir, state_dir / "models")
        if expected is not None:
            memory = f"{expected.plan.total_bytes / 1e9:.1f} GB"
            table.add_row(model.name, memory, _fits(expected), _about(model, speed))
    console.print(table)
    console.print("\n`slimgate models pull NAME` fetches one; `slimgate models list` says what each is good at.")


def _fits(expected: ExpectedMemory) -> str:
    if expected.fits_now:
        return "yes"
    return "[yellow]not now[/]" if expected.fits_machine else "[red]no[/]"


def _about(model: CatalogueModel, speed: Speed | None) -> str:
    """An estimate of speed, good to a factor of two: every token reads all weights once, so it falls with size."""
    if speed is None or not speed.info.size_bytes:
        return ""
    guess = speed.decode_tokens_per_s * speed.info.size_bytes / model.size_bytes
    return f"{guess:.0f} tokens a second" if guess >= USABLE_SPEED else "[yellow]too slow without a GPU[/]"


def _say(what: str, value: str) -> None:
    console.print(f"[bold]{what:<10}[/] {value}", soft_wrap=True)


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
