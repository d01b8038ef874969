"""Failed logins are counted by address; the right key waits too."""

import pytest
from limits.storage import memory

from gateway.login import throttle as module
from gateway.login.errors import LoginThrottled
from gateway.login.throttle import LoginThrottle


class Clock:
    """Moves when told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(memory, "time", clock)
    monkeypatch.setattr(module, "time", clock)
    return clock


def fail(throttle: LoginThrottle, address: str, times: int) -> list[int | None]:
    done = []
    for _ in range(times):
        throttle.check(address)
        done.append(throttle.failed(address))
    return done


def test_the_sixth_in_a_minute_waits_until_the_first_is_a_minute_old(clock: Clock) -> None:
    throttle = LoginThrottle()
    fail(throttle, "192.0.2.1", 1)
    clock.now += 20
    fail(throttle, "192.0.2.1", 4)
    with pytest.raises(LoginThrottled, match="Try again in 40 seconds") as told:
        throttle.check("192.0.2.1")
    assert told.value.retry_after_s == 40
    throttle.check("192.0.2.2")
    clock.now += 40.5
    throttle.check("192.0.2.1")


def test_who_comes_back_every_minute_waits_for_the_hour(clock: Clock) -> None:
    throttle = LoginThrottle()
    for _ in range(6):
        fail(throttle, "192.0.2.1", 5)
        clock.now += 61
    with pytest.raises(LoginThrottled) as told:
        throttle.check("192.0.2.1")
    assert told.value.retry_after_s == 3600 - 6 * 61


def test_a_network_of_ipv6_is_one_source(clock: Clock) -> None:
    throttle = LoginThrottle()
    for n in range(5):
        fail(throttle, f"2001:db8::{n:x}", 1)
    with pytest.raises(LoginThrottled):
        throttle.check("2001:db8::ffff")
    throttle.check("2001:db8:0:1::1")


def test_only_so_many_are_recorded_and_the_next_entry_tells_how_many_were_not(clock: Clock) -> None:
    throttle = LoginThrottle()
    recorded = [fail(throttle, f"192.0.2.{n}", 1)[0] for n in range(70)]
    assert recorded == [0] * 60 + [None] * 10
    clock.now += 3601
    assert fail(throttle, "192.0.2.1", 2) == [10, 0]
