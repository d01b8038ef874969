"""What one step of the model computes: one token for every answer in decode, and a bounded number of prompt tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.engine.scheduling.generation import Generation

MIN_PREFILL_TOKENS = 32
PREFILL_TIME_S = 0.2
"""Longest that the prompt tokens of one step may take."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next `n_tokens` of one generation."""

    generation: Generation
    n_tokens: int


def plan_step_batch(running: Sequence[Generation], capacity: int, max_prefill_tokens: int) -> list[Chunk]:
    """Divide one step among generations.

    Parameters
    ----------
    running : sequence of Generation
        In the order in which they were admitted.
    capacity : int
        Most tokens in the step.
    max_prefill_tokens : int
        Most prompt tokens in the step. Decoding answers, new requests and cancellations wait until the step ends.
    """
    decoding = [g for g in running if g.started and g.n_pending == 1][:capacity]
    prefilling = [g for g in running if g.started and g.n_pending > 1]
    room = min(capacity - len(decoding), max_prefill_tokens)
    return [Chunk(g, 1) for g in decoding] + _prefill_chunks(prefilling, room)


def _prefill_chunks(prefilling: Sequence[Generation], room: int) -> list[Chunk]:
    """Give half to the oldest prompt, so that it is never starved, and the rest to the shortest, which end soonest."""
    if not prefilling:
        return []
    oldest = prefilling[0]
    sizes = {id(oldest): min(oldest.n_pending, max(1, room // 2))} if room > 0 else {}
    room -= sum(sizes.values())
    for generation in sorted(prefilling, key=lambda g: g.n_pending):
        if room <= 0:
            break
        size = sizes.get(id(generation), 0)
        more = min(generation.n_pending - size, room)
        sizes[id(generation)] = size + more
        room -= more
    return [Chunk(g, sizes[id(g)]) for g in prefilling if sizes.get(id(g))]


class PrefillBudget:
    """Learns how many prompt tokens fit into `PREFILL_TIME_S`, so that a slow model gets smaller chunks."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._tokens_per_s = MIN_PREFILL_TOKENS * 4 / PREFILL_TIME_S

    @property
    def tokens(self) -> int:
        """Prompt tokens for one step."""
        return max(MIN_PREFILL_TOKENS, min(self._max_tokens, int(self._tokens_per_s * PREFILL_TIME_S)))

    def observe(self, n_tokens: int, step_s: float) -> None:
        """Take the measure of one step. Steps below `MIN_PREFILL_TOKENS` say little about prefill and are ignored."""
        if n_tokens >= MIN_PREFILL_TOKENS and step_s > 0:
            self._tokens_per_s += 0.3 * (n_tokens / step_s - self._tokens_per_s)
