"""What the built-in engine says of its load and its speed, as it was a moment ago."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.scheduling.forecast import Pace

MOST_PROMPTS = 1024
"""Prompts in hand that are taken note of."""

STUCK_S = 10.0
"""An engine without any progress for so long is stuck."""

MOST_REPLICAS = 256
MOST_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class LocalLoad:
    """The load that the local side reports.

    Attributes
    ----------
    running, queued : int
        Answers in progress, and those that wait.
    expected_wait_s : float
        How long a request that arrives now would probably wait for a place, in seconds. It grows while the engine is
        stuck.
    stalled_s : float
        For how long it has made no progress with what it has to do, in seconds; 0 while it does.
    pace : Pace or None
        None where it does not say.
    unread_tokens : tuple of int
        For each prompt in hand, how many of its tokens are still to be read.
    max_sequences : int
        Answers that it works on at the same time.
    ends_in_s : tuple of float
        For each answer in hand, in how many seconds it will probably end.
    n_kept_tokens : int
        The most tokens that it keeps for prompts with the same beginning.
    created : int
        When its process was started: another one has kept nothing.
    tells_prompts : bool
        Whether it tells of prompts and answers in hand.
    replicas : tuple of (str, LocalLoad)
        The engines behind one address, by name, of which it is the sum; empty where it is one engine.
    asked_at : float
        When it was asked, on the monotonic clock.
    """

    running: int
    queued: int
    expected_wait_s: float
    stalled_s: float = 0.0
    pace: Pace | None = None
    unread_tokens: tuple[int, ...] = ()
    max_sequences: int = 1
    ends_in_s: tuple[float, ...] = ()
    n_kept_tokens: int = 0
    created: int = 0
    tells_prompts: bool = True
    replicas: tuple[tuple[str, "LocalLoad"], ...] = ()
    asked_at: float = 0.0

    @property
    def is_stuck(self) -> bool:
        """Whether it is given up by requests that others may answer."""
        return self.stalled_s > STUCK_S

    @classmethod
    def from_health(cls, health: Any, asked_at: float) -> "LocalLoad":
        """What the engine's ``/health`` says, or that of several behind one address, which lists ``replicas``.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is not what an engine says.
        """
        if (replicas := health.get("replicas")) is not None:
            named = [(str(each["id"])[:MOST_NAME_CHARS], each) for each in replicas[:MOST_REPLICAS]]
            return cls.of_replicas([(name, cls._of_engine(each, asked_at)) for name, each in named], asked_at)
        return cls._of_engine(health, asked_at)

    @classmethod
    def _of_engine(cls, health: Any, asked_at: float) -> "LocalLoad":
        return cls(
            max(0, int(health["running"])),
            max(0, int(health["queued"])),
            _not_negative(health["expected_wait_s"]),
            _not_negative(health.get("stalled_s", 0.0)),
            _pace(health),
            tuple(max(0, int(n)) for n in health.get("unread_tokens", ())[:MOST_PROMPTS]),
            max(1, int(health.get("max_sequences", 1))),
            tuple(_not_negative(seconds) for seconds in health.get("ends_in_s", ())[:MOST_PROMPTS]),
            max(0, int(health.get("n_kept_tokens", 0))),
            int(health.get("created", 0)),
            asked_at=asked_at,
        )

    @classmethod
    def of_replicas(cls, replicas: Sequence[tuple[str, "LocalLoad"]], asked_at: float) -> "LocalLoad":
        """The sum of several; the next request goes to the one that has the shortest wait."""
        loads = [load for _, load in replicas]
        return cls(
            sum(load.running for load in loads),
            sum(load.queued for load in loads),
            min((load.expected_wait_s for load in loads), default=0.0),
            min((load.stalled_s for load in loads), default=0.0),
            max_sequences=max(1, sum(load.max_sequences for load in loads)),
            tells_prompts=False,
            replicas=tuple(replicas),
            asked_at=asked_at,
        )

    def to_json(self) -> dict[str, Any]:
        """The figures for ``/v1/status``."""
        return {
            "running": self.running,
            "queued": self.queued,
            "expected_wait_s": self.expected_wait_s,
            "stalled_s": self.stalled_s,
            "unread_tokens": sum(self.unread_tokens) + sum(sum(load.unread_tokens) for _, load in self.replicas),
        }


def _pace(health: Any) -> Pace | None:
    reads = _not_negative(health.get("reading_tokens_per_s", 0.0))
    writes = _not_negative(health.get("writing_tokens_per_s", 0.0))
    step_s = _not_negative(health.get("reading_step_s", 0.0))
    return Pace(reads, writes, step_s) if reads and writes else None


def _not_negative(value: Any) -> float:
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError("an engine says a number that is none")
    return number
