"""Sessions that may not leave this machine any more, because one of their requests could not.

What was found in one request is quoted, summed up or answered in the next ones, where no detector knows it again. So a
session stays with the local model once it had to, in every worker and every gateway over one database.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from hashlib import blake2b

from sqlalchemy import BigInteger, Column, Table, Text, delete, select, text

from gateway.config.secret import derived_keys
from gateway.config.settings import Settings
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.schema import METADATA
from gateway.ledger.units import now_ms

logger = logging.getLogger(__name__)

BY_SESSION = "an earlier request of its session {!r} could not ({})"
BY_IGNORANCE = "it is not known whether an earlier request of its session {!r} could: the database does not answer"

UNUSED_MS = 30 * 24 * 3_600_000
"""A session that nobody used for so long is forgotten."""

SEEN_EVERY_MS = 3_600_000
"""How exact the time of the last use is: nothing is written more often."""

CACHED = 10_000
"""Sessions that each process remembers to be private. Whether others are is read for each of their requests."""

AWAY_S = 1.0
"""After a failure the database is not asked again for so long, so that no request waits for what does not answer."""

WAIT_S = 2.0
"""The longest that a request waits for the database."""

SWEEP_EVERY_S = 3_600.0
RETRY_S = 1.0

PURPOSE = "private sessions"

PRIVATE_SESSIONS = Table(
    "private_sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seen_ms", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
)
"""`id` is a keyed hash: who has the database learns no session's name from it."""

_KEEP = text(
    "INSERT INTO private_sessions (id, seen_ms, why) VALUES (:id, :seen_ms, :why) "
    "ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms"
)


class PrivateSessions:
    """Remembers which sessions may not leave this machine.

    Parameters
    ----------
    ledger : Ledger
        Its database holds them.
    settings : Settings
        Their secret makes the ids; gateways over one database need the same.
    """

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._unsaved: dict[str, str] = {}
        self._away_until = 0.0
        self.take_secret(settings)

    def take_secret(self, settings: Settings) -> None:
        """Make ids with the secret of `settings` from here on; those made with its older ones are still found."""
        self._keys = derived_keys(settings, PURPOSE)

    async def settle(self, why: str | None, caller_id: str, session_id: str) -> str | None:
        """Why a request of a session may not leave; None where it may.

        `why` says why for a reason of its own: then the session is kept, before this returns. If it cannot be kept now,
        this process remembers it and tries again. While the database does not answer, every session is private.
        """
        ids = self._ids(caller_id, session_id)
        if why is not None:
            await self._keep(ids[0], why)
            return why
        try:
            found = await self._find(ids)
        except LedgerUnavailable:
            return BY_IGNORANCE.format(session_id)
        except Exception:
            logger.exception("private sessions cannot be read; the request stays here")
            return BY_IGNORANCE.format(session_id)
        if found is None:
            return None
        await self._keep(ids[0], found)
        return BY_SESSION.format(session_id, found)

    async def keep_tidy(self) -> None:
        """Keep what could not be kept at once, and forget what is old, for as long as the gateway serves."""
        swept = -SWEEP_EVERY_S
        while True:
            await asyncio.sleep(RETRY_S)
            try:
                await self._save_again()
                if time.monotonic() - swept >= SWEEP_EVERY_S:
                    await asyncio.to_thread(self._sweep)
                    swept = time.monotonic()
            except LedgerUnavailable as exc:
                logger.warning("private sessions: tried again later: %s", exc)

    def _ids(self, caller_id: str, session_id: str) -> list[str]:
        """Its id by each key, the one in use first. Two callers may call their sessions the same."""
        named = f"{len(caller_id)}:{caller_id}{session_id}".encode()
        return [blake2b(named, key=key, digest_size=32).hexdigest() for key in self._keys]

    async def _find(self, ids: list[str]) -> str | None:
        """Why the session is private; None where it is not."""
        for id in ids:
            if (known := self._known.get(id)) is not None:
                self._known.move_to_end(id)
                return known[0]
            if id in self._unsaved:
                return self._unsaved[id]
        if time.monotonic() < self._away_until:
            raise LedgerUnavailable("The ledger's database did not answer a moment ago.")
        try:
            async with asyncio.timeout(WAIT_S):
                return await asyncio.to_thread(self._read, ids)
        except (LedgerUnavailable, TimeoutError) as exc:
            self._away_until = time.monotonic() + AWAY_S
            raise LedgerUnavailable("The ledger's database does not answer.") from exc

    async def _keep(self, id: str, why: str) -> None:
        """Keep a session, or note that it was used, unless that was done a while ago."""
        known = self._known.get(id)
        if known is not None and now_ms() - known[1] < SEEN_EVERY_MS:
            return
        self._remember(id, why)
        self._unsaved[id] = why  # until it is written, also if the caller hangs up meanwhile
        try:
            async with asyncio.timeout(WAIT_S):
                await asyncio.to_thread(self._write, {id: why})
        except (LedgerUnavailable, TimeoutError):
            logger.warning("private sessions: one is kept in memory until the database answers")
            return
        self._unsaved.pop(id, None)

    def _remember(self, id: str, why: str) -> None:
        self._known[id] = why, now_ms()
        self._known.move_to_end(id)
        if len(self._known) > CACHED:
            self._known.popitem(last=False)

    async def _save_again(self) -> None:
        if unsaved := dict(self._unsaved):
            await asyncio.to_thread(self._write, unsaved)
            for id in unsaved:
                self._unsaved.pop(id, None)

    def _read(self, ids: list[str]) -> str | None:
        with self._ledger.access() as connection:
            query = select(PRIVATE_SESSIONS.c.why).where(PRIVATE_SESSIONS.c.id.in_(ids))
            return connection.execute(query).scalars().first()

    def _write(self, sessions: dict[str, str]) -> None:
        rows = [{"id": id, "seen_ms": now_ms(), "why": why} for id, why in sorted(sessions.items())]
        with self._ledger.write() as connection:
            connection.execute(_KEEP, rows)

    def _sweep(self) -> None:
        with self._ledger.write() as connection:
            connection.execute(delete(PRIVATE_SESSIONS).where(PRIVATE_SESSIONS.c.seen_ms < now_ms() - UNUSED_MS))
