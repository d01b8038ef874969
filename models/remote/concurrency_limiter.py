"""Limits concurrent requests, waiting requests and their wait, so that overload causes early refusals."""

import asyncio
from collections import deque

from models.wire.errors import BackendBusy


class ConcurrencyLimiter:
    """Grants places in order of arrival. It belongs to one event loop.

    Parameters
    ----------
    name : str
        The backend, for messages.
    max_concurrent : int
        Requests at the same time.
    max_queue : int
        Requests that may wait for a place.
    max_wait_s : float
        The longest wait.
    """

    def __init__(self, name: str, max_concurrent: int, max_queue: int, max_wait_s: float) -> None:
        self._name = name
        self._n_places = self._n_free = max_concurrent
        self._max_queue = max_queue
        self._max_wait_s = max_wait_s
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def n_waiting(self) -> int:
        """Requests that wait now."""
        return len(self._waiting)

    @property
    def n_running(self) -> int:
        """Requests that have a place now."""
        return self._n_places - self._n_free

    async def acquire(self) -> None:
        """Take a place; `release` returns it.

        Raises
        ------
        BackendBusy
            If too many requests wait already, or the wait takes too long.
        """
        if self._n_free and not self._waiting:
            self._n_free -= 1
            return
        if len(self._waiting) >= self._max_queue:
            raise BackendBusy(self._name, f"{len(self._waiting)} requests are waiting already", retry_after_s=1)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._max_wait_s):
                await place
        except BaseException as exc:
            self._withdraw(place)
            if isinstance(exc, TimeoutError):
                raise BackendBusy(self._name, f"no place within {self._max_wait_s:g} s", retry_after_s=1) from None
            raise

    def release(self) -> None:
        """Return a place; it goes to the request that has waited longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._n_free += 1

    def _withdraw(self, place: asyncio.Future[None]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
        elif place.done() and not place.cancelled():  # granted just before the wait ended
            self.release()
