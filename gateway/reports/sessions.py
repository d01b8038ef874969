"""Usage by session, newest first. What callers call alike are several sessions if they came with several keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from gateway.ledger.accounts import AccountSums, sums_of_rollup
from gateway.ledger.rollup import read_rows_by, within
from gateway.ledger.schema import REQUESTS
from gateway.ledger.scope import LedgerScope
from gateway.ledger.units import epoch_ms, from_epoch_ms
from gateway.reports.accounts import usage_figures
from gateway.reports.keys import KeyNames, key_names

_C = REQUESTS.c


@dataclass(frozen=True, slots=True)
class SessionUsage:
    """The figures of one session, as far as its requests lie in the span and their rows are kept."""

    id: str
    key_id: str | None
    first_ms: int
    last_ms: int
    team: str
    sums: AccountSums
    key: KeyNames | None = None

    def to_json(self) -> dict[str, Any]:
        """Counts, tokens, and money as exact decimal strings; its first and last request in ISO 8601."""
        return {
            "id": self.id,
            "key_id": self.key_id,
            "name": self.key.name if self.key else None,
            "team": self.team or None,
            "first": from_epoch_ms(self.first_ms).isoformat(timespec="milliseconds"),
            "last": from_epoch_ms(self.last_ms).isoformat(timespec="milliseconds"),
            **usage_figures(self.sums),
        }


def session_report(
    connection: Connection,
    scope: LedgerScope,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    start: int = 0,
) -> tuple[list[SessionUsage], str | None]:
    """At most `limit` sessions from `start` on, those with the newest requests first; and where the next page begins.

    Requests without a session are left out.
    """
    span = epoch_ms(since), epoch_ms(until)
    newest = connection.execute(_newest(scope, *span).offset(start).limit(limit + 1)).all()
    shown = newest[:limit]
    sums = _sums(connection, [row.session_id for row in shown], scope, *span)
    names = key_names(connection, {row.key_id for row in shown if row.key_id})
    found = [
        SessionUsage(id, key_id, first_ms, last_ms, *sums[id, key_id or ""], names.get(key_id or ""))
        for id, key_id, first_ms, last_ms in shown
    ]
    return found, str(start + limit) if len(newest) > limit else None


def _newest(scope: LedgerScope, since_ms: int | None, until_ms: int | None) -> Select[Any]:
    """The database answers it from the index `requests_session` alone."""
    last_ms = func.max(_C.created_ms)
    query = (
        select(_C.session_id, _C.key_id, func.min(_C.created_ms).label("first_ms"), last_ms.label("last_ms"))
        .where(_C.session_id.is_not(None), *scope.conditions())
        .group_by(_C.session_id, _C.key_id)
        .order_by(last_ms.desc(), _C.session_id, _C.key_id)
    )
    return within(query, _C.created_ms, since_ms, until_ms)


def _sums(
    connection: Connection, ids: Sequence[str], scope: LedgerScope, since_ms: int | None, until_ms: int | None
) -> dict[tuple[str, str], tuple[str, AccountSums]]:
    """By session and key: the team, and the sums."""
    conditions = (_C.session_id.in_(ids), *scope.conditions())
    columns = ("session_id", "key_id", "team")
    found: dict[tuple[str, str], tuple[str, AccountSums]] = {}
    for (id, key_id, team), row in read_rows_by(connection, columns, since_ms, until_ms, conditions):
        _, sums = found.get((id, key_id), ("", AccountSums()))
        found[id, key_id] = team, sums.plus(sums_of_rollup(row))
    return found
