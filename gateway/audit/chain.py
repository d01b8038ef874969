"""Appends entries to the chain. Each hash seals an entry and the hash before it.

The key for it is not in the database. So an entry that was changed, removed or put between others shows, and nobody
makes a new chain without the key.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import orjson
from sqlalchemy import Connection, insert, select, update

from gateway.audit.schema import AUDIT, HEAD
from gateway.config.secret import derived_keys
from gateway.config.settings import Settings

FIRST_HASH = "0" * 64
"""What stands before the first entry."""


class Kind(StrEnum):
    """What an entry is about."""

    EGRESS = "egress"  # a request of which something left this machine
    PRIVATE = "private"  # a request that had to stay; its calls are none
    ADMIN = "admin"  # somebody changed a setting, a key or a classifier


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry before it is sealed. `body` holds JSON values, never text of a prompt or an answer."""

    kind: Kind
    made_ms: int
    body: Mapping[str, Any]
    request_id: str | None = None


class AuditChain:
    """Seals entries.

    Parameters
    ----------
    key : bytes
        Made of the gateway's secret; the same for all gateways over one database.
    keep_days : float, optional
        Entries older than this are removed. Default: none are.
    """

    def __init__(self, key: bytes, keep_days: float | None = None) -> None:
        self._key = key
        self.keep_days = keep_days

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The chain of a gateway with these settings.

        Raises
        ------
        SettingsError
            If the secret's file cannot be used.
        """
        return cls(audit_keys(settings)[0], settings.audit.keep_days)

    def configure(self, settings: Settings) -> None:
        """Seal with the secret of `settings`, and keep entries for as long as they say."""
        self._key, self.keep_days = audit_keys(settings)[0], settings.audit.keep_days

    def append(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Append `entries` inside the caller's transaction, which holds the chain's end until it commits."""
        if not entries:
            return
        self.lock(connection)
        seq, last = connection.execute(select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == 1)).one()
        rows = []
        for entry in entries:
            seq += 1
            body = orjson.dumps(entry.body, option=orjson.OPT_SORT_KEYS).decode()
            last = self.seal(seq, last, entry.made_ms, entry.kind, entry.request_id, body)
            rows.append(
                {
                    "seq": seq,
                    "made_ms": entry.made_ms,
                    "kind": entry.kind,
                    "request_id": entry.request_id,
                    "body": body,
                    "hash": last,
                }
            )
        connection.execute(insert(AUDIT), rows)
        connection.execute(update(HEAD).where(HEAD.c.id == 1).values(seq=seq, hash=last))

    def lock(self, connection: Connection) -> None:
        """Hold the chain's end until the caller's transaction ends."""
        # An update: it takes the lock in SQLite as well as in PostgreSQL.
        connection.execute(update(HEAD).where(HEAD.c.id == 1).values(seq=HEAD.c.seq))

    def seal(self, seq: int, before: str, made_ms: int, kind: str, request_id: str | None, body: str) -> str:
        """The hash of an entry behind `before`: HMAC-SHA256 over all its fields, 64 hexadecimal digits."""
        sealed = orjson.dumps([seq, before, made_ms, kind, request_id, body])
        return hmac.digest(self._key, sealed, "sha256").hex()  # one call: half the time of an object


def audit_keys(settings: Settings) -> tuple[bytes, ...]:
    """The keys that entries may be sealed with, the one in use first; raises as `AuditChain.of` does."""
    return derived_keys(settings, "audit")
