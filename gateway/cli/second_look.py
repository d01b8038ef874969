"""`slimgate second-look`: results of past second looks (cascades), and values for `least_confidence`."""

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
from gateway.config.sections.routing import SecondLookSettings
from gateway.config.settings import load_settings
from gateway.ledger.units import days_ago_ms
from router.confidence import CascadeVerdict, least_confidence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.ledger.cascade_result import CascadeResult

NEWEST = 10_000
FEWEST = 20
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)

_HOW_TO = (
    "Set router.second_look.band, for instance to 0.2: requests that score less than that below the threshold get one. "
    "Leave least_confidence at 0: confidences are then measured, and no local answer is thrown away."
)
_CAVEAT = (
    "A confidence is not the probability that the answer is good enough: that differs between models and kinds of "
    "request. Second looks pay if judged answers (POST /v1/feedback) fail clearly more often below it than above."
)


@dataclass(frozen=True, slots=True)
class PastCascade:
    """One past second look: its confidence, its duration, and whether the answer that went on was good enough."""

    verdict: CascadeVerdict
    confidence: float
    ms: float
    ok: bool | None


def second_look(
    config: ConfigOption = None,
    escalate: Annotated[
        float | None,
        typer.Option(min=0, max=0.99, help="Share of these requests for the cloud to answer. Default: several."),
    ] = None,
    days: Annotated[float, typer.Option(min=0, help="Only the last so many days.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the results of second looks, and which least_confidence sends which share of requests to the cloud.

    In a second look (a cascade) the local model begins to answer, and the confidence of its first tokens decides
    whether it goes on or the cloud answers. This command reads past confidences from the ledger, so that you can
    choose least_confidence for your own traffic. The gateway need not run.
    """
    settings = load_settings(config, serves=False)
    with read_ledger(settings) as connection:
        past = _past_cascades(connection, days_ago_ms(days))
    candidates = [_candidate(past, share) for share in _shares(past, escalate)]
    document = {"second_looks": len(past), **_counts(past), "candidates": candidates}
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        _print(Console(), past, document, settings.router.second_look)


def _past_cascades(connection: "Connection", since_ms: int) -> list[PastCascade]:
    from sqlalchemy import select

    from gateway.ledger.cascade_result import CascadeResult
    from gateway.ledger.schema import FEEDBACK, REQUESTS

    row = REQUESTS.c
    query = (
        select(row.second_look, FEEDBACK.c.ok)
        .outerjoin(FEEDBACK, FEEDBACK.c.request_id == row.id)
        .where(row.second_look.is_not(None), row.created_ms >= since_ms)
        .order_by(row.created_ms.desc())
        .limit(NEWEST)
    )
    results = [(CascadeResult.from_json(row.second_look), row.ok) for row in connection.execute(query)]
    return [
        # Feedback on the answer judges these first tokens only if the answer went on from them.
        PastCascade(result.verdict, result.confidence, result.ms, ok if _went_on(result) else None)
        for result, ok in results
        if result.confidence is not None
    ]


def _went_on(result: "CascadeResult") -> bool:
    return result.verdict is CascadeVerdict.WENT_ON


def _counts(past: Sequence[PastCascade]) -> dict[str, Any]:
    verdicts = {verdict.value: sum(each.verdict is verdict for each in past) for verdict in CascadeVerdict}
    del verdicts[CascadeVerdict.UNKNOWN]
    median_ms = sorted(each.ms for each in past)[len(past) // 2] if past else None
    return {**verdicts, "median_ms": median_ms}


def _shares(past: Sequence[PastCascade], escalate: float | None) -> Sequence[float]:
    if len(past) < FEWEST:
        return ()
    return SHARES if escalate is None else (escalate,)


def _candidate(past: Sequence[PastCascade], share: float) -> dict[str, Any]:
    least = least_confidence([each.confidence for each in past], share)
    below = [each.ok for each in past if each.ok is not None and each.confidence < least]
    above = [each.ok for each in past if each.ok is not None and each.confidence >= least]
    return {
        "escalated_share": share,
        "least_confidence": round(least, 4),
        "judged_below": len(below),
        "failed_below": below.count(False),
        "judged_above": len(above),
        "failed_above": above.count(False),
    }


def _print(
    console: Console, past: Sequence[PastCascade], document: dict[str, Any], settings: SecondLookSettings
) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    if not past:
        say(f"No second looks yet. {_HOW_TO}")
        return
    say(
        f"{len(past):,} second looks: {document['went_on']:,} went on, {document['escalated']:,} went to the cloud, "
        f"{document['returned']:,} came back because the cloud failed. "
        f"Half of them took {document['median_ms']:.0f} ms or more."
    )
    told = {name: "by the exam" if value is None else f"{value:g}" for name, value in settings.model_dump().items()}
    say("In force: " + ", ".join(f"{name} {value}" for name, value in told.items()) + ".")
    if not document["candidates"]:
        say(f"Too few to say more: {FEWEST - len(past)} more are needed.")
        return
    console.print()
    console.print(_table(document["candidates"]))
    say(f"Shares are accurate to about ± {1 / math.sqrt(len(past)):.0%}. {_CAVEAT}")


def _table(candidates: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("to the cloud", "least_confidence", "failed below", "failed above"):
        table.add_column(heading, justify="right", no_wrap=True)
    for candidate in candidates:
        failed = (f"{candidate[f'failed_{side}']} of {candidate[f'judged_{side}']}" for side in ("below", "above"))
        table.add_row(f"{candidate['escalated_share']:.0%}", f"{candidate['least_confidence']:.3f}", *failed)
    return table
