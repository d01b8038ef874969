"""Finished sequences in ordinary memory, outside the KV cache, where they slow no step and need no cells.

Without flash attention, llama.cpp computes every step over all cells in use, whoever holds them: with a model of
Phi-3-mini's size, 1,536 cells of others were measured to halve the writing speed of an answer. And where cells are few,
a conversation that pauses loses them to the next one. Copying a sequence out and back takes about a hundredth of the
time in which it was computed.
"""

from dataclasses import dataclass
from itertools import count
from typing import Self

import numpy as np
import numpy.typing as npt

from models.engine.scheduling.prefix_cache import NO_PREFIX, CachedSequence, Prefix, PrefixCache, TokenArray

State = npt.NDArray[np.uint8]

SOON_S = 0.25
"""What is computed again in less time is not worth a copy."""

IDLE_SHARE = 0.02
"""The memory of idle cells, as a share of the weights', that may stay beside a running answer.

To write a token, llama.cpp reads the weights and the cells once, and computes more with a cell than with a weight: 500
idle cells, a tenth of the weights' memory at Phi-3-mini's size, slowed it by a fifth."""

_MOST = 256
"""Sequences, so that looking through them stays cheap."""


@dataclass(frozen=True)
class Parking:
    """What is parked.

    Attributes
    ----------
    max_bytes : int
        Memory for all parked sequences; 0 parks none.
    token_bytes : int
        Memory of one token.
    min_tokens : int
        A sequence with fewer tokens that no other one has is soon computed again, and is not parked.
    max_idle_cells : int
        Cells of finished sequences that may stay beside running answers.
    """

    max_bytes: int = 0
    token_bytes: int = 1
    min_tokens: int = 1
    max_idle_cells: int = 2**31

    @classmethod
    def planned(
        cls, max_bytes: int, *, token_bytes: int, weights_bytes: int, tokens_per_s: float, skips_idle: bool
    ) -> Self:
        """For a model.

        Parameters
        ----------
        tokens_per_s : float
            How fast it reads.
        skips_idle : bool
            Whether its attention passes over the cells of others, as flash attention does.
        """
        return cls(
            max_bytes=max_bytes,
            token_bytes=token_bytes,
            min_tokens=max(1, int(SOON_S * tokens_per_s)),
            max_idle_cells=cls.max_idle_cells if skips_idle else int(IDLE_SHARE * weights_bytes) // token_bytes,
        )


class ParkedSequences:
    """The states of sequences, by their tokens; the least recently used are given up first.

    Parameters
    ----------
    max_bytes : int
        The most memory that all states take together.

    Examples
    --------
    >>> parked = ParkedSequences(max_bytes=5)
    >>> parked.add(np.array([1, 2, 3]), np.zeros(3, np.uint8))
    >>> parked.longest_prefix(np.array([1, 2, 9])).n_tokens
    2
    >>> parked.add(np.array([4, 5, 6]), np.zeros(3, np.uint8))
    >>> parked.longest_prefix(np.array([1, 2, 9])).n_tokens, parked.n_bytes
    (0, 3)
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._prefixes = PrefixCache(_MOST)
        self._states: dict[int, State] = {}
        self._numbers = count()
        self.n_bytes = 0

    def would_gain(self, tokens: TokenArray, n_bytes: int) -> bool:
        """Whether a state of `n_bytes` for `tokens` has room, and would add anything."""
        return n_bytes <= self._max_bytes and self._prefixes.would_gain(tokens)

    def add(self, tokens: TokenArray, state: State) -> None:
        """Keep `state`, in place of those of which it is a continuation."""
        self.drop_within(tokens)
        if state.nbytes > self._max_bytes:
            return
        while self.n_bytes + state.nbytes > self._max_bytes or self._prefixes.is_full:
            oldest = self._prefixes.least_recently_used()
            assert oldest is not None
            self._remove(oldest)
        number = next(self._numbers)
        self._prefixes.add(number, tokens)
        self._states[number] = state
        self.n_bytes += state.nbytes

    def drop_within(self, tokens: TokenArray) -> None:
        """Give up states of which `tokens` are a continuation."""
        for entry in self._prefixes.entries_within(tokens):
            self._remove(entry)

    def longest_prefix(self, tokens: TokenArray) -> Prefix:
        """The longest prefix of `tokens`; its `sequence` is the number that `state` takes."""
        return self._prefixes.longest_prefix(tokens) if self._states else NO_PREFIX

    def kept_tokens(self) -> list[TokenArray]:
        """The tokens of every sequence; may be called on any thread."""
        return self._prefixes.kept_tokens()

    def state(self, number: int) -> tuple[TokenArray, State]:
        """Tokens and state of one sequence."""
        return self._prefixes.tokens_of(number), self._states[number]

    def _remove(self, entry: CachedSequence) -> None:
        self._prefixes.remove(entry)
        self.n_bytes -= self._states.pop(entry.sequence).nbytes
