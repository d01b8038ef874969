"""`slimgate config`: shows the settings, and checks them before they are used."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.serve import ConfigOption
from gateway.config.masking import masked
from gateway.config.settings import Settings, SettingsError, load_settings, setting_fields, variable_name
from gateway.dispatch.local import missing_model

app = typer.Typer(no_args_is_help=True, help="Show the settings, and check them before they are used.")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Check the file, the environment, and that the model file is there. Every mistake is named, with exit code 2."""
    settings = load_settings(config)
    if (missing := missing_model(settings.local)) is not None:
        raise SettingsError(missing)
    typer.echo("The configuration is valid.")


@app.command()
def show(
    name: Annotated[
        str | None,
        typer.Argument(help="Only settings with this in their name: router, or router.threshold.", show_default=False),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show every setting: its value, its meaning and its environment variable. Keys and passwords are masked."""
    settings = load_settings(config, serves=False)
    wanted = (name or "").lower().replace("__", ".").removeprefix("slimgate_")
    fields = [(key, field) for key, field in setting_fields() if wanted in ".".join(key)]
    if not fields:
        raise SettingsError(f"no setting has '{name}' in its name; `slimgate config show` lists them all")
    table = Table("setting", "value", "meaning", show_lines=True)
    for key, field in fields:
        meaning = f"{escape(field.description or '')}\n[dim]{variable_name(key)}[/]"
        table.add_row(".".join(key), escape(_value(settings, key)), meaning)
    Console().print(table)


def _value(settings: Settings, key: tuple[str, ...]) -> str:
    value: object = settings
    for name in key:
        value = getattr(value, name)
    return "–" if value is None else str(masked(value, key[-1]))
