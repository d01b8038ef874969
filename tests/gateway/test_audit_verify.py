"""Whoever has the database but not the key changes nothing unseen; a head noted elsewhere shows the rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from gateway.audit.chain import AuditChain, Entry, Kind
from gateway.audit.prune import prune
from gateway.audit.read import head_of
from gateway.audit.verify import Break, Verification, Verifier
from gateway.ledger.schema import migrate

KEY, OTHER = b"k" * 32, b"o" * 32
NOW_MS = 4_000_000_000_000


@pytest.fixture
def database() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        migrate(connection)
        add(connection, 10)
    return engine


def add(connection: Connection, n: int, key: bytes = KEY, made_ms: int = NOW_MS) -> None:
    AuditChain(key).append(connection, [Entry(Kind.EGRESS, made_ms, {"n": n}, f"req_{n}") for n in range(n)])


def verify(engine: Engine, *keys: bytes, expect: tuple[int, str] | None = None) -> Verification:
    @contextmanager
    def read() -> Iterator[Connection]:
        with engine.connect() as connection:
            yield connection

    return Verifier(read, keys or (KEY,), expect).run()


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def head(engine: Engine) -> tuple[int, str]:
    with engine.connect() as connection:
        return head_of(connection)


def test_a_whole_chain_is_whole(database: Engine) -> None:
    result = verify(database, expect=head(database))
    assert (result.entries, result.head, result.finding) == (10, head(database), None)


MOVE_BACK = "UPDATE audit SET seq = seq - 1 WHERE seq > 4"
MAKE_ROOM = ("UPDATE audit SET seq = -seq WHERE seq > 4", "UPDATE audit SET seq = 1 - seq WHERE seq < 0")
FORGED = "INSERT INTO audit SELECT {seq}, made_ms, kind, request_id, body, hash FROM audit WHERE seq = 2"


@pytest.mark.parametrize(
    ("statements", "kind", "seq"),
    [
        (("UPDATE audit SET body = '{}' WHERE seq = 4",), Break.CHANGED, 4),
        (("UPDATE audit SET request_id = 'req_other' WHERE seq = 1",), Break.CHANGED, 1),
        (("UPDATE audit SET made_ms = made_ms + 1 WHERE seq = 10",), Break.CHANGED, 10),
        (("UPDATE audit SET body = 'not JSON' WHERE seq = 4",), Break.CHANGED, 4),
        (("DELETE FROM audit WHERE seq = 4",), Break.REMOVED, 4),
        (("DELETE FROM audit WHERE seq < 4",), Break.REMOVED, 1),
        (("DELETE FROM audit WHERE seq = 4", MOVE_BACK, "UPDATE audit_head SET seq = 9"), Break.CHANGED, 4),
        ((*MAKE_ROOM, FORGED.format(seq=5), "UPDATE audit_head SET seq = 11"), Break.INSERTED, 5),
        ((FORGED.format(seq=11),), Break.INSERTED, 11),
        ((FORGED.format(seq=11), "UPDATE audit_head SET seq = 11"), Break.CHANGED, 11),
        (("DELETE FROM audit WHERE seq > 8",), Break.CUT_OFF, 9),
        (("DELETE FROM audit",), Break.CUT_OFF, 1),
        (("UPDATE audit_head SET hash = 'x'",), Break.CHANGED, 10),
    ],
)
def test_the_first_broken_place_is_found(database: Engine, statements: tuple[str, ...], kind: Break, seq: int) -> None:
    run(database, *statements)
    finding = verify(database).finding
    assert finding is not None
    assert (finding.kind, finding.seq) == (kind, seq)


def test_another_key_is_told_from_a_change(database: Engine) -> None:
    finding = verify(database, OTHER).finding
    assert finding is not None
    assert finding.kind is Break.WRONG_KEY


def test_entries_from_before_a_rotation_stay_good(database: Engine) -> None:
    with database.begin() as connection:
        add(connection, 5, OTHER)
    assert verify(database, OTHER, KEY).finding is None
    assert verify(database, KEY).finding is not None


def _cut_with_the_head(engine: Engine) -> None:
    run(
        engine,
        "DELETE FROM audit WHERE seq > 8",
        "UPDATE audit_head SET seq = 8, hash = (SELECT hash FROM audit WHERE seq = 8)",
    )


def _made_anew(engine: Engine) -> None:
    run(engine, "DELETE FROM audit", f"UPDATE audit_head SET seq = 0, hash = '{'0' * 64}'")
    with engine.begin() as connection:
        add(connection, 12, made_ms=NOW_MS + 1)


@pytest.mark.parametrize(("forge", "kind"), [(_cut_with_the_head, Break.CUT_OFF), (_made_anew, Break.REWRITTEN)])
def test_only_a_head_noted_elsewhere_shows_what_was_made_to_fit(
    database: Engine, forge: Callable[[Engine], None], kind: Break
) -> None:
    noted = head(database)
    forge(database)
    assert verify(database).finding is None
    finding = verify(database, expect=noted).finding
    assert finding is not None
    assert finding.kind is kind


def test_an_old_entry_behind_a_new_one_stays(database: Engine) -> None:
    with database.begin() as connection:
        add(connection, 3, made_ms=1)  # by a clock that was wrong for a while
        assert prune(AuditChain(KEY), connection, keep_days=1) == 0
    assert verify(database).finding is None


def test_what_was_pruned_is_named_by_a_sealed_entry(database: Engine) -> None:
    run(database, "DELETE FROM audit", f"UPDATE audit_head SET seq = 0, hash = '{'0' * 64}'")
    with database.begin() as connection:
        add(connection, 6, made_ms=1)
        add(connection, 4)
    noted = head(database)
    for removed in (6, 0):
        with database.begin() as connection:
            assert prune(AuditChain(KEY), connection, keep_days=1) == removed
    result = verify(database, expect=noted)
    assert (result.finding, result.pruned_through, result.entries) == (None, 6, 5)
    run(database, "DELETE FROM audit WHERE seq = 7")
    finding = verify(database).finding
    assert finding is not None
    assert (finding.kind, finding.seq) == (Break.REMOVED, 7)


def test_a_chain_of_which_everything_is_old_goes_on(database: Engine) -> None:
    run(database, "DELETE FROM audit", f"UPDATE audit_head SET seq = 0, hash = '{'0' * 64}'")
    with database.begin() as connection:
        add(connection, 3, made_ms=1)
        prune(AuditChain(KEY), connection, keep_days=1)
        add(connection, 1)
    assert verify(database).finding is None
