"""Ends Python code that does not end by itself: a chat template is a program from whoever made the model."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TimeLimitExceeded(Exception):
    """Raised inside the code that ran too long."""


def run_limited(function: Callable[[], T], limit_s: float) -> T:
    """Call `function`, and break it off once it has run for `limit_s` seconds.

    The exception is raised in this thread from another one, between two of its bytecodes: endless loops end, a single
    endless call into C does not.

    Raises
    ------
    TimeLimitExceeded
        If it took too long.
    """
    watch = _Watch(threading.get_ident())
    timer = threading.Timer(limit_s, watch.interrupt)
    timer.daemon = True
    timer.start()
    try:
        return function()
    finally:
        watch.end()
        timer.cancel()


class _Watch:
    """Makes sure that the exception is only ever raised while the code runs."""

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

    def end(self) -> None:
        with self._lock:
            self._running = False
