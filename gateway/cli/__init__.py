"""The `slimgate` command: one file a subcommand, joined here."""

import errno
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from gateway.cli import artifacts, audit, config, keys, models, set_aside
from gateway.cli.ask import ask
from gateway.cli.calibrate import calibrate
from gateway.cli.doctor import doctor
from gateway.cli.engine import engine
from gateway.cli.evaluate import evaluate
from gateway.cli.exam import exam
from gateway.cli.help_text import reflow_help
from gateway.cli.replay import replay
from gateway.cli.report import report
from gateway.cli.route import route
from gateway.cli.second_look import second_look
from gateway.cli.serve import serve
from gateway.cli.train import train
from gateway.config.settings import SettingsError
from gateway.reports.exam_card import MarksError
from models.redaction.secrets import mask
from models.wire.errors import ModelError
from router.errors import ArtifactError, DatasetError

app = typer.Typer(
    name="slimgate",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="An OpenAI-compatible gateway: easy requests are answered by a small local model, hard ones by a cloud model.",
    epilog="Start with [bold]slimgate serve[/bold], then point any OpenAI client at http://127.0.0.1:8000/v1.",
)
for command in (serve, ask, route, report, replay, doctor, engine, exam, train, evaluate, calibrate, second_look):
    app.command()(command)
app.add_typer(config.app, name="config")
app.add_typer(artifacts.app, name="artifacts")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(audit.app, name="audit")
app.add_typer(set_aside.app, name="ledger")
reflow_help(app)

UNUSABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR})
"""Why a file or folder cannot be used, where that is nobody's defect: rights, room, or something else in its place."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"slimgate {version('slimgate')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command. An error that the user can fix is printed as a sentence, not as a traceback."""
    try:
        app()
    except (SettingsError, ModelError, ArtifactError, DatasetError, MarksError) as exc:
        _exit(str(exc))
    except OSError as exc:
        if exc.errno not in UNUSABLE or exc.filename is None:
            raise
        _exit(
            f"{exc.filename}: {exc.strerror}; make room or rights there, or name another state folder "
            "(SLIMGATE_STATE_DIR)"
        )


def _exit(message: str) -> None:
    # Escaped, because "slimgate[local]" is not markup.
    Console(stderr=True).print(f"[bold red]slimgate:[/] {escape(mask(message))}", highlight=False, soft_wrap=True)
    sys.exit(2)
