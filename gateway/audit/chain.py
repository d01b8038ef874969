"""Appends entries to the chain. Each hash seals an entry and the hash before it.

The key for it is not in the database. So an entry that was changed, removed or put between others shows, and nobody
makes a new chain without the key.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from gateway.audit.schema import AUDIT, HEAD

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
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def append(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Append `entries` inside the caller's transaction, which holds the chain's end until it commits."""
        if not entries:
            return
        # An update first: it takes the lock in SQLite as well as in PostgreSQL.
        connection.execute(update(HEAD).where(HEAD.c.id == 1).values(seq=HEAD.c.seq))
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

    def seal(self, seq: int, before: str, made_ms: int, kind: str, request_id: str | None, body: str) -> str:
        """The hash of an entry behind `before`: HMAC-SHA256 over all its fields, 64 hexadecimal digits."""
        sealed = orjson.dumps([seq, before, made_ms, kind, request_id, body])
        return hmac.digest(self._key, sealed, "sha256").hex()  # one call: half the time of an object
