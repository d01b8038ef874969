"""The context's cells and sequence numbers: who has them, who may, and what is kept for those to come."""

import logging
from collections import deque
from collections.abc import Sequence

import numpy as np

from models.engine.native.llama import Context
from models.engine.scheduling.generation import Generation
from models.engine.scheduling.kv_cells import CellPool
from models.engine.scheduling.prefix_cache import (
    MIN_SHARED,
    NOTHING,
    Beginning,
    Kept,
    PrefixCache,
    TokenArray,
    common_prefix,
)

logger = logging.getLogger(__name__)

HEADROOM = 256
"""Cells set aside for each answer's growth at admission, so that giving up cells stays the exception."""


SMALL = 256
SMALL_BUDGET = 512
"""Cells that kept sequences of fewer than `SMALL` of their own may take together.

Every cell in use slows every step a little (2,048 of them by a tenth), and a short beginning is soon computed again."""


class Memory:
    """Gives running generations their sequences, and keeps what they leave behind.

    Parameters
    ----------
    n_kept : int
        Most finished sequences to keep; 0 keeps none.
    """

    def __init__(self, context: Context, *, n_kept: int) -> None:
        self._context = context
        self._pool = CellPool(context.n_ctx)
        self._cache = PrefixCache(n_kept)
        self._free_sequences = deque(range(context.n_sequences))

    @property
    def n_free(self) -> int:
        """Cells that hold nothing."""
        return self._pool.free

    @property
    def reuses(self) -> bool:
        """Whether anything is kept at all."""
        return self._cache.capacity > 0

    def fits(self, newcomer: Generation, running: Sequence[Generation]) -> bool:
        """Whether `newcomer` and everyone running will probably have room, if what is kept gives way."""
        if not running:
            return True
        n_held = self._pool.held_by_any([g.slot for g in running])
        left = self._pool.n_cells - n_held - sum(map(_growth, running)) - _growth(newcomer)
        if left >= 0 or not self.reuses:
            return left >= 0
        return left + max(min(_common(newcomer, g), g.n_computed) for g in running) >= 0

    def enter(self, generation: Generation) -> None:
        """Give it a sequence, which holds nothing yet."""
        if not self._free_sequences:
            self._evict_oldest()
        generation.slot = self._free_sequences.popleft()

    def begin(self, generation: Generation, running: Sequence[Generation]) -> bool:
        """Take over what is already computed of its prompt; false where it had better wait for another's computing."""
        if not self.reuses:
            return True
        tokens = _array(generation.tokens)[:-1]  # the last has to be computed: the answer follows from it
        best = self._cache.longest(tokens)
        for other in running:
            if other is generation or not other.begun:
                continue
            common = _common(generation, other)
            if common > max(best.n_tokens, MIN_SHARED) and other.n_computed < min(common, len(tokens)):
                return False
            best = max(best, Beginning(other.slot, min(common, other.n_computed, len(tokens))), key=_n_tokens)
        self._take(generation, best if best.n_tokens >= MIN_SHARED else NOTHING)
        return True

    def make_room(self, n_tokens: int) -> bool:
        """Let what is kept give way until that many cells are free; false where it does not suffice."""
        while self._pool.free < n_tokens:
            if not self._evict_oldest():
                return False
        return True

    def grow(self, generation: Generation, n_tokens: int) -> None:
        """It has computed that many more tokens."""
        self._pool.grow(generation.slot, n_tokens)
        generation.n_computed += n_tokens

    def leave(self, generation: Generation, *, keep: bool) -> None:
        """Take its sequence away; keep what it computed for those to come, or forget it."""
        sequence, generation.slot = generation.slot, -1
        computed = _array(generation.tokens[: generation.n_computed])
        if keep and self._cache.wants(computed):
            for kept in self._cache.contained(computed):
                self._evict(kept)
            if self._cache.is_full:
                self._evict_oldest()
            self._cache.keep(sequence, computed)
            self._thin_out()
        else:
            self._drop(sequence)

    def _take(self, generation: Generation, beginning: Beginning) -> None:
        if beginning.n_tokens:
            self._context.share(beginning.sequence, generation.slot, beginning.n_tokens)
            self._pool.share(beginning.sequence, generation.slot, beginning.n_tokens)
        generation.n_computed = beginning.n_tokens
        generation.n_cached = generation.n_cached or min(beginning.n_tokens, len(generation.prompt))

    def _thin_out(self) -> None:
        """Let the oldest small ones go, where there are too many."""
        left = SMALL_BUDGET
        for kept in self._cache.newest_first():
            n_own = self._pool.held_alone(kept.sequence)
            if n_own < SMALL:
                left -= n_own
                if left < 0:
                    self._evict(kept)

    def _evict_oldest(self) -> bool:
        oldest = self._cache.oldest()
        if oldest is not None:
            self._evict(oldest)
        return oldest is not None

    def _evict(self, kept: Kept) -> None:
        self._cache.forget(kept)
        self._drop(kept.sequence)

    def _drop(self, sequence: int) -> None:
        self._context.drop(sequence)
        self._pool.drop(sequence)
        self._free_sequences.append(sequence)


def _array(tokens: Sequence[int]) -> TokenArray:
    return np.array(tokens, np.int32)


def _common(one: Generation, other: Generation) -> int:
    return common_prefix(one.prompt_array, other.prompt_array)


def _n_tokens(beginning: Beginning) -> int:
    return beginning.n_tokens


def _growth(generation: Generation) -> int:
    """Cells that a generation may still need soon."""
    return min(generation.most_tokens, len(generation.tokens) + HEADROOM) - generation.n_computed
