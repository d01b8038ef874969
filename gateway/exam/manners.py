"""Giving way: the exam asks only while no caller of the gateway needs the model.

The built-in engine sees to it itself: it ends a request of the exam when a caller comes, and refuses it while callers
are there. A server elsewhere knows no difference, so the gateway says when its callers are being answered there.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from models.wire.errors import BackendError

T = TypeVar("T")

GAVE_WAY = frozenset({"gave_way", "engine_busy"})
"""Codes of the engine's errors that mean: callers are here."""

QUIET_S = 5.0
"""How long a server elsewhere must have had no caller of ours before it is asked again."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 2.0


class GaveWay(Exception):
    """The request was ended, or not sent, because callers are here. It counts for nothing."""


def gave_way(exc: BackendError) -> bool:
    """Whether the engine says that callers are here."""
    return exc.server_words.code in GAVE_WAY


class Hold:
    """Whether to wait for callers, as the gateway says it. It belongs to one event loop."""

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._free_at = 0.0
        self._held = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        """Callers are being answered."""
        self._held.set()
        self._free.clear()

    def go(self) -> None:
        """They have their answers."""
        if self._held.is_set():
            self._free_at = asyncio.get_running_loop().time() + self._quiet_s
        self._held.clear()
        self._free.set()

    async def until_free(self) -> None:
        """Wait until there have been no callers for a while."""
        while True:
            await self._free.wait()
            wait_s = self._free_at - asyncio.get_running_loop().time()
            if wait_s <= 0:
                return
            await asyncio.sleep(wait_s)

    async def unless_held(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`.

        Raises
        ------
        GaveWay
            If a caller comes before it ends; it is then cancelled.
        """
        working = asyncio.ensure_future(work)
        held = asyncio.ensure_future(self._held.wait())
        try:
            await asyncio.wait({working, held}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise GaveWay
            return working.result()
        finally:
            held.cancel()
            if not working.done():
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
