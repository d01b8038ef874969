"""The output of `slimgate replay`: a sentence, a table, a chart and notes; or JSON or CSV."""

import csv
import json
import sys
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.chart import columns
from gateway.ledger.units import dollars
from gateway.reports.replay.whatif import CURVE, REFUSED, WhatIf
from router.decision import Feature
from router.policy import LocalCapabilities


@dataclass(frozen=True, slots=True)
class Assumed:
    """Assumptions for what no log holds: the local model's capabilities, and the tokens of an unrecorded answer."""

    local: LocalCapabilities
    answer_tokens: int

    @property
    def features(self) -> list[str]:
        """What it can do beyond text; text completion is left out, since every local model can do it."""
        return sorted(self.local.features - {Feature.COMPLETIONS})


def show(whatif: WhatIf, in_force: float, baseline_model: str, assumed: Assumed | None) -> None:
    """Print the result as text; `assumed` is None where nothing was assumed."""
    console = Console(highlight=False, soft_wrap=True)
    words = f"{in_force:.4g}, the threshold in force"
    console.print(whatif.sentence(in_force, words, baseline_model), style="bold")
    console.print()
    console.print(_table(whatif, in_force))
    console.print()
    console.print(_chart(whatif, in_force))
    console.print()
    for line in _notes(whatif, assumed):
        console.print(line, markup=False)


def print_json(
    whatif: WhatIf, in_force: float, baseline_model: str, assumed: Assumed | None, unreadable: dict[str, Any]
) -> None:
    """Print the result as JSON."""
    document = {
        "object": "replay",
        "estimate": True,
        "summary": whatif.sentence(in_force, f"{in_force:.4g}", baseline_model),
        "requests": whatif.requests,
        "decided_by_score": whatif.movable,
        "decided_by_rule": [
            {"route": route, "reason": reason, "requests": count}
            for (route, reason), count in whatif.by_rule.most_common()
        ],
        **unreadable,
        "prompt_tokens": whatif.prompt_tokens,
        "completion_tokens": whatif.completion_tokens,
        "tokens_on_record": whatif.recorded,
        "assumed": assumed
        and {"features": assumed.features, "n_ctx": assumed.local.n_ctx, "answer_tokens": assumed.answer_tokens},
        "baseline_model": baseline_model,
        "coverage": whatif.coverage,
        "in_force": in_force,
        "points": [point.to_json() for point in whatif.points(whatif.thresholds)],
        "curve": [point.to_json() for point in whatif.points(CURVE)],
    }
    print(json.dumps(document, indent=2))


def print_csv(whatif: WhatIf) -> None:
    """Print the result as CSV, a line for each threshold."""
    rows = [point.to_json() for point in whatif.points(whatif.thresholds)]
    writer = csv.DictWriter(sys.stdout, rows[0])
    writer.writeheader()
    writer.writerows(rows)


def _table(whatif: WhatIf, in_force: float) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("threshold", "local", "share", "cloud", "may fail", "paid", "saved (est.)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column()
    for point in whatif.points(whatif.thresholds):
        failing = point.expected_failure_rate
        table.add_row(
            f"{point.threshold:.4g}",
            f"{point.local:,}",
            f"{point.local_share:.0%}",
            f"{point.cloud:,}",
            "–" if failing is None else f"{failing:.1%}",
            *(dollars(usd) if whatif.priced else "–" for usd in (point.cost_usd, point.saved_usd)),
            "in force" if point.threshold == in_force else "",
        )
    return table


def _chart(whatif: WhatIf, in_force: float) -> Text:
    """The local share over the threshold."""
    counts = [(point.local, 0, 0) for point in whatif.points(CURVE)]
    last = len(CURVE) - 1
    axis = ["0", *" " * (last - 1), "1"]
    axis[min(last, round(in_force * last))] = "▲"
    title = Text("Requests that stay local, by threshold (▲ in force)\n", style="dim")
    return title + columns(counts, whatif.requests, "".join(axis))


def _notes(whatif: WhatIf, assumed: Assumed | None) -> list[str]:
    notes = []
    if whatif.by_rule:
        rules = ", ".join(_rule(route, reason, count) for (route, reason), count in whatif.by_rule.most_common())
        notes.append(f"At any threshold, rules decide {sum(whatif.by_rule.values()):,} of them: {rules}.")
    notes.append("May fail: share of the local answers, as expected from the scores; not measured.")
    notes.append(_tokens(whatif, assumed))
    if assumed is not None:
        features = ", ".join(assumed.features) or "nothing beyond text"
        notes.append(f"Assumed of the local model: {features}, {assumed.local.n_ctx:,} tokens (--features, --n-ctx).")
    if whatif.coverage is not None and whatif.coverage < 1:
        notes.append(
            f"Prices are known for {whatif.coverage:.0%} of the requests; the others are left out of the money."
        )
    return notes


def _rule(route: str, reason: str, count: int) -> str:
    return f"{count:,} {'refused' if route == REFUSED else f'to {route}'} ({reason})"


def _tokens(whatif: WhatIf, assumed: Assumed | None) -> str:
    total = f"{whatif.prompt_tokens:,} prompt and {whatif.completion_tokens:,} answer tokens"
    if whatif.recorded == whatif.requests:
        return f"{total}, all recorded."
    recorded = f"{total}; recorded for {whatif.recorded:,} of {whatif.requests:,} requests"
    if assumed is None:
        return f"{recorded}, the others estimated when they came."
    return (
        f"{recorded}, the others estimated from their text: one token for 4 bytes of UTF-8 and 4 for each message; an "
        f"answer that is missing counts {assumed.answer_tokens} tokens or the request's limit (--answer-tokens)."
    )
