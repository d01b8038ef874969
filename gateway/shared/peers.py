"""The other gateways over the same database: who they are, and whether they have the same secret.

Keys, logins, kept responses and the audit chain that one gateway makes are understood by those with its secret only.
Two machines that each made a secret of their own would otherwise show it as keys that work on every other call.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, make_url, select, update

from gateway.config.secret import derived_keys
from gateway.config.settings import Settings, variable_name
from gateway.ledger import Ledger, LedgerUnavailable
from gateway.ledger.clock import shared_now_ms
from gateway.ledger.units import from_epoch_ms, now_ms
from gateway.shared.schema import GATEWAYS

logger = logging.getLogger(__name__)

BEAT_S = 3.0
GONE_S = 15.0
"""A process that was not heard of for so long is gone."""

MOST_SHOWN = 100
PURPOSE = "same secret?"


class Peers:
    """All processes over one database, as seen by this one.

    Attributes
    ----------
    trouble : str or None
        Which other gateway has another secret; None where none has.
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._ledger = ledger
        self.take_secret(settings)
        self._me = {
            "id": uuid4().hex,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": version("slimgate"),
            "started_ms": now_ms(),
        }
        self._others: list[dict[str, Any]] = []
        self.trouble: str | None = None

    def take_secret(self, settings: Settings) -> None:
        """Compare this configuration's secret from now on."""
        self._marks = _marks(settings)

    def to_json(self) -> dict[str, Any]:
        """For ``/v1/status``: this process, and the others that are alive."""
        return {**_shown(self._me), "others": [_shown(other) for other in self._others], "trouble": self.trouble}

    async def keep_beating(self) -> None:
        """Tell the others of this process, and hear of them, until cancelled."""
        while True:
            await asyncio.to_thread(self.beat)
            await asyncio.sleep(BEAT_S)

    def beat(self) -> None:
        """Do so once. While the database is away, nothing new is heard."""
        table = GATEWAYS.c
        try:
            with self._ledger.write() as connection:
                now = shared_now_ms(connection, now_ms())
                mine = {"seen_ms": now, "secrets": self._marks}
                if not connection.execute(update(GATEWAYS).where(table.id == self._me["id"]).values(mine)).rowcount:
                    connection.execute(insert(GATEWAYS), {**self._me, **mine})
                connection.execute(delete(GATEWAYS).where(table.seen_ms < now - round(GONE_S * 1000)))
                others = select(GATEWAYS).where(table.id != self._me["id"]).order_by(table.host, table.pid)
                rows = connection.execute(others.limit(MOST_SHOWN)).mappings().all()
        except LedgerUnavailable:
            return
        self._others = [dict(row) for row in rows]
        self._compare_secrets()

    def leave(self) -> None:
        """Tell the others that this process ends."""
        try:
            with self._ledger.write() as connection:
                connection.execute(delete(GATEWAYS).where(GATEWAYS.c.id == self._me["id"]))
        except LedgerUnavailable:
            logger.debug("the others will notice in %g s", GONE_S)

    def _compare_secrets(self) -> None:
        before, self.trouble = self.trouble, _difference(self._marks, self._others)
        if self.trouble is not None and before is None:
            logger.error("%s", self.trouble)


def secret_differs(settings: Settings, ledger: Ledger) -> str | None:
    """Why what a command with this configuration makes would not count at a gateway that serves now; None if it would.

    Raises
    ------
    LedgerUnavailable
    """
    if make_url(settings.ledger_url).get_backend_name() == "sqlite":
        return None
    with ledger.access() as connection:
        since = shared_now_ms(connection, now_ms()) - round(GONE_S * 1000)
        alive = select(GATEWAYS).where(GATEWAYS.c.seen_ms >= since).limit(MOST_SHOWN)
        return _difference(_marks(settings), connection.execute(alive).mappings().all())


def _marks(settings: Settings) -> str:
    keys = derived_keys(settings, PURPOSE)
    return " ".join(blake2b(key, digest_size=8).hexdigest() for key in keys)


def _difference(marks: str, others: Iterable[Mapping[str, Any]]) -> str | None:
    """Which of the others has another secret. Those of before count too: while one is rotated, some have it first."""
    mine = set(marks.split())
    odd = next((other for other in others if not mine & set(other["secrets"].split())), None)
    if odd is None:
        return None
    return (
        f"the gateway on {odd['host']} (process {odd['pid']}) over the same database has another secret: keys, logins "
        f"and audit entries of one do not count at the other. Give all gateways and commands the same "
        f"{variable_name(('secret',))}"
    )


def _shown(gateway: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: gateway[name] for name in ("host", "pid", "version")}
    return {**shown, "started": from_epoch_ms(gateway["started_ms"]).isoformat()}
