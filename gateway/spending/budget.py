"""The budget: money is set aside before a cloud is called, so that requests at the same time cannot pass a limit.

Limits are of everybody, of teams and of keys; by day, week and month. What was spent is the ledger's sum. A request
sets aside the most that it may cost (`bounds`), and settles for what it did cost. Gateways and workers that share a
ledger share the money: each holds a part of what is left (`holds`). What a limit can still be passed by is what answers
cost beyond their bound: of a provider that ignores the limit on their length, that went on after this process died, or
that charges for words of an answer that broke off (what it had read by then is booked, also if another model answers).

If it is unknown what was spent, or what a request may cost, the cloud is not asked, unless `budget.fail_open` is set.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.background import in_thread
from gateway.config.sections.spending import BudgetSettings
from gateway.keys.caller import ANYBODY, Caller
from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.ledger.accounts import accounts_of
from gateway.spending.accounts import NO_LIMIT_NUSD, Account, Accounts
from gateway.spending.countable import NO_PRICE, Countable
from gateway.spending.figures import limits_json, used
from gateway.spending.pricing import Pricer
from gateway.spending.reservations import Refusal, Reservations
from gateway.spending.waiting import Waiting
from gateway.spending.warnings import Warned, Warnings
from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from router.decision import Route

logger = logging.getLogger(__name__)

REFRESH_S = 5.0

TIDY_S = 1.0
"""How long what a process holds beyond its needs is kept from others."""

STALE_S = 3 * REFRESH_S
"""If the ledger's sums are older than this, what was spent counts as unknown."""

MOST_IDLE = 100
"""Keys that have not called lately and whose sums are still read, to be shown; of others nothing is known here."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time that periods go by."""
    return datetime.now(UTC)


class Budget:
    """Says whether more may be spent, and sets it aside.

    Parameters
    ----------
    ledger : Ledger
        Knows what was spent; its database holds what is set aside.
    pricer : Pricer
        Says what a request may cost, and what a row did before the ledger's thread prices it.
    now : callable, optional
        The time, in UTC.
    monotonic : callable, optional
        Seconds that only grow.

    Attributes
    ----------
    warnings : Warnings
        Its webhook, which runs in the background.
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
        self._countable = Countable(pricer)
        self._accounts = Accounts(settings)
        self._reservations = Reservations(ledger, now, monotonic)
        self._waiting = Waiting(lambda batch: self._reservations.extend(batch, self._zone))
        self._refreshed_at: float | None = None
        self._look_again_at = float("-inf")
        self._first_look = asyncio.Lock()
        self._ended: set[str] = set()
        self._warned: list[Warned] = []
        self.warnings = Warnings(ledger)
        self.configure(settings)
        ledger.when_committed(lambda row: self._reservations.stored(row.id))

    def configure(self, settings: BudgetSettings) -> None:
        """Apply these limits from now on."""
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)
        self._countable.configure()
        self._accounts.configure(settings)
        self.warnings.configure(settings.webhook_url)
        if any(not account.spent for account in self._accounts):  # a new limit's sum has not been read yet
            self._refreshed_at = None

    @property
    def refuses(self) -> bool:
        """Whether what cannot be paid is refused, and not answered by the local model."""
        return self._settings.when_spent == "refuse"

    @property
    def answer_tokens(self) -> int:
        """The longest answer for a request that sets no limit."""
        return self._settings.answer_tokens

    def limits(self, caller: Caller) -> bool:
        """Whether there is any limit on what `caller` may spend."""
        return bool(self._accounts.of(caller))

    async def know(self, caller: Caller) -> None:
        """Read the ledger's sums where `caller` has a limit and they were not read yet.

        That is so for the first request of the first key with a limit, and after new limits were set: `obstacle`, which
        cannot wait, would refuse the cloud for want of knowledge. Read once for all who wait; if that fails, not again
        for `REFRESH_S`.
        """
        accounts = self._accounts.of(caller)
        if not self._is_unread(accounts):
            return
        async with self._first_look:
            if self._is_unread(accounts) and self._monotonic() >= self._look_again_at:
                await self._try_refresh()

    def _is_unread(self, accounts: tuple[Account, ...]) -> bool:
        """Whether a look can tell what was not read yet; while no account had a limit, nobody looked."""
        if not accounts or self._ledger.trouble is not None or self.trouble is None:
            return False
        return self._refreshed_at is None or any(not account.spent for account in accounts)

    def obstacle(self, request: ChatRequest, models: Sequence[str], caller: Caller = ANYBODY) -> str | None:
        """Why none of the cloud's `models` may be called for `request`, in words; None where one may be.

        By what was known a moment ago, without waiting: `reserve` has the last word.
        """
        accounts = self._accounts.of(caller)
        if not accounts:
            return None
        if not self._settings.fail_open:
            unknown = self._unknown() or self._countable.obstacle(request, models)
            if unknown is not None:
                return unknown
        return self._too_little(accounts, self._pricer.most_nusd(request, models, self.answer_tokens))

    def may_pay(self, model: str, service_tier: str | None = None, caller: Caller = ANYBODY) -> bool:
        """Whether the cost of an answer of `model` is known, or need not be."""
        if self._settings.fail_open or not self._accounts.of(caller):
            return True
        return self._countable.has_price(model, service_tier)

    async def reserve(self, id: str, request: ChatRequest, models: Sequence[str], caller: Caller) -> str | None:
        """Set aside the most that `request` may cost with any of `models`, until `id` is `closed` or `release`d.

        Returns why the cloud may not be called, in words; None where it may.
        """
        accounts = self._accounts.of(caller)
        if not accounts:
            return None
        return await self._reserve(id, self._pricer.most_nusd(request, models, self.answer_tokens), accounts)

    async def reserve_reading(self, id: str, tokens: int, model: str, caller: Caller) -> str | None:
        """As `reserve`, for embeddings of at most so many tokens."""
        accounts = self._accounts.of(caller)
        if not accounts:
            return None
        await self.know(caller)
        if not self._settings.fail_open:
            unknown = self._unknown() or self._countable.unpriced((model,))
            if unknown is not None:
                return unknown
        return await self._reserve(id, self._pricer.reading_nusd(model, tokens), accounts)

    async def _reserve(self, id: str, nusd: int | None, accounts: tuple[Account, ...]) -> str | None:
        if nusd is None:
            return None if self._settings.fail_open else NO_PRICE
        reservation, suffices = self._reservations.claim(id, accounts, nusd)
        if suffices:
            return None
        trouble = await self._waiting.decided(id, reservation)
        if trouble is not None and self._settings.fail_open:
            return None
        if trouble is not None:
            self._reservations.release(id)
            return trouble
        return None if reservation.refused is None else reservation.refused.words(nusd, self._zone)

    def price_of(self, model: str, usage: Usage) -> int:
        """What a cloud takes for `usage`, in nano-dollars; 0 where no price is known."""
        return self._pricer.of_cloud(model, usage)

    def release(self, id: str) -> None:
        """The request `id` will cost the cloud nothing."""
        self._reservations.release(id)

    def closed(self, row: LedgerRow) -> None:
        """A request has ended, and the ledger is given its row after this."""
        is_cloud = row.route == Route.CLOUD
        names = accounts_of(row) if is_cloud or row.abandoned_nusd else ()  # local tokens are not the cloud's budget
        accounts = tuple(account for name in names if (account := self._accounts.named(name)) is not None)
        cost_nusd = (self._pricer.cost_nusd(row) if is_cloud else row.abandoned_nusd) if accounts else None
        if cost_nusd is not None:
            self._reservations.settle(row.id, accounts, cost_nusd)
            return
        self._reservations.release(row.id)
        if accounts:
            self._countable.exclude_model(row)

    def _unknown(self) -> str | None:
        trouble = self.trouble
        return None if trouble is None else f"{trouble}, and budget.fail_open is false"

    def _too_little(self, accounts: tuple[Account, ...], nusd: int | None) -> str | None:
        """By what was last read of the ledger; in a period that has begun since, `reserve` finds out."""
        if nusd is None:
            return None if self._settings.fail_open else NO_PRICE
        now = self._now()
        for account in accounts:
            left_nusd = account.held_nusd - account.granted_nusd + account.left_nusd
            if account.spent and left_nusd < nusd and all(now < one.span.ends for one in account.spent):
                tightest = min(account.spent, key=lambda one: one.ceiling_nusd)
                return Refusal(tightest, left_nusd).words(nusd, self._zone)
        return None

    @property
    def trouble(self) -> str | None:
        """Why it is unknown what was spent, in words; None where it is known, or no limit is set."""
        if not self._is_limited:
            return None
        if self._ledger.trouble is not None:
            return "what was spent is not known while the ledger takes no rows"
        if self._refreshed_at is None or self._monotonic() - self._refreshed_at > STALE_S:
            return "what was spent is not known while the ledger cannot be read"
        return None

    @property
    def _is_limited(self) -> bool:
        return next(iter(self._accounts), None) is not None

    def refresh(self) -> None:
        """Read the ledger's sums of the accounts that are in use, and warn of those that are nearly spent.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or does not have all rows.
        """
        settings, accounts = self._settings, self._in_use()
        ended, self._ended = self._ended, self._reservations.costs()
        self._reservations.read(accounts, ended, self._zone)
        if settings is self._settings:  # else new limits were set meanwhile, without sums
            self._refreshed_at = self._monotonic()
        self._warned = self.warnings.check(accounts, self._now())

    def _in_use(self) -> list[Account]:
        """All accounts but those of keys that have not called for longest: nothing is known of those any more."""
        accounts = list(self._accounts)
        for account in accounts:
            is_idle = account.scope == "key" and not account.is_asked_for and not account.in_use_nusd
            account.n_idle_looks = account.n_idle_looks + 1 if is_idle else 0
            account.is_asked_for = False
        accounts.sort(key=lambda account: account.n_idle_looks)
        n_busy = sum(not account.n_idle_looks for account in accounts)
        for account in accounts[n_busy + MOST_IDLE :]:
            account.spent, account.left_nusd = (), NO_LIMIT_NUSD
        return accounts[: n_busy + MOST_IDLE]

    async def first_refresh(self) -> None:
        """Read the sums before the first request comes, if the ledger is available."""
        if self._is_limited:
            await self._try_refresh()

    async def keep_fresh(self) -> None:
        """Read the sums every `REFRESH_S`, and give back what is not needed, for as long as the gateway serves."""
        refresh_at = self._monotonic() + REFRESH_S
        while True:
            await asyncio.sleep(min(TIDY_S, REFRESH_S))
            if self._is_limited and self._monotonic() >= refresh_at:
                refresh_at = self._monotonic() + REFRESH_S
                await self._try_refresh()
            await in_thread(self._tidy)

    def _tidy(self) -> None:
        try:
            self._reservations.tidy(self._accounts.kept())
        except LedgerUnavailable as exc:
            logger.debug("budget: nothing can be given back now: %s", exc)

    async def _try_refresh(self) -> None:
        before = self.trouble
        try:
            await in_thread(self.refresh)
        except LedgerUnavailable as exc:
            self._look_again_at = self._monotonic() + REFRESH_S
            logger.warning("budget: what was spent is not known now: %s", exc)
            return
        self.warnings.tell(self._warned)
        if before is not None:
            logger.info("budget: what was spent is known")

    async def stop(self) -> None:
        """Hold nothing any more; what rows on their way will cost stays held until it expires."""
        if self._is_limited and self._ledger.trouble is None:
            await asyncio.to_thread(self._give_back)

    def _give_back(self) -> None:
        self._ledger.flush()
        try:
            self._reservations.give_back()
        except LedgerUnavailable as exc:
            logger.warning("budget: what is held expires by itself: %s", exc)

    def used(self, scope: str, period: str) -> float:
        """The share that is spent of the limit of that scope and period that is nearest to its end; 0 for none."""
        return used(self._accounts, scope, period, self._now())

    def to_json(self) -> list[dict[str, Any]]:
        """Each limit of the accounts that are known here: a key's is once it has called."""
        return limits_json(self._accounts, self._now(), self._zone, self.trouble)
