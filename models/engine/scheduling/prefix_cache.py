"""Prompts with a common prefix share its KV cells, so that it is computed once.

The cells of a finished answer are kept, under a sequence number of their own, until their room is needed; the least
recently used are evicted first. A new prompt reuses the longest prefix that it has in common with a cached or a running
sequence. When requests with the same system prompt arrive together, the first computes it and the others wait for it.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

TokenArray = npt.NDArray[np.int32]

MIN_PREFIX_TOKENS = 8
"""Shorter prefixes are not worth the bookkeeping: every prompt of a template begins with the same few tokens."""


def common_prefix_length(one: TokenArray, other: TokenArray) -> int:
    """How many tokens two sequences share from their beginning.

    >>> common_prefix_length(np.array([1, 2, 3, 4]), np.array([1, 2, 9]))
    2
    """
    n = min(len(one), len(other))
    different = np.flatnonzero(one[:n] != other[:n])
    return int(different[0]) if len(different) else n


@dataclass(slots=True, eq=False)
class CachedSequence:
    """The tokens of a finished answer, and the sequence that holds their cells."""

    sequence: int
    tokens: TokenArray
    last_used: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first `n_tokens` of `sequence`, to be reused by a new prompt."""

    sequence: int
    n_tokens: int


NO_PREFIX = Prefix(-1, 0)


class PrefixCache:
    """The finished sequences that are kept. It knows no cells: its caller allocates and frees them.

    Parameters
    ----------
    capacity : int
        Most sequences kept; 0 switches the cache off.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._entries: list[CachedSequence] = []
        self._clock = count()

    @property
    def is_full(self) -> bool:
        """Whether an entry must be evicted before another is added."""
        return len(self._entries) >= self.capacity

    def kept_tokens(self) -> list[TokenArray]:
        """The tokens of every entry; may be called on any thread."""
        return [entry.tokens for entry in self._entries.copy()]

    def most_recent_first(self) -> list[CachedSequence]:
        """All entries, the most recently used first."""
        return sorted(self._entries, key=lambda entry: -entry.last_used)

    def longest_prefix(self, tokens: TokenArray) -> Prefix:
        """The longest cached prefix of `tokens`; its entry counts as used.

        Of several equally long ones, the most recently used: a prefix that all prompts share must not keep an old entry
        alive.
        """
        longest, used = NO_PREFIX, None
        for entry in self.most_recent_first():
            n_tokens = common_prefix_length(tokens, entry.tokens)
            if n_tokens > longest.n_tokens:
                longest, used = Prefix(entry.sequence, n_tokens), entry
        if used is not None:
            used.last_used = next(self._clock)
        return longest

    def would_gain(self, tokens: TokenArray) -> bool:
        """Whether an entry for `tokens` would add anything that is not cached yet."""
        if not self.capacity or len(tokens) < MIN_PREFIX_TOKENS:
            return False
        return not any(common_prefix_length(tokens, entry.tokens) == len(tokens) for entry in self._entries)

    def entries_within(self, tokens: TokenArray) -> list[CachedSequence]:
        """Entries whose tokens are all a prefix of `tokens`."""
        return [entry for entry in self._entries if common_prefix_length(tokens, entry.tokens) == len(entry.tokens)]

    def add(self, sequence: int, tokens: TokenArray) -> None:
        """Add an entry: the cells of `sequence` hold `tokens`."""
        self._entries.append(CachedSequence(sequence, tokens, next(self._clock)))

    def tokens_of(self, sequence: int) -> TokenArray:
        """The tokens of one entry."""
        return next(entry.tokens for entry in self._entries if entry.sequence == sequence)

    def least_recently_used(self) -> CachedSequence | None:
        """The next entry to evict; None if the cache is empty."""
        return min(self._entries, key=lambda entry: entry.last_used, default=None)

    def remove(self, entry: CachedSequence) -> None:
        """Remove an entry."""
        self._entries.remove(entry)
