"""A lease: what only one process of all gateways does at a time."""

import os
import secrets
import socket

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from gateway.ledger import Ledger
from gateway.ledger.clock import shared_now_ms
from gateway.ledger.units import now_ms
from gateway.shared.schema import LEASES

DURATION_S = 60.0
"""After a process that had it has died, nobody has it for so long."""

RENEW_S = 10.0


class Lease:
    """The lease called `name`, as seen by this process.

    Parameters
    ----------
    ledger : Ledger
        Its database knows who has it, and its clock counts.
    """

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._name = name
        self._holder = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"

    def take(self) -> bool:
        """Take it, or keep it for `DURATION_S` from now; whether this process has it now.

        Raises
        ------
        LedgerUnavailable
        """
        table = LEASES.c
        try:
            with self._ledger.write() as connection:
                now = shared_now_ms(connection, now_ms())
                mine = {"holder": self._holder, "expires_ms": now + round(DURATION_S * 1000)}
                is_free = or_(table.holder == self._holder, table.expires_ms < now)
                if not connection.execute(
                    update(LEASES).where(table.name == self._name, is_free).values(mine)
                ).rowcount:
                    connection.execute(insert(LEASES), {"name": self._name, **mine})
        except IntegrityError:  # somebody has it
            return False
        return True

    def release(self) -> None:
        """Let others have it, if this process has it.

        Raises
        ------
        LedgerUnavailable
        """
        with self._ledger.write() as connection:
            connection.execute(delete(LEASES).where(LEASES.c.name == self._name, LEASES.c.holder == self._holder))
