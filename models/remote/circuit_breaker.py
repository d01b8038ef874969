"""A circuit breaker: stops requests to a backend that keeps failing, and probes it with one request from time to time.

Nygard, "Release It!", 2nd edition, chapter 5.
"""

import time
from collections.abc import Callable
from enum import StrEnum


class CircuitState(StrEnum):
    """The state of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Counts failures in a row. It belongs to one event loop.

    Parameters
    ----------
    failures : int
        Failures in a row that open the circuit.
    rest_s : float
        How long it stays open the first time; each failed probe doubles that.
    max_rest_s : float
        The longest time that it stays open.
    clock : callable
        A monotonic clock, in seconds.

    Examples
    --------
    >>> breaker = CircuitBreaker(failures=1, rest_s=60)
    >>> breaker.admit(), breaker.record_failure(), breaker.admit(), str(breaker.state)
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
        self._is_probing = False

    @property
    def state(self) -> CircuitState:
        """The current state."""
        if not self._opened:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._clock() < self._open_until else CircuitState.HALF_OPEN

    @property
    def allows(self) -> bool:
        """Whether a request would be admitted now."""
        return self.state is not CircuitState.OPEN

    @property
    def probe_in_s(self) -> float:
        """Seconds until the next probe may be made."""
        return max(0.0, self._open_until - self._clock()) if self._opened else 0.0

    def admit(self) -> bool:
        """Whether to send a request; afterwards one of the three `record_` methods must be called."""
        state = self.state
        if state is CircuitState.HALF_OPEN:  # this request is the probe; its answer may take long, so block others
            self._open_until = self._clock() + self._rest_s
            self._is_probing = True
        return state is not CircuitState.OPEN

    def record_success(self) -> None:
        """The backend answered; a refusal counts as an answer."""
        self._failures = 0
        self._next_rest_s = self._rest_s
        self._opened = self._is_probing = False

    def record_failure(self) -> None:
        """The backend did not answer."""
        self._failures += 1
        if self._opened and not self._is_probing:
            return  # of a request from before: streams that break together are one failure of their server
        if self._opened or self._failures >= self._limit:
            self.rest(self._next_rest_s)
            self._next_rest_s = min(2 * self._next_rest_s, self._max_rest_s)

    def record_unknown(self) -> None:
        """The request ended before it showed whether the backend works: the caller disconnected, for example."""
        if self._opened:
            self._open_until = self._clock()

    def rest(self, seconds: float) -> None:
        """Open the circuit for `seconds`, at most `max_rest_s`: after failures, or if the backend asks for a pause."""
        self._opened, self._is_probing = True, False
        self._open_until = self._clock() + min(seconds, self._max_rest_s)
