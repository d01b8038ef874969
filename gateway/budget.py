"""What may be spent on the cloud, and what has been: the ledger's sums, and this process's own rows since it looked.

Days and months are UTC's. The ledger is the truth, so that workers, gateways with one ledger, and restarts count the
same money. What others have spent is seen `REFRESH_S` later, and what a request in hand will cost when it has ended:
by so much a budget may be exceeded.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.ledger.facts import Fact, read_facts, total
from gateway.sections import BudgetSettings
from models.pricing import NUSD_PER_USD, to_usd
from router.decision import Route

logger = logging.getLogger(__name__)

REFRESH_S = 5.0

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month: its setting's `name`, and where the one that holds a moment begins and ends."""

    name: str
    begins: Callable[[datetime], datetime]
    ends: Callable[[datetime], datetime]


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _first(now: datetime) -> datetime:
    return _midnight(now).replace(day=1)


DAY = Period("usd_per_day", _midnight, lambda now: _midnight(now) + timedelta(days=1))
MONTH = Period("usd_per_month", _first, lambda now: _first(_first(now) + timedelta(days=31)))


@dataclass(slots=True)
class Account:
    """One limit, and what the ledger said was spent of it, in nano-dollars, in the period that `ends`."""

    period: Period
    limit_nusd: int
    ends: datetime
    spent_nusd: int = 0


class Budget:
    """Knows at any moment, without asking anybody, whether more may be spent.

    Parameters
    ----------
    now : callable, optional
        The time, in UTC.
    """

    def __init__(self, settings: BudgetSettings, now: Clock = utc_now) -> None:
        self._now = now
        self._own_nusd = 0
        self._own_at_look_nusd = 0
        self._unpriced: set[str] = set()
        self._accounts: list[Account] = []
        self.configure(settings)

    def configure(self, settings: BudgetSettings) -> None:
        """Keep to these limits from here on."""
        known = {account.period: account for account in self._accounts}
        limits = ((DAY, settings.usd_per_day), (MONTH, settings.usd_per_month))
        new = {
            period: Account(period, int(usd * NUSD_PER_USD), period.ends(self._now()))
            for period, usd in limits
            if usd is not None
        }
        self._accounts = [
            replace(known.get(period, account), limit_nusd=account.limit_nusd) for period, account in new.items()
        ]

    def spent(self) -> str | None:
        """Which limit is reached and until when, in words; None while there is money left, or no limit."""
        for account in self._accounts:
            if self._spent_nusd(account) >= account.limit_nusd and self._now() < account.ends:
                return (
                    f"budget.{account.period.name} ({_text(account.limit_nusd)} USD) is spent "
                    f"until {account.ends:%Y-%m-%d %H:%M} UTC"
                )
        return None

    def priced(self, row: LedgerRow) -> None:
        """Count a row of this process. Called in the ledger's thread, and only there."""
        if row.route == Route.CLOUD:  # what local tokens cost, where the user says so, is another purse
            self._own_nusd += row.cost_nusd or 0
        unknown = row.cost_nusd is None or row.baseline_nusd is None
        if self._accounts and unknown and row.route == Route.CLOUD and row.served_model not in self._unpriced:
            self._unpriced.add(row.served_model)
            logger.warning(
                "no price is known for %s or for the baseline model: the budget does not count it; set [prices.MODEL]",
                row.served_model,
            )

    def look(self, ledger: Ledger) -> None:
        """Take over the ledger's sums.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        now = self._now()
        accounts = self._accounts
        # Before the ledger is read: it moves this process's rows first, so that none is missing, and one that comes in
        # the meantime is counted twice until the next look.
        own_nusd = self._own_nusd
        with ledger.read() as connection:
            sums = [_cloud_nusd(read_facts(connection, _ms(it.period.begins(now)))) for it in accounts]
        for account, spent_nusd in zip(accounts, sums, strict=True):
            account.spent_nusd, account.ends = spent_nusd, account.period.ends(now)
        self._own_at_look_nusd = own_nusd

    async def keep_fresh(self, ledger: Ledger) -> None:
        """Look again and again, for as long as the gateway serves."""
        while True:
            if self._accounts:
                await self._try_to_look(ledger)
            await asyncio.sleep(REFRESH_S)

    async def _try_to_look(self, ledger: Ledger) -> None:
        looking = asyncio.ensure_future(asyncio.to_thread(self.look, ledger))
        try:
            await asyncio.shield(looking)
        except asyncio.CancelledError:
            await asyncio.wait([looking])  # the ledger is about to be closed
            raise
        except LedgerUnavailable as exc:
            logger.warning("budget: what others have spent is not known now: %s", exc)

    def used(self) -> float:
        """The share that is spent, of whichever limit is nearest to it; 0 where there is none."""
        return max((_share(self._spent_nusd(account), account.limit_nusd) for account in self._accounts), default=0.0)

    def to_json(self) -> list[dict[str, Any]]:
        """Each limit, with money as exact decimal strings."""
        return [
            {
                "setting": f"budget.{account.period.name}",
                "limit_usd": _text(account.limit_nusd),
                "spent_usd": _text(self._spent_nusd(account)),
                "until": account.ends.isoformat(),
            }
            for account in self._accounts
        ]

    def _spent_nusd(self, account: Account) -> int:
        return account.spent_nusd + self._own_nusd - self._own_at_look_nusd


def _cloud_nusd(facts: Iterable[Fact]) -> int:
    return total((fact for fact in facts if fact.route == Route.CLOUD), "cost_nusd")


def _share(spent_nusd: int, limit_nusd: int) -> float:
    return spent_nusd / limit_nusd if limit_nusd else 1.0


def _text(nusd: int) -> str:
    return f"{Decimal(to_usd(nusd)).normalize():f}"


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
