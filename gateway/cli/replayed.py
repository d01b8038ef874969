"""What `slimgate replay` found, for people: a sentence, a table, a chart, and how it was reckoned."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.chart import columns
from gateway.replay.whatif import CURVE, REFUSED, WhatIf
from gateway.savings import dollars
from router.decision import Feature
from router.policy import LocalTier


def show(whatif: WhatIf, in_force: float, baseline_model: str, assumed: tuple[LocalTier, int] | None) -> None:
    """Print all of it.

    Parameters
    ----------
    assumed : tuple of LocalTier and int, or None
        What the local model was taken to do, and the length of answers that are not on record, in tokens; None where
        nothing had to be assumed.
    """
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


def _notes(whatif: WhatIf, assumed: tuple[LocalTier, int] | None) -> list[str]:
    notes = []
    if whatif.by_rule:
        rules = ", ".join(_rule(route, reason, count) for (route, reason), count in whatif.by_rule.most_common())
        notes.append(f"Wherever the line runs, rules decide {sum(whatif.by_rule.values()):,} of them: {rules}.")
    notes.append("May fail: share of what stays local, as the scores expect; not a measurement.")
    notes.append(_tokens(whatif, assumed))
    if assumed is not None:
        features = ", ".join(sorted(assumed[0].features - {Feature.COMPLETIONS})) or "nothing beyond text"
        notes.append(f"Local model taken to do {features}, in {assumed[0].n_ctx:,} tokens (--features, --n-ctx).")
    if whatif.coverage is not None and whatif.coverage < 1:
        notes.append(
            f"Prices are known for {whatif.coverage:.0%} of the requests; the others are left out of the money."
        )
    return notes


def _rule(route: str, reason: str, count: int) -> str:
    return f"{count:,} {'refused' if route == REFUSED else f'to {route}'} ({reason})"


def _tokens(whatif: WhatIf, assumed: tuple[LocalTier, int] | None) -> str:
    total = f"{whatif.prompt_tokens:,} prompt and {whatif.completion_tokens:,} answer tokens"
    if whatif.recorded == whatif.requests:
        return f"{total}, all on record."
    how = (
        ""
        if assumed is None
        else (
            "the others by their text: one token for 4 bytes of UTF-8 and 4 for each message; "
            f"an answer that is not there is taken for {assumed[1]} tokens or the request's limit (--answer-tokens)"
        )
    )
    return f"{total}; on record for {whatif.recorded:,} of {whatif.requests:,} requests{', ' if how else ''}{how}."
