"""The circuit breaker, with a clock that the test moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.remote.circuit_breaker import CircuitBreaker, CircuitState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(clock: Clock, failures: int = 3) -> CircuitBreaker:
    breaker = CircuitBreaker(failures, rest_s=5, max_rest_s=20, clock=clock)
    for _ in range(failures):
        assert breaker.admit()
        breaker.record_failure()
    return breaker


def test_failures_in_a_row_open_it(clock: Clock) -> None:
    breaker = opened(clock)
    assert breaker.state is CircuitState.OPEN
    assert not breaker.admit()
    assert breaker.probe_in_s == 5


def test_a_success_in_between_does_not(clock: Clock) -> None:
    breaker = CircuitBreaker(3, clock=clock)
    for _ in range(10):
        breaker.record_failure()
        breaker.record_failure()
        breaker.record_success()
    assert str(breaker.state) == CircuitState.CLOSED


def test_one_probe_at_a_time_and_its_success_closes(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 5
    assert breaker.state is CircuitState.HALF_OPEN
    assert breaker.admit()
    assert not breaker.admit()
    breaker.record_success()
    assert str(breaker.state) == CircuitState.CLOSED
    assert breaker.admit()
    assert breaker.admit()


def test_failed_probes_double_the_rest_up_to_a_limit(clock: Clock) -> None:
    breaker = opened(clock)
    rests = []
    for _ in range(4):
        clock.now += breaker.probe_in_s
        assert breaker.admit()
        breaker.record_failure()
        rests.append(breaker.probe_in_s)
    assert rests == [10, 20, 20, 20]


def test_a_probe_without_result_allows_the_next_one(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 5
    assert breaker.admit()
    breaker.record_unknown()
    assert breaker.admit()


def test_a_pause_that_the_backend_asked_for(clock: Clock) -> None:
    breaker = CircuitBreaker(clock=clock, max_rest_s=60)
    breaker.rest(7)
    assert not breaker.allows
    clock.now += 7
    assert breaker.allows
    breaker.rest(86_400)
    assert breaker.probe_in_s == 60


@given(st.lists(st.sampled_from(["record_success", "record_failure", "record_unknown", "wait"]), max_size=60))
def test_it_never_stays_open_for_ever(events: list[str]) -> None:
    clock = Clock()
    breaker = CircuitBreaker(2, rest_s=1, max_rest_s=8, clock=clock)
    for event in events:
        if event == "wait":
            clock.now += 3
        elif breaker.admit():
            getattr(breaker, event)()
    clock.now += 8
    assert breaker.admit()


def test_requests_that_break_together_open_it_once(clock: Clock) -> None:
    breaker = CircuitBreaker(3, rest_s=5, max_rest_s=20, clock=clock)
    for _ in range(12):
        assert breaker.admit()
    for _ in range(12):
        breaker.record_failure()
    assert breaker.probe_in_s == 5
    clock.now += 5
    assert breaker.admit()
    breaker.record_failure()  # of the probe: this one does count
    assert breaker.probe_in_s == 10
