"""The chain of entries: each one sealed with the one before it."""

import pytest
from sqlalchemy import Engine, create_engine, select, text

from gateway.audit.chain import FIRST_HASH, AuditChain, Entry, Kind
from gateway.audit.schema import AUDIT, HEAD
from gateway.ledger.schema import migrate


@pytest.fixture
def database() -> Engine:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
    return engine


def test_each_entry_seals_the_one_before(database: Engine) -> None:
    chain = AuditChain(b"k" * 32)
    entries = [Entry(Kind.ADMIN, 1_000 + n, {"b": n, "a": "x"}, request_id=None) for n in range(3)]
    with database.begin() as connection:
        chain.append(connection, entries[:2])
        chain.append(connection, [])
        chain.append(connection, entries[2:])
    with database.connect() as connection:
        rows = connection.execute(select(AUDIT).order_by(AUDIT.c.seq)).all()
        head = connection.execute(select(HEAD)).one()
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].body == '{"a":"x","b":0}'
    before = FIRST_HASH
    for row in rows:
        assert row.hash == chain.seal(row.seq, before, row.made_ms, row.kind, row.request_id, row.body)
        before = row.hash
    assert (head.seq, head.hash) == (3, before)


def test_another_key_seals_otherwise() -> None:
    sealed = {AuditChain(key * 32).seal(1, FIRST_HASH, 1, "admin", None, "{}") for key in (b"a", b"b")}
    assert len(sealed) == 2


def test_nothing_is_appended_when_the_transaction_fails(database: Engine) -> None:
    with database.connect() as connection, connection.begin() as attempt:
        AuditChain(b"k" * 32).append(connection, [Entry(Kind.ADMIN, 1, {})])
        attempt.rollback()
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == 0
        assert connection.execute(select(HEAD.c.seq)).scalar() == 0
