"""Who holds which of the context's cells: the accounting that llama.cpp does but does not show.

One cell holds one computed token. Sequences that begin alike can hold the same cells.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

CellIds = npt.NDArray[np.int32]

_NONE = np.empty(0, np.int32)


class CellPool:
    """Counts cells, sequence by sequence.

    The numbers given to cells here are not llama.cpp's own; only how many are free is the same.

    Parameters
    ----------
    n_cells : int
        Cells in all.

    Examples
    --------
    >>> pool = CellPool(10)
    >>> pool.grow(0, 4); pool.share(0, 1, 3); pool.grow(1, 2); pool.free
    4
    >>> pool.drop(0); pool.free, pool.held_by_any([0, 1])
    (5, 5)
    """

    def __init__(self, n_cells: int) -> None:
        self.n_cells = n_cells
        self._unused = deque(range(n_cells))
        self._holders = np.zeros(n_cells, np.int32)
        self._cells: dict[int, CellIds] = {}

    @property
    def free(self) -> int:
        """Cells that nobody holds."""
        return len(self._unused)

    def held(self, sequence: int) -> int:
        """Cells that `sequence` holds, alone or with others."""
        return len(self._cells.get(sequence, _NONE))

    def held_alone(self, sequence: int) -> int:
        """Cells that would become free if `sequence` went."""
        return int(np.count_nonzero(self._holders[self._cells.get(sequence, _NONE)] == 1))

    def held_by_any(self, sequences: Sequence[int]) -> int:
        """Cells that at least one of `sequences` holds."""
        held = np.zeros(self.n_cells, bool)
        for sequence in sequences:
            held[self._cells.get(sequence, _NONE)] = True
        return int(np.count_nonzero(held))

    def grow(self, sequence: int, n_tokens: int) -> None:
        """Give `sequence` that many more cells of its own; there must be as many free."""
        taken = np.array([self._unused.popleft() for _ in range(n_tokens)], np.int32)
        self._holders[taken] = 1
        self._cells[sequence] = np.concatenate((self._cells.get(sequence, _NONE), taken))

    def share(self, source: int, target: int, n_tokens: int) -> None:
        """Let `target`, which holds none yet, hold the first `n_tokens` cells of `source` too."""
        shared = self._cells.get(source, _NONE)[:n_tokens]
        self._holders[shared] += 1
        self._cells[target] = shared

    def drop(self, sequence: int) -> None:
        """Take all cells from `sequence`."""
        cells = self._cells.pop(sequence, _NONE)
        self._holders[cells] -= 1
        self._unused.extend(cells[self._holders[cells] == 0].tolist())

    def clear(self) -> None:
        """Take all cells from everyone."""
        for sequence in list(self._cells):
            self.drop(sequence)
