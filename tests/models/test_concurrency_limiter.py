"""The concurrency limiter: order of arrival, refusals, and no place is ever lost."""

import asyncio
import random

import pytest

from models.remote.concurrency_limiter import ConcurrencyLimiter
from models.wire.errors import BackendBusy


async def use(limiter: ConcurrencyLimiter, log: list[int], number: int, hold_s: float = 0.0) -> None:
    await limiter.acquire()
    log.append(number)
    await asyncio.sleep(hold_s)
    limiter.release()


def test_places_go_in_order_of_arrival() -> None:
    async def scenario() -> list[int]:
        limiter, log = ConcurrencyLimiter("cloud", max_concurrent=2, max_queue=10, max_wait_s=5), list[int]()
        await asyncio.gather(*(use(limiter, log, number, 0.001) for number in range(10)))
        return log

    assert asyncio.run(scenario()) == list(range(10))


def test_what_runs_is_counted() -> None:
    async def scenario() -> list[int]:
        limiter, counts = ConcurrencyLimiter("cloud", max_concurrent=2, max_queue=10, max_wait_s=5), list[int]()
        running = [asyncio.create_task(use(limiter, [], number, 0.001)) for number in range(3)]
        counts.append(limiter.n_running)
        await asyncio.sleep(0)
        counts.append(limiter.n_running)
        await asyncio.gather(*running)
        return [*counts, limiter.n_running]

    assert asyncio.run(scenario()) == [0, 2, 0]


def test_a_full_queue_refuses_at_once() -> None:
    async def scenario() -> None:
        limiter = ConcurrencyLimiter("cloud", max_concurrent=1, max_queue=1, max_wait_s=5)
        await limiter.acquire()
        waiting = asyncio.create_task(limiter.acquire())
        await asyncio.sleep(0)
        with pytest.raises(BackendBusy, match="1 requests are waiting"):
            await limiter.acquire()
        limiter.release()
        await waiting

    asyncio.run(scenario())


def test_a_wait_that_takes_too_long_is_refused() -> None:
    async def scenario() -> None:
        limiter = ConcurrencyLimiter("cloud", max_concurrent=1, max_queue=1, max_wait_s=0.01)
        await limiter.acquire()
        with pytest.raises(BackendBusy, match=r"no place within 0\.01 s"):
            await limiter.acquire()
        assert limiter.n_waiting == 0
        limiter.release()
        await limiter.acquire()

    asyncio.run(scenario())


def test_no_place_is_lost_however_callers_leave() -> None:
    async def scenario() -> None:
        limiter, chance = (
            ConcurrencyLimiter("cloud", max_concurrent=3, max_queue=1000, max_wait_s=0.05),
            random.Random(8),
        )

        async def work() -> None:
            await limiter.acquire()
            try:
                await asyncio.sleep(chance.random() / 200)
            finally:
                limiter.release()

        tasks = [asyncio.create_task(work()) for _ in range(300)]
        for task in chance.sample(tasks, 100):
            await asyncio.sleep(chance.random() / 2000)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert limiter.n_waiting == 0
        for _ in range(3):
            await limiter.acquire()
        with pytest.raises(BackendBusy):
            await limiter.acquire()

    asyncio.run(scenario())
