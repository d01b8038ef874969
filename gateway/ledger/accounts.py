"""Sums by account: of everybody, of each key, each team and each tag. Budgets and chargeback are made of them.

An account is ``all``, ``key:ID``, ``team:NAME`` or ``tag:NAME``. As in the rollup, each row is added once, when it is
stored, to its quarter of an hour, so that a span in any time zone is a sum of whole rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add, sub
from typing import Literal, NamedTuple

import orjson
from sqlalchemy import BigInteger, Column, Connection, Table, Text, func, or_, select, text

from gateway.ledger.rollup import SLOT_MS, RollupRow, read_rows_by, whole_slots, within
from gateway.ledger.row import ERRORS, LedgerRow
from gateway.ledger.schema import METADATA
from gateway.ledger.scope import ALL, LedgerScope
from router.decision import Route

AccountKind = Literal["key", "team", "tag"]


class AccountSums(NamedTuple):
    """What is summed. Money is in nano-dollars.

    `spent_nusd` is the cost of all requests whose cost is known, `cloud_nusd` that of the cloud's alone, which budgets
    count. `cost_nusd`, `baseline_nusd` and `deciding_nusd` are summed where cost and baseline cost are both known:
    savings are made of them. `errors` counts requests whose outcome is one of `ERRORS`.
    """

    requests: int = 0
    local_answers: int = 0
    cloud_answers: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    spent_nusd: int = 0
    cost_nusd: int = 0
    baseline_nusd: int = 0
    deciding_nusd: int = 0
    cloud_nusd: int = 0

    def plus(self, other: "AccountSums") -> "AccountSums":
        """Both together."""
        return AccountSums(*map(add, self, other))

    def minus(self, other: "AccountSums") -> "AccountSums":
        """What remains without those of `other`."""
        return AccountSums(*map(sub, self, other))


SUMS = AccountSums._fields

_COLUMNS = {"key": "key_id", "team": "team", "tag": "tags"}

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


def read_accounts(
    connection: Connection,
    kind: AccountKind,
    scope: LedgerScope,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> dict[str, AccountSums]:
    """The sums of each key, team or tag over the requests of `scope`, from `since_ms` on and before `until_ms`.

    Those of requests without a key or team have the name "". Whole quarters of an hour come from the table, as long as
    all requests of an account may be seen: what a team sees of its keys, or a key of its tags, is added up from rows.
    """
    sums: dict[str, AccountSums] = defaultdict(AccountSums)
    first, last = whole_slots(since_ms, until_ms)
    is_short = first is not None and last is not None and first >= last
    if is_short or not (scope.is_all or scope.account.startswith(f"{kind}:")):
        _add_rows(sums, connection, kind, since_ms, until_ms, scope)
    else:
        _add_slots(sums, connection, kind, first, last, scope)
        if since_ms != first:
            _add_rows(sums, connection, kind, since_ms, first, scope)
        if until_ms != last:
            _add_rows(sums, connection, kind, last, until_ms, scope)
    return {name: its for name, its in sums.items() if its.requests}


def sums_of_rollup(row: RollupRow) -> AccountSums:
    """The part of an account's sums that some of its requests make up."""
    is_cloud = row.route == Route.CLOUD
    return AccountSums(
        requests=row.requests,
        local_answers=row.answered if row.route == Route.LOCAL else 0,
        cloud_answers=row.answered if is_cloud else 0,
        errors=row.requests if row.outcome in ERRORS else 0,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cached_tokens=row.cached_tokens,
        spent_nusd=row.spent_nusd,
        cost_nusd=row.cost_nusd,
        baseline_nusd=row.baseline_nusd,
        deciding_nusd=row.deciding_nusd,
        cloud_nusd=row.spent_nusd if is_cloud else 0,
    )


def cloud_nusd(connection: Connection, account: str, since_ms: int) -> int:
    """What the requests of `account` that arrived from `since_ms` on (a whole quarter of an hour) cost in the cloud."""
    c = ACCOUNT_SUMS.c
    query = select(func.coalesce(func.sum(c.cloud_nusd), 0)).where(c.account == account, c.slot_ms >= since_ms)
    return int(connection.execute(query).scalar_one())


def accounts_of(row: LedgerRow) -> Iterator[str]:
    """The accounts that a row is booked on, each once."""
    yield ALL
    if row.key_id:
        yield f"key:{row.key_id}"
    if row.team:
        yield f"team:{row.team}"
    for tag in orjson.loads(row.tags) if row.tags else ():
        yield f"tag:{tag}"


def _add_slots(
    sums: dict[str, AccountSums],
    connection: Connection,
    kind: AccountKind,
    since_ms: int | None,
    until_ms: int | None,
    scope: LedgerScope,
) -> None:
    """Add sums of whole slots; what belongs to nobody is what remains of everybody's."""
    account, prefix = ACCOUNT_SUMS.c.account, f"{kind}:"
    # Not LIKE, which ignores case in SQLite; nor a range, whose order is the database's own in PostgreSQL.
    wanted = func.substr(account, 1, len(prefix)) == prefix if scope.is_all else account == scope.account
    everybody = AccountSums()
    query = select(account, *(func.sum(ACCOUNT_SUMS.c[name]) for name in SUMS)).group_by(account)
    if scope.is_all and kind != "tag":
        wanted = or_(wanted, account == ALL)
    for name, *values in connection.execute(within(query.where(wanted), ACCOUNT_SUMS.c.slot_ms, since_ms, until_ms)):
        its = AccountSums(*map(int, values))
        if name == ALL:
            everybody = its
        else:
            sums[name.removeprefix(prefix)] = its
    if everybody.requests:
        sums[""] = reduce(AccountSums.minus, sums.values(), everybody)


def _add_rows(
    sums: dict[str, AccountSums],
    connection: Connection,
    kind: AccountKind,
    since_ms: int | None,
    until_ms: int | None,
    scope: LedgerScope,
) -> None:
    """Add sums of single rows."""
    for (value,), row in read_rows_by(connection, [_COLUMNS[kind]], since_ms, until_ms, scope.conditions()):
        names = [value] if kind != "tag" else orjson.loads(value) if value else []
        for name in names:
            sums[name] = sums[name].plus(sums_of_rollup(row))


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
        int(row.outcome in ERRORS),
        row.prompt_tokens,
        row.completion_tokens,
        row.cached_tokens,
        spent,
        *savings,
        spent if is_cloud else row.abandoned_nusd,
    )
