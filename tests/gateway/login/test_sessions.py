"""Sessions in the database, and what of them is where."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from gateway.config.sections.login import LoginSettings
from gateway.ledger import Ledger
from gateway.login import sessions as module
from gateway.login.schema import SESSIONS
from gateway.login.seal import PAYLOAD_BYTES, Seal
from gateway.login.sessions import MOST_OF_ONE, TOUCH_EVERY_MS, LoginSession, LoginSessions

KEYS = (b"k" * 32,)


@pytest.fixture
def sessions(ledger: Ledger) -> LoginSessions:
    return LoginSessions(ledger, LoginSettings(), KEYS)


def opened(sessions: LoginSessions, ledger: Ledger, key_id: str = "k") -> str:
    with ledger.write() as connection:
        return sessions.open(connection, key_id, "", "127.0.0.1", "a browser")


def find(sessions: LoginSessions, token: str) -> LoginSession | None:
    return asyncio.run(sessions.find(token))


def shift(ledger: Ledger, session: LoginSession, **values: int) -> None:
    with ledger.write() as connection:
        connection.execute(update(SESSIONS).where(SESSIONS.c.hash == session.hash).values(**values))


def test_other_gateways_know_it_and_the_database_does_not_tell_it(ledger: Ledger, sessions: LoginSessions) -> None:
    token = opened(sessions, ledger)
    found = find(LoginSessions(ledger, LoginSettings(), (b"new" * 11, *KEYS)), token)  # whose secret was rotated
    assert found is not None
    with ledger.read() as connection:
        row = connection.execute(select(SESSIONS).where(SESSIONS.c.hash == found.hash)).one()
    assert token not in str(row)
    assert sessions.csrf(token) not in (None, token, found.hash)
    assert find(LoginSessions(ledger, LoginSettings(), (b"x" * 32,)), token) is None


def test_one_that_ended_elsewhere_stops_once_it_is_looked_at_again(
    ledger: Ledger, sessions: LoginSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = opened(sessions, ledger)
    session = find(sessions, token)
    assert session is not None
    with ledger.write() as connection:
        LoginSessions(ledger, LoginSettings(), KEYS).end(connection, session)
    assert module.CACHED_S <= 0.5
    monkeypatch.setattr(module, "CACHED_S", 0.0)
    assert find(sessions, token) is None


def test_one_that_ended_here_stops_at_once(ledger: Ledger, sessions: LoginSessions) -> None:
    token = opened(sessions, ledger)
    session = find(sessions, token)
    assert session is not None
    with ledger.write() as connection:
        sessions.end(connection, session)
    assert find(sessions, token) is None


@pytest.mark.parametrize("column", ["expires_ms", "seen_ms"])
def test_it_ends_by_age_and_by_idleness(ledger: Ledger, column: str) -> None:
    sessions = LoginSessions(ledger, LoginSettings(session_hours=1, idle_minutes=30), KEYS)
    token = opened(sessions, ledger)
    session = find(sessions, token)
    assert session is not None
    assert session.expires_ms - session.created_ms == 3_600_000
    shift(ledger, session, **{column: session.created_ms - 30 * 60_000})
    later = LoginSessions(ledger, LoginSettings(session_hours=1, idle_minutes=30), KEYS)
    assert find(later, token) is None
    assert token not in str(later.of("k"))


def test_use_is_written_down_once_a_minute(ledger: Ledger, sessions: LoginSessions) -> None:
    token = opened(sessions, ledger)
    session = find(sessions, token)
    assert session is not None
    shift(ledger, session, seen_ms=session.seen_ms - TOUCH_EVERY_MS - 1)
    assert find(LoginSessions(ledger, LoginSettings(), KEYS), token) is not None
    again = find(LoginSessions(ledger, LoginSettings(), KEYS), token)
    assert again is not None
    assert again.seen_ms >= session.seen_ms


def test_nobody_has_any_number_of_them(ledger: Ledger, sessions: LoginSessions) -> None:
    tokens = [opened(sessions, ledger, "greedy") for _ in range(MOST_OF_ONE + 2)]
    assert len(sessions.of("greedy")) == MOST_OF_ONE
    assert find(sessions, tokens[-1]) is not None


def test_what_we_did_not_seal_costs_no_look_at_the_database(sessions: LoginSessions) -> None:
    ours = Seal(KEYS, "login session").make(b"p" * PAYLOAD_BYTES)
    others = Seal(KEYS, "single sign-on").make(b"p" * PAYLOAD_BYTES)
    sessions._read = None  # type: ignore[assignment,method-assign]
    with pytest.raises(TypeError):  # this one would be looked up
        find(sessions, ours)
    made_up = [others, ours[:-1] + ("A" if ours[-1] != "A" else "B"), ours[:-1], ours + "A", "", "é" * 64]
    assert [find(sessions, token) for token in made_up] == [None] * len(made_up)


def test_postgresql_keeps_them_too(postgres: tuple[str, Engine], tmp_path: Path) -> None:
    ledger = Ledger(postgres[0], tmp_path / "spool")
    ledger.start()
    assert ledger.flush()
    try:
        sessions, other = (LoginSessions(ledger, LoginSettings(), KEYS) for _ in range(2))
        tokens = [opened(sessions, ledger) for _ in range(MOST_OF_ONE + 1)]
        found = find(other, tokens[-1])
        assert found is not None
        assert len(other.of("k")) == MOST_OF_ONE
        with ledger.write() as connection:
            sessions.end(connection, found)
        assert find(LoginSessions(ledger, LoginSettings(), KEYS), tokens[-1]) is None
    finally:
        ledger.close()
