"""Notices when the engine process gets nowhere any more, and tells the parent that it is alive while it is."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from time import monotonic, sleep

from models.engine.scheduling.scheduler import Scheduler

logger = logging.getLogger(__name__)

LOOK_S = 0.5
EXIT_STUCK = 5


class Watchdog:
    """Ends this process when a step of the model, or the event loop, takes longer than the limit.

    Both mean that something in native code will never return; only a new process helps. The thread that watches needs
    the interpreter's lock: should even that be held for ever, the signs of life stop and the parent acts.

    Parameters
    ----------
    sign_of_life : callable
        Called twice a second.
    """

    def __init__(self, scheduler: Scheduler, limit_s: float, sign_of_life: Callable[[], None]) -> None:
        self._scheduler = scheduler
        self._limit_s = limit_s
        self._sign_of_life = sign_of_life
        self._loop_seen = monotonic()
        self._loop = asyncio.get_running_loop()
        self._tick()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _tick(self) -> None:
        self._loop_seen = monotonic()
        self._loop.call_later(LOOK_S, self._tick)

    def _watch(self) -> None:
        while True:
            sleep(LOOK_S)
            now, step_started = monotonic(), self._scheduler.step_started
            if step_started is not None and now - step_started > self._limit_s:
                self._end("a step of the model")
            if now - self._loop_seen > self._limit_s:
                self._end("the event loop")
            self._sign_of_life()

    def _end(self, what: str) -> None:
        logger.critical("%s has not come back for %g s: this process ends itself", what, self._limit_s)
        os._exit(EXIT_STUCK)
