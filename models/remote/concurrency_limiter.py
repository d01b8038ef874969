"""Limits concurrent requests, waiting requests and their wait, so that overload causes early refusals.

Places are shared evenly among those who want some: a free one goes to the owner who has the fewest, owners with as many
take turns, and when the queue is full, whoever has most in it makes room. One owner alone may have all of them.
"""

import asyncio
from collections import Counter, deque

from models.wire.errors import BackendBusy


class ConcurrencyLimiter:
    """Grants places by owner, and those of one owner in order of arrival. It belongs to one event loop.

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
        self._held: Counter[str] = Counter()
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of turns; none is empty

    @property
    def n_waiting(self) -> int:
        """Requests that wait now."""
        return sum(map(len, self._queues.values()))

    @property
    def n_running(self) -> int:
        """Requests that have a place now."""
        return self._n_places - self._n_free

    async def acquire(self, owner: str = "") -> None:
        """Take a place for `owner`; `release` returns it.

        Raises
        ------
        BackendBusy
            If too many requests wait already, or the wait takes too long.
        """
        if self._n_free and not self._queues:
            self._n_free -= 1
            self._held[owner] += 1
            return
        place = self._enqueue(owner)
        try:
            async with asyncio.timeout(self._max_wait_s):
                await place
        except BaseException as exc:
            self._withdraw(owner, place)
            if isinstance(exc, TimeoutError):
                raise BackendBusy(self._name, f"no place within {self._max_wait_s:g} s", retry_after_s=1) from None
            raise

    def release(self, owner: str = "") -> None:
        """Return a place of `owner`; it goes to the oldest request of the waiting owner who has the fewest."""
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        self._had_turn(owner)
        while self._queues:
            next_owner = min(self._queues, key=self._held.__getitem__)
            place = self._queues[next_owner][0]
            self._remove(next_owner, place)
            if not place.done():  # else its caller left, and has yet to hear of it
                place.set_result(None)
                self._held[next_owner] += 1
                self._had_turn(next_owner)
                return
        self._n_free += 1

    def _had_turn(self, owner: str) -> None:
        if owner in self._queues:
            self._queues[owner] = self._queues.pop(owner)

    def _enqueue(self, owner: str) -> asyncio.Future[None]:
        n_waiting = self.n_waiting
        if n_waiting >= self._max_queue and not self._make_room(owner):
            raise self._too_many(n_waiting)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(owner, deque()).append(place)
        return place

    def _make_room(self, owner: str) -> bool:
        """Refuse the newest request of the owner who has most in the queue; false if `owner` has about as many.

        About: with one less the two would only change places, and the other would push it out next.
        """
        most = max(self._queues, key=lambda name: len(self._queues[name]), default=owner)
        if len(self._queues.get(most, ())) <= len(self._queues.get(owner, ())) + 1:
            return False
        newest = self._queues[most][-1]
        if not newest.done():
            newest.set_exception(self._too_many(self.n_waiting))
        self._remove(most, newest)
        return True

    def _too_many(self, n_waiting: int) -> BackendBusy:
        return BackendBusy(self._name, f"{n_waiting} requests are waiting already", retry_after_s=1)

    def _withdraw(self, owner: str, place: asyncio.Future[None]) -> None:
        if place in self._queues.get(owner, ()):
            self._remove(owner, place)
        elif place.done() and not place.cancelled() and place.exception() is None:  # granted just before the wait ended
            self.release(owner)

    def _remove(self, owner: str, place: asyncio.Future[None]) -> None:
        queue = self._queues[owner]
        queue.remove(place)
        if not queue:
            del self._queues[owner]
