"""Who used what, as `slimgate report` shows it: `--by` and `--chargeback`."""

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.ledger.accounts import AccountKind

MOST_SESSIONS = 50
"""Sessions shown: those with the newest requests."""


class By(StrEnum):
    """What figures are told apart by."""

    KEY = "key"
    TEAM = "team"
    TAG = "tag"
    SESSION = "session"


def usage_items(
    connection: "Connection", by: By, since: datetime | None, until: datetime | None
) -> list[dict[str, Any]]:
    """The items that `GET /v1/usage` would list."""
    from gateway.ledger.scope import EVERYBODY
    from gateway.reports.accounts import usage_report
    from gateway.reports.sessions import session_report

    if by is By.SESSION:
        sessions, _ = session_report(connection, EVERYBODY, since, until, MOST_SESSIONS)
        return [session.to_json() for session in sessions]
    return [
        usage.to_json() for usage in usage_report(connection, cast("AccountKind", by.value), EVERYBODY, since, until)
    ]


def print_usage(items: Sequence[dict[str, Any]], by: By, *, as_json: bool) -> None:
    """Print them as a table, or as `GET /v1/usage` answers."""
    if as_json:
        typer.echo(json.dumps({"object": "list", "by": by.value, "data": items, "next": None}, indent=2))
    elif not items:
        typer.echo("No requests in this span." if by is not By.SESSION else "No requests with a session in this span.")
    else:
        console = Console()
        console.print(_table(items, by))
        if by is By.TAG:
            console.print("A request with several tags counts for each of them.", highlight=False)


def print_chargeback(connection: "Connection", month: str, zone: tzinfo, output: Path | None, *, as_json: bool) -> None:
    """Write the lines of a month to `output`, or print them: as CSV, or as JSON.

    Raises
    ------
    RequestError
        If `month` is none.
    OSError
        If the file cannot be written.
    """
    from gateway.ledger.scope import EVERYBODY
    from gateway.reports.chargeback import chargeback, chargeback_csv

    lines = chargeback(connection, EVERYBODY, month, zone)
    text = json.dumps(lines, indent=2) + "\n" if as_json else chargeback_csv(lines)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, "utf-8", newline="")
        typer.echo(f"Wrote {len(lines)} lines to {output}.", err=True)


def _table(items: Sequence[dict[str, Any]], by: By) -> Table:
    from gateway.ledger.units import dollars

    table = Table(by.value, box=None, pad_edge=False, header_style="dim")
    for heading in ("requests", "local", "cloud", "errors", "tokens", "paid", "saved (est.)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for item in items:
        counts = (
            item["requests"],
            item["answered_locally"],
            item["answered"] - item["answered_locally"],
            item["errors"],
            item["prompt_tokens"] + item["completion_tokens"],
        )
        money = (dollars(Decimal(item[name])) for name in ("paid_usd", "saved_usd"))
        table.add_row(Text(_label(item, by)), *(f"{count:,}" for count in counts), *money)
    return table


def _label(item: dict[str, Any], by: By) -> str:
    if item["id"] is None:
        return f"without a {by}"
    return f"{item['name']} ({item['id']})" if item["name"] else str(item["id"])
