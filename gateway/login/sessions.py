"""Sessions of people at the page, in the ledger's database: they work in every worker and gateway over it."""

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from gateway.config.sections.login import LoginSettings
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.units import now_ms
from gateway.login.schema import SESSIONS
from gateway.login.seal import PAYLOAD_BYTES, Opened, Seal

CACHED_S = 0.5
"""How long a session counts as unchanged: one that was ended elsewhere stops at most so much later."""

MOST_CACHED = 1000
TOUCH_EVERY_MS = 60_000
"""How often it is written down that a session is in use."""

MOST_OF_ONE = 50
"""Sessions of one key or person; the oldest gives way to a new one."""

ID_CHARS = 16


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One login of somebody at the page, as the database has it."""

    hash: str
    key_id: str
    identity: str
    created_ms: int
    seen_ms: int
    expires_ms: int
    address: str
    agent: str

    @property
    def id(self) -> str:
        """Names it in lists; it opens nothing."""
        return self.hash[:ID_CHARS]


class LoginSessions:
    """Opens, finds and ends sessions. All methods but `csrf` and `find` block.

    Parameters
    ----------
    keys : tuple of bytes
        `gateway.config.secret.derived_keys` for ``sessions``.
    """

    def __init__(self, ledger: Ledger, settings: LoginSettings, keys: tuple[bytes, ...]) -> None:
        self._ledger = ledger
        self._cache: dict[str, tuple[float, LoginSession | None]] = {}
        self.configure(settings, keys)

    def configure(self, settings: LoginSettings, keys: tuple[bytes, ...]) -> None:
        """Keep to other limits, and use other keys, from now on; those who are logged in keep their expiry."""
        self._lives_ms = round(settings.session_hours * 3_600_000)
        self._idle_ms = round(settings.idle_minutes * 60_000)
        self._seal = Seal(keys, "login session")

    @property
    def lives_s(self) -> int:
        """Longest life of a session, in seconds."""
        return self._lives_ms // 1000

    def open(self, connection: Connection, key_id: str, identity: str, address: str, agent: str) -> str:
        """Open a session inside the caller's transaction; its token, which nothing but the cookie keeps."""
        token = self._seal.make(os.urandom(PAYLOAD_BYTES))
        opened = self._seal.open(token)
        assert opened is not None
        now = now_ms()
        connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_ms <= now))
        self._make_room(connection, key_id)
        row = LoginSession(_stored(opened), key_id, identity, now, now, now + self._lives_ms, address, agent)
        columns = SESSIONS.columns.keys()
        connection.execute(insert(SESSIONS).values({name: getattr(row, name) for name in columns}))
        return token

    def csrf(self, token: str) -> str | None:
        """What a page must send beside the cookie to change something; None where `token` is not ours."""
        opened = self._seal.open(token)
        return None if opened is None else opened.derive("csrf")

    async def find(self, token: str) -> LoginSession | None:
        """The session of a token, while it lasts.

        Raises
        ------
        LedgerUnavailable
            While the database does not answer.
        """
        opened = self._seal.open(token)
        if opened is None:
            return None
        hash = _stored(opened)
        looked_s, session = self._cache.get(hash, (0.0, None))
        if time.monotonic() - looked_s > CACHED_S:
            session = await asyncio.to_thread(self._read, hash)
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            self._cache[hash] = (time.monotonic(), session)
        return session if session is not None and self._lasts(session) else None

    def of(self, key_id: str | None) -> list[LoginSession]:
        """The sessions of a caller, or of all; the newest first."""
        query = select(SESSIONS).order_by(SESSIONS.c.created_ms.desc())
        if key_id is not None:
            query = query.where(SESSIONS.c.key_id == key_id)
        with self._ledger.access() as connection:
            found = [LoginSession(**row) for row in connection.execute(query).mappings()]
        return [session for session in found if self._lasts(session)]

    def end(self, connection: Connection, session: LoginSession) -> None:
        """End it inside the caller's transaction."""
        connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == session.hash))
        self._cache.pop(session.hash, None)

    def _lasts(self, session: LoginSession) -> bool:
        now = now_ms()
        return now < session.expires_ms and now < session.seen_ms + self._idle_ms

    def _read(self, hash: str) -> LoginSession | None:
        with self._ledger.access() as connection:
            row = connection.execute(select(SESSIONS).where(SESSIONS.c.hash == hash)).mappings().first()
        session = None if row is None else LoginSession(**row)
        if session is not None and self._lasts(session) and now_ms() - session.seen_ms > TOUCH_EVERY_MS:
            self._touch(hash)
        return session

    def _touch(self, hash: str) -> None:
        """Write down that a session is in use; where the database takes nothing, it ends a little earlier."""
        with contextlib.suppress(LedgerUnavailable), self._ledger.write() as connection:
            connection.execute(update(SESSIONS).where(SESSIONS.c.hash == hash).values(seen_ms=now_ms()))

    def _make_room(self, connection: Connection, key_id: str) -> None:
        newest_first = select(SESSIONS.c.hash).where(SESSIONS.c.key_id == key_id).order_by(SESSIONS.c.created_ms.desc())
        older = connection.execute(newest_first.offset(MOST_OF_ONE - 1)).scalars().all()
        if older:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.hash.in_(older)))


def _stored(opened: Opened) -> str:
    """What the database keeps of a token: nobody who reads it can log in."""
    return opened.derive("stored session")
