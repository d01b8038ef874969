"""What a local model probably still has in its prefix cache, reckoned from the conversations that it was sent.

It follows the rules of the built-in engine (`models.engine.scheduling.kv_cache`). Other servers have others; where they
keep less, the first estimates are too short.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from models.engine.keeping import MIN_KEPT, SMALL_ENTRIES_CELLS, SMALL_ENTRY_CELLS

_FIRST, _LAST = 16, 200
"""Hashes that are remembered of a long conversation, from either end: memory is bounded, whatever callers send."""


@dataclass(frozen=True, slots=True)
class _Conversation:
    hashes: frozenset[bytes]
    n_own: int


class KeptPrefixes:
    """The conversations that are probably kept, the longest unused first. Holds hashes and counts, never a text."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, _Conversation] = OrderedDict()
        self._holders: Counter[bytes] = Counter()

    def n_known(self, chain: Sequence[bytes]) -> int:
        """How many messages from the beginning on are the same in a conversation that is kept."""
        return next((n for n in range(len(chain), 0, -1) if chain[n - 1] in self._holders), 0)

    def keep(self, chain: Sequence[bytes], n_own: int, room: int) -> None:
        """A conversation was sent to the model.

        Parameters
        ----------
        chain : sequence of bytes
            `PromptOutline.chain`.
        n_own : int
            Tokens of prompt and answer that it shares with no other.
        room : int
            The most tokens that the model keeps; 0 where it keeps nothing.
        """
        if room <= 0 or not chain:
            self.forget()
            return
        n_own += sum(self._drop(tail) for tail in chain if tail in self._kept)  # it goes on with these
        hashes = frozenset((*chain[:_FIRST], *chain[-_LAST:]))
        self._kept[chain[-1]] = _Conversation(hashes, n_own)
        self._holders.update(hashes)
        self._drop_small()
        while len(self._kept) > MIN_KEPT or sum(kept.n_own for kept in self._kept.values()) > room:
            self._drop(next(iter(self._kept)))

    def forget(self) -> None:
        """Nothing is kept: the model was loaded anew."""
        self._kept.clear()
        self._holders.clear()

    def _drop_small(self) -> None:
        left = SMALL_ENTRIES_CELLS
        for tail, kept in reversed(list(self._kept.items())):
            if kept.n_own < SMALL_ENTRY_CELLS:
                left -= kept.n_own
                if left < 0:
                    self._drop(tail)

    def _drop(self, tail: bytes) -> int:
        dropped = self._kept.pop(tail)
        self._holders.subtract(dropped.hashes)
        for name in dropped.hashes:
            if self._holders[name] <= 0:
                del self._holders[name]
        return dropped.n_own
