"""What a replica told of its load a moment ago, as far as placement needs it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.engine.scheduling.forecast import wait_for_place_s


@dataclass(frozen=True, slots=True)
class ReplicaLoad:
    """The engine's ``/health`` in numbers.

    Attributes
    ----------
    n_in_hand : int
        Answers in progress, and those that wait.
    n_unread : int
        Tokens of their prompts that are still to be read.
    reads_per_s : float
        Tokens of prompts a second; 0 until it is known.
    place_s : float
        Seconds until one of its places is free.
    stalled_s : float
        For how long it has made no progress; 0 while it does.
    room_tokens : int
        Tokens that it keeps for prompts with the same beginning.
    created : int
        When its process was started: another one has kept nothing.
    """

    n_in_hand: int
    n_unread: int
    reads_per_s: float
    place_s: float
    stalled_s: float
    room_tokens: int
    created: int

    @classmethod
    def from_health(cls, health: Mapping[str, Any]) -> "ReplicaLoad":
        """What an engine's ``/health`` says.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is not what an engine says.
        """
        return cls(
            n_in_hand=int(health["running"]) + int(health["queued"]),
            n_unread=sum(health["unread_tokens"]),
            reads_per_s=_number(health["reading_tokens_per_s"]),
            place_s=wait_for_place_s(health["ends_in_s"], int(health["max_sequences"])),
            stalled_s=_number(health["stalled_s"]),
            room_tokens=int(health["n_kept_tokens"]),
            created=int(health["created"]),
        )

    def first_token_s(self, n_unread: int, n_unread_since: int) -> float:
        """Seconds until the first token of a prompt of which `n_unread` tokens are to be read.

        `n_unread_since` are tokens of prompts that came after the load was told. `reads_per_s` must be known.
        """
        queue_s = (self.n_unread + n_unread_since) / self.reads_per_s
        return self.stalled_s + max(self.place_s, queue_s) + n_unread / self.reads_per_s


def _number(value: Any) -> float:
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError("an engine says a number that is none")
    return number
