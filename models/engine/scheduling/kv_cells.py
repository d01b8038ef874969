"""Which sequence holds which KV cells: the accounting that llama.cpp does and does not expose.

One cell holds one computed token. Sequences with a common prefix can hold the same cells.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

CellIds = npt.NDArray[np.int32]

_NO_CELLS = np.empty(0, np.int32)


class KvCellPool:
    """Counts KV cells by sequence.

    Cell numbers differ from llama.cpp's own; only the number of free cells is the same.

    Parameters
    ----------
    n_cells : int
        Cells in all.

    Examples
    --------
    >>> pool = KvCellPool(10)
    >>> pool.allocate(0, 4); pool.share(0, 1, 3); pool.allocate(1, 2); pool.n_free
    4
    >>> pool.release(0); pool.n_free, pool.n_held_by_any([0, 1])
    (5, 5)
    """

    def __init__(self, n_cells: int) -> None:
        self.n_cells = n_cells
        self._free = deque(range(n_cells))
        self._reference_counts = np.zeros(n_cells, np.int32)
        self._cells: dict[int, CellIds] = {}

    @property
    def n_free(self) -> int:
        """Cells that no sequence holds."""
        return len(self._free)

    @property
    def n_used(self) -> int:
        """Cells that any sequence holds."""
        return self.n_cells - self.n_free

    def n_held(self, sequence: int) -> int:
        """Cells that `sequence` holds, alone or with others."""
        return len(self._cells.get(sequence, _NO_CELLS))

    def n_held_alone(self, sequence: int) -> int:
        """Cells that would become free if `sequence` were released."""
        return int(np.count_nonzero(self._reference_counts[self._cells.get(sequence, _NO_CELLS)] == 1))

    def n_held_by_any(self, sequences: Sequence[int]) -> int:
        """Cells that at least one of `sequences` holds."""
        is_held = np.zeros(self.n_cells, bool)
        for sequence in sequences:
            is_held[self._cells.get(sequence, _NO_CELLS)] = True
        return int(np.count_nonzero(is_held))

    def allocate(self, sequence: int, n_tokens: int) -> None:
        """Give `sequence` `n_tokens` free cells; there must be that many."""
        cells = np.array([self._free.popleft() for _ in range(n_tokens)], np.int32)
        self._reference_counts[cells] = 1
        self._cells[sequence] = np.concatenate((self._cells.get(sequence, _NO_CELLS), cells))

    def share(self, source: int, target: int, n_tokens: int) -> None:
        """Let `target`, which holds no cells yet, hold the first `n_tokens` cells of `source` too."""
        cells = self._cells.get(source, _NO_CELLS)[:n_tokens]
        self._reference_counts[cells] += 1
        self._cells[target] = cells

    def release(self, sequence: int) -> None:
        """Take all cells from `sequence`."""
        self._let_go(self._cells.pop(sequence, _NO_CELLS))

    def cut(self, sequence: int, n_tokens: int) -> None:
        """Take from `sequence` the cells after its first `n_tokens`."""
        cells = self._cells.get(sequence, _NO_CELLS)
        self._cells[sequence] = cells[:n_tokens]
        self._let_go(cells[n_tokens:])

    def _let_go(self, cells: CellIds) -> None:
        self._reference_counts[cells] -= 1
        self._free.extend(cells[self._reference_counts[cells] == 0].tolist())

    def clear(self) -> None:
        """Take all cells from every sequence."""
        for sequence in list(self._cells):
            self.release(sequence)
