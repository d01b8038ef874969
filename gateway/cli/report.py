"""`slimgate report`."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.serve import ConfigOption
from gateway.savings import SavingsReport, dollars
from gateway.settings import Settings, load_settings


def report(
    config: ConfigOption = None,
    since: Annotated[datetime | None, typer.Option(help="Only requests from this moment on, local time.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only requests before this moment, local time.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what GET /v1/savings answers.")] = False,
) -> None:
    """Say what was saved, and where requests went.

    Reads the ledger itself: the gateway may run or not. Savings are an estimate of what the same tokens would have
    cost at the baseline model.
    """
    result = read_report(load_settings(config), _aware(since), _aware(until))
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=2))
        return
    console = Console()
    console.print(result.sentence(), soft_wrap=True, highlight=False)
    if result.requests:
        console.print(_table(result))


def read_report(settings: Settings, since: datetime | None, until: datetime | None) -> SavingsReport:
    """Sum the ledger up, rows of a gateway that died included; a running gateway's newest rows are a moment behind."""
    from gateway.ledger import Ledger
    from gateway.pricing import Pricer
    from gateway.savings import savings_report

    ledger = Ledger(settings.ledger_url, settings.state_dir / "spool", Pricer(settings))
    ledger.start()
    try:
        with ledger.read() as connection:
            return savings_report(connection, since, until)
    finally:
        ledger.close()


def _table(result: SavingsReport) -> Table:
    table = Table("route", "reason")
    for heading in ("requests", "errors", "tokens in", "tokens out", "paid", "saved (est.)", "first byte ms"):
        table.add_column(heading, justify="right")
    for group in result.groups:
        numbers = group.to_json()
        first_ms = numbers["first_token_ms_mean"]
        table.add_row(
            group.route,
            group.reason,
            *(f"{numbers[name]:,}" for name in ("requests", "errors", "prompt_tokens", "completion_tokens")),
            *(dollars(Decimal(numbers[name])) for name in ("cost_usd", "saved_usd")),
            "–" if first_ms is None else f"{first_ms:.0f}",
        )
    return table


def _aware(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
