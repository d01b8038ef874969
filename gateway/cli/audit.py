"""`slimgate audit`: what left this machine, what stayed, who changed what, and whether that record is whole."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from gateway.cli.ledger import open_ledger, open_to_read, recorded_command
from gateway.cli.serve import ConfigOption
from gateway.cli.tables import natural_console
from gateway.config.settings import load_settings

if TYPE_CHECKING:
    from gateway.audit.verify import Verification

app = typer.Typer(
    no_args_is_help=True,
    help="The sealed record of what left this machine, what stayed, and who changed what.",
)

Since = Annotated[datetime | None, typer.Option(help="Only entries since this local time.")]
Until = Annotated[datetime | None, typer.Option(help="Only entries before this local time.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Form = Literal["jsonl", "csv"]

TABLE_COLUMNS = 120
"""The narrowest terminal for a table of entries: its request's ids take 32 columns, its times 23."""

SHORT_HASH = 12
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@app.command()
def verify(
    config: ConfigOption = None,
    expect: Annotated[
        str | None,
        typer.Option(metavar="SEQ:HASH", help="A head that was noted earlier, outside of the database."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every seal, the numbering, both ends, and the ledger's rows. Exits with 1 if anything is wrong.

    Whoever has the database but not the secret cannot change, remove or insert an entry unseen. Note the printed head
    elsewhere from time to time and pass it as --expect: that shows an end that was cut off, even by somebody who has
    the secret.
    """
    from gateway.audit.chain import audit_keys
    from gateway.reports.audit import verify_audit

    settings, noted = load_settings(config, serves=False), _noted(expect)
    with open_to_read(settings) as ledger, _progress() as progress:
        result = verify_audit(ledger.read, audit_keys(settings), noted, progress)
    if as_json:
        typer.echo(json.dumps(_in_json(result), indent=2))
    else:
        _print(result)
    if result.finding is not None:
        raise typer.Exit(1)


@app.command()
def show(
    request_id: Annotated[str | None, typer.Argument(help="A request's id. Default: the newest entries.")] = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries, or those of one request."""
    from gateway.audit.read import AuditFilter, newest_entries

    with open_to_read(load_settings(config, serves=False)) as ledger, ledger.read() as connection:
        entries = newest_entries(connection, AuditFilter(request_id=request_id), limit)
    if as_json:
        typer.echo(json.dumps(entries, indent=2))
    elif not entries:
        typer.echo("There are no entries." if request_id is None else f"There is no entry of the request {request_id}.")
    else:
        print_entries(entries[::-1], Console())
    if request_id is not None and not entries:
        raise typer.Exit(1)


@app.command()
def export(
    config: ConfigOption = None,
    since: Since = None,
    until: Until = None,
    form: Annotated[Form, typer.Option("--format", help="One JSON object a line, or CSV.")] = "jsonl",
) -> None:
    """Print all entries, oldest first. The export itself becomes an entry first."""
    from gateway.audit.read import AuditFilter, all_entries, csv_lines, json_lines
    from gateway.ledger.units import epoch_ms

    settings = load_settings(config, serves=False)
    with recorded_command(settings, "audit exported", since=_shown(since), until=_shown(until), format=form):
        pass
    wanted = AuditFilter(since_ms=epoch_ms(since), until_ms=epoch_ms(until))
    with open_ledger(settings) as (ledger, _):
        for line in {"csv": csv_lines, "jsonl": json_lines}[form](all_entries(ledger.read, wanted)):
            sys.stdout.write(line)


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _noted(expect: str | None) -> tuple[int, str] | None:
    if expect is None:
        return None
    head = _HEAD.fullmatch(expect.strip().lower())
    if head is None:
        raise typer.BadParameter("must be SEQ:HASH, as `slimgate audit verify` prints it", param_hint="--expect")
    return int(head[1]), head[2]


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("checking"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=None)
        yield lambda done, of: progress.update(bar, completed=done, total=of)


def _print(result: "Verification") -> None:
    console = Console(highlight=False, soft_wrap=True)
    seq, hash = result.head
    if (finding := result.finding) is None:
        console.print(f"[bold green]whole[/]: each entry is sealed behind the one before ({result.entries:,})")
    else:
        console.print(f"[bold red]broken[/] ({finding.kind}): {escape(finding.message)}")
        console.print(f"{result.entries:,} before it are good")
    if result.pruned_through:
        console.print(f"entries up to {result.pruned_through:,} were removed by audit.keep_days")
    console.print(f"head to note elsewhere: {seq}:{hash}")


def _in_json(result: "Verification") -> dict[str, Any]:
    finding = result.finding
    return {
        "object": "audit_verification",
        "whole": finding is None,
        "entries": result.entries,
        "pruned_through": result.pruned_through,
        "head": f"{result.head[0]}:{result.head[1]}",
        "finding": None
        if finding is None
        else {
            "kind": finding.kind,
            "message": finding.message,
            "seq": finding.seq,
            "request_id": finding.request_id,
        },
    }


def print_entries(entries: Sequence[dict[str, Any]], console: Console) -> None:
    """Print a table, or paragraphs where the terminal has no room for one: a request's id is never cut."""
    table = Table("no.", "when (UTC)", "kind", "request", "what", box=None, pad_edge=False, header_style="dim")
    lines = [(*_labels(entry), _what(entry["body"])) for entry in entries]
    for line in lines:
        table.add_row(*map(escape, line))
    console = natural_console(console, table)
    if not console.is_terminal or console.width >= TABLE_COLUMNS:
        console.print(table)
        return
    for *labels, what in lines:
        console.print("  ".join(labels), style="bold", markup=False, highlight=False, soft_wrap=True)
        console.print(Padding(escape(what), (0, 0, 0, 4)))


def _labels(entry: dict[str, Any]) -> tuple[str, str, str, str]:
    at = entry["at"].replace("T", " ").removesuffix("+00:00")
    return str(entry["seq"]), at, entry["kind"], entry["request_id"] or "–"


def _what(body: Any) -> str:
    """An entry in words, a line for each call. Somebody may have damaged it."""
    try:
        return _in_words(body)
    except (AttributeError, KeyError, TypeError, ValueError):
        return "it is not what a gateway writes: slimgate audit verify"


def _in_words(body: dict[str, Any]) -> str:
    if "action" in body:
        others = {name: value for name, value in body.items() if name not in ("who", "where", "action")}
        return f"{body['action']} by {body['who']} at {body['where']} {json.dumps(others) if others else ''}".rstrip()
    egress = body["egress"]
    calls = egress["calls"]
    if not calls:
        return f"nothing left: {egress['verdict']}"
    return "\n".join(
        f"{call['bytes']:,} bytes to {call['host']} ({call['model']}), {call['rule']}, "
        f"sha256 {call['sha256'][:SHORT_HASH]}…"
        for call in calls
    )
