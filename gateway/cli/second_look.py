"""`slimgate second-look`."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.ledger import read_ledger
from gateway.cli.serve import ConfigOption
from gateway.config.sections import SecondLookSettings
from gateway.config.settings import load_settings
from gateway.ledger.units import days_ago_ms
from router.confidence import LookVerdict, least_confidence

if TYPE_CHECKING:
    from sqlalchemy import Connection

NEWEST = 10_000
FEWEST = 20
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)

_HOW_TO = (
    "Set router.second_look.band to how far below the threshold scores get one, 0.2 say, and leave least_confidence at "
    "0: local answers are then measured, and none is thrown away."
)
_HONESTLY = (
    "A confidence is no probability that the answer will do: that differs between models and kinds of request. It "
    "pays where judged answers (POST /v1/feedback) fail more often below the value than above it, enough for the wait."
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One second look of the past: its confidence, how long it took, and whether the answer that went on would do."""

    verdict: LookVerdict
    confidence: float
    ms: float
    ok: bool | None


def second_look(
    config: ConfigOption = None,
    escalate: Annotated[
        float | None,
        typer.Option(min=0, max=0.99, help="Share of looked-at answers that the cloud should give. Default: several."),
    ] = None,
    days: Annotated[float, typer.Option(min=0, help="Only the last so many days.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what second looks found, and what least_confidence sends which share of them to the cloud.

    The local model begins an answer, and how sure it is of its first tokens decides whether it goes on. How sure is
    sure enough is yours to say: this measures it on your own traffic, from the ledger; the gateway may run or not.
    """
    settings = load_settings(config, serves=False)
    with read_ledger(settings) as connection:
        seen = _looks(connection, days_ago_ms(days))
    told = {"looks": len(seen), **_counts(seen), "bars": [_bar(seen, share) for share in _shares(seen, escalate)]}
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        _print(Console(), seen, told, settings.router.second_look)


def _looks(connection: "Connection", since_ms: int) -> list[Seen]:
    from sqlalchemy import select

    from gateway.ledger.cascade_result import Look
    from gateway.ledger.schema import FEEDBACK, REQUESTS

    row = REQUESTS.c
    query = (
        select(row.second_look, FEEDBACK.c.ok)
        .outerjoin(FEEDBACK, FEEDBACK.c.request_id == row.id)
        .where(row.second_look.is_not(None), row.created_ms >= since_ms)
        .order_by(row.created_ms.desc())
        .limit(NEWEST)
    )
    looks = [(Look.from_json(found.second_look), found.ok) for found in connection.execute(query)]
    return [
        # A word on an answer says something of this beginning only if the answer went on from it.
        Seen(look.verdict, look.confidence, look.ms, ok if look.verdict is LookVerdict.WENT_ON else None)
        for look, ok in looks
        if look.confidence is not None
    ]


def _counts(seen: Sequence[Seen]) -> dict[str, Any]:
    verdicts = {verdict.value: sum(look.verdict is verdict for look in seen) for verdict in LookVerdict}
    del verdicts[LookVerdict.UNKNOWN]
    median_ms = sorted(look.ms for look in seen)[len(seen) // 2] if seen else None
    return {**verdicts, "median_ms": median_ms}


def _shares(seen: Sequence[Seen], escalate: float | None) -> Sequence[float]:
    if len(seen) < FEWEST:
        return ()
    return SHARES if escalate is None else (escalate,)


def _bar(seen: Sequence[Seen], share: float) -> dict[str, Any]:
    bar = least_confidence([look.confidence for look in seen], share)
    below = [look.ok for look in seen if look.ok is not None and look.confidence < bar]
    above = [look.ok for look in seen if look.ok is not None and look.confidence >= bar]
    return {
        "escalated_share": share,
        "least_confidence": round(bar, 4),
        "judged_below": len(below),
        "failed_below": below.count(False),
        "judged_above": len(above),
        "failed_above": above.count(False),
    }


def _print(console: Console, seen: Sequence[Seen], told: dict[str, Any], settings: SecondLookSettings) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    if not seen:
        say(f"No second looks yet. {_HOW_TO}")
        return
    say(
        f"{len(seen):,} second looks: {told['went_on']:,} went on, {told['escalated']:,} went to the cloud, "
        f"{told['returned']:,} came back since the cloud failed. Half of them took {told['median_ms']:.0f} ms or more."
    )
    say("In force: " + ", ".join(f"{name} {value:g}" for name, value in settings.model_dump().items()) + ".")
    if not told["bars"]:
        say(f"Too few to say more: {FEWEST - len(seen)} more are needed.")
        return
    console.print()
    console.print(_table(told["bars"]))
    say(f"Shares are good to about ± {1 / math.sqrt(len(seen)):.0%}. {_HONESTLY}")


def _table(bars: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("to the cloud", "least_confidence", "failed below", "failed above"):
        table.add_column(heading, justify="right", no_wrap=True)
    for bar in bars:
        failed = (f"{bar[f'failed_{side}']} of {bar[f'judged_{side}']}" for side in ("below", "above"))
        table.add_row(f"{bar['escalated_share']:.0%}", f"{bar['least_confidence']:.3f}", *failed)
    return table
