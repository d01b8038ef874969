"""A small bar chart for the terminal: requests, local ones below, cloud ones above."""

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from gateway.reports.timeline import Interval

HEIGHT = 8
EIGHTHS = " ▁▂▃▄▅▆▇█"
LOCAL, CLOUD, NONE = "green", "blue", "bright_black"


def chart(intervals: Sequence[Interval]) -> Text:
    """One column an interval, as high as its requests."""
    counts = [_counts(interval) for interval in intervals]
    most = max((sum(column) for column in counts), default=0)
    if not most:
        return Text()
    text = columns(counts, most, _axis(intervals))
    text.append("\n" + " " * len(_label(most)))
    for name, style in (("local", LOCAL), ("cloud", CLOUD), ("refused", NONE)):
        text.append("█ ", style=style).append(f"{name}  ")
    return text


def columns(counts: Sequence[tuple[int, int, int]], most: int, axis: str) -> Text:
    """Stacked columns of local, cloud and other requests above an axis; `most` fills the height."""
    label = _label(most)
    text = Text()
    for row in reversed(range(HEIGHT)):
        text.append(label if row == HEIGHT - 1 else " " * len(label), style="dim")
        for column in counts:
            text.append(*_cell(column, most, row))
        text.append("\n")
    text.append(" " * len(label) + axis, style="dim")
    return text


def _label(most: int) -> str:
    return f"{most:,} "


def _counts(interval: Interval) -> tuple[int, int, int]:
    by_route = {name: sum(row.requests for row in interval.rows if row.route == name) for name in ("local", "cloud")}
    total = sum(row.requests for row in interval.rows)
    return by_route["local"], by_route["cloud"], total - sum(by_route.values())


def _cell(column: tuple[int, int, int], most: int, row: int) -> tuple[str, str]:
    """The character and colour of one row of one column."""
    heights = [part * HEIGHT / most for part in (column[0], column[0] + column[1], sum(column))]
    filled = min(1.0, max(0.0, heights[2] - row))
    middle = row + filled / 2
    style = next((style for height, style in zip(heights, (LOCAL, CLOUD, NONE), strict=True) if middle <= height), NONE)
    # A column with any request is visible.
    eighths = max(round(filled * 8), 1 if row == 0 and any(column) else 0)
    return EIGHTHS[eighths], style


def _axis(intervals: Sequence[Interval]) -> str:
    first, last = _moment(intervals[0].since), _moment(intervals[-1].until)
    return f"{first}{last:>{max(len(last) + 1, len(intervals) - len(first))}}"


def _moment(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M}"
