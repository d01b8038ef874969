"""Removes old entries from the front of the chain; a sealed entry says so, and verification begins from there."""

import contextlib
import time
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, select

from gateway.audit.actions import Actor, action_entry
from gateway.audit.chain import AuditChain, Kind
from gateway.audit.schema import AUDIT

DAY_MS = 24 * 3600 * 1000

PRUNED = "pruned"
"""The action of such an entry."""

MOST_ENTRIES = 50_000
"""The most removed in one transaction, so that requests need not wait long for the chain's end."""

_SELF = Actor("the gateway", "audit.keep_days")


def prune(chain: AuditChain, connection: Connection, keep_days: float) -> int:
    """Remove some entries older than `keep_days`, the oldest first; returns how many, 0 when none are left."""
    chain.lock(connection)
    cut_ms = time.time_ns() // 1_000_000 - round(keep_days * DAY_MS)
    c = AUDIT.c
    first = connection.scalar(select(func.min(c.seq)))
    first_kept = connection.scalar(select(func.min(c.seq)).where(c.made_ms >= cut_ms))
    newest = connection.scalar(select(func.max(c.seq)))
    if first is None or newest is None:
        return 0
    last = min((newest + 1 if first_kept is None else first_kept) - 1, first + MOST_ENTRIES - 1)
    if last < first:
        return 0
    through = connection.execute(select(c.seq, c.hash, c.made_ms).where(c.seq == last)).one()
    details = {"through": through.seq, "hash": through.hash, "through_ms": through.made_ms}
    chain.append(connection, [action_entry(_SELF, PRUNED, details)])
    return connection.execute(delete(AUDIT).where(c.seq <= last)).rowcount


def begins_after(connection: Connection) -> dict[str, Any] | None:
    """The newest entry's body that says what was removed; None where nothing was."""
    c = AUDIT.c
    bodies = connection.scalars(
        select(c.body)
        .where(c.kind == Kind.ADMIN, c.body.contains(f'"action":"{PRUNED}"', autoescape=True))
        .order_by(c.seq.desc())
    )
    for body in bodies:
        with contextlib.suppress(orjson.JSONDecodeError):  # verification says so
            found = orjson.loads(body)
            if found.get("action") == PRUNED:  # not a word in somebody's note
                return dict(found)
    return None
