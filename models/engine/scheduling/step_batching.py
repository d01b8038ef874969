"""What one step of the model computes: one token for every answer in decode, and a bounded number of prompt tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.engine.scheduling.generation import Generation

MIN_PREFILL_TOKENS = 32
ALONE_S = 1.0
"""Longest that a step may take while nobody is being answered: who arrives or hangs up then waits for its end."""

ABORTABLE_S = 3.0
"""The same for a step of one answer alone, which is ended at once when somebody arrives or hangs up, and read again."""

MARGIN = 0.9
"""The share of the allowed time that a step is planned to take, since no two steps take the same time."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next `n_tokens` of one generation, and after them guessed ones that may prove wrong."""

    generation: Generation
    n_tokens: int
    proposal: tuple[int, ...] = ()


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
    """Learns how fast prompts are read, and so how many of their tokens fit into the time that a step may take.

    Large chunks are read faster, since every chunk reads all weights once. Small ones end sooner.

    Parameters
    ----------
    max_tokens : int
        Most tokens of a step.
    max_gap_s : float
        Longest that an answer in decode may wait for its next token while prompts are read, in seconds.
    tokens_per_s : float
        Reading speed to begin with.
    """

    def __init__(self, max_tokens: int, max_gap_s: float, tokens_per_s: float) -> None:
        self._max_tokens = max_tokens
        self._max_gap_s = max_gap_s
        self.tokens_per_s = tokens_per_s

    def tokens(self, n_decoding: int, *, abortable: bool = False) -> int:
        """Prompt tokens for one step beside `n_decoding` tokens of answers."""
        limit_s = self._max_gap_s if n_decoding else ABORTABLE_S if abortable else ALONE_S
        affordable = int(self.tokens_per_s * limit_s * MARGIN) - n_decoding
        return max(MIN_PREFILL_TOKENS, min(self._max_tokens, affordable))

    def observe(self, n_read: int, n_tokens: int, step_s: float) -> None:
        """Take the measure of one step of `n_tokens`, of which `n_read` belong to prompts.

        Steps that read fewer than `MIN_PREFILL_TOKENS` say little about reading and are ignored.
        """
        if n_read >= MIN_PREFILL_TOKENS and step_s > 0:
            self.tokens_per_s += 0.3 * (n_tokens / step_s - self.tokens_per_s)
