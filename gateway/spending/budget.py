"""What may be spent on the cloud, and what has been: the ledger's sums, and this process's own rows since it looked.

Days and months are UTC's. The ledger is the truth, so that workers, gateways with one ledger, and restarts count the
same money. What others have spent is seen `REFRESH_S` later, and what a request in hand will cost when it has ended:
by so much a budget may be exceeded. Where it is not known what was spent, or cannot be known what a request will cost,
nothing more is spent, unless `budget.fail_open` says otherwise.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.config.sections import BudgetSettings
from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.ledger.rollup import Fact, read_facts, total
from gateway.ledger.units import epoch_ms
from gateway.spending.pricing import Pricer
from gateway.spending.unmetered import tier_of, uncounted
from models.usage.pricing import NUSD_PER_USD, to_usd
from models.wire.chat import ChatRequest
from router.decision import Route

logger = logging.getLogger(__name__)

REFRESH_S = 5.0

STALE_S = 3 * REFRESH_S
"""After so long without a look at the ledger, what was spent is not known any more."""

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
    ledger : Ledger
        Looked at every few seconds.
    pricer : Pricer
        Says what a row costs, before the ledger's thread has put the price on it.
    now : callable, optional
        The time, in UTC.
    monotonic : callable, optional
        Seconds that only grow.
    """

    def __init__(
        self,
        settings: BudgetSettings,
        ledger: Ledger,
        pricer: Pricer,
        now: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._pricer = pricer
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()  # rows end in the event loop, the ledger is looked at in a thread
        self._unseen: dict[str, int] = {}
        self._stored: set[str] = set()
        self._unseen_nusd = 0
        self._looked_at: float | None = None
        self._unpriced: set[str] = set()
        self._accounts: list[Account] = []
        self.configure(settings)
        ledger.when_committed(self._committed)

    def configure(self, settings: BudgetSettings) -> None:
        """Keep to these limits from here on."""
        known = {account.period: account for account in self._accounts}
        limits = ((DAY, settings.usd_per_day), (MONTH, settings.usd_per_month))
        new = {
            period: Account(period, int(usd * NUSD_PER_USD), period.ends(self._now()))
            for period, usd in limits
            if usd is not None
        }
        if not new.keys() <= known.keys():  # a limit that was not there before: the ledger was not asked for its sum
            self._looked_at = None
        self._fail_open = settings.fail_open
        self._unpriced.clear()  # prices may have come too
        self._accounts = [
            replace(known.get(period, account), limit_nusd=account.limit_nusd) for period, account in new.items()
        ]

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._accounts)

    def spent(self) -> str | None:
        """Why nothing more may be spent, in words; None while there is money left, or no limit."""
        for account in self._accounts:
            if self._spent_nusd(account) >= account.limit_nusd:
                return (
                    f"budget.{account.period.name} ({_text(account.limit_nusd)} USD) is spent "
                    f"until {account.period.ends(self._now()):%Y-%m-%d %H:%M} UTC"
                )
        if self._accounts and not self._fail_open and self.trouble is not None:
            return f"{self.trouble}, and budget.fail_open is false"
        return None

    def obstacle(self, request: ChatRequest, models: Sequence[str]) -> str | None:
        """Why none of the cloud's `models` may be paid for `request`, in words; None where one may be."""
        if not self._accounts:
            return None
        return self.spent() or self._uncountable(request) or self.unpriced(models, tier_of(request))

    def unpriced(self, models: Sequence[str], service_tier: str | None = None) -> str | None:
        """That none of `models` has a price, in words; None where one has, or none is needed."""
        if any(self.may_pay(model, service_tier) for model in models):
            return None
        of_tier = f" in the service tier '{service_tier}'" if service_tier else ""
        return (
            f"no price is known for {' or '.join(models)}{of_tier}, so the budget could not hold; set [prices.MODEL], "
            "or budget.fail_open = true"
        )

    def may_pay(self, model: str, service_tier: str | None = None) -> bool:
        """Whether what an answer of `model` costs can be counted, or need not be."""
        if not self._accounts or self._fail_open:
            return True
        return model not in self._unpriced and self._pricer.knows(model, service_tier)

    def _uncountable(self, request: ChatRequest) -> str | None:
        what = None if self._fail_open else uncounted(request)
        return None if what is None else f"{what}, so the budget could not hold; budget.fail_open = true allows it"

    @property
    def trouble(self) -> str | None:
        """Why it is not known what was spent, in words; None where it is, or no limit is set."""
        if not self._accounts:
            return None
        if self._ledger.trouble is not None:
            return "what was spent is not known while the ledger takes no rows"
        if self._looked_at is None or self._monotonic() - self._looked_at > STALE_S:
            return "what was spent is not known while the ledger cannot be read"
        return None

    def closed(self, row: LedgerRow) -> None:
        """Count a row of this process, which the ledger has already been given."""
        if not self._accounts or row.route != Route.CLOUD:  # what local tokens cost is another purse
            return
        cost_nusd = self._pricer.cost_nusd(row)
        if cost_nusd is None:
            self._ask_no_more(row)
            return
        with self._lock:
            self._unseen_nusd += cost_nusd - self._unseen.get(row.id, 0)
            self._unseen[row.id] = cost_nusd

    def _committed(self, row: LedgerRow) -> None:
        """The ledger has a row. Called in its thread."""
        with self._lock:
            if row.id in self._unseen:
                self._stored.add(row.id)

    def _ask_no_more(self, row: LedgerRow) -> None:
        """An answer came without a price after all, in another service tier say: it shall be the last of its model."""
        model = row.asked_model or row.served_model
        if model not in self._unpriced:
            self._unpriced.add(model)
            logger.warning(
                "an answer of %s has no price, and the budget does not count it: set [prices.MODEL]; unless "
                "budget.fail_open is set, that model is not asked again",
                model,
            )

    def look(self) -> None:
        """Take over the ledger's sums.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or does not have all rows.
        """
        now, accounts = self._now(), self._accounts
        with self._lock:
            given = set(self._unseen)
        with self._ledger.read_settled() as connection:
            # In the sums is what had been given to the ledger before, and what has been stored since; nothing else is,
            # so that no row is counted twice or not at all.
            with self._lock:
                seen = given | self._stored
            sums = [_cloud_nusd(read_facts(connection, epoch_ms(it.period.begins(now)))) for it in accounts]
        for account, spent_nusd in zip(accounts, sums, strict=True):
            account.spent_nusd, account.ends = spent_nusd, account.period.ends(now)
        with self._lock:
            self._unseen_nusd -= sum(self._unseen.pop(id) for id in seen)
            self._stored -= seen
        if accounts is self._accounts:  # else limits have come that were not looked up
            self._looked_at = self._monotonic()

    async def first_look(self) -> None:
        """Know what was spent before the first request comes, if the ledger can tell."""
        if self._accounts:
            await self._try_to_look()

    async def keep_fresh(self) -> None:
        """Look again and again, for as long as the gateway serves."""
        while True:
            await asyncio.sleep(REFRESH_S)
            if self._accounts:
                await self._try_to_look()

    async def _try_to_look(self) -> None:
        before = self.trouble
        looking = asyncio.ensure_future(asyncio.to_thread(self.look))
        try:
            await asyncio.shield(looking)
        except asyncio.CancelledError:
            await asyncio.gather(looking, return_exceptions=True)  # the ledger is about to be closed
            raise
        except LedgerUnavailable as exc:
            logger.warning("budget: what was spent is not known now: %s", exc)
        else:
            if before is not None:
                logger.info("budget: what was spent is known")

    def used(self) -> float:
        """The share that is spent, of whichever limit is nearest to it; 0 where there is none."""
        return max((_share(self._spent_nusd(account), account.limit_nusd) for account in self._accounts), default=0.0)

    def to_json(self) -> list[dict[str, Any]]:
        """Each limit, with money as exact decimal strings; `trouble` says why the sums may be out of date."""
        return [
            {
                "setting": f"budget.{account.period.name}",
                "limit_usd": _text(account.limit_nusd),
                "spent_usd": _text(self._spent_nusd(account)),
                "until": account.period.ends(self._now()).isoformat(),
                "trouble": self.trouble,
            }
            for account in self._accounts
        ]

    def _spent_nusd(self, account: Account) -> int:
        """A period that has ended without a look since began the next one with nothing but what is unseen."""
        seen_nusd = account.spent_nusd if self._now() < account.ends else 0
        return seen_nusd + self._unseen_nusd


def _cloud_nusd(facts: Iterable[Fact]) -> int:
    return total((fact for fact in facts if fact.route == Route.CLOUD), "paid_nusd")


def _share(spent_nusd: int, limit_nusd: int) -> float:
    return spent_nusd / limit_nusd if limit_nusd else 1.0


def _text(nusd: int) -> str:
    return f"{Decimal(to_usd(nusd)).normalize():f}"
