"""When the answers in hand will probably end, and so when there is a place for one more."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

START_ANSWER_TOKENS = 100.0
"""The length of an answer, until some have ended."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to do of one answer: tokens of its prompt to read, and tokens to write."""

    n_unread: int
    n_unwritten: float
    is_admitted: bool


def unwritten(n_written: int, max_new: int, usual: float) -> float:
    """About how many tokens an answer still gets that has `n_written`; one that is long already goes on for a while.

    >>> unwritten(20, 500, 100), unwritten(20, 40, 100), unwritten(300, 500, 100)
    (80, 20, 25.0)
    """
    return max(0, min(max_new - n_written, max(usual - n_written, usual / 4)))


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens a second of prompts and of one answer, both positive; seconds of a step while prompts are read too."""

    reads_per_s: float
    writes_per_s: float
    reading_step_s: float = 0.0

    def writing_s(self, n_tokens: float, reading_s: float) -> float:
        """How long an answer takes for `n_tokens`, if other prompts are read meanwhile for `reading_s`.

        >>> pace = Pace(100, 10, reading_step_s=1)
        >>> pace.writing_s(20, 0), pace.writing_s(20, 5), pace.writing_s(20, 50)
        (2.0, 6.5, 20.0)
        """
        step_s = max(self.reading_step_s, 1 / self.writes_per_s)
        n_meanwhile = min(n_tokens, reading_s / step_s)
        return n_meanwhile * step_s + (n_tokens - n_meanwhile) / self.writes_per_s


def ends_in_s(in_hand: Sequence[Remaining], max_sequences: int, pace: Pace) -> list[float]:
    """When each answer in hand will end, in seconds from now.

    The admitted prompts are read together, while answers get a token a step. Those that wait follow in their order,
    each in the first place that becomes free.
    """
    reads_per_s, writes_per_s = pace.reads_per_s, pace.writes_per_s
    admitted = [work for work in in_hand if work.is_admitted]
    reading_s = sum(work.n_unread for work in admitted) / reads_per_s
    ends = [
        reading_s + work.n_unwritten / writes_per_s if work.n_unread else pace.writing_s(work.n_unwritten, reading_s)
        for work in admitted
    ]
    places = ends + [0.0] * max(0, max_sequences - len(ends))
    heapify(places)
    for work in in_hand:
        if not work.is_admitted:
            ends.append(places[0] + work.n_unread / reads_per_s + work.n_unwritten / writes_per_s)
            heapreplace(places, ends[-1])
    return ends


def wait_for_place_s(ends: Sequence[float], max_sequences: int) -> float:
    """How long one more has to wait for a place, if those in hand end so many seconds from now.

    >>> wait_for_place_s([4.0, 2.0, 3.0], 3), wait_for_place_s([4.0, 2.0, 3.0], 2), wait_for_place_s([4.0], 2)
    (2.0, 3.0, 0.0)
    """
    n_to_end = len(ends) - max_sequences + 1
    return max(0.0, sorted(ends)[n_to_end - 1]) if n_to_end > 0 else 0.0
