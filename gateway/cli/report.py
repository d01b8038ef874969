"""`slimgate report`: shows what was saved."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.ledger import read_ledger
from gateway.cli.serve import ConfigOption
from gateway.cli.usage import By, print_chargeback, print_usage, usage_items
from gateway.config.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.reports.savings import SavingsReport
    from gateway.reports.timeline import Interval

MOST_DAYS = 36_500

LOCALTIME = Path("/etc/localtime")


def report(
    config: ConfigOption = None,
    since: Annotated[datetime | None, typer.Option(help="Only requests since this local time.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only requests before this local time.")] = None,
    days: Annotated[float | None, typer.Option(help="Only the last so many days, instead of --since.")] = None,
    by: Annotated[By | None, typer.Option(help="Show who used what, by key, team, tag or session.")] = None,
    chargeback: Annotated[
        str | None, typer.Option(help="Print what each key used in a month such as 2026-11, as CSV.", metavar="MONTH")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write --chargeback to this file.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, as the API does.")] = False,
) -> None:
    """Show what was saved, and where requests went; or who used what.

    It reads the ledger itself, so the gateway need not run. Savings are an estimate: what the same tokens would have
    cost at the baseline model, less what was paid. The dashboard at /dashboard shows the same figures.
    """
    if chargeback is None and output is not None:
        raise typer.BadParameter("is for --chargeback", param_hint="--output")
    if chargeback is not None and (by, since, until, days) != (None, None, None, None):
        raise typer.BadParameter(
            "covers a whole month; leave out --by, --since, --until and --days", param_hint="--chargeback"
        )
    settings = load_settings(config, serves=False)
    if chargeback is not None:
        with read_ledger(settings) as connection:
            print_chargeback(connection, chargeback, local_zone(), output, as_json=as_json)
        return
    span = _span(since, until, days)
    with read_ledger(settings) as connection:
        if by is None:
            _report(connection, span, as_json=as_json)
        else:
            print_usage(usage_items(connection, by, *span), by, as_json=as_json)


def _span(
    since: datetime | None, until: datetime | None, days: float | None
) -> tuple[datetime | None, datetime | None]:
    if days is not None:
        if since is not None:
            raise typer.BadParameter("give --since or --days, not both", param_hint="--days")
        if not 0 < days <= MOST_DAYS:
            raise typer.BadParameter(f"must be more than 0, and at most {MOST_DAYS}", param_hint="--days")
        since = datetime.now() - timedelta(days=days)
    return _aware(since), _aware(until)


def _report(connection: "Connection", span: tuple[datetime | None, datetime | None], *, as_json: bool) -> None:
    from gateway.ledger.scope import EVERYBODY
    from gateway.ledger.units import now_ms
    from gateway.reports.estimates import estimate_report
    from gateway.reports.savings import savings_report
    from gateway.reports.timeline import closed_span, timeline

    result = savings_report(connection, EVERYBODY, *span)
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=2))
        return
    estimates = estimate_report(connection, now_ms())
    intervals = timeline(connection, EVERYBODY, *closed_span(connection, EVERYBODY, *span), local_zone())
    _print(Console(), result, intervals, estimates)


def local_zone() -> tzinfo:
    """The time zone of this machine with its rules, so that days are whole ones in winter and in summer."""
    try:
        if name := os.environ.get("TZ"):
            return ZoneInfo(name)
        with LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return datetime.now().astimezone().tzinfo or UTC


def _print(
    console: Console, result: "SavingsReport", intervals: list["Interval"], estimates: Mapping[str, Any]
) -> None:
    from gateway.cli.chart import chart

    console.print(result.sentence(), soft_wrap=True, highlight=False)
    if not result.requests:
        console.print("Send one to http://127.0.0.1:8000/v1, or open /dashboard to see how.", highlight=False)
        return
    console.print()
    console.print(chart(intervals))
    console.print()
    console.print(_table(result))
    for note in (_coverage_note(result), _estimates_note(estimates)):
        if note:
            console.print(note, soft_wrap=True, highlight=False)


def _table(result: "SavingsReport") -> Table:
    from gateway.ledger.units import dollars

    table = Table("went to", "because", box=None, pad_edge=False, header_style="dim")
    for heading in ("requests", "errors", "tokens", "paid", "saved (est.)", "first token"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in result.groups:
        numbers = group.to_json()
        first_ms = numbers["first_token_ms_mean"]
        table.add_row(
            Text(group.route, style={"local": "green", "cloud": "blue"}.get(group.route, "dim")),
            group.reason,
            f"{numbers['requests']:,}",
            f"{numbers['errors']:,}",
            f"{numbers['prompt_tokens'] + numbers['completion_tokens']:,}",
            *(dollars(Decimal(numbers[name])) for name in ("paid_usd", "saved_usd")),
            "–" if first_ms is None else f"{first_ms:.0f} ms",
        )
    return table


def _coverage_note(result: "SavingsReport") -> str:
    if result.coverage is None or result.coverage == 1:
        return ""
    return f"Prices are known for {result.coverage:.1%} of the answers; the others are left out of the money."


def _estimates_note(estimates: Mapping[str, Any]) -> str:
    """How good the estimates of the local model's time were; empty where there were none."""
    words = {"first_token": "to the first token", "answer": "to the end of the answer"}
    known = [
        f"{estimates[what]['error_ratio_p50']:.0%} {until}"
        for what, until in words.items()
        if estimates[what]["answers"]
    ]
    if not known:
        return ""
    hours = estimates["hours"]
    return f"The local model's estimated time was off by {' and '.join(known)} (medians of the last {hours} hours)."


def _aware(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
