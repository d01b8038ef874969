"""How a running rate weighs what was measured."""

import pytest

from models.usage.running_rate import IDLE_HALF_LIFE_S, RunningRate


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_known_before_the_first_measure() -> None:
    rate = RunningRate(100)
    assert rate.value == 0
    rate.observe(50, 2)
    assert rate.value == pytest.approx(25)


def test_large_measures_weigh_more_than_small_ones() -> None:
    rate = RunningRate(1e9)
    rate.observe(1000, 10)
    rate.observe(10, 0.2)  # half as fast
    assert 99 < rate.value < 100


def test_later_measures_weigh_more() -> None:
    rate = RunningRate(100, start=10, start_tokens=10)
    for _ in range(10):
        rate.observe(100, 2)
    assert rate.value == pytest.approx(50, rel=0.1)


def test_a_change_is_followed_in_both_directions() -> None:
    rate = RunningRate(500, start=100, start_tokens=10)
    for seconds in (10.0, 1.0):
        for _ in range(30):
            rate.observe(100, seconds)
        assert rate.value == pytest.approx(100 / seconds, rel=0.1)


def test_one_hanging_step_is_no_new_speed() -> None:
    rate = RunningRate(2000, start=100, start_tokens=64)
    for _ in range(20):
        rate.observe(100, 1)
    rate.observe(100, 3600)
    assert rate.value > 75


def test_what_is_not_measured_for_long_is_forgotten() -> None:
    clock = Clock()
    rate = RunningRate(2000, start=100, start_tokens=64, clock=clock)
    for _ in range(50):
        rate.observe(100, 10)
    assert rate.value < 15
    clock.now += 10 * IDLE_HALF_LIFE_S
    assert rate.value > 90


@pytest.mark.parametrize(("n_tokens", "units"), [(0, 1), (1, 0), (-1, 1), (1, -1)])
def test_what_cannot_be_is_ignored(n_tokens: float, units: float) -> None:
    rate = RunningRate(100, start=7, start_tokens=10)
    rate.observe(n_tokens, units)
    assert rate.value == pytest.approx(7)
