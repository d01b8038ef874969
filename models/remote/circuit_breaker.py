"""A circuit breaker: leaves a backend alone that keeps failing, and finds out with one request whether it is back.

Nygard, "Release It!", 2nd edition, chapter 5.
"""

import time
from collections.abc import Callable
from enum import StrEnum


class Circuit(StrEnum):
    """The state of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts failures in a row; used from one event loop.

    Parameters
    ----------
    failures : int
        Failures in a row that open the circuit.
    rest_s : float
        How long it stays open the first time; each failed probe doubles that.
    max_rest_s : float
        The longest rest.
    clock : callable
        Seconds that only grow.

    Examples
    --------
    >>> breaker = Breaker(failures=1, rest_s=60)
    >>> breaker.admit(), breaker.failed(), breaker.admit(), str(breaker.circuit)
    (True, None, False, 'open')
    """

    def __init__(
        self,
        failures: int = 5,
        rest_s: float = 5.0,
        max_rest_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._max_rest_s = max_rest_s
        self._clock = clock
        self._failures = 0
        self._next_rest_s = rest_s
        self._open_until = 0.0
        self._opened = False

    @property
    def circuit(self) -> Circuit:
        """The state now."""
        if not self._opened:
            return Circuit.CLOSED
        return Circuit.OPEN if self._clock() < self._open_until else Circuit.HALF_OPEN

    @property
    def allows(self) -> bool:
        """Whether a request would be let through now."""
        return self.circuit is not Circuit.OPEN

    @property
    def opens_in_s(self) -> float:
        """Seconds until the next probe may be made."""
        return max(0.0, self._open_until - self._clock()) if self._opened else 0.0

    def admit(self) -> bool:
        """Whether to let a request through; one that is must end in `succeeded`, `failed` or `abandoned`."""
        circuit = self.circuit
        if circuit is Circuit.HALF_OPEN:  # a probe, and for a while no other: its answer may take long
            self._open_until = self._clock() + self._rest_s
        return circuit is not Circuit.OPEN

    def succeeded(self) -> None:
        """The backend answered, be it with a refusal."""
        self._failures = 0
        self._next_rest_s = self._rest_s
        self._opened = False

    def failed(self) -> None:
        """It did not."""
        self._failures += 1
        if self._opened or self._failures >= self._limit:
            self.rest(self._next_rest_s)
            self._next_rest_s = min(2 * self._next_rest_s, self._max_rest_s)

    def abandoned(self) -> None:
        """The caller went away before anything was known."""
        if self._opened:
            self._open_until = self._clock()

    def rest(self, seconds: float) -> None:
        """Leave the backend alone for so long, `max_rest_s` at most: it asked for that, or needs it."""
        self._opened = True
        self._open_until = self._clock() + min(seconds, self._max_rest_s)
