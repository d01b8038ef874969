"""The accounts that have limits, and what this process knows and holds of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.config.sections.spending import BudgetSettings
from gateway.keys.caller import Caller
from gateway.spending.money import usd_text
from gateway.spending.periods import Period, Span
from models.usage.pricing import NUSD_PER_USD

ALL = "all"
NO_LIMIT_NUSD = 10**18
"""A billion dollars: what an account may hold that has no limit, or whose ledger was not read."""

SCOPES = (ALL, "team", "key")


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that an account may spend in a period, in nano-dollars; `setting` is where it stands, for people."""

    period: Period
    limit_nusd: int
    setting: str

    def __str__(self) -> str:
        return f"{self.setting} ({usd_text(self.limit_nusd)} USD)"


@dataclass(frozen=True, slots=True)
class Spent:
    """What an account had spent of one limit when the ledger was read, and what it and others held beyond that."""

    limit: Limit
    span: Span
    spent_nusd: int
    held_by_others_nusd: int

    @property
    def ceiling_nusd(self) -> int:
        """The most that this process may hold in all; negative where more than the limit is spent."""
        return self.limit.limit_nusd - self.spent_nusd - self.held_by_others_nusd


@dataclass(slots=True)
class Account:
    """One account with limits, as one process sees it. Whoever touches it has the lock of its `Reservations`.

    Attributes
    ----------
    name : str
        ``all``, ``key:ID`` or ``team:NAME``, as in `gateway.ledger.accounts`.
    limits : tuple of Limit
        One a period at most; never empty while it is used.
    held_nusd : int
        What this process may use: at most what the database says it holds.
    in_use_nusd : int
        Reservations of requests in progress, and the cost of finished ones that the database does not have yet.
    waiting_nusd : int
        The part of `in_use_nusd` for which this process must hold more first.
    taken_nusd : int
        What was reserved since the last look, to judge by how much will be needed soon.
    stored_nusd, stored_s : int, float
        What the database says this process holds, and when it was told so, in seconds that only grow.
    unsummed_nusd, booked_nusd : int
        The part of `in_use_nusd` that finished requests cost, and what was booked on it since `spent` was read.
    is_asked_for, n_idle_looks : bool, int
        Whether anybody called on it since `spent` was read, and how often it was read since without.
    spent : tuple of Spent
        As last read from the ledger, one a limit; empty where it was not read yet.
    left_nusd : int
        What could be held beyond `held_nusd`, as last read.
    """

    name: str
    limits: tuple[Limit, ...] = ()
    held_nusd: int = 0
    in_use_nusd: int = 0
    waiting_nusd: int = 0
    taken_nusd: int = 0
    stored_nusd: int = 0
    stored_s: float = 0.0
    unsummed_nusd: int = 0
    booked_nusd: int = 0
    is_asked_for: bool = False
    n_idle_looks: int = 0
    left_nusd: int = 0
    spent: tuple[Spent, ...] = ()

    @property
    def granted_nusd(self) -> int:
        """What is in use, without those who wait."""
        return self.in_use_nusd - self.waiting_nusd

    @property
    def scope(self) -> str:
        """``all``, ``key`` or ``team``."""
        return self.name.partition(":")[0]


class Accounts:
    """Finds the limited accounts of a caller: quickly, since every request asks."""

    def __init__(self, settings: BudgetSettings) -> None:
        self._by_name: dict[str, Account] = {}
        self._of_caller: dict[str, tuple[Caller, tuple[Account, ...]]] = {}
        self.configure(settings)

    def configure(self, settings: BudgetSettings) -> None:
        """Apply these limits from now on; what is held and known of accounts stays."""
        self._all = limits_of(settings, "budget.")
        self._teams = {name: limits_of(team, f'budget.teams."{name}".') for name, team in settings.teams.items()}
        self._of_caller.clear()
        self._limit(ALL, self._all)
        for name in self._by_name:
            if name.startswith("team:"):
                self._limit(name, self._teams.get(name.removeprefix("team:"), ()))
        for name, limits in self._teams.items():
            self._limit(f"team:{name}", limits)

    def of(self, caller: Caller) -> tuple[Account, ...]:
        """The accounts with limits that the requests of `caller` are booked on."""
        known = self._of_caller.get(caller.id)
        if known is not None and (known[0] is caller or known[0] == caller):
            return known[1]
        accounts = tuple(self._found(caller))
        self._of_caller[caller.id] = (caller, accounts)
        return accounts

    def named(self, name: str) -> Account | None:
        """The account of this name, if it has limits."""
        account = self._by_name.get(name)
        return account if account is not None and account.limits else None

    def __iter__(self) -> Iterator[Account]:
        """All that have limits, as far as they are known here: a key's is once it has called."""
        return (account for account in tuple(self._by_name.values()) if account.limits)

    def kept(self) -> tuple[Account, ...]:
        """All of which something is or was held, limits or not."""
        return tuple(self._by_name.values())

    def _found(self, caller: Caller) -> Iterator[Account]:
        limits: Mapping[str, tuple[Limit, ...]] = {
            ALL: self._all,
            f"key:{caller.id}": limits_of(caller.terms, "this key's ") if caller.id else (),
            f"team:{caller.team}": self._teams.get(caller.team, ()),
        }
        for name, of_name in limits.items():
            account = self._limit(name, of_name)
            if account is not None and of_name:
                yield account

    def _limit(self, name: str, limits: tuple[Limit, ...]) -> Account | None:
        account = self._by_name.get(name)
        if account is None and limits:
            account = self._by_name[name] = Account(name)
        if account is not None and account.limits != limits:
            before, known = account.spent, tuple(_known(limits, account.spent))
            account.limits, account.spent = limits, known
            account.left_nusd += ceiling(known) - ceiling(before)
        return account


def ceiling(spent: Sequence[Spent]) -> int:
    """The most that this process may hold of an account of which so much is spent."""
    return min((one.ceiling_nusd for one in spent), default=NO_LIMIT_NUSD)


def _known(limits: tuple[Limit, ...], spent: tuple[Spent, ...]) -> Iterator[Spent]:
    """What is known of new limits by what was known of the old ones; nothing if one of them is for another period."""
    by_period = {one.limit.period: one for one in spent}
    if all(limit.period in by_period for limit in limits):
        yield from (replace(by_period[limit.period], limit=limit) for limit in limits)


def limits_of(settings: object, where: str) -> tuple[Limit, ...]:
    """The limits that settings or terms name as ``usd_per_day`` and so on."""
    named = ((period, f"usd_per_{period}") for period in Period)
    return tuple(
        Limit(period, int(usd * NUSD_PER_USD), where + name)
        for period, name in named
        if (usd := getattr(settings, name)) is not None
    )
