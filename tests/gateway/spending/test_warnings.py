"""A budget that is nearly spent is told once, however many processes see it."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from gateway.ledger import Ledger
from gateway.spending import warnings
from gateway.spending.budget import Budget
from models.redaction.secrets import mask
from tests.gateway.spending.books import row, running_ledger
from tests.gateway.spending.test_accounts import budget_over
from tests.live import wait_for


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


def told_by(budget: Budget, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the budget's state now."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, "gateway.spending.warnings"):
        budget.refresh()
    return [record.message.partition(" of all")[0] for record in caplog.records if "spent, until" in record.message]


def spend(ledger: Ledger, id: str, usd: float) -> None:
    ledger.record(row(id, round(usd * 1_000_000_000)))


def test_each_level_is_told_once_by_all_processes_together(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    one, other = budget_over(ledger, usd_per_day=1), budget_over(ledger, usd_per_day=1)
    spend(ledger, "a", 0.79)
    assert told_by(one, caplog) == []
    spend(ledger, "b", 0.02)
    assert told_by(one, caplog) == ["80% of budget.usd_per_day (1 USD)"]
    assert told_by(other, caplog) == told_by(one, caplog) == []
    spend(ledger, "c", 0.2)
    assert told_by(other, caplog) == ["100% of budget.usd_per_day (1 USD)"]
    assert told_by(one, caplog) == []


def test_what_is_spent_at_once_is_told_once(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    budget = budget_over(ledger, usd_per_day=1)
    spend(ledger, "a", 3)
    assert told_by(budget, caplog) == ["100% of budget.usd_per_day (1 USD)"]
    assert told_by(budget, caplog) == []


@contextmanager
def webhook(*statuses: int) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """A server that answers with `statuses`, one after the other: its URL, and what it was told at which path."""
    told: list[tuple[str, dict[str, Any]]] = []
    left = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.append((self.path, json.loads(body)))
            self.send_response(next(left))
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_webhook_is_told_until_it_answers(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "PAUSES_S", (0.01, 0.01, 0.01))
    with webhook(500, 302, 204) as (url, told):
        address = f"{url}/hooks/T0P53CR3TPATH?channel=money"
        budget = budget_over(ledger, usd_per_day=1, webhook_url=address)
        spend(ledger, "a", 0.9)

        async def run() -> None:
            await budget.first_refresh()
            telling = asyncio.create_task(budget.warnings.run())
            await asyncio.to_thread(wait_for, lambda: len(told) == 3)
            telling.cancel()

        asyncio.run(run())
    assert {path for path, _ in told} == {"/hooks/T0P53CR3TPATH?channel=money"}
    assert (
        told[0][1]
        == told[2][1]
        == {
            "event": "budget",
            "account": "all",
            "period": "day",
            "percent": 80,
            "limit_usd": "1",
            "spent_usd": "0.9",
            "begins": "2026-03-31T00:00:00+00:00",
            "until": "2026-04-01T00:00:00+00:00",
        }
    )
    assert "T0P53CR3TPATH" not in caplog.text
    assert "T0P53CR3TPATH" not in mask(f"cannot reach {address}")


def test_nobody_is_told_without_an_address(ledger: Ledger) -> None:
    budget = budget_over(ledger, usd_per_day=1)
    spend(ledger, "a", 0.9)
    asyncio.run(budget.first_refresh())
    assert budget.warnings.pending == 0
