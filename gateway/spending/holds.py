"""What each process holds of each account, in the ledger's database, so that no request needs a transaction of its own.

What is spent and what all processes hold stays within each limit, because whoever wants to hold more first locks the
account. What a process that died held is free again when it expires.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Column, Connection, Table, Text, delete, func, select, text

from gateway.ledger.accounts import cloud_nusd
from gateway.ledger.clock import shared_now_ms
from gateway.ledger.schema import METADATA
from gateway.ledger.units import epoch_ms
from gateway.spending.accounts import Account, Spent
from gateway.spending.periods import span_of

HOLD_S = 120.0
"""How long what a process holds outlives its last sign of life.

Long enough for the rows of a process that was killed to be found in its spool and booked, at a restart or by another
process beside it, and for clocks of several machines that differ by seconds. Short enough that a crash costs no caller
more than two minutes.
"""

RENEW_S = HOLD_S / 4

HOLDS = Table(
    "budget_holds",
    METADATA,
    Column("holder", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("held_nusd", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

_STORE = text(
    "INSERT INTO budget_holds (holder, account, held_nusd, expires_ms) "
    "VALUES (:holder, :account, :held_nusd, :expires_ms) ON CONFLICT (account, holder) "
    "DO UPDATE SET held_nusd = excluded.held_nusd, expires_ms = excluded.expires_ms"
)

_LOCK = ""
"""The holder in the row of an account that whoever wants more of it locks."""


class Holds:
    """The rows of one process, which goes by a random name."""

    def __init__(self) -> None:
        self._holder = secrets.token_hex(8)

    def lock(self, connection: Connection, account: str) -> None:
        """Let nobody else hold more of `account` until this transaction ends.

        Whoever locks several does so in the order of their names, so that no two wait for each other.
        """
        connection.execute(_STORE, {"holder": _LOCK, "account": account, "held_nusd": 0, "expires_ms": 0})

    def store(self, connection: Connection, held_nusd: Mapping[str, int], now: datetime) -> None:
        """Hold so much of each account, by name, for `HOLD_S` from now on; `now` is the time of this process."""
        expires_ms = _shared_ms(connection, now) + round(HOLD_S * 1000)
        rows = [
            {"holder": self._holder, "account": name, "held_nusd": nusd, "expires_ms": expires_ms}
            for name, nusd in sorted(held_nusd.items())
        ]
        if rows:
            connection.execute(_STORE, rows)

    def read(self, connection: Connection, account: Account, now: datetime, zone: ZoneInfo) -> tuple[Spent, ...]:
        """What is spent of each limit of `account`, and held by other processes."""
        held = self._held_by_others(connection, account.name, _shared_ms(connection, now))
        spans = [(limit, span_of(limit.period, now, zone)) for limit in account.limits]
        return tuple(
            Spent(limit, span, cloud_nusd(connection, account.name, span.begins_ms), held) for limit, span in spans
        )

    def forget_expired(self, connection: Connection, now: datetime) -> None:
        """Remove what processes held that are gone."""
        c, now_ms = HOLDS.c, _shared_ms(connection, now)
        connection.execute(delete(HOLDS).where(c.holder != _LOCK, c.holder != self._holder, c.expires_ms < now_ms))

    def release(self, connection: Connection) -> None:
        """Hold nothing any more."""
        connection.execute(delete(HOLDS).where(HOLDS.c.holder == self._holder))

    def _held_by_others(self, connection: Connection, account: str, now_ms: int) -> int:
        c = HOLDS.c
        query = select(func.coalesce(func.sum(c.held_nusd), 0)).where(
            c.account == account, c.holder != self._holder, c.expires_ms > now_ms
        )
        return int(connection.execute(query).scalar_one())


def _shared_ms(connection: Connection, now: datetime) -> int:
    return shared_now_ms(connection, epoch_ms(now) or 0)
