"""What was computed once need not be computed again: prompts that begin alike share the cells of their beginning.

A finished answer's cells are kept, under a sequence number of their own, until room is needed; the least recently used
go first. A new prompt takes over the longest beginning that it has in common with anything kept or running. Requests
that come together with the same system prompt would each find nothing: there the first one computes, and the others
wait for it.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

TokenArray = npt.NDArray[np.int32]

MIN_SHARED = 8
"""Shorter beginnings are not worth the bookkeeping; the same few words begin every prompt of a template."""


def common_prefix(one: TokenArray, other: TokenArray) -> int:
    """How many tokens two sequences share from their beginning.

    >>> common_prefix(np.array([1, 2, 3, 4]), np.array([1, 2, 9]))
    2
    """
    n = min(len(one), len(other))
    different = np.flatnonzero(one[:n] != other[:n])
    return int(different[0]) if len(different) else n


@dataclass(slots=True, eq=False)
class Kept:
    """Computed tokens that nobody is using, and the sequence that holds their cells."""

    sequence: int
    tokens: TokenArray
    last_used: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to take a prompt's beginning from."""

    sequence: int
    n_tokens: int


NOTHING = Beginning(-1, 0)


class PrefixCache:
    """Remembers finished sequences. Knows nothing of cells: whoever keeps and forgets here sees to those too.

    Parameters
    ----------
    capacity : int
        Most sequences kept; 0 switches the cache off.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._kept: list[Kept] = []
        self._clock = count()

    @property
    def is_full(self) -> bool:
        """Whether something has to go before more is kept."""
        return len(self._kept) >= self.capacity

    def newest_first(self) -> list[Kept]:
        """Everything kept, the most recently used first."""
        return sorted(self._kept, key=lambda kept: -kept.last_used)

    def longest(self, tokens: TokenArray) -> Beginning:
        """The kept sequence that has most of the beginning of `tokens`; finding it counts as use.

        Of several with as much, the one used last: what all prompts have in common must not keep an old one young.
        """
        best, found = NOTHING, None
        for kept in self.newest_first():
            n_tokens = common_prefix(tokens, kept.tokens)
            if n_tokens > best.n_tokens:
                best, found = Beginning(kept.sequence, n_tokens), kept
        if found is not None:
            found.last_used = next(self._clock)
        return best

    def wants(self, tokens: TokenArray) -> bool:
        """Whether keeping `tokens` would add anything."""
        if not self.capacity or len(tokens) < MIN_SHARED:
            return False
        return not any(common_prefix(tokens, kept.tokens) == len(tokens) for kept in self._kept)

    def contained(self, tokens: TokenArray) -> list[Kept]:
        """Kept sequences that are nothing but a beginning of `tokens`."""
        return [kept for kept in self._kept if common_prefix(tokens, kept.tokens) == len(kept.tokens)]

    def keep(self, sequence: int, tokens: TokenArray) -> None:
        """Remember that `sequence` holds `tokens`."""
        self._kept.append(Kept(sequence, tokens, next(self._clock)))

    def oldest(self) -> Kept | None:
        """The least recently used; None where nothing is kept."""
        return min(self._kept, key=lambda kept: kept.last_used, default=None)

    def forget(self, kept: Kept) -> None:
        """It is gone."""
        self._kept.remove(kept)
