"""Asks local servers for their load once a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol, TypeVar

import aiohttp

from gateway.dispatch.foreign_load import load_in_metrics
from gateway.dispatch.local_load import LocalLoad
from models.remote.http import HttpServer
from models.wire.errors import BackendTimeout

Result = TypeVar("Result")

LOAD_S = 1.0
HEALTH_TIMEOUT_S = 1.0

METRICS = "/metrics"
METRICS_AGAIN_S = 30.0
"""When a server that shows no metrics is asked again."""


class HasLoad(Protocol):
    """Whoever says how busy it is."""

    @property
    def load(self) -> LocalLoad | None: ...


class LoadWatch:
    """Asks a server for its load once a second, while it is `up`.

    An engine that is asked and says nothing is stuck, and counts as busier by every second of its silence. Of servers
    that are no engines of ours, metrics are read where they show some; where these come late, the last ones stand,
    since such servers answer between two steps of their work.

    Parameters
    ----------
    is_ours : callable
        Whether it is an engine of ours, or replicas of it: those tell of themselves at ``/health``.
    in_hand : callable
        How many requests of this process it has; it counts them, too.

    Attributes
    ----------
    is_refused : bool
        Whether nobody listened at its address when it was asked last.
    """

    def __init__(
        self,
        server: HttpServer,
        up: Callable[[], bool],
        is_ours: Callable[[], bool] = lambda: True,
        in_hand: Callable[[], int] = lambda: 0,
    ) -> None:
        self._server = server
        self._up = up
        self._is_ours = is_ours
        self._in_hand = in_hand
        self._in_hand_then = 0
        self._n_places = 0
        self._rests_until = 0.0
        self._told: LocalLoad | None = None
        self._silent_since: float | None = None
        self.is_refused = False

    @property
    def latest(self) -> LocalLoad | None:
        """The load as far as it is known; None where it is not."""
        if self._silent_since is None:
            return self._told
        silent_s = time.monotonic() - self._silent_since
        told = self._told or LocalLoad(0, 0, 0.0)
        return replace(told, expected_wait_s=told.expected_wait_s + silent_s, stalled_s=told.stalled_s + silent_s)

    @property
    def n_others(self) -> int:
        """How many requests of others it had when it was asked."""
        told = self.latest
        return 0 if told is None else max(0, told.running + told.queued - self._in_hand_then)

    async def watch(self) -> None:
        """Poll until cancelled."""
        while True:
            n_in_hand = self._in_hand()
            await self._look()
            self._in_hand_then = n_in_hand
            await asyncio.sleep(LOAD_S)

    async def _look(self) -> None:
        if not self._up():
            self._told = self._silent_since = None
            return
        if not self._is_ours():
            await self._read_metrics()
            return
        asked = time.monotonic()
        try:
            self._told = LocalLoad.from_health(await self._server.get_json("/health", HEALTH_TIMEOUT_S), asked)
            self._silent_since, self.is_refused = None, False
        except TimeoutError:
            self._silent_since = self._silent_since or asked
        except aiohttp.ClientConnectorError:
            self._told, self._silent_since, self.is_refused = None, None, True
        except (aiohttp.ClientError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self._told = self._silent_since = None

    async def _read_metrics(self) -> None:
        now = time.monotonic()
        if now < self._rests_until:
            return
        try:
            text = await self._server.get_text(METRICS, HEALTH_TIMEOUT_S)
            self._told, self.is_refused = self._with_places(load_in_metrics(text, now)), False
        except TimeoutError:
            return
        except aiohttp.ClientConnectorError:
            self._told, self.is_refused = None, True
            return
        except (aiohttp.ClientError, ValueError) as exc:
            self._told, self.is_refused = None, False
            if _comes_later(exc):
                return
        if self._told is None:  # it shows none, or others
            self._rests_until = now + METRICS_AGAIN_S

    def _with_places(self, told: LocalLoad | None) -> LocalLoad | None:
        """Metrics do not tell how many answers a server works on at once: where some wait, as many as it does then."""
        if told is None:
            return None
        if told.queued:
            self._n_places = max(1, told.running)
        return replace(told, max_sequences=self._n_places or told.running + 1)


async def unless_stuck(side: HasLoad, work: Awaitable[Result]) -> Result:
    """The result of `work`, which waits for `side`.

    Raises
    ------
    BackendTimeout
        If that is stuck; `work` is then cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOAD_S))[0]:
            if side.load is not None and side.load.is_stuck:
                raise BackendTimeout("local", f"no progress for {side.load.stalled_s:.0f} s")
        return task.result()
    finally:
        task.cancel()


def _comes_later(exc: Exception) -> bool:
    """Whether metrics may come in a moment: the server is away, or loads its model."""
    if isinstance(exc, aiohttp.ClientResponseError):
        return exc.status == HTTPStatus.SERVICE_UNAVAILABLE
    return isinstance(exc, aiohttp.ClientConnectionError)
