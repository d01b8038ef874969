"""Ends the engine process when it is stuck, and sends heartbeats to the parent while it is not."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from time import monotonic, sleep

from models.engine.request.preparations import Preparations
from models.engine.scheduling.scheduler import Scheduler

logger = logging.getLogger(__name__)

CHECK_INTERVAL_S = 0.5
PREPARATION_S = 30.0
"""Three times what a caller waits for: native code that takes so long does not return."""

EXIT_STUCK = 5


class Watchdog:
    """Ends this process when anything that a request can lengthen takes longer than its limit.

    That is a round of the scheduler, the preparation of a request, and the event loop.

    Native code does not return then, and only a new process helps. The watching thread needs the interpreter's lock: if
    native code holds that for ever, the heartbeats stop and the parent kills this process.

    Parameters
    ----------
    limit_s : float
        The longest that a round or the event loop may take; a preparation, at most `PREPARATION_S`.
    heartbeat : callable
        Called twice a second.
    """

    def __init__(
        self, scheduler: Scheduler, preparations: Preparations, limit_s: float, heartbeat: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._preparations = preparations
        self._limit_s = limit_s
        self._heartbeat = heartbeat
        self._loop_seen = monotonic()
        self._loop = asyncio.get_running_loop()
        self._tick()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _tick(self) -> None:
        self._loop_seen = monotonic()
        self._loop.call_later(CHECK_INTERVAL_S, self._tick)

    def _watch(self) -> None:
        while True:
            sleep(CHECK_INTERVAL_S)
            now, busy_since = monotonic(), self._scheduler.busy_since
            if busy_since is not None and now - busy_since > self._limit_s:
                self._end("a step of the model", self._limit_s)
            if now - self._loop_seen > self._limit_s:
                self._end("the event loop", self._limit_s)
            limit_s = min(self._limit_s, PREPARATION_S)
            if self._preparations.oldest_s > limit_s:
                self._end("the preparation of a request", limit_s)
            self._heartbeat()

    def _end(self, what: str, limit_s: float) -> None:
        logger.critical("%s has not returned for %g s: this process ends itself", what, limit_s)
        os._exit(EXIT_STUCK)
