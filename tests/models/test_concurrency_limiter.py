"""The concurrency limiter: fair shares, order of arrival, refusals, and no place is ever lost."""

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


async def queued(limiter: ConcurrencyLimiter, granted: list[str], owners: str) -> list[asyncio.Task[None]]:
    """A task for each letter, which is its owner; each writes down when it has its place, and keeps it."""

    async def wait(owner: str) -> None:
        await limiter.acquire(owner)
        granted.append(owner)

    tasks = [asyncio.create_task(wait(owner)) for owner in owners]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def give_back(limiter: ConcurrencyLimiter, owners: str) -> None:
    for owner in owners:
        limiter.release(owner)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("places", "asked", "given_back", "granted"),
    [
        (2, "a" * 50 + "b", "a", "aab"),  # one does not wait for the 50 of another
        (3, "aaaa" + "bb", "aaa", "aaabba"),  # owners with as many take turns
        (2, "aabbc", "aa", "aabc"),  # one after the other
        (1, "aaabbc", "abcab", "abcaba"),  # with a single place too
        (4, "aaaaaa", "aa", "aaaaaa"),  # alone, all places
    ],
)
def test_a_free_place_goes_to_whoever_has_the_fewest(places: int, asked: str, given_back: str, granted: str) -> None:
    async def scenario() -> str:
        limiter, order = ConcurrencyLimiter("cloud", places, max_queue=100, max_wait_s=5), list[str]()
        tasks = await queued(limiter, order, asked)
        await give_back(limiter, given_back)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert limiter.n_waiting == 0
        return "".join(order)

    assert asyncio.run(scenario()) == granted


def test_who_fills_the_queue_makes_room_for_others() -> None:
    async def scenario() -> None:
        limiter, order = ConcurrencyLimiter("cloud", 1, max_queue=4, max_wait_s=5), list[str]()
        tasks = await queued(limiter, order, "aaaaa" + "bb" + "ba")
        refused = [number for number, task in enumerate(tasks) if task.done() and task.exception()]
        assert refused == [3, 4, 7, 8]  # the newest of a for two of b; then each has two, and both are refused
        with pytest.raises(BackendBusy, match="4 requests are waiting"):
            await tasks[4]
        await give_back(limiter, "abab")
        assert order == ["a", "b", "a", "b", "a"]

    asyncio.run(scenario())


def test_no_place_is_lost_however_callers_leave() -> None:
    async def scenario() -> None:
        limiter, chance = (
            ConcurrencyLimiter("cloud", max_concurrent=3, max_queue=1000, max_wait_s=0.05),
            random.Random(8),
        )

        async def work() -> None:
            owner = chance.choice("abc")
            await limiter.acquire(owner)
            try:
                await asyncio.sleep(chance.random() / 200)
            finally:
                limiter.release(owner)

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
