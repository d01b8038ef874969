"""Requests that wait for their process to hold more: one transaction decides for all that came meanwhile."""

import asyncio
import logging
from collections.abc import Callable

from gateway.ledger import LedgerUnavailable
from gateway.spending.reservations import Reservation

logger = logging.getLogger(__name__)


class Waiting:
    """Joins those who wait at the same time.

    Parameters
    ----------
    decide : callable
        Given reservations by request id, holds more for them or refuses them; it runs in a thread.
    """

    def __init__(self, decide: Callable[[dict[str, Reservation]], None]) -> None:
        self._decide = decide
        self._waiting: dict[str, tuple[Reservation, asyncio.Future[str | None]]] = {}
        self._deciding: asyncio.Task[None] | None = None

    async def decided(self, id: str, reservation: Reservation) -> str | None:
        """Wait until `reservation` is held or refused. Why it could not be decided, in words; None where it was."""
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting[id] = reservation, future
        if self._deciding is None or self._deciding.done():
            self._deciding = asyncio.create_task(self._decide_all(), name="budget holds")
        return await future

    async def _decide_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            trouble = await self._try({id: reservation for id, (reservation, _) in batch.items()})
            for _, future in batch.values():
                if not future.done():
                    future.set_result(trouble)

    async def _try(self, batch: dict[str, Reservation]) -> str | None:
        try:
            await asyncio.to_thread(self._decide, batch)
        except LedgerUnavailable as exc:
            return f"what was spent is not known now: {exc}"
        except Exception:  # whoever waits must be told, whatever it is
            logger.exception("budget: unforeseen failure")
            return "what was spent is not known: the ledger's database failed"
        return None
