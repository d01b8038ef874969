"""`slimgate ledger`: what the ledger could not store."""

import sys
from typing import Annotated

import typer

from gateway.cli.serve import ConfigOption
from gateway.config.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Look after the record of requests.")


@app.callback()
def _group() -> None:
    """Keeps `set-aside` a subcommand although it is the only one."""


@app.command("set-aside")
def print_set_aside(
    config: ConfigOption = None,
    retry: Annotated[bool, typer.Option("--retry", help="Put them back into the ledger instead.")] = False,
) -> None:
    """Print the rows that the database did not take, one JSON object a line.

    A row is set aside so that it does not keep the others out; `why` says what was wrong. There should be none: after
    an upgrade that mends the cause, --retry brings them into the ledger.
    """
    from gateway.ledger.set_aside import SetAside

    set_aside = SetAside(load_settings(config, serves=False).state_dir / "spool")
    if retry:
        rows, others = set_aside.try_again()
        typer.echo(f"{rows:,} rows are put back: the gateway takes them in within seconds, or `slimgate report` does.")
        if others:
            typer.echo(f"{others:,} lines are no rows of the ledger, and stay.")
        return
    for line in set_aside.lines():
        sys.stdout.buffer.write(line)
