"""The report card in the terminal: what a model can do, two models side by side, and all that were examined.

It is readable at 80 columns and without colours. What models answered is shown on one line, without control characters.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gateway.cli.chart import EIGHTHS
from gateway.reports.exam_card import (
    ClassifierMarks,
    Comparison,
    Estimate,
    ExaminedModel,
    ExamMarks,
    ExamReport,
    FamilyMarks,
    FamilyPair,
    FamilySide,
    MarksError,
    Speeds,
    best_first,
    compare,
    exam_report,
    examples,
    find_marks,
    read_marks,
)
from models.redaction.plain_text import plain_text

BAR = 6
FEW = 3
LONGEST_NAME, LONGEST_TEXT = 100, 800
UNKNOWN = "–"

NOT_SAID = (
    "What these marks do not say: how the model does on requests unlike any family above. Only labels of your own "
    "requests tell that (/v1/feedback, slimgate calibrate)."
)


def show(state_dir: Path, key: str | None, console: Console, *, json: bool, all_failures: bool = False) -> None:
    """Print the marks of the model that `key` names.

    Raises
    ------
    MarksError
        If it was not examined, or its file cannot be used.
    """
    marks = None if key is None else read_marks(state_dir, key)
    if marks is None:
        raise MarksError("this model has not been examined yet: `slimgate exam` does it, `--list` shows the others")
    if json:
        _print_json(marks, console)
    else:
        print_card(marks, console, all_failures=all_failures)


def show_all(state_dir: Path, console: Console, *, json: bool) -> None:
    """Print every model that was examined in a line, the newest first."""
    report = exam_report(state_dir, None)
    if json:
        _print_json(report, console)
    else:
        print_list(report, console)


def show_comparison(state_dir: Path, first: str, second: str, console: Console, *, json: bool) -> None:
    """Print two models side by side, which are named by their names or keys.

    Raises
    ------
    MarksError
        If no examined model is called so, or more than one.
    """
    comparison = compare(find_marks(state_dir, first), find_marks(state_dir, second))
    if json:
        _print_json(comparison, console)
    else:
        print_comparison(comparison, console)


def as_json(value: BaseModel) -> str:
    """Marks or a comparison as indented JSON, as GET /v1/exam has them."""
    return value.model_dump_json(indent=2)


def _print_json(value: BaseModel, console: Console) -> None:
    console.print(as_json(value), markup=False, highlight=False, soft_wrap=True)


def print_card(marks: ExamMarks, console: Console, *, all_failures: bool = False) -> None:
    """Print the report card of one model."""
    console.print(_title(marks.summary))
    console.print(_when(marks), style="dim", highlight=False)
    console.print()
    console.print(_facts(marks))
    console.print()
    console.print(_families(marks.families))
    console.print(
        "between: the 90 % interval. 1 to 5: the levels, easiest first, in tenths: 9 means that 90 % or more pass. "
        "local: what stays local by default. All rates are estimates from all answers.",
        style="dim",
        highlight=False,
    )
    if marks.languages:
        console.print()
        console.print(_languages(marks))
    _print_examples(marks, console, all_failures=all_failures)
    console.print()
    console.print(NOT_SAID, highlight=False)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print two models side by side: A and B."""
    sides = (("A", comparison.first), ("B", comparison.second))
    for letter, model in sides:
        console.print(Text.assemble((f"{letter}  ", "bold"), _title(model)))
    console.print()
    console.print(_totals(*(model for _, model in sides)))
    console.print()
    table = _table(("family", "left"), ("A passes", "right"), ("local", "right"), ("B passes", "right"))
    table.add_column("local", justify="right", no_wrap=True)
    table.add_column("better", no_wrap=True)
    for pair in comparison.families:
        table.add_row(*_pair_row(pair))
    console.print(table)
    console.print(
        "passes: the pass rate and its 90 % interval. local: what stays local by default. better: where the intervals "
        "do not overlap.",
        style="dim",
        highlight=False,
    )


def print_list(report: ExamReport, console: Console) -> None:
    """Print every examined model in a line, and the files that cannot be used."""
    table = _table(("model", "left"), ("key", "left"), ("examined", "left"), ("passes", "right"), ("local", "right"))
    for model in report.models:
        name = Text(plain_text(model.name, LONGEST_NAME), overflow="fold")
        when = f"{model.at.astimezone():%d %b %Y}{'' if model.is_complete else ', so far'}"
        table.add_row(name, model.key, when, _percent(model.pass_rate), _percent(model.local_share))
    console.print(table if report.models else "No model was examined yet: `slimgate exam` does it.", highlight=False)
    for trouble in report.troubles:
        console.print(Text(trouble, style="red"))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for at, (name, justify) in enumerate(columns):
        table.add_column(name, justify="left" if justify == "left" else "right", no_wrap=at > 0)
    return table


def _title(model: ExaminedModel) -> Text:
    about = [model.quantisation and plain_text(model.quantisation, LONGEST_NAME), _size(model.size_bytes)]
    text = Text(plain_text(model.name, LONGEST_NAME), style="bold")
    return text.append(f"  {', '.join(part for part in about if part)}", style="not bold")


def _size(size_bytes: int | None) -> str | None:
    if size_bytes is None:
        return None
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def _when(marks: ExamMarks) -> str:
    so_far = "" if marks.is_complete else "; the exam is not finished, these are the marks so far"
    return (
        f"{marks.asked} questions in about {_duration(marks.total_s)}, {marks.at.astimezone():%d %b %Y %H:%M}, "
        f"key {marks.model.key}{so_far}"
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _facts(marks: ExamMarks) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row("passes", f"{_percent(marks.pass_rate)} of the exam ({_interval(marks)}, 90 % interval)")
    table.add_row("speed", _speeds(marks.speeds))
    table.add_row("stays local", promise(marks.classifier))
    if (look := marks.second_look) is not None:
        gain = (
            f" (AUC {_number(look.auc_with)}, {_number(look.auc_without)} by the score alone; for families left out "
            f"{_number(look.auc_unlike_with)}, {_number(look.auc_unlike_without)})"
        )
        pays = "pays: the first tokens of an answer tell more than the score alone" if look.pays else "does not pay"
        table.add_row("second look", pays + gain)
    return table


def promise(classifier: ClassifierMarks | None) -> str:
    """What stays local by default, and what that promises, in plain words."""
    if classifier is None:
        return "not known yet: the exam has not told enough to fit the score to this model"
    most = _percent(classifier.max_failure_rate)
    if not classifier.local_share:
        return f"nothing by default: no threshold keeps the failures under {most}"
    sentences = [
        f"{_percent(classifier.local_share)} of requests like the exam's, those that score below "
        f"{classifier.threshold:.2f}."
    ]
    if classifier.failure_rate is not None:
        sentences.append(f"Of these {_percent(classifier.failure_rate)} failed in the exam.")
    if classifier.is_guaranteed:
        sure = "" if classifier.confidence is None else f", with {_percent(classifier.confidence)} confidence"
        sentences.append(f"Promised: at most {most} fail{sure}, of requests like the exam's.")
    else:
        sentences.append(f"Aimed at: at most {most} fail; the answers are too few to promise it.")
    return " ".join(sentences)


def _speeds(speeds: Speeds) -> str:
    first = speeds.first_token_s_p50
    return (
        f"reads {_rate(speeds.reading_tokens_per_s)}, writes {_rate(speeds.writing_tokens_per_s)} tokens/s, "
        f"first token after {UNKNOWN if first is None else f'{first:.2f} s'}, of each of several answers at once"
    )


def _families(families: Sequence[FamilyMarks]) -> Table:
    table = _table(("family", "left"), ("passes", "left"), ("", "right"), ("between", "right"), ("1 2 3 4 5", "left"))
    table.add_column("local", justify="right", no_wrap=True)
    table.add_column("asked", justify="right", no_wrap=True)
    for family in best_first(families):
        table.add_row(
            plain_text(family.title, LONGEST_NAME),
            _bar(family.pass_rate),
            _percent(family.pass_rate),
            _range(family),
            _levels(family),
            _percent(family.stays_local),
            str(family.asked),
        )
    return table


def _bar(share: float) -> Text:
    eighths = round(share * BAR * 8)
    bar = EIGHTHS[8] * (eighths // 8) + _LEFT_EIGHTHS[eighths % 8]
    return Text(f"{bar:<{BAR}}", style="green")


_LEFT_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def _levels(family: FamilyMarks) -> str:
    tenths = {marks.level: str(min(9, int(marks.pass_rate * 10 + 1e-9))) for marks in family.levels}
    return " ".join(tenths.get(level, UNKNOWN) for level in range(1, max(5, *tenths, 5) + 1))


def _languages(marks: ExamMarks) -> Text:
    ordered = sorted(marks.languages, key=lambda each: -each.pass_rate)
    parts = [f"{plain_text(each.language, 20)} {_percent(each.pass_rate)} ({_interval(each)})" for each in ordered]
    return Text.assemble(("by language  ", "bold"), ", ".join(parts))


def _print_examples(marks: ExamMarks, console: Console, *, all_failures: bool) -> None:
    shown = examples(marks, None if all_failures else FEW)
    if not shown:
        return
    kept = sum(len(family.failures) for family in marks.families)
    more = f" ({len(shown)} of {kept}; --failures shows all)" if len(shown) < kept else ""
    console.print()
    console.print(Text.assemble(("Examples of failures", "bold"), more))
    for family, failure in shown:
        where = f"{plain_text(family.title, LONGEST_NAME)}, level {failure.level}, {plain_text(failure.language, 20)}"
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column()
        for name, text in (("asked", failure.prompt), ("answered", failure.answer), ("right", failure.expected)):
            grid.add_row(Text(name, style="dim"), Text(plain_text(text, LONGEST_TEXT) or "(nothing)", overflow="fold"))
        console.print(Padding(Text(where), (0, 0, 0, 2)))
        console.print(Padding(grid, (0, 0, 0, 4)))


def _totals(first: ExaminedModel, second: ExaminedModel) -> Table:
    table = _table(("", "left"), ("A", "right"), ("B", "right"))
    models = (first, second)
    table.add_row("passes of the exam", *(f"{_percent(each.pass_rate)} ({_interval(each)})" for each in models))
    table.add_row("stays local by default", *(_percent(each.local_share) for each in models))
    table.add_row("reads, tokens/s", *(_rate(each.speeds.reading_tokens_per_s) for each in models))
    table.add_row("writes, tokens/s", *(_rate(each.speeds.writing_tokens_per_s) for each in models))
    firsts = (each.speeds.first_token_s_p50 for each in models)
    table.add_row("first token, s (median)", *(UNKNOWN if value is None else f"{value:.2f}" for value in firsts))
    return table


def _pair_row(pair: FamilyPair) -> tuple[str, ...]:
    better = {"first": "A", "second": " B", None: ""}[pair.better]
    return plain_text(pair.title, LONGEST_NAME), *_side(pair.first), *_side(pair.second), better


def _side(side: FamilySide | None) -> tuple[str, str]:
    if side is None:
        return UNKNOWN, UNKNOWN
    return f"{_percent(side.pass_rate)} ({_range(side)})", _percent(side.stays_local)


def _interval(marks: Estimate) -> str:
    return f"{_range(marks)} %"


def _range(marks: Estimate) -> str:
    return f"{marks.low * 100:.0f}–{marks.high * 100:.0f}"


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.0f} %"


def _rate(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"
