"""Quality over cost as an SVG, one panel a source, written without a drawing library."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from router.training.evaluate import SourceFigures

WIDTH, HEIGHT = 320, 280
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 34, 58
COLOURS = {"slimgate": "#0b7a75", "length": "#b3541e", "oracle": "#8a8a8a"}
COLUMNS = 3

Points = Sequence[tuple[float, float]]


def draw_curves(figures: "Sequence[SourceFigures]", small: str, large: str) -> str:
    """The panels of all sources, three in a row, with a legend below each."""
    rows = -(-len(figures) // COLUMNS)
    columns = min(COLUMNS, len(figures))
    panels = "".join(
        f'<g transform="translate({at % COLUMNS * WIDTH},{at // COLUMNS * HEIGHT + 28})">{_panel(source)}</g>'
        for at, source in enumerate(figures)
    )
    title = escape(f"Quality over share sent to {large}; the rest answers {small}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * WIDTH} {rows * HEIGHT + 28}" '
        f'font-family="sans-serif" font-size="11" role="img" aria-label="{title}">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="20" font-size="13">{title}</text>'
        f"{panels}</svg>\n"
    )


def _panel(figures: "SourceFigures") -> str:
    low, high = _range(quality for curve in figures.curves.values() for _, quality in curve)
    chance = [(0.0, figures.small_mean), (1.0, figures.large_mean)]
    lines = [_line(chance, low, high, "#bbb", dashed=True)]
    lines += [_line(figures.curves[name], low, high, colour) for name, colour in COLOURS.items()]
    ends = _dot(0.0, figures.small_mean, low, high) + _dot(1.0, figures.large_mean, low, high)
    heading = escape(f"{figures.source} ({figures.metric}), {figures.n} prompts")
    return f'<text x="{LEFT}" y="{TOP - 12}">{heading}</text>{_axes(low, high)}{"".join(lines)}{ends}{_legend()}'


def _range(values: Iterable[float]) -> tuple[float, float]:
    numbers = list(values)
    low, high = min(numbers), max(numbers)
    room = max(0.01, 0.08 * (high - low))
    return low - room, high + room


def _place(share: float, quality: float, low: float, high: float) -> tuple[float, float]:
    x = LEFT + share * (WIDTH - LEFT - RIGHT)
    y = HEIGHT - BOTTOM - (quality - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
    return x, y


def _line(points: Points, low: float, high: float, colour: str, *, dashed: bool = False) -> str:
    placed = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_place(*point, low, high) for point in points))
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def _dot(share: float, quality: float, low: float, high: float) -> str:
    x, y = _place(share, quality, low, high)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#333"/>'


def _axes(low: float, high: float) -> str:
    marks = []
    for tenth in (0, 0.25, 0.5, 0.75, 1):
        x, bottom = _place(tenth, low, low, high)
        marks.append(f'<text x="{x:.1f}" y="{bottom + 14:.1f}" text-anchor="middle">{tenth:.0%}</text>')
        y = _place(0, low + tenth * (high - low), low, high)[1]
        marks.append(f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{low + tenth * (high - low):.2f}</text>')
        marks.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>')
    return "".join(marks)


def _legend() -> str:
    named = {**COLOURS, "chance": "#bbb"}
    y = HEIGHT - 20
    return (
        "".join(
            f'<rect x="{LEFT + 66 * at}" y="{y - 8}" width="10" height="4" fill="{colour}"/>'
            f'<text x="{LEFT + 66 * at + 14}" y="{y - 3}">{name}</text>'
            for at, (name, colour) in enumerate(named.items())
        )
        + f'<text x="{LEFT}" y="{y + 14}" fill="#555">dots: always local, always cloud</text>'
    )
