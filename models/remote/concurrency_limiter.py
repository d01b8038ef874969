"""Bounded concurrency: so many at a time, so many waiting, none for long. Early refusal instead of collapse."""

import asyncio
from collections import deque

from models.wire.errors import BackendBusy


class Gate:
    """Hands out places in order of arrival; used from one event loop.

    Parameters
    ----------
    name : str
        The backend, for messages.
    places : int
        Requests at the same time.
    queue : int
        Requests that may wait for a place.
    max_wait_s : float
        The longest wait.
    """

    def __init__(self, name: str, places: int, queue: int, max_wait_s: float) -> None:
        self._name = name
        self._free = places
        self._queue = queue
        self._max_wait_s = max_wait_s
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    async def enter(self) -> None:
        """Take a place; `leave` gives it back.

        Raises
        ------
        BackendBusy
            If too many wait already, or the wait becomes too long.
        """
        if self._free and not self._waiting:
            self._free -= 1
            return
        if len(self._waiting) >= self._queue:
            raise BackendBusy(self._name, f"{len(self._waiting)} requests are waiting already", retry_after_s=1)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._max_wait_s):
                await place
        except BaseException as exc:
            self._give_up(place)
            if isinstance(exc, TimeoutError):
                raise BackendBusy(self._name, f"no place within {self._max_wait_s:g} s", retry_after_s=1) from None
            raise

    def leave(self) -> None:
        """Give a place back, to whoever has waited longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def _give_up(self, place: asyncio.Future[None]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
        elif place.done() and not place.cancelled():  # handed over at the very moment
            self.leave()
