"""Bounded concurrency: order, refusal, and no place ever lost."""

import asyncio
import random

import pytest

from models.remote.concurrency_limiter import Gate
from models.wire.errors import BackendBusy


async def use(gate: Gate, log: list[int], number: int, hold_s: float = 0.0) -> None:
    await gate.enter()
    log.append(number)
    await asyncio.sleep(hold_s)
    gate.leave()


def test_places_go_in_order_of_arrival() -> None:
    async def scenario() -> list[int]:
        gate, log = Gate("cloud", places=2, queue=10, max_wait_s=5), list[int]()
        await asyncio.gather(*(use(gate, log, number, 0.001) for number in range(10)))
        return log

    assert asyncio.run(scenario()) == list(range(10))


def test_a_full_queue_refuses_at_once() -> None:
    async def scenario() -> None:
        gate = Gate("cloud", places=1, queue=1, max_wait_s=5)
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        with pytest.raises(BackendBusy, match="1 requests are waiting"):
            await gate.enter()
        gate.leave()
        await waiting

    asyncio.run(scenario())


def test_a_wait_that_becomes_too_long() -> None:
    async def scenario() -> None:
        gate = Gate("cloud", places=1, queue=1, max_wait_s=0.01)
        await gate.enter()
        with pytest.raises(BackendBusy, match=r"no place within 0\.01 s"):
            await gate.enter()
        assert gate.waiting == 0
        gate.leave()
        await gate.enter()

    asyncio.run(scenario())


def test_no_place_is_lost_however_callers_leave() -> None:
    async def scenario() -> None:
        gate, chance = Gate("cloud", places=3, queue=1000, max_wait_s=0.05), random.Random(8)

        async def work() -> None:
            await gate.enter()
            try:
                await asyncio.sleep(chance.random() / 200)
            finally:
                gate.leave()

        tasks = [asyncio.create_task(work()) for _ in range(300)]
        for task in chance.sample(tasks, 100):
            await asyncio.sleep(chance.random() / 2000)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.waiting == 0
        for _ in range(3):
            await gate.enter()
        with pytest.raises(BackendBusy):
            await gate.enter()

    asyncio.run(scenario())
