"""Exams of gateways over one database: one of them examines a model, all have its marks."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from gateway.ledger import Ledger, LedgerUnavailable
from gateway.shared.files import EXAM, SharedFiles
from gateway.shared.lease import RENEW_S, Lease
from gateway.shared.packing import PackingError

logger = logging.getLogger(__name__)

RETRY_S = 5.0
"""After so long, marks that the database did not take are offered to it again."""


class SharedExams:
    """What is kept of exams, in common with other gateways."""

    def __init__(self, ledger: Ledger, files: SharedFiles) -> None:
        self._ledger = ledger
        self._files = files

    @contextlib.asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[bool]:
        """Whether it is this process' turn to examine the model with that key; if so, it is nobody else's meanwhile."""
        lease = Lease(self._ledger, f"{EXAM}/{key}")
        try:
            is_mine = await asyncio.to_thread(lease.take)
        except LedgerUnavailable:
            is_mine = False
        if not is_mine:
            yield False
            return
        keeping = asyncio.create_task(_keep(lease))
        try:
            yield True
        finally:
            keeping.cancel()
            with contextlib.suppress(LedgerUnavailable):  # then it expires
                await asyncio.to_thread(lease.release)

    async def catch_up(self) -> None:
        """Take over what others have found out."""
        await asyncio.to_thread(self._files.pull)

    async def publish(self, key: str) -> None:
        """Give the others what this exam has found out, as soon as the database answers."""
        while True:
            try:
                await asyncio.to_thread(self._files.publish, f"{EXAM}/{key}")
                return
            except LedgerUnavailable as exc:
                logger.warning("the marks are given to the other gateways once the database answers: %s", exc)
                await asyncio.sleep(RETRY_S)
            except (PackingError, OSError) as exc:
                logger.error("the marks stay on this machine: %s", exc)
                return


async def _keep(lease: Lease) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        with contextlib.suppress(LedgerUnavailable):
            await asyncio.to_thread(lease.take)
