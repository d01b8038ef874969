"""Which replica answers a prompt: the one whose first token would come first, with the prefixes that it has kept."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

from models.ray_serve.kept_blocks import USUAL_ROOM_TOKENS, KeptBlocks, from_told
from models.ray_serve.outline import Outline
from models.ray_serve.replica_load import ReplicaLoad

logger = logging.getLogger(__name__)

STALE_S = 5.0
"""A replica of which nothing was heard for so long does not count as one that can be reached."""

NEAR_S = 0.1
"""Replicas whose first token comes so close to the earliest are equal: the one with the least in hand takes it."""

CHOSEN_S = 1.0
"""For so long a choice counts as made, until Ray says that the replica has taken the request."""

HEAD_START = 2
"""Answers that a replica with the prefix may have in hand more than others that are about as soon."""


@dataclass(frozen=True, slots=True)
class _Routed:
    n_unread: int
    at: float
    is_taken: bool


@dataclass(slots=True)
class _Replica:
    """One replica as it is known here: what it told, and what was routed to it."""

    number: int = -1
    told_at: float = float("-inf")
    health: Mapping[str, Any] | None = None
    model: Mapping[str, Any] | None = None
    load: ReplicaLoad | None = None
    kept: KeptBlocks = field(default_factory=KeptBlocks)
    in_hand: dict[str, _Routed] = field(default_factory=dict)
    n_ended_since: int = 0

    def since(self) -> list[_Routed]:
        """What was routed to it after it told its load, and is still in hand."""
        return [routed for routed in self.in_hand.values() if routed.at > self.told_at]

    @property
    def n_in_hand(self) -> int:
        told = 0 if self.load is None else max(0, self.load.n_in_hand - self.n_ended_since)
        return max(len(self.in_hand), told + len(self.since()))


class Placement:
    """What one ingress knows of all replicas. Its methods may be called from any thread.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._replicas: dict[str, _Replica] = {}

    def learn(self, stats: Mapping[str, Mapping[str, Any]]) -> None:
        """Take note of what each replica tells, by its id; those that are not in it are gone."""
        with self._lock:
            self._replicas = {name: self._replicas.get(name) or _Replica() for name in stats}
            for name, told in stats.items():
                if told and told.get("number") != self._replicas[name].number:
                    self._take(self._replicas[name], told)

    def _take(self, replica: _Replica, told: Mapping[str, Any]) -> None:
        replica.number, replica.health, replica.model = told["number"], told["health"], told["model"]
        try:
            load = None if replica.health is None else ReplicaLoad.from_health(replica.health)
        except (KeyError, TypeError, ValueError):
            logger.exception("what a replica tells of its load cannot be read")
            load = None
        if load is None:  # its engine is being started anew, or does not answer
            replica.told_at = float("-inf")
            return
        if replica.load is not None and replica.load.created != load.created:
            replica.kept.forget()
        replica.load, replica.told_at, replica.n_ended_since = load, self._clock(), 0
        replica.kept.keep(from_told(told["kept"])[::-1], load.room_tokens)

    def choose(self, names: Iterable[str], request_id: str, outline: Outline, avoid: frozenset[str]) -> list[str]:
        """As `ranked`; the first counts as chosen, so that others that come in the same moment see it."""
        with self._lock:
            names = list(names)
            self._drop_choices(names, request_id)
            order = self._ranked(names, outline, avoid)
            if order:
                self._note(order[0], request_id, outline, is_taken=False)
            return order

    def _drop_choices(self, names: Iterable[str], request_id: str) -> None:
        """Forget what was chosen for a request before, and choices of which nothing came."""
        latest = self._clock() - CHOSEN_S
        for name in names:
            in_hand = self._replicas[name].in_hand if name in self._replicas else {}
            for key in [
                key for key, one in in_hand.items() if not one.is_taken and (key == request_id or one.at < latest)
            ]:
                del in_hand[key]

    def ranked(self, names: Iterable[str], outline: Outline, avoid: frozenset[str] = frozenset()) -> list[str]:
        """The replicas `names`, the one that should answer first; those to `avoid`, and silent ones, come last."""
        with self._lock:
            return self._ranked(names, outline, avoid)

    def _ranked(self, names: Iterable[str], outline: Outline, avoid: frozenset[str]) -> list[str]:
        known = {name: self._replicas.get(name) or _Replica() for name in names}
        n_known = {name: replica.kept.n_known(outline.blocks) for name, replica in known.items()}
        order = self._by_speed(known, outline, n_known) or self._by_prefix(known, n_known)
        return sorted(order, key=lambda name: (name in avoid, self._is_silent(known[name])))

    def _by_speed(self, known: Mapping[str, _Replica], outline: Outline, n_known: Mapping[str, int]) -> list[str]:
        """By the time until the first token; empty where the speed of a replica that can be reached is not known."""
        first_token_s: dict[str, float] = {}
        for name, replica in known.items():
            if self._is_silent(replica):
                continue
            if replica.load is None or not replica.load.reads_per_s:
                return []
            n_since = sum(routed.n_unread for routed in replica.since())
            first_token_s[name] = replica.load.first_token_s(outline.n_unread(n_known[name]), n_since)
        if not first_token_s:
            return []
        longest = max(n_known.values())
        near_s = min(first_token_s.values()) + NEAR_S

        def place(name: str) -> tuple[float, float, float]:
            seconds = first_token_s.get(name, float("inf"))
            in_hand = known[name].n_in_hand - HEAD_START * (0 < n_known[name] == longest)
            return (0.0, in_hand, seconds) if seconds <= near_s else (1.0, seconds, 0.0)

        return sorted(known, key=place)

    @staticmethod
    def _by_prefix(known: Mapping[str, _Replica], n_known: Mapping[str, int]) -> list[str]:
        """Those with the longest prefix have a head start before the one with the least in hand."""
        longest = max(n_known.values(), default=0)

        def place(name: str) -> tuple[int, int]:
            has_it = longest > 0 and n_known[name] == longest
            return known[name].n_in_hand - HEAD_START * has_it, -n_known[name]

        return sorted(known, key=place)

    def routed(self, name: str, request_id: str, outline: Outline) -> None:
        """The replica `name` has taken the request."""
        with self._lock:
            self._drop_choices(list(self._replicas), request_id)
            self._note(name, request_id, outline, is_taken=True)
            replica = self._replicas[name]
            room = USUAL_ROOM_TOKENS if replica.load is None else replica.load.room_tokens
            replica.kept.keep(outline.blocks, room)

    def _note(self, name: str, request_id: str, outline: Outline, *, is_taken: bool) -> None:
        replica = self._replicas.setdefault(name, _Replica())
        n_unread = outline.n_unread(replica.kept.n_known(outline.blocks))
        replica.in_hand[request_id] = _Routed(n_unread, self._clock(), is_taken)

    def ended(self, name: str, request_id: str) -> None:
        """Its answer has ended, one way or another."""
        with self._lock:
            replica = self._replicas.get(name)
            routed = None if replica is None else replica.in_hand.pop(request_id, None)
            if replica is not None and routed is not None and routed.at <= replica.told_at:
                replica.n_ended_since += 1

    def health(self) -> list[dict[str, Any]]:
        """What each replica that was heard of lately says of its load, with its ``id``."""
        with self._lock:
            return [
                {"id": name, **replica.health}
                for name, replica in self._replicas.items()
                if replica.health is not None and not self._is_silent(replica)
            ]

    def models(self) -> list[Mapping[str, Any]]:
        """The entry of each replica's list of models."""
        with self._lock:
            return [replica.model for replica in self._replicas.values() if replica.model is not None]

    def _is_silent(self, replica: _Replica) -> bool:
        return self._clock() - replica.told_at > STALE_S


_placements: dict[str, Placement] = {}
_lock = Lock()


def placement_of(deployment: str) -> Placement:
    """What this process knows of the replicas of a deployment: its request router and its ingress share it."""
    with _lock:
        return _placements.setdefault(deployment, Placement())
