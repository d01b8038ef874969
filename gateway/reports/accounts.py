"""Usage by key, team and tag: what each asked, what it paid, and what it saved.

The money is that of `gateway.reports.savings`: ``saved = baseline cost − what was paid − what deciding cost``, summed
over requests whose cost and baseline cost are both known. It is an estimate. `spent_usd` sums every known cost, also
that of requests which nothing can be compared with: charge that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from gateway.ledger.accounts import AccountKind, AccountSums, read_accounts
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import epoch_ms, plain
from gateway.reports.keys import KeyNames, key_names
from models.usage.pricing import to_usd
from models.wire.errors import RequestError

T = TypeVar("T")

MOST_DIGITS = 9
"""The most digits of a place in a list."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The figures of one key, team or tag.

    Parameters
    ----------
    id : str
        The key's id, the team's or the tag's name; empty for requests without a key or team.
    sums : AccountSums
        Its sums over a span.
    key : KeyNames or None
        The key's own words; None for teams and tags, and for keys that the database does not know.
    """

    id: str
    sums: AccountSums
    key: KeyNames | None = None

    def to_json(self) -> dict[str, Any]:
        """Counts, tokens, and money as exact decimal strings."""
        key = self.key
        return {
            "id": self.id or None,
            "name": key.name if key else None,
            "owner": key.owner if key else None,
            "team": key.team or None if key else None,
            "tags": list(key.tags) if key else [],
            **usage_figures(self.sums),
        }


def usage_report(
    connection: Connection,
    by: AccountKind,
    scope: LedgerScope,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Usage]:
    """The figures of each key, team or tag that `scope` has requests of, the busiest first.

    A request with several tags counts for each of them.

    Parameters
    ----------
    since, until : datetime, optional
        Time-zone aware; `until` is not included.
    """
    sums = read_accounts(connection, by, scope, epoch_ms(since), epoch_ms(until))
    names = key_names(connection, sums) if by == "key" else {}
    usages = [Usage(id, its, names.get(id)) for id, its in sums.items()]
    return sorted(usages, key=lambda usage: (-usage.sums.requests, usage.id))


def usage_figures(sums: AccountSums) -> dict[str, Any]:
    """The figures of some requests, named as in the other reports."""
    paid_nusd = sums.cost_nusd + sums.deciding_nusd
    return {
        "requests": sums.requests,
        "answered": sums.local_answers + sums.cloud_answers,
        "answered_locally": sums.local_answers,
        "errors": sums.errors,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cached_tokens": sums.cached_tokens,
        "baseline_usd": plain(to_usd(sums.baseline_nusd)),
        "paid_usd": plain(to_usd(paid_nusd)),
        "saved_usd": plain(to_usd(sums.baseline_nusd - paid_nusd)),
        "spent_usd": plain(to_usd(sums.spent_nusd)),
    }


def place(after: str | None) -> int:
    """Where in a list the page begins that an earlier one's `next` leads to.

    Raises
    ------
    RequestError
        If it is something else.
    """
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit() or len(after) > MOST_DIGITS:
        raise RequestError("after: must be the `next` of an earlier page", param="after", code="invalid_value")
    return int(after)


def page_of(items: Sequence[T], start: int, limit: int) -> tuple[Sequence[T], str | None]:
    """At most `limit` of `items` from `start` on, and where the next page begins; None on the last."""
    end = start + limit
    return items[start:end], str(end) if end < len(items) else None
