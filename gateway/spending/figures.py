"""What a budget shows: shares and amounts of each limit."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.spending.accounts import Account, Spent
from gateway.spending.money import usd_text
from gateway.spending.periods import span_of


def used(accounts: Iterable[Account], scope: str, period: str, now: datetime) -> float:
    """The share that is spent of the limit of that scope and period that is nearest to its end; 0 for none."""
    shares = (
        share_of(account, one, now)
        for account in accounts
        if account.scope == scope
        for one in account.spent
        if one.limit.period == period
    )
    return max(shares, default=0.0)


def limits_json(
    accounts: Iterable[Account], now: datetime, zone: ZoneInfo, trouble: str | None
) -> list[dict[str, Any]]:
    """Each limit, with money as exact decimal strings; `trouble` says why the sums may be out of date."""
    return [
        {
            "account": account.name,
            "period": one.limit.period,
            "setting": one.limit.setting,
            "limit_usd": usd_text(one.limit.limit_nusd),
            "spent_usd": usd_text(spent_nusd(account, one, now)),
            "reserved_usd": usd_text(account.granted_nusd - account.unsummed_nusd + one.held_by_others_nusd),
            "until": span_of(one.limit.period, now, zone).ends.isoformat(),
            "trouble": trouble,
        }
        for account, one in _all(accounts)
    ]


def _all(accounts: Iterable[Account]) -> Iterator[tuple[Account, Spent]]:
    return ((account, one) for account in accounts for one in account.spent)


def spent_nusd(account: Account, one: Spent, now: datetime) -> int:
    """What is spent of a limit. After its period's end, until the next look, only what is not booked yet counts."""
    summed_nusd = one.spent_nusd + account.booked_nusd if now < one.span.ends else 0
    return summed_nusd + account.unsummed_nusd


def share_of(account: Account, one: Spent, now: datetime) -> float:
    """The share of a limit that is spent; a limit of 0 is spent."""
    return spent_nusd(account, one, now) / one.limit.limit_nusd if one.limit.limit_nusd else 1.0
