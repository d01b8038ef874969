"""The budget: what may be spent on the cloud, and what was spent.

What was spent is the ledger's sum, plus the rows of this process since that sum was read. Days and months are in UTC.
Workers, gateways that share a ledger, and restarts all count the same money, because the ledger decides. A budget can
be exceeded by what other processes spend within `REFRESH_S`, and by requests in progress, which count when they end. If
it is unknown what was spent, or what a request will cost, the cloud is not asked, unless `budget.fail_open` is set.
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

from gateway.config.sections.spending import BudgetSettings
from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.ledger.rollup import RollupRow, read_rollup, total
from gateway.ledger.units import epoch_ms
from gateway.spending.pricing import Pricer
from gateway.spending.unmetered import tier_of, uncounted
from models.usage.pricing import NUSD_PER_USD, to_usd
from models.wire.chat import ChatRequest
from router.decision import Route

logger = logging.getLogger(__name__)

REFRESH_S = 5.0

STALE_S = 3 * REFRESH_S
"""If the ledger's sums are older than this, what was spent counts as unknown."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time that days and months of a budget go by."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month: its setting's `name`, and when the one that contains a given moment begins and ends."""

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
    """One limit in nano-dollars, and what was spent by the ledger's sums in the period that ends at `ends`."""

    period: Period
    limit_nusd: int
    ends: datetime
    spent_nusd: int = 0


class Budget:
    """Says at any moment, without waiting for the database, whether more may be spent.

    Parameters
    ----------
    ledger : Ledger
        Read every few seconds.
    pricer : Pricer
        Prices a row before the ledger's thread does.
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
        self._lock = threading.Lock()  # rows are closed in the event loop, the ledger is read in a thread
        self._unsummed: dict[str, int] = {}
        self._stored: set[str] = set()
        self._unsummed_nusd = 0
        self._refreshed_at: float | None = None
        self._unpriced: set[str] = set()
        self._accounts: list[Account] = []
        self.configure(settings)
        ledger.when_committed(self._committed)

    def configure(self, settings: BudgetSettings) -> None:
        """Apply these limits from now on."""
        old = {account.period: account for account in self._accounts}
        limits = ((DAY, settings.usd_per_day), (MONTH, settings.usd_per_month))
        new = {
            period: Account(period, int(usd * NUSD_PER_USD), period.ends(self._now()))
            for period, usd in limits
            if usd is not None
        }
        if not new.keys() <= old.keys():  # the ledger's sum for a new limit has not been read yet
            self._refreshed_at = None
        self._fail_open = settings.fail_open
        self._unpriced.clear()  # the settings may have new prices
        self._accounts = [
            replace(old.get(period, account), limit_nusd=account.limit_nusd) for period, account in new.items()
        ]

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._accounts)

    def spent(self) -> str | None:
        """Why nothing more may be spent, in words; None while there is money left or no limit."""
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
        """Why none of the cloud's `models` may be called for `request`, in words; None where one may be."""
        if not self._accounts:
            return None
        return self.spent() or self._uncountable(request) or self.unpriced(models, tier_of(request))

    def unpriced(self, models: Sequence[str], service_tier: str | None = None) -> str | None:
        """A message that none of `models` has a price; None where one has, or none is needed."""
        if any(self.may_pay(model, service_tier) for model in models):
            return None
        of_tier = f" in the service tier '{service_tier}'" if service_tier else ""
        return (
            f"no price is known for {' or '.join(models)}{of_tier}, so the budget could not hold; set [prices.MODEL], "
            "or budget.fail_open = true"
        )

    def may_pay(self, model: str, service_tier: str | None = None) -> bool:
        """Whether the cost of an answer of `model` is known, or need not be."""
        if not self._accounts or self._fail_open:
            return True
        return model not in self._unpriced and self._pricer.knows(model, service_tier)

    def _uncountable(self, request: ChatRequest) -> str | None:
        what = None if self._fail_open else uncounted(request)
        return None if what is None else f"{what}, so the budget could not hold; budget.fail_open = true allows it"

    @property
    def trouble(self) -> str | None:
        """Why it is unknown what was spent, in words; None where it is known, or no limit is set."""
        if not self._accounts:
            return None
        if self._ledger.trouble is not None:
            return "what was spent is not known while the ledger takes no rows"
        if self._refreshed_at is None or self._monotonic() - self._refreshed_at > STALE_S:
            return "what was spent is not known while the ledger cannot be read"
        return None

    def closed(self, row: LedgerRow) -> None:
        """Count a row of this process that was already given to the ledger."""
        if not self._accounts or row.route != Route.CLOUD:  # local tokens are not the cloud's budget
            return
        cost_nusd = self._pricer.cost_nusd(row)
        if cost_nusd is None:
            self._exclude_model(row)
            return
        with self._lock:
            self._unsummed_nusd += cost_nusd - self._unsummed.get(row.id, 0)
            self._unsummed[row.id] = cost_nusd

    def _committed(self, row: LedgerRow) -> None:
        """Note that the ledger has stored a row. Called in its thread."""
        with self._lock:
            if row.id in self._unsummed:
                self._stored.add(row.id)

    def _exclude_model(self, row: LedgerRow) -> None:
        """Stop calling a model whose answer came without a price, for instance in an unexpected service tier."""
        model = row.backend_model or row.served_model
        if model not in self._unpriced:
            self._unpriced.add(model)
            logger.warning(
                "an answer of %s has no price, so the budget does not count it: set [prices.MODEL]; that model is not "
                "called again unless budget.fail_open is set",
                model,
            )

    def refresh(self) -> None:
        """Read the ledger's sums.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or does not have all rows.
        """
        now, accounts = self._now(), self._accounts
        with self._lock:
            given = set(self._unsummed)
        with self._ledger.read_settled() as connection:
            # The sums hold exactly the rows that were given to the ledger before, and those stored since: so no row is
            # counted twice or left out.
            with self._lock:
                summed = given | self._stored
            sums = [_cloud_nusd(read_rollup(connection, epoch_ms(account.period.begins(now)))) for account in accounts]
        for account, spent_nusd in zip(accounts, sums, strict=True):
            account.spent_nusd, account.ends = spent_nusd, account.period.ends(now)
        with self._lock:
            self._unsummed_nusd -= sum(self._unsummed.pop(id) for id in summed)
            self._stored -= summed
        if accounts is self._accounts:  # else new limits were set meanwhile, without sums
            self._refreshed_at = self._monotonic()

    async def first_refresh(self) -> None:
        """Read the sums before the first request comes, if the ledger is available."""
        if self._accounts:
            await self._try_refresh()

    async def keep_fresh(self) -> None:
        """Read the sums every `REFRESH_S`, for as long as the gateway serves."""
        while True:
            await asyncio.sleep(REFRESH_S)
            if self._accounts:
                await self._try_refresh()

    async def _try_refresh(self) -> None:
        before = self.trouble
        refreshing = asyncio.ensure_future(asyncio.to_thread(self.refresh))
        try:
            await asyncio.shield(refreshing)
        except asyncio.CancelledError:
            await asyncio.gather(refreshing, return_exceptions=True)  # the ledger is about to be closed
            raise
        except LedgerUnavailable as exc:
            logger.warning("budget: what was spent is not known now: %s", exc)
        else:
            if before is not None:
                logger.info("budget: what was spent is known")

    def used(self) -> float:
        """The share that is spent, of the limit that is nearest to being reached; 0 without a limit."""
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
        """After a period's end, until the next refresh, only the rows that the sums do not hold yet count."""
        summed_nusd = account.spent_nusd if self._now() < account.ends else 0
        return summed_nusd + self._unsummed_nusd


def _cloud_nusd(rows: Iterable[RollupRow]) -> int:
    return total((row for row in rows if row.route == Route.CLOUD), "spent_nusd")


def _share(spent_nusd: int, limit_nusd: int) -> float:
    return spent_nusd / limit_nusd if limit_nusd else 1.0


def _text(nusd: int) -> str:
    return f"{Decimal(to_usd(nusd)).normalize():f}"
