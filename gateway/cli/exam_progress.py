"""How far an exam has come, in the terminal: a bar, or a line now and then where nobody watches."""

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

if TYPE_CHECKING:
    from gateway.marks.record import ExamProgress

LINE_EVERY_S = 15.0
"""How often a line is printed where there is no terminal."""

_HOUR_S, _MINUTE_S = 3600, 60


def in_words(progress: "ExamProgress") -> str:
    """What has been asked so far.

    >>> from gateway.marks.record import ExamProgress
    >>> in_words(ExamProgress(asked=42, passed=17, families_known=3, families=25))
    'asked 42, passed 17; 3 of 25 families known'
    """
    known = f"{progress.families_known} of {progress.families} families known"
    return f"asked {progress.asked}, passed {progress.passed}; {known}"


def time_left(progress: "ExamProgress") -> str:
    """The time that the rest will take, as minutes and seconds; empty where that is not known.

    >>> from gateway.marks.record import ExamProgress
    >>> time_left(ExamProgress(eta_s=754.2))
    'about 12:34 left'
    """
    if progress.eta_s is None:
        return ""
    hours, rest = divmod(round(progress.eta_s), _HOUR_S)
    minutes, seconds = divmod(rest, _MINUTE_S)
    return f"about {hours}:{minutes:02}:{seconds:02} left" if hours else f"about {minutes}:{seconds:02} left"


class ProgressScreen:
    """Shows progress while its block runs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (
            BarColumn(),
            TextColumn("{task.completed} of about {task.total} items"),
            TextColumn("{task.fields[words]}"),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("exam", total=None, words="")
        self._said_at = 0.0

    def __enter__(self) -> "ProgressScreen":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, where: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, progress: "ExamProgress") -> None:
        """Show this progress; without a terminal, if enough time has passed since the last line."""
        left = time_left(progress)
        if self._console.is_terminal:
            known = f"{progress.families_known} of {progress.families} families known"
            parts = (f"{progress.passed} passed", known, progress.trouble or left)
            words = ", ".join(part for part in parts if part)
            self._bar.update(self._task, completed=progress.asked, total=progress.expected or None, words=words)
        elif (progress.asked or progress.trouble) and time.monotonic() - self._said_at >= LINE_EVERY_S:
            self._said_at = time.monotonic()
            rest = progress.trouble or left
            self._console.print(f"{in_words(progress)}{', ' if rest else ''}{rest or ''}", markup=False)
