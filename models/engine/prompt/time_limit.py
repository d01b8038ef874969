"""Runs Python code with a time limit: a chat template is a program from an untrusted source, and may never end."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TimeLimitExceeded(Exception):
    """Raised inside code that exceeds its time limit."""


def run_limited(function: Callable[[], T], limit_s: float) -> T:
    """Call `function`, and interrupt it after `limit_s` seconds.

    Another thread raises the exception in this one, between two bytecodes. This ends endless loops, but not a single
    endless call into C.

    Raises
    ------
    TimeLimitExceeded
        If `function` ran for longer.
    """
    interrupter = _Interrupter(threading.get_ident())
    timer = threading.Timer(limit_s, interrupter.interrupt)
    timer.daemon = True
    timer.start()
    try:
        return function()
    finally:
        interrupter.disarm()
        timer.cancel()


class _Interrupter:
    """Raises the exception in a thread, but only until it is disarmed."""

    def __init__(self, thread_id: int) -> None:
        self._thread_id = thread_id
        self._running = True
        self._lock = threading.Lock()

    def interrupt(self) -> None:
        with self._lock:
            if self._running:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread_id), ctypes.py_object(TimeLimitExceeded)
                )

    def disarm(self) -> None:
        with self._lock:
            self._running = False
