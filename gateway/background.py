"""Work that goes on for as long as the gateway serves: one place that starts it, and that sees it die."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

SETTLED_S = 5.0
"""A task that was started again is trusted once it has run for so long."""

Work = Callable[[], Awaitable[None]]


class Background:
    """Keeps tasks running: one that fails is logged, counted, and started again, after a pause that doubles.

    Parameters
    ----------
    failed : callable
        Told the name of a task each time it fails.
    """

    def __init__(self, failed: Callable[[str], None] = lambda _name: None) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()
        self._checks: dict[str, Callable[[], bool]] = {}
        self._down: set[str] = set()

    def keep(self, name: str, work: Work, *, is_vital: bool = True) -> None:
        """Run `work` until it returns, again after each failure; its name says in logs and metrics what it is.

        A gateway can serve without what is not vital: it does not count as `down`.
        """
        keeping = self._keep(name, work, is_vital=is_vital)
        self._tasks.add(asyncio.get_running_loop().create_task(keeping, name=name))

    def watch(self, name: str, is_alive: Callable[[], bool]) -> None:
        """Count something that runs by itself, a thread say, among what must be alive."""
        self._checks[name] = is_alive

    @property
    def down(self) -> list[str]:
        """What does not run at the moment, by name; a gateway with any of it is not ready."""
        return sorted(self._down | {name for name, is_alive in self._checks.items() if not is_alive()})

    async def stop(self) -> None:
        """End all of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, name: str, work: Work, *, is_vital: bool) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            settling = self._settle_later(name)
            started = asyncio.get_running_loop().time()
            try:
                await work()
                self._down.discard(name)
                return
            except Exception:
                logger.exception("the background task '%s' failed and is started again", name)
                if is_vital:
                    self._down.add(name)
                self._failed(name)
            finally:
                settling.cancel()
            if asyncio.get_running_loop().time() - started > SETTLED_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _settle_later(self, name: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(SETTLED_S, self._down.discard, name)


async def in_thread(work: Callable[[], None]) -> None:
    """Run `work` in a thread, to its end even if nobody waits for it any more: what it uses is about to be closed."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise
