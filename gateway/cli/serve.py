"""`slimgate serve`: runs the gateway."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.config.masking import mask_url
from gateway.config.sections.local import LocalSettings
from gateway.config.settings import Settings, SettingsError, load_settings
from models.host.host_check import is_reachable_from_outside
from models.host.log_format import with_fields
from models.host.private_files import OTHERS

logger = logging.getLogger("slimgate")

OPEN = "anyone who reaches this address may use it: allow_anonymous is set"


class LogLevel(StrEnum):
    """Levels of the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="TOML file with settings. Default: slimgate.toml in this folder, if any."),
]


def serve(
    config: ConfigOption = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1, this machine only.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one. Default: 8000.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Gateway processes; they share one engine and one ledger. Default: 1.")
    ] = None,
    log_level: Annotated[LogLevel, typer.Option(help="Least level that is logged.")] = LogLevel.INFO,
) -> None:
    """Run the gateway.

    Without any configuration the small bundled model answers everything. Set OPENAI_API_KEY, or
    SLIMGATE_CLOUD__BASE_URL, SLIMGATE_CLOUD__API_KEY and SLIMGATE_CLOUD__MODEL for another provider, and hard requests
    go to the cloud. `slimgate config show` lists every setting.

    On SIGHUP it reads the configuration again; on SIGTERM it stops after the running answers. systemd may open the port
    (socket activation).
    """
    from gateway.config.state_dir import prepare_state_dir
    from gateway.process.systemd import inherited_listener
    from gateway.record.logs import apply_log_settings, configure_logging

    listener = inherited_listener()
    address, number = (host, port) if listener is None else listener.getsockname()[:2]

    def load() -> Settings:
        return load_settings(config, host=address, port=number, workers=workers)

    configure_logging(log_level)
    settings = load()
    apply_log_settings(settings)
    os.umask(OTHERS)  # files of this process and its children are readable by this user only
    prepare_state_dir(settings.state_dir)
    if settings.workers > 1:
        run_several(settings, config, log_level, listener)
    else:
        run_one(settings, load, listener)


def run_one(settings: Settings, load: Callable[[], Settings], listener: socket.socket | None = None) -> None:
    """Run the gateway in this process; with `listener`, on a port that is open already."""
    from gateway.app import create_app
    from gateway.process.server import GatewayServer

    server = GatewayServer(create_app(settings), settings, load, lambda port: greet(settings, port))
    server.run(None if listener is None else [listener])
    if not server.started:
        raise typer.Exit(3)


def run_several(settings: Settings, config: Path | None, log_level: str, listener: socket.socket | None = None) -> None:
    """Run several workers, with the engine in this process; with `listener`, on a port that is open already."""
    from gateway.process.workers import WorkerPool

    try:
        asyncio.run(WorkerPool(settings, config, log_level, lambda port: greet(settings, port), listener).run())
    except OSError as exc:
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {exc.strerror or exc}") from exc


def greet(settings: Settings, port: int) -> None:
    """Print the gateway's address, its models and its dashboard; as one line where the log is JSON."""
    from gateway.process.systemd import notify
    from gateway.record.logs import wants_json

    notify("READY=1")

    url = f"http://[{settings.host}]:{port}" if ":" in settings.host else f"http://{settings.host}:{port}"
    cloud = settings.cloud
    sides = {
        "local": _local_words(settings.local),
        "cloud": f"{cloud.model} at {mask_url(cloud.base_url)}" if cloud.configured else "off (no key set)",
        "dashboard": f"{url}/dashboard",
    }
    is_open = not settings.always_needs_key and settings.allow_anonymous and is_reachable_from_outside(settings.host)
    if wants_json(settings.log):
        _log_greeting(url, sides, is_open=is_open)
    else:
        _print_greeting(url, sides, is_open=is_open)


def _log_greeting(url: str, sides: Mapping[str, str], *, is_open: bool) -> None:
    logger.info("slimgate listens at %s", url, extra=with_fields({"url": url, **sides}))
    if is_open:
        logger.warning(OPEN)


def _print_greeting(url: str, sides: Mapping[str, str], *, is_open: bool) -> None:
    lines = [
        f"[bold]slimgate[/] listens at [bold]{url}[/]",
        f"  point your OpenAI client at [bold]{url}/v1[/] and ask for the model [bold]auto[/]",
        *(f"  {name:<10} {words}" for name, words in sides.items()),
        *([f"  [bold yellow]{OPEN}[/]"] if is_open else []),
    ]
    Console(stderr=True, highlight=False).print("\n".join(lines), soft_wrap=True)


def _local_words(local: LocalSettings) -> str:
    from gateway.dispatch.local import missing_model

    if not local.enabled:
        return "off"
    if local.base_url:
        return ", ".join(mask_url(url) for url in local.base_urls or [local.base_url])
    if (missing := missing_model(local)) is not None:
        return f"down: {missing}"
    return local.model_path.name if local.model_path else "SmolLM2-135M-Instruct, bundled: tiny, for trying out"
