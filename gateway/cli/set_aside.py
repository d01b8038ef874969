"""`slimgate ledger`: what the ledger could not store."""

import sys
from typing import Annotated

import typer

from gateway.cli.serve import ConfigOption
from gateway.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Look after the record of requests.")


@app.callback()
def _group() -> None:
    """Keeps `set-aside` a subcommand although it is the only one."""


@app.command("set-aside")
def set_aside(
    config: ConfigOption = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Put them back instead: the next gateway that starts takes them in.")
    ] = False,
) -> None:
    """Print the rows that the database did not take, one JSON object a line.

    A row is set aside so that it does not keep the others out; `why` says what was wrong. There should be none: after
    an upgrade that mends the cause, --retry brings them into the ledger.
    """
    from gateway.ledger.setaside import SetAside

    rows = SetAside(load_settings(config, serves=False).state_dir / "spool")
    if retry:
        typer.echo(f"{rows.try_again():,} rows are put back; restart the gateway, or run `slimgate report`.")
        return
    for line in rows.lines():
        sys.stdout.buffer.write(line)
