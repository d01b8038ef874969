"""Ends the engine process when it is stuck, and sends heartbeats to the parent while it is not."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, sleep

logger = logging.getLogger(__name__)

CHECK_INTERVAL_S = 0.5
EXIT_STUCK = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a request can lengthen.

    Attributes
    ----------
    busy_since : callable
        When it began, on the monotonic clock; None while it is not running.
    limit_s : float
        The longest that it may take.
    """

    busy_since: Callable[[], float | None]
    limit_s: float


class Watchdog:
    """Ends this process when one of `steps` or the event loop takes longer than its limit.

    Native code does not return then, and only a new process helps. The watching thread needs the interpreter's lock: if
    native code holds that for ever, the heartbeats stop and the parent kills this process.

    Parameters
    ----------
    steps : mapping of str to Step
        By what the log calls them.
    limit_s : float
        The longest that the event loop may take.
    heartbeat : callable
        Called twice a second.
    """

    def __init__(self, steps: Mapping[str, Step], limit_s: float, heartbeat: Callable[[], None]) -> None:
        self._steps = steps
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
            now = monotonic()
            for what, step in self._steps.items():
                if (since := step.busy_since()) is not None and now - since > step.limit_s:
                    self._end(what, step.limit_s)
            if now - self._loop_seen > self._limit_s:
                self._end("the event loop", self._limit_s)
            self._heartbeat()

    def _end(self, what: str, limit_s: float) -> None:
        logger.critical("%s has not returned for %g s: this process ends itself", what, limit_s)
        os._exit(EXIT_STUCK)
