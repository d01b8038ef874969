"""Sums by account: of everybody, of each key, each team and each tag. Budgets and chargeback are made of them.

An account is ``all``, ``key:ID``, ``team:NAME`` or ``tag:NAME``. As in the rollup, each row is added once, when it is
stored, to its quarter of an hour, so that a span in any time zone is a sum of whole rows.
"""

from collections.abc import Iterable, Iterator

import orjson
from sqlalchemy import BigInteger, Column, Connection, Table, Text, func, select, text

from gateway.ledger.row import LedgerRow
from gateway.ledger.schema import METADATA
from router.decision import Route

SLOT_MS = 15 * 60 * 1000

SUMS = (
    "requests", "local_answers", "cloud_answers", "prompt_tokens", "completion_tokens", "cached_tokens",
    "spent_nusd", "cost_nusd", "baseline_nusd", "deciding_nusd", "cloud_nusd",
)  # fmt: skip
"""`spent_nusd` is the cost of all requests whose cost is known, `cloud_nusd` that of the cloud's alone, which budgets
count. The three between are summed where cost and baseline cost are both known: savings are made of them."""

ACCOUNT_SUMS = Table(
    "account_sums",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("slot_ms", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, BigInteger, nullable=False) for name in SUMS),
)

_ADD = text(
    f"INSERT INTO account_sums (account, slot_ms, {', '.join(SUMS)}) "
    f"VALUES (:account, :slot_ms, {', '.join(f':{name}' for name in SUMS)}) "
    "ON CONFLICT (account, slot_ms) "
    f"DO UPDATE SET {', '.join(f'{name} = account_sums.{name} + excluded.{name}' for name in SUMS)}"
)


def add_to_accounts(connection: Connection, rows: Iterable[LedgerRow]) -> None:
    """Add rows that were just inserted to the sums of their accounts, in the same transaction."""
    added: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        values = _sums_of(row)
        for account in accounts_of(row):
            sums = added.setdefault((account, row.created_ms - row.created_ms % SLOT_MS), [0] * len(SUMS))
            for i, value in enumerate(values):
                sums[i] += value
    if added:  # in the same order in all writers, so that no two deadlock
        connection.execute(_ADD, [_named(*key, added[key]) for key in sorted(added)])


def cloud_nusd(connection: Connection, account: str, since_ms: int) -> int:
    """What the requests of `account` that arrived from `since_ms` on (a whole quarter of an hour) cost in the cloud."""
    c = ACCOUNT_SUMS.c
    query = select(func.coalesce(func.sum(c.cloud_nusd), 0)).where(c.account == account, c.slot_ms >= since_ms)
    return int(connection.execute(query).scalar_one())


def accounts_of(row: LedgerRow) -> Iterator[str]:
    """The accounts that a row is booked on, each once."""
    yield "all"
    if row.key_id:
        yield f"key:{row.key_id}"
    if row.team:
        yield f"team:{row.team}"
    for tag in orjson.loads(row.tags) if row.tags else ():
        yield f"tag:{tag}"


def _named(account: str, slot_ms: int, sums: list[int]) -> dict[str, str | int]:
    return {"account": account, "slot_ms": slot_ms, **dict(zip(SUMS, sums, strict=True))}


def _sums_of(row: LedgerRow) -> tuple[int, ...]:
    """One row's share of `SUMS`."""
    answered = row.completion_tokens > 0
    spent = row.cost_nusd or 0
    is_cloud = row.route == Route.CLOUD
    is_priced = row.cost_nusd is not None and row.baseline_nusd is not None
    savings = (spent, row.baseline_nusd or 0, row.deciding_nusd) if is_priced else (0, 0, 0)
    return (
        1,
        int(answered and row.route == Route.LOCAL),
        int(answered and is_cloud),
        row.prompt_tokens,
        row.completion_tokens,
        row.cached_tokens,
        spent,
        *savings,
        spent if is_cloud else 0,
    )
