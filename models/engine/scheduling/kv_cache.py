"""The KV cache: which generation gets which cells and sequence number, and which finished sequences are kept."""

import logging
from collections import deque
from collections.abc import Sequence

import numpy as np

from models.engine.keeping import SMALL_ENTRIES_CELLS, SMALL_ENTRY_CELLS
from models.engine.native.llama import Context
from models.engine.scheduling.generation import Generation
from models.engine.scheduling.kv_cells import KvCellPool
from models.engine.scheduling.parked import ParkedSequences, Parking
from models.engine.scheduling.prefix_cache import (
    MIN_PREFIX_TOKENS,
    NO_PREFIX,
    CachedSequence,
    Prefix,
    PrefixCache,
    TokenArray,
    common_prefix_length,
)

logger = logging.getLogger(__name__)

GROWTH_CELLS = 256
"""Cells reserved at admission for the growth of each answer, so that preemption stays the exception."""


class KvCache:
    """Gives running generations their sequences, and keeps finished ones for their prefixes.

    Parameters
    ----------
    n_kept : int
        Most finished sequences to keep in cells; 0 keeps none.
    parking : Parking
        Which finished sequences are copied out of their cells.
    """

    def __init__(self, context: Context, *, n_kept: int, parking: Parking) -> None:
        self._context = context
        self._parking = parking
        self._parked = ParkedSequences(parking.max_bytes)
        self._pool = KvCellPool(context.n_ctx)
        self._prefixes = PrefixCache(n_kept)
        self._free_sequences = deque(range(context.n_sequences))
        self._is_settled = True

    @property
    def n_free(self) -> int:
        """Cells that no sequence holds."""
        return self._pool.n_free

    @property
    def n_parked_bytes(self) -> int:
        """Memory of parked sequences."""
        return self._parked.n_bytes

    @property
    def n_parkable_tokens(self) -> int:
        """Tokens of parked sequences for which there is memory."""
        return self._parking.max_bytes // self._parking.token_bytes

    @property
    def reuses_prefixes(self) -> bool:
        """Whether finished sequences are kept."""
        return self._prefixes.capacity > 0

    def has_room(self, newcomer: Generation, running: Sequence[Generation]) -> bool:
        """Whether the cells will probably do for `newcomer` and all `running`, once cached sequences are evicted."""
        if not running:
            return True
        n_held = self._pool.n_held_by_any([g.sequence for g in running])
        left = self._pool.n_cells - n_held - sum(map(_n_growth_cells, running)) - _n_growth_cells(newcomer)
        if left >= 0 or not self.reuses_prefixes:
            return left >= 0
        return left + max(min(_n_common(newcomer, g), g.n_computed) for g in running) >= 0

    def assign_sequence(self, generation: Generation) -> None:
        """Give `generation` a sequence number, which holds no cells yet."""
        if not self._free_sequences:
            self._evict_oldest()
        generation.sequence = self._free_sequences.popleft()

    def reuse_prefix(self, generation: Generation, running: Sequence[Generation]) -> bool:
        """Share the cells of the longest computed prefix; false if a running generation will soon have a longer one."""
        if not self.reuses_prefixes:
            return True
        tokens = _array(generation.tokens)[:-1]  # the last one must be computed: its logits give the first new token
        here = self._longest_here(generation, tokens, running)
        if here is None:
            return False
        parked = self._parked.longest_prefix(tokens)
        if parked.n_tokens >= here.n_tokens + self._parking.min_tokens:
            if self._restore(generation, parked):
                return True
            here = self._longest_here(generation, tokens, running) or NO_PREFIX  # it may have had to make room
        self._share(generation, here if here.n_tokens >= MIN_PREFIX_TOKENS else NO_PREFIX)
        return True

    def _longest_here(self, generation: Generation, tokens: TokenArray, running: Sequence[Generation]) -> Prefix | None:
        """The longest prefix in cells; None if a running generation will soon have a longer one."""
        longest = self._prefixes.longest_prefix(tokens)
        for other in running:
            if other is generation or not other.started:
                continue
            n_common = _n_common(generation, other)
            if n_common > max(longest.n_tokens, MIN_PREFIX_TOKENS) and other.n_computed < min(n_common, len(tokens)):
                return None
            shared = Prefix(other.sequence, min(n_common, other.n_computed, len(tokens)))
            longest = max(longest, shared, key=_n_tokens)
        return longest

    def _restore(self, generation: Generation, prefix: Prefix) -> bool:
        """Bring the prefix of a parked sequence back into cells; false if there is no room."""
        parked, state = self._parked.state(prefix.sequence)
        if not self.make_room(len(parked)) or not self._context.restore(generation.sequence, state, prefix.n_tokens):
            return False
        self._pool.allocate(generation.sequence, prefix.n_tokens)
        self._took_over(generation, prefix.n_tokens)
        return True

    def park_idle(self, running: Sequence[Generation]) -> None:
        """Park the sequences that nobody has used for longest, until few of their cells slow the running ones."""
        if self._is_settled or not running:
            return
        self._is_settled = True
        sequences = [g.sequence for g in running]
        for entry in reversed(self._prefixes.most_recent_first()):
            n_idle = self._pool.n_used - self._pool.n_held_by_any(sequences)
            if n_idle <= self._parking.max_idle_cells:
                return
            if self._pool.n_held_alone(entry.sequence):
                self._evict(entry)

    def unread_tokens(self, generation: Generation, in_hand: Sequence[Generation]) -> int:
        """About how many tokens `generation` has to read before its next one; 0 in decode. May be called on any thread.

        Of a prompt that waits, what the cache or a prompt in progress has in common with it is left out.
        """
        n_pending = generation.n_pending
        if generation.started or not self.reuses_prefixes:
            return n_pending if n_pending > 1 else 0
        begun = [other.prompt_array for other in in_hand if other.started]
        prefixes = (*begun, *self._prefixes.kept_tokens(), *self._parked.kept_tokens())
        return n_pending - max((common_prefix_length(generation.prompt_array[:-1], p) for p in prefixes), default=0)

    def make_room(self, n_tokens: int) -> bool:
        """Park or evict cached sequences until `n_tokens` cells are free; false if that is not enough."""
        while self._pool.n_free < n_tokens:
            if not self._evict_oldest():
                return False
        return True

    def record_computed(self, generation: Generation, n_tokens: int, n_proposed: int = 0) -> None:
        """Account for `n_tokens` more tokens that a step computed, and for `n_proposed` that may prove wrong."""
        self._pool.allocate(generation.sequence, n_tokens + n_proposed)
        generation.n_computed += n_tokens

    def cut(self, generation: Generation) -> None:
        """Free the cells of proposed tokens that proved wrong: those beyond its `n_computed`."""
        if self._pool.n_held(generation.sequence) > generation.n_computed:
            self._context.cut(generation.sequence, generation.n_computed)
            self._pool.cut(generation.sequence, generation.n_computed)

    def release(self, generation: Generation, *, keep: bool) -> None:
        """Take the sequence away; keep its tokens in the prefix cache if `keep`, else free the cells."""
        self.cut(generation)
        sequence, generation.sequence = generation.sequence, -1
        computed = _array(generation.tokens[: generation.n_computed])
        if keep and self._prefixes.would_gain(computed):
            self._parked.drop_within(computed)
            for entry in self._prefixes.entries_within(computed):
                self._remove(entry)
            if self._prefixes.is_full:
                self._evict_oldest()
            self._prefixes.add(sequence, computed)
            self._is_settled = False
            self._evict_small()
        else:
            self._free(sequence)

    def _share(self, generation: Generation, prefix: Prefix) -> None:
        if prefix.n_tokens:
            self._context.share(prefix.sequence, generation.sequence, prefix.n_tokens)
            self._pool.share(prefix.sequence, generation.sequence, prefix.n_tokens)
        self._took_over(generation, prefix.n_tokens)

    def _took_over(self, generation: Generation, n_tokens: int) -> None:
        self._is_settled = False
        generation.n_computed = n_tokens
        generation.n_cached = generation.n_cached or min(n_tokens, len(generation.prompt))

    def _evict_small(self) -> None:
        """Evict the oldest small entries that exceed `SMALL_ENTRIES_CELLS`."""
        left = SMALL_ENTRIES_CELLS
        for entry in self._prefixes.most_recent_first():
            n_own = self._pool.n_held_alone(entry.sequence)
            if n_own < SMALL_ENTRY_CELLS:
                left -= n_own
                if left < 0:
                    self._evict(entry)

    def _evict_oldest(self) -> bool:
        oldest = self._prefixes.least_recently_used()
        if oldest is not None:
            self._evict(oldest)
        return oldest is not None

    def _evict(self, entry: CachedSequence) -> None:
        """Free the cells of an entry; park what would take long to compute again."""
        n_bytes = len(entry.tokens) * self._parking.token_bytes
        is_long = self._pool.n_held_alone(entry.sequence) >= self._parking.min_tokens
        if is_long and self._parked.would_gain(entry.tokens, n_bytes):
            self._parked.add(entry.tokens, self._context.state(entry.sequence))
        self._remove(entry)

    def _remove(self, entry: CachedSequence) -> None:
        self._prefixes.remove(entry)
        self._free(entry.sequence)

    def _free(self, sequence: int) -> None:
        self._context.drop(sequence)
        self._pool.release(sequence)
        self._free_sequences.append(sequence)


def _array(tokens: Sequence[int]) -> TokenArray:
    return np.array(tokens, np.int32)


def _n_common(one: Generation, other: Generation) -> int:
    return common_prefix_length(one.prompt_array, other.prompt_array)


def _n_tokens(prefix: Prefix) -> int:
    return prefix.n_tokens


def _n_growth_cells(generation: Generation) -> int:
    """Cells that a generation may still need soon."""
    return min(generation.max_tokens, len(generation.tokens) + GROWTH_CELLS) - generation.n_computed
