"""A ledger and rows for tests of budgets, and several processes' reservations over it, one step at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.ledger import Ledger, LedgerRow, Outcome
from gateway.ledger.accounts import add_to_accounts
from gateway.spending.accounts import Account, Limit
from gateway.spending.periods import Period
from gateway.spending.reservations import Reservations

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


@contextmanager
def running_ledger(folder: Path, url: str | None = None) -> Iterator[Ledger]:
    """A ledger over SQLite, or the database at `url`, whose tables are there."""
    ledger = Ledger(url or f"sqlite:///{folder / 'ledger.db'}", folder / "spool")
    ledger.start()
    assert ledger.flush(20)
    yield ledger
    ledger.close()


def row(id: str, cost_nusd: int | None, at: datetime = NOON, **more: Any) -> LedgerRow:
    """A finished row of the cloud."""
    return LedgerRow(
        **{
            "id": id,
            "created_ms": int(at.timestamp() * 1000),
            "endpoint": "chat.completions",
            "requested_model": "auto",
            "route": "cloud",
            "reason": "score",
            "score": 0.9,
            "threshold": 0.5,
            "stream": False,
            "served_model": "gpt-4.1",
            "outcome": Outcome.OK,
            "prompt_tokens": 1,
            "completion_tokens": 1,
            "cost_nusd": cost_nusd,
            "baseline_model": "gpt-4.1",
            "baseline_nusd": cost_nusd,
            **more,
        }
    )


@dataclass
class Clock:
    """Moved by hand."""

    now: datetime = NOON

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Process:
    """One process's view of the account of the key `key_id`, and the steps that its requests take."""

    ledger: Ledger
    clock: Clock
    key_id: str
    limit_nusd: int
    spent_nusd: int = 0
    open: dict[str, int] = field(default_factory=dict)
    booked: list[LedgerRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reservations = Reservations(self.ledger, lambda: self.clock.now, lambda: self.clock.now.timestamp())
        self.account = Account(f"key:{self.key_id}", (Limit(Period.DAY, self.limit_nusd, "limit"),))

    def reserve(self, id: str, nusd: int) -> bool:
        """Whether the request `id` may be sent."""
        reservation, suffices = self.reservations.claim(id, (self.account,), nusd)
        if not suffices:
            self.reservations.extend({id: reservation}, ZONE)
            suffices = reservation.refused is None
        if suffices:
            self.open[id] = nusd
        return suffices

    def end(self, id: str, cost_nusd: int) -> None:
        """The request is answered; its row waits for the database."""
        del self.open[id]
        self.spent_nusd += cost_nusd
        self.reservations.settle(id, (self.account,), cost_nusd)
        self.booked.append(row(id, cost_nusd, self.clock.now, key_id=self.key_id))

    def book(self) -> list[str]:
        """The database takes all rows that wait; this process is not told yet."""
        rows, self.booked = self.booked, []
        with self.ledger.write() as connection:
            add_to_accounts(connection, rows)
        return [one.id for one in rows]

    def fail(self, id: str) -> None:
        """The request costs nothing."""
        del self.open[id]
        self.reservations.release(id)

    def tidy(self) -> None:
        self.reservations.tidy([self.account])
