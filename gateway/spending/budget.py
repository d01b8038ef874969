"""The budget: money is set aside before a cloud is called, so that requests at the same time cannot pass a limit.

Limits are of everybody, of teams and of keys; by day, week and month. What was spent is the ledger's sum. A request sets
aside the most that it may cost (`bounds`), and settles for what it did cost. Gateways and workers that share a ledger
share the money: each holds a part of what is left (`holds`). What a limit can still be passed by is what an answer costs
beyond its bound: a provider that ignores the limit on its length, or prices above those that are known here.

If it is unknown what was spent, or what a request may cost, the cloud is not asked, unless `budget.fail_open` is set.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.config.sections.spending import BudgetSettings
from gateway.keys.caller import ANYBODY, Caller
from gateway.ledger import Ledger, LedgerRow, LedgerUnavailable
from gateway.ledger.accounts import accounts_of
from gateway.spending.accounts import NO_LIMIT_NUSD, Account, Accounts, Spent
from gateway.spending.money import usd_text
from gateway.spending.periods import span_of
from gateway.spending.pricing import Pricer
from gateway.spending.reservations import Reservation, Reservations
from gateway.spending.unmetered import tier_of, uncounted
from models.wire.chat import ChatRequest
from router.decision import Route

logger = logging.getLogger(__name__)

REFRESH_S = 5.0

TIDY_S = 1.0
"""How long what a process holds beyond its needs is kept from others."""

STALE_S = 3 * REFRESH_S
"""If the ledger's sums are older than this, what was spent counts as unknown."""

NO_PRICE = (
    "no price is known for a request of this kind, so the budget could not hold; set [prices.MODEL], or "
    "budget.fail_open = true"
)

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
        self._reservations = Reservations(ledger, now)
        self._accounts = Accounts(settings)
        self._waiting: dict[str, tuple[Reservation, asyncio.Future[str | None]]] = {}
        self._extending: asyncio.Task[None] | None = None
        self._refreshed_at: float | None = None
        self._ended: set[str] = set()
        self._unpriced: set[str] = set()
        self.configure(settings)
        ledger.when_committed(lambda row: self._reservations.stored(row.id))

    def configure(self, settings: BudgetSettings) -> None:
        """Apply these limits from now on."""
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)
        self._unpriced.clear()  # the settings may have new prices
        self._accounts.configure(settings)
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

    def obstacle(self, request: ChatRequest, models: Sequence[str], caller: Caller = ANYBODY) -> str | None:
        """Why none of the cloud's `models` may be called for `request`, in words; None where one may be.

        By what was known a moment ago, without waiting: `reserve` has the last word.
        """
        accounts = self._accounts.of(caller)
        if not accounts:
            return None
        return (
            self._unknown()
            or self._uncountable(request)
            or self.unpriced(models, tier_of(request), caller)
            or self._too_little(accounts, self._pricer.most_nusd(request, models, self._settings.answer_tokens))
        )

    async def reserve(self, id: str, request: ChatRequest, models: Sequence[str], caller: Caller) -> str | None:
        """Set aside the most that `request` may cost with any of `models`, until `id` is `closed` or `release`d.

        Returns why the cloud may not be called, in words; None where it may.
        """
        accounts = self._accounts.of(caller)
        if not accounts:
            return None
        nusd = self._pricer.most_nusd(request, models, self._settings.answer_tokens)
        return await self._reserve(id, nusd, accounts)

    async def reserve_reading(self, id: str, tokens: int, model: str, caller: Caller) -> str | None:
        """As `reserve`, for embeddings of at most so many tokens."""
        accounts = self._accounts.of(caller)
        if not accounts:
            return None
        obstacle = self._unknown() or self.unpriced((model,), None, caller)
        return obstacle or await self._reserve(id, self._pricer.reading_nusd(model, tokens), accounts)

    async def _reserve(self, id: str, nusd: int | None, accounts: tuple[Account, ...]) -> str | None:
        if nusd is None:
            return None if self._settings.fail_open else NO_PRICE
        for account in accounts:
            account.is_asked_for = True
        reservation, suffices = self._reservations.claim(id, accounts, nusd)
        if suffices:
            return None
        decided: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting[id] = reservation, decided
        if self._extending is None or self._extending.done():
            self._extending = asyncio.create_task(self._extend(), name="budget holds")
        trouble = await decided
        if trouble is not None:
            return None if self._settings.fail_open else trouble
        refusal = reservation.refused
        return None if refusal is None else self._words(refusal.by, refusal.left_nusd, nusd)

    async def _extend(self) -> None:
        """Decide for all who wait, in one transaction each time, until nobody waits."""
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            trouble = await self._try_extend({id: reservation for id, (reservation, _) in batch.items()})
            for id, (_, decided) in batch.items():
                if trouble is not None and not self._settings.fail_open:
                    self._reservations.release(id)
                if not decided.done():
                    decided.set_result(trouble)

    async def _try_extend(self, waiting: dict[str, Reservation]) -> str | None:
        """Why nothing could be decided, in words; None where it was."""
        try:
            await asyncio.to_thread(self._reservations.extend, waiting, self._zone)
        except LedgerUnavailable as exc:
            return f"what was spent is not known now: {exc}"
        except Exception:  # whoever waits must be told, whatever it is
            logger.exception("budget: unforeseen failure")
            return "what was spent is not known: the ledger's database failed"
        return None

    def release(self, id: str) -> None:
        """The request `id` will cost the cloud nothing."""
        self._reservations.release(id)

    def closed(self, row: LedgerRow) -> None:
        """A request has ended, and the ledger is given its row after this."""
        if row.route != Route.CLOUD:  # local tokens are not the cloud's budget
            self._reservations.release(row.id)
            return
        accounts = tuple(account for name in accounts_of(row) if (account := self._accounts.named(name)) is not None)
        if not accounts:
            return
        cost_nusd = self._pricer.cost_nusd(row)
        if cost_nusd is None:
            self._reservations.release(row.id)
            self._exclude_model(row)
            return
        self._reservations.settle(row.id, accounts, cost_nusd)

    def unpriced(self, models: Sequence[str], service_tier: str | None = None, caller: Caller = ANYBODY) -> str | None:
        """A message that none of `models` has a price; None where one has, or none is needed."""
        if any(self.may_pay(model, service_tier, caller) for model in models):
            return None
        of_tier = f" in the service tier '{service_tier}'" if service_tier else ""
        return (
            f"no price is known for {' or '.join(models)}{of_tier}, so the budget could not hold; set [prices.MODEL], "
            "or budget.fail_open = true"
        )

    def may_pay(self, model: str, service_tier: str | None = None, caller: Caller = ANYBODY) -> bool:
        """Whether the cost of an answer of `model` is known, or need not be."""
        if self._settings.fail_open or not self._accounts.of(caller):
            return True
        return model not in self._unpriced and self._pricer.knows(model, service_tier)

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

    def _uncountable(self, request: ChatRequest) -> str | None:
        what = None if self._settings.fail_open else uncounted(request)
        return None if what is None else f"{what}, so the budget could not hold; budget.fail_open = true allows it"

    def _unknown(self) -> str | None:
        if self._settings.fail_open or (trouble := self.trouble) is None:
            return None
        return f"{trouble}, and budget.fail_open is false"

    def _too_little(self, accounts: tuple[Account, ...], nusd: int | None) -> str | None:
        if nusd is None:
            return None if self._settings.fail_open else NO_PRICE
        now = self._now()
        for account in accounts:
            room_nusd = account.held_nusd - account.in_use_nusd
            if not account.spent or room_nusd + account.left_nusd >= nusd:
                continue
            if all(now < one.span.ends for one in account.spent):  # else it begins anew
                tightest = min(account.spent, key=lambda one: one.ceiling_nusd)
                return self._words(tightest, room_nusd + account.left_nusd, nusd)
        return None

    def _words(self, by: Spent, left_nusd: int, nusd: int) -> str:
        until = f"until {by.span.ends:%Y-%m-%d %H:%M} {self._settings.time_zone}"
        if left_nusd <= 0 and by.spent_nusd >= by.limit.limit_nusd:
            return f"{by.limit} is spent {until}"
        left = usd_text(max(0, left_nusd))
        return (
            f"this request may cost up to {usd_text(nusd)} USD, and {left} USD of {by.limit} are neither spent nor set "
            f"aside for requests in progress {until}; a smaller max_tokens needs less"
        )

    @property
    def trouble(self) -> str | None:
        """Why it is unknown what was spent, in words; None where it is known, or no limit is set."""
        if next(iter(self._accounts), None) is None:
            return None
        if self._ledger.trouble is not None:
            return "what was spent is not known while the ledger takes no rows"
        if self._refreshed_at is None or self._monotonic() - self._refreshed_at > STALE_S:
            return "what was spent is not known while the ledger cannot be read"
        return None

    def refresh(self) -> None:
        """Read the ledger's sums of the accounts that are in use.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or does not have all rows.
        """
        settings = self._settings
        accounts = [account for account in self._accounts if account.is_asked_for or account.scope != "key"]
        for account in self._accounts:
            if not account.is_asked_for and account.scope == "key":
                account.left_nusd = NO_LIMIT_NUSD  # not known any more: whoever asks next finds out
            account.is_asked_for = False
        ended, self._ended = self._ended, self._reservations.costs()
        self._reservations.read(accounts, ended, self._zone)
        if settings is self._settings:  # else new limits were set meanwhile, without sums
            self._refreshed_at = self._monotonic()

    async def first_refresh(self) -> None:
        """Read the sums before the first request comes, if the ledger is available."""
        if self._is_limited():
            await self._try_refresh()

    async def keep_fresh(self) -> None:
        """Read the sums every `REFRESH_S`, and give back what is not needed, for as long as the gateway serves."""
        refresh_at = self._monotonic() + REFRESH_S
        while True:
            await asyncio.sleep(min(TIDY_S, REFRESH_S))
            if not self._is_limited():
                continue
            if self._monotonic() >= refresh_at:
                refresh_at = self._monotonic() + REFRESH_S
                await self._try_refresh()
            await self._in_thread(self._tidy)

    def _is_limited(self) -> bool:
        return next(iter(self._accounts.kept()), None) is not None

    def _tidy(self) -> None:
        try:
            self._reservations.tidy(self._accounts.kept())
        except LedgerUnavailable:
            logger.debug("budget: what is held beyond what is needed cannot be given back now")

    async def _try_refresh(self) -> None:
        before = self.trouble
        try:
            await self._in_thread(self.refresh)
        except LedgerUnavailable as exc:
            logger.warning("budget: what was spent is not known now: %s", exc)
        else:
            if before is not None:
                logger.info("budget: what was spent is known")

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """Run `work`, to its end even if nobody waits for it any more: the ledger is about to be closed then."""
        working = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.gather(working, return_exceptions=True)
            raise

    async def stop(self) -> None:
        """Hold nothing any more; what rows on their way will cost stays held until it expires."""
        if self._is_limited():
            await asyncio.to_thread(self._give_back)

    def _give_back(self) -> None:
        self._ledger.flush()
        try:
            self._reservations.give_back()
        except LedgerUnavailable as exc:
            logger.warning("budget: what is held expires by itself: %s", exc)

    def used(self, scope: str, period: str) -> float:
        """The share that is spent of the limit of that scope and period that is nearest to being reached; 0 for none."""
        shares = (
            self._share(account, one)
            for account in self._accounts
            if account.scope == scope
            for one in account.spent
            if one.limit.period == period
        )
        return max(shares, default=0.0)

    def to_json(self) -> list[dict[str, Any]]:
        """Each limit, with money as exact decimal strings; `trouble` says why the sums may be out of date."""
        return [
            {
                "account": account.name,
                "period": one.limit.period,
                "setting": one.limit.setting,
                "limit_usd": usd_text(one.limit.limit_nusd),
                "spent_usd": usd_text(self._spent_nusd(account, one)),
                "reserved_usd": usd_text(account.in_use_nusd - account.unsummed_nusd + one.held_by_others_nusd),
                "until": span_of(one.limit.period, self._now(), self._zone).ends.isoformat(),
                "trouble": self.trouble,
            }
            for account in self._accounts
            for one in account.spent
        ]

    def _spent_nusd(self, account: Account, one: Spent) -> int:
        """After a period's end, until the next look, only what this process has not booked yet counts."""
        summed_nusd = one.spent_nusd + account.booked_nusd if self._now() < one.span.ends else 0
        return summed_nusd + account.unsummed_nusd

    def _share(self, account: Account, one: Spent) -> float:
        return self._spent_nusd(account, one) / one.limit.limit_nusd if one.limit.limit_nusd else 1.0
