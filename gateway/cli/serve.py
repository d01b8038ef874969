"""`slimgate serve`."""

import logging
import socket
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.settings import LocalSettings, Settings, load_settings

GRACE_S = 30
KEEP_ALIVE_S = 75

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="TOML file with settings. Default: slimgate.toml here, if there is one."),
]


def serve(
    config: ConfigOption = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1, this machine only.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one. Default: 8000.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve the gateway.

    Without any configuration it answers everything from the small bundled model. With OPENAI_API_KEY set, or the
    SLIMGATE_CLOUD__BASE_URL, SLIMGATE_CLOUD__API_KEY and SLIMGATE_CLOUD__MODEL of another provider, hard requests go
    to the cloud. `slimgate config show` lists every setting.
    """
    from gateway.logs import configure_logging

    configure_logging(log_level)
    run(load_settings(config, host=host, port=port))


def run(settings: Settings) -> None:
    """Serve until told to stop."""
    import uvicorn

    from gateway.app import create_app

    class Server(uvicorn.Server):
        """Greets once the port is open, when it is also known which one it is."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                port = self.servers[0].sockets[0].getsockname()[1]
                greet(settings, port)

    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server = Server(config)
    server.run()
    if not server.started:
        raise typer.Exit(3)


def greet(settings: Settings, port: int) -> None:
    """Say where the gateway is and what it will do."""
    console = Console(stderr=True, highlight=False)
    url = f"http://{settings.host}:{port}"
    cloud = settings.cloud
    lines = [
        f"[bold]slimgate[/] listens at [bold]{url}[/]",
        f"  point your OpenAI client at [bold]{url}/v1[/] and ask for the model [bold]auto[/]",
        f"  local      {_local_words(settings.local)}",
        f"  cloud      {f'{cloud.model} at {cloud.base_url}' if cloud.configured else 'off (no key set)'}",
        f"  dashboard  {url}/dashboard",
    ]
    if settings.api_key is None and settings.host not in ("127.0.0.1", "localhost", "::1"):
        lines.append("  [bold yellow]anyone who reaches this address may use it: set SLIMGATE_API_KEY[/]")
    console.print("\n".join(lines), soft_wrap=True)


def _local_words(local: LocalSettings) -> str:
    if not local.enabled:
        return "off"
    if local.base_url:
        return local.base_url
    return local.model_path.name if local.model_path else "SmolLM2-135M-Instruct, bundled: tiny, for trying out"
