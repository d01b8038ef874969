"""No background task dies unseen: it is started again, counted, and the gateway is not ready meanwhile."""

import asyncio
import threading

import pytest

from gateway.background import Background
from tests.conftest import MakeGateway
from tests.live import wait_for
from tests.provider import Provider


async def fails_twice(calls: list[int]) -> None:
    calls.append(1)
    if len(calls) <= 2:
        raise ZeroDivisionError
    await asyncio.sleep(60)


def test_a_task_that_fails_is_started_again_and_trusted_once_it_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.background.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("gateway.background.SETTLED_S", 0.2)
    calls: list[int] = []
    failures: list[str] = []

    async def run() -> None:
        background = Background(failures.append)
        background.keep("work", lambda: fails_twice(calls))
        await asyncio.sleep(0.1)
        assert (len(calls), failures, background.down) == (3, ["work", "work"], ["work"])
        await asyncio.sleep(0.3)
        assert background.down == []
        await background.stop()

    asyncio.run(run())


def test_a_gateway_can_do_without_what_is_not_vital(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.background.FIRST_PAUSE_S", 0.01)
    calls: list[int] = []
    failures: list[str] = []

    async def run() -> None:
        background = Background(failures.append)
        background.keep("work", lambda: fails_twice(calls), is_vital=False)
        await asyncio.sleep(0.1)
        assert (len(calls), failures, background.down) == (3, ["work", "work"], [])
        await background.stop()

    asyncio.run(run())


def test_a_task_that_ends_is_done() -> None:
    async def run() -> None:
        background = Background()
        background.keep("work", lambda: asyncio.sleep(0))
        await asyncio.sleep(0.05)
        assert background.down == []
        await background.stop()

    asyncio.run(run())


def test_a_thread_that_ends_is_down() -> None:
    thread = threading.Thread(target=lambda: None)
    background = Background()
    background.watch("thread", lambda: thread.ident is None or thread.is_alive())
    assert background.down == []
    thread.start()
    thread.join()
    assert background.down == ["thread"]


@pytest.mark.slow
def test_a_gateway_is_not_ready_while_a_task_fails(
    make_gateway: MakeGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = True

    async def keep_fresh(_self: object) -> None:
        if fails:
            raise ZeroDivisionError
        await asyncio.sleep(60)

    monkeypatch.setattr("gateway.background.LONGEST_PAUSE_S", 0.1)
    monkeypatch.setattr("gateway.background.SETTLED_S", 0.2)
    monkeypatch.setattr("gateway.spending.budget.Budget.keep_fresh", keep_fresh)
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url})
    wait_for(lambda: gateway.get("/health/ready").status_code == 503)
    assert gateway.get("/health/ready").json()["failing"] == ["budget"]
    assert gateway.get("/health/live").status_code == 200
    assert 'slimgate_background_failures_total{task="budget"}' in gateway.get("/metrics").text
    fails = False
    wait_for(lambda: gateway.get("/health/ready").status_code == 200)
