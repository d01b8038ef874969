"""Tokens for each second, or each unit of something else, as measured lately: a running mean that forgets."""

from collections.abc import Callable
from math import exp, log
from time import monotonic

IDLE_HALF_LIFE_S = 300.0
"""Without new measures, what was measured counts half after so long: a machine that was busy then may be idle now."""

MOST_SLOWER = 4.0
"""A single measure is never taken for more than so many times slower than usual: a machine may have slept meanwhile."""

HIGHEST = 1e7
"""No server is faster, whatever a clock or a server says."""


class RunningRate:
    """The geometric mean of rates, by tokens; later ones weigh more.

    Twice as slow and twice as fast then weigh the same, and a slow minute is soon outweighed. The start value counts as
    `start_tokens` measured tokens. It comes into force again where nothing is measured for long. Otherwise a speed that
    was measured on a busy machine, and for which all requests go elsewhere, would stay.

    Parameters
    ----------
    half_life : float
        After so many more tokens a measure counts half.
    start : float
        The rate to begin with; 0 where nothing is known.
    start_tokens : float
        The weight of `start`, in tokens.
    clock : callable
        Seconds that only grow.

    Examples
    --------
    >>> speed = RunningRate(half_life=1000, start=100, start_tokens=64)
    >>> speed.observe(1000, 20.0)
    >>> round(speed.value)
    52
    """

    def __init__(
        self,
        half_life: float,
        *,
        start: float = 0.0,
        start_tokens: float = 0.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._half_life = half_life
        self._clock = clock
        self._start_tokens = start_tokens if start > 0 else 0.0
        self._start_logs = start_tokens * log(start) if start > 0 else 0.0
        self._tokens = self._logs = 0.0
        self._measured_at = clock()

    @property
    def value(self) -> float:
        """Tokens for each unit; 0 where nothing is known."""
        kept = self._kept
        tokens = self._start_tokens + kept * self._tokens
        return exp((self._start_logs + kept * self._logs) / tokens) if tokens > 0 else 0.0

    def observe(self, n_tokens: float, units: float) -> None:
        """Take one measure; ignored unless both are positive."""
        if n_tokens <= 0 or units <= 0:
            return
        rate = min(HIGHEST, max(n_tokens / units, self.value / MOST_SLOWER))
        share = self._kept * 0.5 ** (n_tokens / self._half_life)
        self._tokens = self._tokens * share + n_tokens
        self._logs = self._logs * share + n_tokens * log(rate)
        self._measured_at = self._clock()

    @property
    def _kept(self) -> float:
        """The share that the earlier measures still count, by their age."""
        return float(0.5 ** ((self._clock() - self._measured_at) / IDLE_HALF_LIFE_S))
