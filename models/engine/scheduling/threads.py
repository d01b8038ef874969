"""Adapts the number of computing threads to the load of the machine.

llama.cpp's threads meet at a barrier hundreds of times a step and spin while they wait, which is fastest on an idle
machine. If other processes need the cores too, one descheduled thread delays all the others: two threads on two busy
cores were measured at a tenth of the speed of one. Linux reports how long threads waited for a core; the number of
threads follows from that.
"""

import os
from pathlib import Path

from models.engine.native.llama import Context

INTERVAL_S = 0.25
"""Computing time between two adjustments."""

BUSY, CALM = 0.3, 0.1
"""Shares of their time that threads wait for a core: above `BUSY` a thread is removed, below `CALM` one is added.

The callers and the event loop use the cores too; that alone must not cost a thread."""

_TASKS = Path("/proc/self/task")
_NS = 1e-9


def next_n_threads(n_threads: int, max_threads: int, wait_share: float) -> int:
    """The number of threads after one adjustment: down fast, up slowly.

    >>> next_n_threads(8, 8, wait_share=0.5), next_n_threads(3, 8, wait_share=0.0), next_n_threads(3, 8, wait_share=0.2)
    (6, 4, 3)
    """
    if wait_share > BUSY:
        return max(1, n_threads - max(1, n_threads // 4))
    return min(max_threads, n_threads + 1) if wait_share < CALM else n_threads


def core_wait_s() -> float | None:
    """Time that this process' threads have waited for a core since they began; None if the system does not report it.

    The main thread is left out: it runs the event loop and computes nothing.
    """
    total, main = 0, str(os.getpid())
    try:
        for task in _TASKS.iterdir():
            if task.name != main:
                total += int((task / "schedstat").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return total * _NS


class ThreadGovernor:
    """Sets how many threads compute the next step. It belongs to the scheduler's thread.

    Parameters
    ----------
    max_threads : int
        Threads on an idle machine.

    Attributes
    ----------
    n_threads : int
        The current number.
    """

    def __init__(self, context: Context, max_threads: int) -> None:
        self._context = context
        self._max_threads = self.n_threads = max_threads
        self._wait_s = core_wait_s() if max_threads > 1 else None
        self._computed_s = 0.0

    def observe(self, step_s: float) -> None:
        """Take the duration of a step; after each `INTERVAL_S` of them, adjust the number of threads."""
        if self._wait_s is None:
            return
        self._computed_s += step_s
        if self._computed_s < INTERVAL_S:
            return
        before, now = self._wait_s, core_wait_s()
        if now is None:
            return
        # The waits of threads that ended in between are no longer counted, hence the lower bound.
        wait_share = max(0.0, now - before) / (self._computed_s * self.n_threads)
        self._wait_s, self._computed_s = now, 0.0
        n_threads = next_n_threads(self.n_threads, self._max_threads, wait_share)
        if n_threads != self.n_threads:
            self.n_threads = n_threads
            self._context.use_threads(n_threads)
