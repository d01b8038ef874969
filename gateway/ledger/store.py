"""Inserts rows into the database, and deletes old ones."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.audit.chain import AuditChain
from gateway.ledger.accounts import add_to_accounts
from gateway.ledger.egress import egress_entries
from gateway.ledger.rollup import SLOT_MS, roll_up
from gateway.ledger.row import LedgerRow, Outcome
from gateway.ledger.schema import FEEDBACK, REQUESTS
from gateway.ledger.units import days_ago_ms

DELETE_ROWS = 2000
"""The most rows deleted in one transaction, so that new rows need not wait long."""


PROBE = LedgerRow(
    id="probe",
    created_ms=0,
    endpoint="probe",
    requested_model="",
    route="none",
    reason="invalid",
    score=0.0,
    threshold=0.0,
    stream=False,
    outcome=Outcome.OK,
    egress='{"calls":[]}',
)
"""A row that any working database takes."""


class _SomeStored(Exception):
    """Some of the rows are in the database already."""


def insert_rows(engine: Engine, rows: Sequence[LedgerRow], chain: AuditChain | None = None) -> Sequence[LedgerRow]:
    """Insert `rows`, add them to the sums and to `chain`, all or none of them; returns those that were new.

    A row may come twice, after a crash between the commit and `mark_done`: the first one stays, and counts once.
    """
    try:
        with engine.begin() as connection:
            inserted = connection.execute(_insert(connection), [row.to_columns() for row in rows]).rowcount
            if inserted != len(rows):
                raise _SomeStored
            _account_for(connection, rows, chain)
            return rows
    except _SomeStored:
        with engine.begin() as connection:
            new = _insert_singly(connection, rows)
            _account_for(connection, new, chain)
            return new


def takes_rows(engine: Engine, chain: AuditChain | None = None) -> bool:
    """Whether the database takes a row now: inserts one, and rolls back."""
    try:
        with engine.connect() as connection, connection.begin() as attempt:
            connection.execute(_insert(connection), PROBE.to_columns())
            _account_for(connection, [PROBE], chain)
            attempt.rollback()
    except Exception:
        return False
    return True


def _account_for(connection: Connection, rows: Sequence[LedgerRow], chain: AuditChain | None) -> None:
    """Add rows that were just inserted to all that is kept beside them; last to the chain, whose end is locked then."""
    roll_up(connection, rows)
    add_to_accounts(connection, rows)
    if chain is not None:
        chain.append(connection, list(egress_entries(rows)))


def _insert_singly(connection: Connection, rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Insert one by one, and return the rows that were new; slow, and seldom needed."""
    return [row for row in rows if connection.execute(_insert(connection), row.to_columns()).rowcount]


def _insert(connection: Connection) -> Any:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(REQUESTS).on_conflict_do_nothing(index_elements=["id"])
    return statement.execution_options(preserve_rowcount=True)  # without this, SQLAlchemy drops it


def delete_old_rows(connection: Connection, keep_days: float) -> int:
    """Delete some of the rows older than so many days, as `delete_rows_before` does."""
    return delete_rows_before(connection, days_ago_ms(keep_days))


def delete_rows_before(connection: Connection, moment_ms: int) -> int:
    """Delete some of the rows older than `moment_ms`, oldest first; returns how many, 0 when none are left.

    Their feedback is deleted too, their sums stay. Only rows of whole rollup slots are deleted, so that no sum is ever
    needed over a part of one.
    """
    cut_ms = moment_ms // SLOT_MS * SLOT_MS
    row = REQUESTS.c
    query = select(row.id).where(row.created_ms < cut_ms).order_by(row.created_ms).limit(DELETE_ROWS)
    old = connection.scalars(query).all()
    connection.execute(delete(FEEDBACK).where(FEEDBACK.c.request_id.in_(old)))
    return connection.execute(delete(REQUESTS).where(row.id.in_(old))).rowcount
