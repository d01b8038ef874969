"""Requests that come at random, and the replicas that answer them."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.capacity.engine import EngineSpeed, Job, Replica


@dataclass(frozen=True, slots=True)
class Load:
    """Requests of one kind.

    Attributes
    ----------
    rate_per_s : float
        How many come in a second.
    n_prompt, n_answer : float
        Their mean tokens.
    spread : float
        The standard deviation of the logarithm of both: 0 makes all alike.
    kept : float
        The share of a prompt that is in the prefix cache.
    burst : float
        The rate of the busiest minutes over the mean; 1 for Poisson arrivals.
    """

    rate_per_s: float
    n_prompt: float
    n_answer: float
    spread: float = 0.8
    kept: float = 0.3
    burst: float = 1.0

    def job(self, dice: random.Random, moment: float) -> Job:
        """A request that comes at `moment`."""
        n_prompt, n_answer = (self._drawn(dice, mean) for mean in (self.n_prompt * (1 - self.kept), self.n_answer))
        return Job(moment, max(1.0, n_prompt), max(1.0, n_answer))

    def _drawn(self, dice: random.Random, mean: float) -> float:
        return mean * math.exp(dice.gauss(-(self.spread**2) / 2, self.spread))


@dataclass(frozen=True, slots=True)
class Result:
    """What callers saw.

    Attributes
    ----------
    first_token_s : list of float
        Of the local answers, sorted.
    overflow : float
        The share that went to the cloud, since the first token would have come too late.
    busy : float
        Requests in a replica, on average.
    took_s : float
        Until the last answer has ended.
    """

    first_token_s: list[float]
    overflow: float
    busy: float
    took_s: float

    def percentile(self, share: float) -> float:
        """The time that this share of the local answers did not exceed."""
        if not self.first_token_s:
            return math.inf
        return self.first_token_s[min(len(self.first_token_s) - 1, int(share * len(self.first_token_s)))]


def simulate(
    load: Load, speed: EngineSpeed, n_replicas: int, *, max_first_token_s: float, n_requests: int, seed: int = 1
) -> Result:
    """Let `n_requests` come; each goes to the replica on which its first token comes first, or to the cloud."""
    dice = random.Random(seed)
    replicas = [Replica(speed) for _ in range(n_replicas)]
    answered: list[Job] = []
    n_overflow, in_hand, moment = 0, 0.0, 0.0
    for number in range(n_requests):
        moment += dice.expovariate(load.rate_per_s * _burst(load, moment))
        for replica in replicas:
            _catch_up(replica, moment)
        job = load.job(dice, moment)
        best = min(replicas, key=lambda replica: (replica.expected_wait_s, replica.n_in_hand))
        if best.expected_wait_s + job.n_prompt / speed.reads_per_s > max_first_token_s:
            n_overflow += 1
            continue
        best.add(job)
        if number > n_requests // 10:  # it has warmed up
            answered.append(job)
            in_hand += sum(replica.n_in_hand for replica in replicas) / n_replicas
    for replica in replicas:
        _catch_up(replica, math.inf)
    first = sorted(job.first_token_at - job.came_at for job in answered)
    took_s = max((job.ended_at for job in answered), default=0.0)
    return Result(first, n_overflow / n_requests, in_hand / max(1, len(answered)), took_s)


def at_once(speed: EngineSpeed, n_callers: int, n_prompt: float, n_answer: float) -> Result:
    """So many callers at the same moment, as `benchmarks.engine` asks."""
    replica, jobs = Replica(speed), [Job(0.0, n_prompt, n_answer) for _ in range(n_callers)]
    for job in jobs:
        replica.add(job)
    _catch_up(replica, math.inf)
    return Result(sorted(job.first_token_at for job in jobs), 0.0, float(n_callers), max(job.ended_at for job in jobs))


def most_per_s(load: Callable[[float], Load], speed: EngineSpeed, n_replicas: int, *, limit_s: float) -> float:
    """The most requests a second of which 95 % have their first token within `limit_s`, where none goes elsewhere."""
    one = load(1.0)
    by_reading = speed.reads_per_s / (one.n_prompt * (1 - one.kept))
    low, high = 0.0, n_replicas * min(by_reading, speed.gain * speed.writes_per_s / one.n_answer)
    for _ in range(9):
        rate = (low + high) / 2
        result = simulate(load(rate), speed, n_replicas, max_first_token_s=math.inf, n_requests=4000)
        low, high = (rate, high) if result.percentile(0.95) <= limit_s else (low, rate)
    return low


def _catch_up(replica: Replica, moment: float) -> None:
    while (next_at := replica.next_at()) <= moment and next_at < math.inf:
        for _ in replica.advance(next_at):
            pass
    if moment < math.inf:
        for _ in replica.advance(moment):
            pass


def _burst(load: Load, moment: float) -> float:
    """Waves of ten minutes around the mean."""
    return 1 + (load.burst - 1) * math.sin(2 * math.pi * moment / 600)
