"""The sliding minute: what is said of the future comes true, and no 60 seconds ever see much more than the limit."""

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.limits.counts import MemoryCounts
from gateway.limits.headers import LimitState, rate_headers, without_rates
from gateway.limits.window import WINDOW_S, Window

LIMIT = 20

USES = st.lists(st.tuples(st.floats(0, 100), st.integers(1, 12)), max_size=12)
"""Pauses in seconds, and how much is used after each."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def used(uses: list[tuple[float, int]]) -> tuple[Clock, MemoryCounts, Window]:
    clock = Clock()
    counts = MemoryCounts(clock)
    window = Window(0, 0, WINDOW_S)
    for pause_s, n in uses:
        clock.now += pause_s
        window = asyncio.run(counts.take("k", LIMIT, n)).window
    return clock, counts, window


@settings(max_examples=60, deadline=None)
@given(uses=USES, n=st.integers(1, LIMIT))
def test_it_is_free_when_it_says(uses: list[tuple[float, int]], n: int) -> None:
    clock, counts, window = used(uses)
    free_in_s = window.free_in_s(LIMIT, n)
    assert math.isfinite(free_in_s)
    if free_in_s > 0.002:
        clock.now += free_in_s - 0.001
        assert not asyncio.run(counts.take("k", LIMIT, n)).fits
        clock.now += 0.001
    clock.now += free_in_s if free_in_s <= 0.002 else 0
    clock.now += 0.001
    assert asyncio.run(counts.take("k", LIMIT, n)).fits


@settings(max_examples=60, deadline=None)
@given(uses=USES)
def test_as_much_is_left_as_it_says(uses: list[tuple[float, int]]) -> None:
    _, counts, window = used(uses)
    left = window.remaining(LIMIT)
    assert not asyncio.run(counts.take("k", LIMIT, left + 1)).fits
    assert left == 0 or asyncio.run(counts.take("k", LIMIT, left)).fits


def test_a_border_of_minutes_is_no_way_to_use_it_twice() -> None:
    clock, counts, _ = used([(59.0, LIMIT)])
    clock.now += 59.0
    assert asyncio.run(counts.take("k", LIMIT, 1)).fits is False
    clock.now += 2.0
    assert asyncio.run(counts.take("k", LIMIT, 2)).fits is False


@pytest.mark.parametrize(
    ("pause_s", "more", "now_used"),
    [(0.0, -8, 2), (30.0, -8, 2), (75.0, -8, 1), (0.0, 30, 40), (130.0, -8, 0)],
)
def test_what_was_guessed_is_corrected_where_it_counts(pause_s: float, more: int, now_used: int) -> None:
    clock, counts, _ = used([(0.0, 10)])
    clock.now += pause_s
    assert asyncio.run(counts.correct("k", more, pause_s)).used == now_used


def test_both_shapes_of_headers() -> None:
    states = {"requests": LimitState(10, Window(0, 4, 30.0)), "tokens": LimitState(100, Window(0, 0, 60.0))}
    assert rate_headers(states, is_anthropic=False) == {
        "x-ratelimit-limit-requests": "10",
        "x-ratelimit-remaining-requests": "6",
        "x-ratelimit-reset-requests": "1m15s",
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "100",
        "x-ratelimit-reset-tokens": "0s",
    }
    anthropic = rate_headers(states, is_anthropic=True)
    assert anthropic["anthropic-ratelimit-requests-remaining"] == "6"
    assert anthropic["anthropic-ratelimit-tokens-reset"].endswith("Z")


def test_a_provider_s_own_limits_are_not_told() -> None:
    told = {"x-ratelimit-limit-requests": "9", "anthropic-ratelimit-tokens-limit": "9", "openai-version": "1"}
    assert without_rates(told) == {"openai-version": "1"}
