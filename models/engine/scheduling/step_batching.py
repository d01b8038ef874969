"""What one step of the model computes: a token for everyone who is answering, and a bounded share of prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.engine.scheduling.generation import Generation

MIN_CHUNK = 32
CHUNK_TIME_S = 0.2
"""Longest that the prompts in one step may take."""


@dataclass(frozen=True, slots=True)
class Portion:
    """The next `n_tokens` of one generation."""

    generation: Generation
    n_tokens: int


def plan_step(running: Sequence[Generation], capacity: int, chunk: int) -> list[Portion]:
    """Divide one step among generations.

    Parameters
    ----------
    running : sequence of Generation
        In the order in which they were admitted.
    capacity : int
        Most tokens in the step.
    chunk : int
        Most prompt tokens in the step: whoever answers, arrives or hangs up waits for its end.
    """
    answering = [g for g in running if g.begun and g.pending == 1][:capacity]
    reading = [g for g in running if g.begun and g.pending > 1]
    return [Portion(g, 1) for g in answering] + _share(reading, min(capacity - len(answering), chunk))


def _share(reading: Sequence[Generation], room: int) -> list[Portion]:
    """Half for the oldest prompt, so that it ends in time; the rest for the shortest, which end at once."""
    if not reading:
        return []
    oldest = reading[0]
    shares = {id(oldest): min(oldest.pending, max(1, room // 2))} if room > 0 else {}
    room -= sum(shares.values())
    for generation in sorted(reading, key=lambda g: g.pending):
        if room <= 0:
            break
        given = shares.get(id(generation), 0)
        more = min(generation.pending - given, room)
        shares[id(generation)] = given + more
        room -= more
    return [Portion(g, shares[id(g)]) for g in reading if shares.get(id(g))]


class ChunkSize:
    """Learns how many prompt tokens fit into `CHUNK_TIME_S`, so that a slow model reads in smaller pieces."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tokens_per_s = MIN_CHUNK * 4 / CHUNK_TIME_S

    @property
    def tokens(self) -> int:
        """Prompt tokens for one step."""
        return max(MIN_CHUNK, min(self._most, int(self._tokens_per_s * CHUNK_TIME_S)))

    def learn(self, n_tokens: int, seconds: float) -> None:
        """Take one step's measure; small steps say little about reading prompts."""
        if n_tokens >= MIN_CHUNK and seconds > 0:
            self._tokens_per_s += 0.3 * (n_tokens / seconds - self._tokens_per_s)
