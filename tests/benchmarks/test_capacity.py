"""The simulation agrees with what queueing theory knows, where it is one of its queues."""

import math

import pytest

from benchmarks.capacity.engine import EngineSpeed, Job, Replica
from benchmarks.capacity.simulation import Load, at_once, most_per_s, simulate

READER = EngineSpeed(reads_per_s=1000, writes_per_s=1e9, gain=1, max_sequences=100)
"""Writes in no time: a queue before one reader."""


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_prompts_of_one_length_wait_as_pollaczek_and_khinchine_say(busy: float) -> None:
    load = Load(rate_per_s=10 * busy, n_prompt=100, n_answer=1, spread=0, kept=0)
    found = simulate(load, READER, 1, max_first_token_s=math.inf, n_requests=20_000)
    mean = sum(found.first_token_s) / len(found.first_token_s)
    assert mean == pytest.approx(0.1 + busy * 0.1 / (2 * (1 - busy)), rel=0.08)


def test_answers_are_written_together_as_fast_as_was_measured() -> None:
    speed = EngineSpeed(reads_per_s=1e9, writes_per_s=100, gain=4, max_sequences=8)
    assert at_once(speed, 1, 1, 50).took_s == pytest.approx(0.5, rel=0.02)
    assert at_once(speed, 8, 1, 50).took_s == pytest.approx(8 * 50 / 400, rel=0.02)
    assert at_once(speed, 16, 1, 50).took_s == pytest.approx(2 * 8 * 50 / 400, rel=0.02), "one batch after the other"


def test_answers_pause_while_a_prompt_is_read() -> None:
    replica = Replica(EngineSpeed(reads_per_s=100, writes_per_s=10, gain=1, max_sequences=2, gap_s=0.5))
    first, second = Job(0.0, 1, 10), Job(0.01, 200, 1)
    for job in (first, second):
        replica.add(job)
    while replica.next_at() < math.inf:
        list(replica.advance(replica.next_at()))
    assert second.first_token_at > 2.0
    assert 2.0 < first.ended_at < 4.0, "it got a token every half second meanwhile"


def test_the_time_rule_keeps_its_promise() -> None:
    load = Load(rate_per_s=30, n_prompt=100, n_answer=1, spread=0, kept=0)
    found = simulate(load, READER, 1, max_first_token_s=0.5, n_requests=5000)
    assert found.first_token_s[-1] <= 0.5 + 1e-6
    assert found.overflow == pytest.approx(2 / 3, abs=0.05), "it can read ten of thirty"


def test_the_most_that_is_in_time_is_less_than_all_that_can_be_done() -> None:
    found = most_per_s(lambda rate: Load(rate, 100, 1, spread=0, kept=0), READER, 1, limit_s=0.5)
    assert 6 < found < 9.5
