"""As many computing threads as the machine has room for, step by step.

llama.cpp's threads meet at a barrier hundreds of times a step and spin while they wait, which is fastest on a machine
of one's own. Where something else wants the processor too, one thread that was sent to sleep holds up all the others:
two threads on two busy cores were measured at a tenth of the speed of one. Linux says how long threads had to wait for
a core, so the number follows from that.
"""

import os
from pathlib import Path

from models.engine.native.llama import Context

LOOK_S = 0.25
BUSY, CALM = 0.3, 0.1
"""Shares of their time that threads spend waiting for a core: above `BUSY` is too much, below `CALM` next to nothing.

The callers and the event loop take some of the processor too, and that alone must not cost a thread."""

_TASKS = Path("/proc/self/task")
_NS = 1e-9


def next_threads(n_threads: int, most: int, waiting: float) -> int:
    """One step towards the right number: down fast, up slowly.

    >>> next_threads(8, 8, waiting=0.5), next_threads(3, 8, waiting=0.0), next_threads(3, 8, waiting=0.2)
    (6, 4, 3)
    """
    if waiting > BUSY:
        return max(1, n_threads - max(1, n_threads // 4))
    return min(most, n_threads + 1) if waiting < CALM else n_threads


def waited_s() -> float | None:
    """Time that this process' threads have spent waiting for a core; None where the system does not say.

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
    """Sets how many threads compute the next step. Belongs to the scheduler's thread.

    Parameters
    ----------
    most : int
        Threads on a calm machine.

    Attributes
    ----------
    n_threads : int
        How many there are now.
    """

    def __init__(self, context: Context, most: int) -> None:
        self._context = context
        self._most = self.n_threads = most
        self._waited_s = waited_s() if most > 1 else None
        self._computed_s = 0.0

    def observe(self, step_s: float) -> None:
        """Take note of a step, and now and then draw conclusions."""
        if self._waited_s is None:
            return
        self._computed_s += step_s
        if self._computed_s < LOOK_S:
            return
        before, now = self._waited_s, waited_s()
        if now is None:
            return
        # Threads that ended in between take their waiting along, hence the lower bound.
        waiting = max(0.0, now - before) / (self._computed_s * self.n_threads)
        self._waited_s, self._computed_s = now, 0.0
        n_threads = next_threads(self.n_threads, self._most, waiting)
        if n_threads != self.n_threads:
            self.n_threads = n_threads
            self._context.use_threads(n_threads)
