"""What must be done for a request before the model computes anything: its template, its tokens, its grammar.

It is done in a few threads beside the event loop, each request within a time of its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from models.engine.errors import DeadlineExceeded

T = TypeVar("T")

LIMIT_S = 10.0
"""The longest that a request waits for its own preparation, its turn included."""

N_THREADS = 4
STUCK_S = 30.0
"""Three times what a caller waits for: native code that takes so long does not return."""

USUAL_S = 2.0
"""What a preparation may take before it counts as stalled."""


class Preparations:
    """Runs the preparation of requests. `run` belongs to one event loop, the rest to any thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(N_THREADS, "preparation")
        self._began: dict[object, float] = {}

    @property
    def busy_since(self) -> float | None:
        """When the oldest that still runs began, on the monotonic clock; None if none does."""
        return min(list(self._began.values()), default=None)

    @property
    def stalled_s(self) -> float:
        """For how long no thread has been free, beyond what is usual: a new request would wait for one."""
        running = list(self._began.values())
        if len(running) < N_THREADS:
            return 0.0
        return max(0.0, monotonic() - max(running) - USUAL_S)

    async def run(self, function: Callable[[], T]) -> T:
        """The result of `function`. A caller who goes away before its turn leaves the queue.

        Raises
        ------
        DeadlineExceeded
            After `LIMIT_S`. The watchdog ends the process if the function never returns.
        """
        try:
            async with asyncio.timeout(LIMIT_S):
                return await asyncio.get_running_loop().run_in_executor(self._pool, self._timed, function)
        except TimeoutError:
            raise DeadlineExceeded(f"the preparation of this request took longer than {LIMIT_S:g} s") from None

    def close(self) -> None:
        """Take no more. What runs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, function: Callable[[], T]) -> T:
        key = object()
        self._began[key] = monotonic()
        try:
            return function()
        finally:
            del self._began[key]
