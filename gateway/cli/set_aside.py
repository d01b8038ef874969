"""`slimgate ledger`: rows that the ledger could not store."""

import sys
from typing import Annotated

import typer

from gateway.cli.ledger import recorded_command
from gateway.cli.serve import ConfigOption
from gateway.config.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Maintain the ledger, the record of requests.")


@app.callback()
def _group() -> None:
    """Makes Typer keep `set-aside` as a subcommand although it is the only one."""


@app.command("set-aside")
def print_set_aside(
    config: ConfigOption = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try to store them again.")] = False,
) -> None:
    """Print the rows that were set aside because the database refused them, one JSON object a line.

    `why` says what was wrong. Normally there are none. After an upgrade that fixes the cause, --retry puts them into
    the ledger.
    """
    from gateway.ledger.set_aside import SetAside

    settings = load_settings(config, serves=False)
    set_aside = SetAside(settings.state_dir / "spool")
    if retry:
        with recorded_command(settings, "set-aside rows put back", rows=set_aside.rows):
            rows, others = set_aside.try_again()
        typer.echo(f"{rows:,} rows are put back: a running gateway, or `slimgate report`, stores them within seconds.")
        if others:
            typer.echo(f"{others:,} lines are not rows of the ledger, and stay.")
        return
    for line in set_aside.lines():
        sys.stdout.buffer.write(line)
