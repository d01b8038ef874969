"""Ends the engine process when it is stuck, and sends heartbeats to the parent while it is not."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from time import monotonic, sleep

from models.engine.scheduling.scheduler import Scheduler

logger = logging.getLogger(__name__)

CHECK_INTERVAL_S = 0.5
EXIT_STUCK = 5


class Watchdog:
    """Ends this process when a step of the model or the event loop takes longer than the limit.

    Native code does not return then, and only a new process helps. The watching thread needs the interpreter's lock: if
    native code holds that for ever, the heartbeats stop and the parent kills this process.

    Parameters
    ----------
    heartbeat : callable
        Called twice a second.
    """

    def __init__(self, scheduler: Scheduler, limit_s: float, heartbeat: Callable[[], None]) -> None:
        self._scheduler = scheduler
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
            now, step_started = monotonic(), self._scheduler.step_started
            if step_started is not None and now - step_started > self._limit_s:
                self._end("a step of the model")
            if now - self._loop_seen > self._limit_s:
                self._end("the event loop")
            self._heartbeat()

    def _end(self, what: str) -> None:
        logger.critical("%s has not returned for %g s: this process ends itself", what, self._limit_s)
        os._exit(EXIT_STUCK)
