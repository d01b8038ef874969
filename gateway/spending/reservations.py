"""Money that is set aside before a cloud is called, within what this process holds of each account.

In memory where what is held suffices; otherwise one transaction for all requests that wait (`Holds`). What a request
took is in use from its reservation until the database has its row: then the ledger's sum contains it, and what is held
shrinks by as much. So nothing is counted too little at any moment; other processes count it twice for a second at most.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.ledger import Ledger
from gateway.spending.accounts import Account, Spent, ceiling
from gateway.spending.holds import RENEW_S, Holds
from gateway.spending.money import usd_text

MOST_AHEAD = 256
"""How many times what is needed a process may take beyond it, so that most requests need no transaction."""

SHARE_AHEAD = 16
"""It never takes more than this part of what is left: the rest is for others."""


@dataclass(slots=True)
class Reservation:
    """What one request has set aside, in nano-dollars; once it has ended, its cost, until the database has its row.

    One that is not granted waits for this process to hold more.
    """

    accounts: tuple[Account, ...]
    nusd: int
    is_cost: bool = False
    is_granted: bool = True
    refused: "Refusal | None" = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stands in the way of a request: a limit, of which only `left_nusd` are neither spent nor set aside."""

    by: Spent
    left_nusd: int

    def words(self, wanted_nusd: int, zone: ZoneInfo) -> str:
        """What a request is told that may cost `wanted_nusd`."""
        limit, ends = self.by.limit, f"{self.by.span.ends.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
        if self.left_nusd <= 0 and self.by.spent_nusd >= limit.limit_nusd:
            return f"{limit} is spent until {ends}"
        return (
            f"this request may cost up to {usd_text(wanted_nusd)} USD, and only {usd_text(max(0, self.left_nusd))} USD "
            f"of {limit} are neither spent nor set aside for requests in progress; a smaller max_tokens needs less, "
            f"and the budget begins anew at {ends}"
        )


class Reservations:
    """Those of this process. `extend`, `tidy`, `read` and `give_back` ask the database, and belong in a thread.

    Parameters
    ----------
    ledger : Ledger
        Its database is where what is held is agreed with other processes.
    now : callable
        The time, in UTC.
    monotonic : callable
        Seconds that only grow.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now = now
        self._monotonic = monotonic
        self._holds = Holds()
        self._open: dict[str, Reservation] = {}
        self._lock = threading.Lock()  # rows are stored in the ledger's thread, holds are extended in others
        self._turn = threading.Lock()  # one writer of this process's holds at a time

    def claim(self, id: str, accounts: tuple[Account, ...], nusd: int) -> tuple[Reservation, bool]:
        """Set `nusd` aside for the request `id`; whether what is held suffices. If not, `extend` must decide."""
        reservation = Reservation(accounts, nusd)
        with self._lock:
            self._drop(id)
            self._open[id] = reservation
            suffices = True
            for account in accounts:
                account.in_use_nusd += nusd
                account.taken_nusd += nusd
                account.is_asked_for = True
                suffices = suffices and account.in_use_nusd <= account.held_nusd
            if not suffices:
                reservation.is_granted = False
                for account in accounts:
                    account.waiting_nusd += nusd
        return reservation, suffices

    def release(self, id: str) -> None:
        """The request `id` will cost nothing."""
        with self._lock:
            self._drop(id)

    def settle(self, id: str, accounts: tuple[Account, ...], cost_nusd: int) -> None:
        """The request `id` has ended and cost so much; the ledger is given its row after this."""
        with self._lock:
            self._drop(id)
            self._open[id] = Reservation(accounts, cost_nusd, is_cost=True)
            for account in accounts:
                account.in_use_nusd += cost_nusd
                account.unsummed_nusd += cost_nusd

    def stored(self, id: str) -> None:
        """The database has the row of the request `id`, and its sums contain it."""
        with self._lock:
            reservation = self._open.get(id)
            if reservation is None or not reservation.is_cost:
                return
            self._drop(id)
            for account in reservation.accounts:
                account.held_nusd -= reservation.nusd
                account.booked_nusd += reservation.nusd

    def _drop(self, id: str) -> None:
        reservation = self._open.pop(id, None)
        if reservation is None:
            return
        for account in reservation.accounts:
            account.in_use_nusd -= reservation.nusd
            if not reservation.is_granted:
                account.waiting_nusd -= reservation.nusd
            if reservation.is_cost:
                account.unsummed_nusd -= reservation.nusd

    def costs(self) -> set[str]:
        """The requests that have ended and whose rows the database did not have yet, by id."""
        with self._lock:
            return {id for id, reservation in self._open.items() if reservation.is_cost}

    def extend(self, waiting: Mapping[str, Reservation], zone: ZoneInfo) -> None:
        """Hold enough for those who wait, in their order. Those for whom there is not enough get `refused`.

        Raises
        ------
        LedgerUnavailable
            Then nothing is decided.
        """
        now, stored_s = self._now(), self._monotonic()
        with self._turn:
            with self._ledger.write_between_rows() as connection:
                waiting, held, needed = self._needs(waiting)
                accounts = _in_order(account for one in waiting.values() for account in one.accounts)
                for account in accounts:
                    self._holds.lock(connection, account.name)
                spent = {account.name: self._holds.read(connection, account, now, zone) for account in accounts}
                refused = _admit(waiting, needed, spent)
                ahead = {name: _with_some_ahead(needed[name], spent[name], waiting.values()) for name in held}
                new = {name: max(nusd, ahead[name]) for name, nusd in held.items()}
                self._holds.store(connection, new, now)
            with self._lock:
                for account in accounts:
                    account.held_nusd += new[account.name] - held[account.name]
                    account.stored_nusd, account.stored_s = new[account.name], stored_s
                    account.left_nusd = ceiling(spent[account.name]) - new[account.name]
                    account.spent = account.spent or spent[account.name]
                for id, reservation in waiting.items():
                    self._decide(id, reservation, refused.get(id))

    def _decide(self, id: str, reservation: Reservation, refusal: Refusal | None) -> None:
        reservation.refused = refusal
        if self._open.get(id) is not reservation:  # its caller hung up
            return
        if refusal is not None:
            self._drop(id)
            return
        reservation.is_granted = True
        for account in reservation.accounts:
            account.waiting_nusd -= reservation.nusd

    def _needs(
        self, waiting: Mapping[str, Reservation]
    ) -> tuple[dict[str, Reservation], dict[str, int], dict[str, int]]:
        """Those who still wait; what is held of their accounts; and what is needed for those who do not wait."""
        with self._lock:
            still = {id: one for id, one in waiting.items() if self._open.get(id) is one}
            accounts = [account for one in still.values() for account in one.accounts]
            held = {account.name: account.held_nusd for account in accounts}
            needed = {account.name: account.granted_nusd for account in accounts}
        return still, held, needed

    def tidy(self, accounts: Sequence[Account]) -> None:
        """Give back what is held and was not needed lately, and keep the rest from expiring.

        Raises
        ------
        LedgerUnavailable
        """
        with self._turn:
            now, stored_s = self._now(), self._monotonic()
            due: dict[str, int] = {}
            with self._lock:
                for account in accounts:
                    before, needed = account.held_nusd, account.granted_nusd
                    account.held_nusd = needed + min(max(0, before - needed), account.taken_nusd)
                    account.taken_nusd = 0
                    account.left_nusd += before - account.held_nusd
                    is_old = account.held_nusd and stored_s - account.stored_s > RENEW_S
                    if account.held_nusd != account.stored_nusd or is_old:
                        due[account.name] = account.held_nusd
            if not due:
                return
            with self._ledger.write() as connection:
                self._holds.store(connection, due, now)
                self._holds.forget_expired(connection, now)
            for account in accounts:
                if account.name in due:
                    account.stored_nusd, account.stored_s = due[account.name], stored_s

    def read(self, accounts: Sequence[Account], ended: set[str], zone: ZoneInfo) -> None:
        """Read what is spent of `accounts`, once the database has all rows.

        `ended` are requests that had ended well before: what it lacks of them, it does not get any more.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer, or does not have all rows.
        """
        with self._ledger.read_settled() as connection:
            now = self._now()
            spent = [self._holds.read(connection, account, now, zone) for account in accounts]
            with self._lock:
                for id in ended & self._open.keys():  # the database refused its row: `slimgate ledger set-aside` has it
                    self._drop(id)
                for account, of_account in zip(accounts, spent, strict=True):
                    account.spent, account.booked_nusd = of_account, 0
                    account.left_nusd = ceiling(of_account) - account.held_nusd

    def give_back(self) -> None:
        """At the end: hold nothing any more, unless a row is still on its way.

        Raises
        ------
        LedgerUnavailable
        """
        with self._turn:
            if not self.costs():
                with self._ledger.write() as connection:
                    self._holds.release(connection)


def _in_order(accounts: Iterable[Account]) -> list[Account]:
    return [account for _, account in sorted({account.name: account for account in accounts}.items())]


def _admit(
    waiting: Mapping[str, Reservation], needed: dict[str, int], spent: Mapping[str, Sequence[Spent]]
) -> dict[str, Refusal]:
    """Add to `needed` what those need for whom there is enough; what stands in the way of the others, by id."""
    refused = {}
    for id, reservation in waiting.items():
        names = [account.name for account in reservation.accounts]
        tightest = min(
            (Refusal(one, one.ceiling_nusd - needed[name]) for name in names for one in spent[name]),
            key=lambda refusal: refusal.left_nusd,
            default=None,
        )
        if tightest is not None and tightest.left_nusd < reservation.nusd:
            refused[id] = tightest
            continue
        for name in names:
            needed[name] += reservation.nusd
    return refused


def _with_some_ahead(needed_nusd: int, spent: Sequence[Spent], waiting: Iterable[Reservation]) -> int:
    """`needed_nusd`, and something for the requests that come next, where there is plenty."""
    usual = max(reservation.nusd for reservation in waiting)
    ahead = min((ceiling(spent) - needed_nusd) // SHARE_AHEAD, MOST_AHEAD * usual)
    return needed_nusd + (ahead if ahead >= usual else 0)
