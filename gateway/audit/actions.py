"""What administrators do, as entries of the chain: who did it, from where, and what."""

import getpass
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from gateway.audit.chain import AuditChain, Entry, Kind


class Database(Protocol):
    """What entries are written to: the ledger."""

    def write(self) -> AbstractContextManager[Connection]:
        """A connection; committed unless the block raises."""
        ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where.

    Attributes
    ----------
    who : str
        ``KEY_ID (NAME)`` or ``command line (USER)``.
    where : str
        The client's address, or the name of the host.
    """

    who: str
    where: str


def command_line_actor() -> Actor:
    """Whoever runs a command."""
    return process_actor("command line")


def process_actor(what: str) -> Actor:
    """The user that this process runs as, on this host; `what` says by which way something is done."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        user = "unknown"
    return Actor(f"{what} ({user})", socket.gethostname())


def action_entry(actor: Actor, action: str, details: Mapping[str, Any]) -> Entry:
    """The entry of one action, for those who append it in a transaction of their own.

    `details` holds JSON values that tell what was changed: names and numbers, never a secret.
    """
    body = {**details, "who": actor.who, "where": actor.where, "action": action}
    return Entry(Kind.ADMIN, time.time_ns() // 1_000_000, body)


@contextmanager
def recorded(
    database: Database, chain: AuditChain, actor: Actor, action: str, details: Mapping[str, Any]
) -> Iterator[None]:
    """Do one action inside the block, and append it to the chain; blocks, so not for the event loop.

    What cannot be recorded is not done, and what the block raises is not recorded. The chain's end is held meanwhile:
    the action must take no longer than a moment.

    Raises
    ------
    LedgerUnavailable
        While the database does not answer; then the block has not begun.
    """
    with database.write() as connection:
        chain.append(connection, [action_entry(actor, action, details)])
        yield


def record_action(database: Database, chain: AuditChain, actor: Actor, action: str, details: Mapping[str, Any]) -> None:
    """Append one action to the chain, before it is done; as `recorded` does."""
    with recorded(database, chain, actor, action, details):
        pass
