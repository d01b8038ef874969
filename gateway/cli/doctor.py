"""`slimgate doctor`."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.serve import ConfigOption
from gateway.settings import Settings, load_settings
from models.bundled import bundled_model_path
from models.catalogue import CatalogueModel, catalogue
from models.engine.errors import EngineError
from models.engine.machine import processor_name, usable_cores
from models.errors import ModelError
from models.measure import CALLERS, Speed, run_measurement

console = Console(highlight=False)

USABLE_SPEED = 3.0
"""Tokens a second below which nobody wants to wait."""


def doctor(
    config: ConfigOption = None,
    model: Annotated[Path | None, typer.Option(help="GGUF file to try. Default: the configured one.")] = None,
    skip_measurement: Annotated[bool, typer.Option("--quick", help="Look only; start no model.")] = False,
) -> None:
    """Say what this machine can run and how fast, by a short real measurement, and what is amiss.

    Ends with 1 when the local model does not run here.
    """
    settings = load_settings(config)
    _print_machine(settings)
    speed = None if skip_measurement else _try_out(settings, model)
    _print_models(speed)
    if speed is None and not skip_measurement:
        raise typer.Exit(1)


def _print_machine(settings: Settings) -> None:
    free = shutil.disk_usage(_existing(settings.state_dir)).free
    _say("processor", f"{processor_name() or platform.machine()}, {usable_cores()} cores to compute with")
    _say("memory", f"{_memory_bytes() / 1e9:.1f} GB")
    _say("disk", f"{free / 1e9:.1f} GB free at {settings.state_dir}")
    _say("python", f"{platform.python_version()}, slimgate {_version('slimgate')}")
    _say("llama.cpp", _build())
    cloud = settings.cloud
    _say("cloud", f"{cloud.model} at {cloud.base_url}" if cloud.configured else "not configured: everything is local")


def _build() -> str:
    try:
        return f"llama-cpp-python {version('llama_cpp_python')}"
    except PackageNotFoundError:
        return "[yellow]not installed[/]: pip install 'slimgate\\[local]', which compiles for some minutes"


def _try_out(settings: Settings, model: Path | None) -> Speed | None:
    try:
        path = model or settings.local.model_path or bundled_model_path()
        with console.status("") as status:
            speed = run_measurement(path, settings.state_dir, status.update)
    except (EngineError, ModelError) as exc:
        console.print(f"[bold red]the local model does not run here:[/] {exc}", soft_wrap=True)
        return None
    _print_speed(speed)
    return speed


def _print_speed(speed: Speed) -> None:
    info = speed.info
    _say("model", f"{info.model}: {info.n_params / 1e6:.0f} million parameters, {info.size_bytes / 1e6:.0f} MB")
    _say("build", info.system_info)
    _say("threads", f"{info.n_threads}" + (f", {info.n_gpu_layers} layers on the GPU" if info.n_gpu_layers else ""))
    if not info.use_extra_bufts:
        _say("note", "[yellow]repacked weights crash on this machine and are left off, which costs some speed[/]")
    _say("ready", f"after {speed.ready_s:.1f} s")
    _say("reads", f"{speed.reading_tokens_per_s:.0f} prompt tokens a second")
    _say("writes", f"{speed.writing_tokens_per_s:.0f} tokens a second for one caller, "
                   f"{speed.shared_tokens_per_s:.0f} for {CALLERS} together")  # fmt: skip
    _say("can do", ", ".join(sorted(info.features)) or "text only")


def _print_models(speed: Speed | None) -> None:
    table = Table(box=None, pad_edge=False, title="\nmodels of the catalogue on this machine", title_justify="left")
    for column in ("name", "memory", "fits", "about"):
        table.add_column(column, justify="right" if column == "memory" else "left")
    for model in catalogue().values():
        if not model.served:
            table.add_row(model.name, f"{model.memory_bytes / 1e9:.1f} GB", _fits(model), _about(model, speed))
    console.print(table)


def _fits(model: CatalogueModel) -> str:
    return "yes" if model.memory_bytes < 0.8 * _memory_bytes() else "[red]no[/]"


def _about(model: CatalogueModel, speed: Speed | None) -> str:
    """Every token reads all weights once, so speed goes down as size goes up: a guess, good to a factor of two."""
    if speed is None or not speed.info.size_bytes:
        return ""
    guess = speed.writing_tokens_per_s * speed.info.size_bytes / model.size_bytes
    return f"{guess:.0f} tokens a second" if guess >= USABLE_SPEED else "[yellow]too slow without a GPU[/]"


def _say(what: str, value: str) -> None:
    console.print(f"[bold]{what:<10}[/] {value}", soft_wrap=True)


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
