"""One engine's replica as a model of queues: prompts are read one after the other, answers are written together.

While a prompt is read, each answer gets a token only every `gap_s`, as the engine promises (`local.max_gap_s`); while
none is, each of n answers gets one every `step_s(n)`. Both speeds are measured of the real engine.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

EPSILON_S = 1e-9
"""What happens within so little time happens at the same moment: sums of floats are not exact."""


@dataclass(frozen=True, slots=True)
class EngineSpeed:
    """How fast a replica is.

    Attributes
    ----------
    reads_per_s : float
        Prompt tokens that it reads in a second.
    writes_per_s : float
        Tokens of a single answer that it writes in a second.
    gain : float
        Tokens a second of `max_sequences` answers at the same time, over those of one.
    max_sequences : int
        Answers at the same time.
    gap_s : float
        Longest pause between two tokens while a prompt is read.
    """

    reads_per_s: float
    writes_per_s: float
    gain: float
    max_sequences: int = 8
    gap_s: float = 0.5

    def step_s(self, n: int) -> float:
        """Seconds for one token of each of `n` answers; linear in `n` between the two that were measured.

        >>> speed = EngineSpeed(1000, 100, gain=4, max_sequences=8)
        >>> speed.step_s(1), speed.step_s(8)
        (0.01, 0.02)
        """
        slowest = self.max_sequences / (self.gain * self.writes_per_s)
        if self.max_sequences == 1:
            return slowest
        return 1 / self.writes_per_s + (slowest - 1 / self.writes_per_s) * (n - 1) / (self.max_sequences - 1)


@dataclass(slots=True)
class Job:
    """One request: tokens to read and to write, and what became of it, in seconds on the simulation's clock."""

    came_at: float
    n_prompt: float
    n_answer: float
    first_token_at: float = inf
    ended_at: float = inf


@dataclass(slots=True)
class Replica:
    """The state of one engine."""

    speed: EngineSpeed
    now: float = 0.0
    _waiting: deque[Job] = field(default_factory=deque)
    _unread: float = 0.0
    _reading: Job | None = None
    _writing: list[tuple[float, int, Job]] = field(default_factory=list)
    _written: float = 0.0
    _number: int = 0

    @property
    def n_in_hand(self) -> int:
        """Requests in it."""
        return len(self._waiting) + len(self._writing) + (self._reading is not None)

    @property
    def n_unread(self) -> float:
        """Tokens that are read before a prompt that comes now."""
        return self._unread + sum(job.n_prompt for job in self._waiting)

    @property
    def expected_wait_s(self) -> float:
        """About how long a prompt that comes now waits before it is read."""
        wait_s = self.n_unread / self.speed.reads_per_s
        over = self.n_in_hand + 1 - self.speed.max_sequences
        if over <= 0:
            return wait_s
        ends = sorted(target - self._written for target, _, _ in self._writing)
        place = ends[min(over, len(ends)) - 1] * self.speed.step_s(self.speed.max_sequences) if ends else 0.0
        return max(wait_s, place)

    def add(self, job: Job) -> None:
        """A request comes, at `now`."""
        self._waiting.append(job)
        self._begin()

    def next_at(self) -> float:
        """When something happens in it next; never, if it is idle."""
        return self.now + min(self._to_read_s(), self._to_end_s())

    def advance(self, moment: float) -> Iterator[Job]:
        """Let time pass until `moment`, at most to `next_at`; yields the requests that end then."""
        elapsed = moment - self.now
        to_read_s, to_end_s = self._to_read_s(), self._to_end_s()
        self._written += elapsed / self._token_s()
        if self._reading is not None:
            self._unread -= elapsed * self.speed.reads_per_s
        self.now = moment
        if elapsed + EPSILON_S >= to_read_s and self._reading is not None:
            job, self._reading, self._unread = self._reading, None, 0.0
            job.first_token_at = moment + self.speed.step_s(len(self._writing) + 1)
            self._number += 1
            heapq.heappush(self._writing, (self._written + job.n_answer, self._number, job))
        if elapsed + EPSILON_S >= to_end_s and self._writing:
            _, _, job = heapq.heappop(self._writing)
            job.ended_at = moment
            yield job
        self._begin()

    def _begin(self) -> None:
        if self._reading is None and self._waiting and len(self._writing) < self.speed.max_sequences:
            self._reading = self._waiting.popleft()
            self._unread = self._reading.n_prompt

    def _token_s(self) -> float:
        own = self.speed.step_s(max(1, len(self._writing)))
        return max(own, self.speed.gap_s) if self._reading is not None else own

    def _to_read_s(self) -> float:
        return self._unread / self.speed.reads_per_s if self._reading is not None else inf

    def _to_end_s(self) -> float:
        return (self._writing[0][0] - self._written) * self._token_s() if self._writing else inf
