"""Whose turn it is: places go to the owners who have the fewest, and owners with as many take turns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from time import monotonic

from models.engine.scheduling.generation import Generation

MOST_OWNERS = 1000
"""Whose turns are remembered; with more, they are forgotten, and the order of arrival counts for once."""


class Turns:
    """When each owner last got a place, or gave one back."""

    def __init__(self) -> None:
        self._had_at: dict[str, float] = {}

    def had(self, owner: str) -> None:
        """`owner` got a place or gave one back, now."""
        if len(self._had_at) >= MOST_OWNERS:
            self._had_at.clear()
        self._had_at[owner] = monotonic()

    def next_to_begin(self, waiting: Sequence[Generation], running: Iterable[Generation]) -> Generation:
        """Which of `waiting`, in order of arrival, begins next: the oldest of the owner with the fewest of `running`.

        Of several such owners it is the one who has waited longest, since its arrival or its last turn. An answer that
        was preempted has begun already: it comes before all others.
        """
        if len(waiting) == 1 or waiting[0].n_written:
            return waiting[0]
        n_running = Counter(generation.owner for generation in running)

        def rank(generation: Generation) -> tuple[int, float]:
            owner = generation.owner
            return n_running[owner], max(generation.queued_at, self._had_at.get(owner, 0.0))

        return min(waiting, key=rank)


def to_displace(waiting: Sequence[Generation], owner: str, n: int) -> list[Generation]:
    """The newest of the owner who has most `waiting`, so that `n` of `owner` find room; empty if that is not fair.

    It is fair if that owner keeps at least as many as `owner` will have: otherwise they would push each other out.
    """
    n_waiting = Counter(generation.owner for generation in waiting)
    most, n_most = max(n_waiting.items(), key=lambda item: item[1], default=(owner, 0))
    if n_most - n < n_waiting[owner] + n:
        return []
    of_most = [generation for generation in waiting if generation.owner == most]
    return sorted(of_most, key=lambda generation: generation.queued_at)[-n:]
