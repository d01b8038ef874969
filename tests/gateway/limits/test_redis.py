"""Limits counted in a real Redis: by all processes together, free again after a crash, and kept while it is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.limits import redis
from gateway.limits.counts import MemoryCounts
from gateway.limits.redis import RedisCounts, RedisLink, RedisPlaces


def in_redis(url: str, scenario: Callable[[RedisLink], Awaitable[None]]) -> None:
    """Run a scenario on an empty Redis."""

    async def run() -> None:
        link = RedisLink(url)
        await link.client.flushall()
        try:
            await scenario(link)
        finally:
            await link.client.aclose()

    asyncio.run(run())


def test_it_counts_as_memory_does(redis_url: str) -> None:
    async def scenario(link: RedisLink) -> None:
        memory, counts = MemoryCounts(), RedisCounts(link, share=1)
        for n in (3, 8, 7, 1, 11):
            in_memory, counted = await memory.take("k", 10, n), await counts.take("k", 10, n)
            assert counted.fits == in_memory.fits
            assert counted.window.used == in_memory.window.used
            assert counted.window.left_s == pytest.approx(in_memory.window.left_s, abs=1)
        assert (await counts.correct("k", -4, 0.0)).used == 6
        assert (await counts.correct("k", 50, 0.0)).used == 56  # what was used is counted, whatever the limit

    in_redis(redis_url, scenario)


def test_what_was_guessed_is_corrected_where_it_counts(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "WINDOW_S", 1.0)
    monkeypatch.setattr("gateway.limits.window.WINDOW_S", 1.0)

    async def scenario(link: RedisLink) -> None:
        counts = RedisCounts(link, share=1)
        await counts.take("k", 1000, 1000)
        await asyncio.sleep(1.1)
        window = await counts.correct("k", -900, 1.1)
        assert (window.before, window.now) == (100, 0)

    in_redis(redis_url, scenario)


def test_all_processes_share_a_limit(redis_url: str) -> None:
    async def scenario(link: RedisLink) -> None:
        other = RedisLink(redis_url)
        both = [RedisCounts(link, share=2), RedisCounts(other, share=2)]
        fits = [(await both[number % 2].take("k", 3, 1)).fits for number in range(4)]
        assert fits == [True, True, True, False]
        places = [RedisPlaces(link, share=2), RedisPlaces(other, share=2)]
        first, second = await places[0].take("k", 2), await places[1].take("k", 2)
        assert first is not None
        assert second is not None
        assert await places[0].take("k", 2) is None
        await places[1].give_back("k", second)
        assert await places[0].take("k", 2) is not None
        await other.client.aclose()

    in_redis(redis_url, scenario)


def test_the_places_of_a_process_that_died_are_free_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "LEASE_S", 0.3)

    async def scenario(link: RedisLink) -> None:
        died, lives = RedisPlaces(link, share=1), RedisPlaces(link, share=1)
        assert await died.take("a", 1)
        assert await lives.take("b", 1)
        for _ in range(4):
            await asyncio.sleep(0.1)
            await lives.renew()
        assert await lives.take("a", 1)
        assert await died.take("b", 1) is None

    in_redis(redis_url, scenario)


def test_while_redis_is_away_each_process_keeps_its_part(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        link = RedisLink(f"redis+unix://{tmp_path}/nobody.sock")
        counts, places = RedisCounts(link, share=2), RedisPlaces(link, share=2)
        assert [(await counts.take("k", 3, 1)).fits for _ in range(3)] == [True, True, False]
        place = await places.take("k", 1)
        assert place is not None
        assert await places.take("k", 1) is None
        await places.give_back("k", place)
        assert await places.take("k", 1) is not None
        assert link.unchecked == 6

    with caplog.at_level(logging.ERROR):
        asyncio.run(scenario())
    assert len([record for record in caplog.records if "each process counts by itself" in record.message]) == 1


def test_a_password_in_the_address_is_masked_in_logs() -> None:
    from models.redaction.secrets import mask

    RedisLink("redis://:hunter2-of-redis@127.0.0.1:1/0")
    assert "hunter2" not in mask("redis://:hunter2-of-redis@127.0.0.1:1/0 refused hunter2-of-redis")
