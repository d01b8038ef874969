"""The keys that work now, in memory: what every call is checked against, in microseconds.

Each worker of each gateway looks twice a second whether keys were changed, and only then reads them all: so a key
works, and stops to work, everywhere within a second.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from gateway.config.settings import Settings
from gateway.keys.admin_key import AdminKey
from gateway.keys.api_key import ApiKey
from gateway.keys.caller import Caller
from gateway.keys.schema import ACCESS_VERSION, API_KEYS, SECRETS
from gateway.keys.secrets import SecretHasher, is_secret
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.units import now_ms
from models.host.private_files import private_file

logger = logging.getLogger(__name__)

POLL_S = 0.5

MARK = "keys-needed"
"""An empty file in the state directory of a gateway that has seen a key."""

STALE_S = 2.0
"""From such an age on, what is known of keys counts as out of date: somebody may have revoked one."""


@dataclass(frozen=True, slots=True)
class _Entry:
    caller: Caller
    expires_ms: float


@dataclass(frozen=True, slots=True)
class _Known:
    """All keys at one moment. Nothing is known before the database was read for the first time: `version` is None."""

    version: int | None = None
    ever_made: int = 0
    by_hash: Mapping[str, _Entry] = field(default_factory=dict)
    by_id: Mapping[str, _Entry] = field(default_factory=dict)


class ActiveKeys:
    """Who calls, by the secret that a call carries.

    Parameters
    ----------
    ledger : Ledger
        Its database has the keys.
    """

    def __init__(self, settings: Settings, ledger: Ledger, hasher: SecretHasher) -> None:
        self._ledger = ledger
        self._hasher = hasher
        self._required = settings.keys.required
        self._is_closed = False
        self.configure(settings)
        self._known = _Known()
        self._mark = settings.state_dir / MARK
        self._reading = threading.Lock()
        self._read_at = float("-inf")
        self._trouble: str | None = None

    def configure(self, settings: Settings) -> None:
        """Admit another SLIMGATE_API_KEY from now on. A gateway that had one, or a single sign-on, stays closed."""
        self._admin = AdminKey.of(settings)
        self._is_closed = self._is_closed or self._admin is not None or settings.oidc.issuer is not None

    @property
    def admin(self) -> AdminKey | None:
        """SLIMGATE_API_KEY, if it is set."""
        return self._admin

    @property
    def is_needed(self) -> bool | None:
        """Whether a call needs a key: as configured, else once one was made, also after it was revoked.

        None while that depends on a database that has not answered yet. Then a gateway that has never seen a key in it
        goes on answering, as a local one without keys does: `MARK` in its state directory tells.
        """
        if self._is_closed:
            return True
        if self._required is not None:
            return self._required
        if self.is_known:
            return self._known.ever_made > 0
        return None if self._mark.exists() else False

    @property
    def closes_with_next_key(self) -> bool:
        """Whether the first key, the next one made, ends calls without a key."""
        return self._required is None and self.is_needed is False

    @property
    def is_known(self) -> bool:
        """Whether it is known which keys there are; not before the database has answered once."""
        return self._known.version is not None

    @property
    def is_missing(self) -> bool:
        """Whether there are keys that are not known yet: this gateway has seen some at an earlier start."""
        return not self.is_known and self._mark.exists()

    @property
    def trouble(self) -> str | None:
        """Why what is known of keys is out of date; None while it is not. What is known counts all the same."""
        if time.monotonic() - self._read_at < STALE_S:
            return None
        return self._trouble or f"the database has not answered for {STALE_S:g} s"

    def caller_of_secret(self, secret: str | bytes) -> Caller | None:
        """The caller with that secret; None where it is no key, or works no longer."""
        value = secret.encode(errors="replace") if isinstance(secret, str) else secret
        if self._admin is not None and self._admin.matches(value):
            return self._admin.caller
        entry = self._hasher.find(value, self._known.by_hash) if is_secret(value) else None
        return None if entry is None else _live(entry)

    def caller_of_key(self, key_id: str) -> Caller | None:
        """The caller with the key of that id; None where there is none, or it works no longer."""
        if self._admin is not None and self._admin.caller.id == key_id:
            return self._admin.caller
        entry = self._known.by_id.get(key_id)
        return None if entry is None else _live(entry)

    def refresh(self) -> None:
        """Read the keys, if they were changed. What a database that does not answer had said before still counts."""
        try:
            with self._reading, self._ledger.access() as connection:
                version = connection.execute(select(ACCESS_VERSION.c.version)).scalar_one()
                if version != self._known.version:  # read before the keys: a change in between is read again
                    self._known = _read(connection, version)
                    self._remember()
                self._read_at = time.monotonic()
        except LedgerUnavailable as exc:
            if self._trouble is None:
                logger.error("keys: changes are not seen, those known until now still count: %s", exc)
            self._trouble = str(exc)
            return
        if self._trouble is not None:
            logger.info("keys: the database answers again")
            self._trouble = None

    def _remember(self) -> None:
        """Note for the next start that this gateway needs keys."""
        if self._known.ever_made:
            with contextlib.suppress(OSError):  # a full disk; it is noted at the next start
                private_file(self._mark)

    async def first_refresh(self) -> None:
        """Know the keys before the first call, if the database answers."""
        await asyncio.to_thread(self._ledger.flush)  # which makes the tables
        await asyncio.to_thread(self.refresh)

    async def keep_fresh(self) -> None:
        """See what other processes change, until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            await asyncio.to_thread(self.refresh)


def _live(entry: _Entry) -> Caller | None:
    return entry.caller if now_ms() < entry.expires_ms else None


def _read(connection: Connection, version: int) -> _Known:
    ever_made = connection.execute(select(func.count()).select_from(API_KEYS)).scalar_one()
    by_id: dict[str, _Entry] = {}
    for row in connection.execute(select(API_KEYS).where(API_KEYS.c.revoked_ms.is_(None))):
        if (key := ApiKey.read(row)) is not None:
            by_id[row.id] = _Entry(key.caller, _or_never(row.expires_ms))
    by_hash = {}
    for row in connection.execute(select(SECRETS.c.hash, SECRETS.c.key_id, SECRETS.c.expires_ms)):
        if (entry := by_id.get(row.key_id)) is not None:
            by_hash[row.hash] = _Entry(entry.caller, min(entry.expires_ms, _or_never(row.expires_ms)))
    return _Known(version, ever_made, by_hash, by_id)


def _or_never(expires_ms: int | None) -> float:
    return float("inf") if expires_ms is None else expires_ms
