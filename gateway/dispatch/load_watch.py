"""Asks local servers for their load once a second."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import aiohttp

from gateway.dispatch.foreign_load import load_in_metrics
from gateway.dispatch.local_load import LocalLoad
from models.remote.http import HttpServer

LOAD_S = 1.0
HEALTH_TIMEOUT_S = 1.0

METRICS = "/metrics"
METRICS_AGAIN_S = 30.0
"""When a server that shows no metrics is asked again."""


class LoadWatch:
    """Asks a server for its load once a second, while it is `up`.

    An engine that is asked and says nothing is stuck, and counts as busier by every second of its silence. Of servers
    that are no engines of ours, metrics are read where they show some.

    Parameters
    ----------
    is_ours : callable
        Whether it is an engine of ours, or replicas of it: those tell of themselves at ``/health``.
    """

    def __init__(self, server: HttpServer, up: Callable[[], bool], is_ours: Callable[[], bool] = lambda: True) -> None:
        self._server = server
        self._up = up
        self._is_ours = is_ours
        self._rests_until = 0.0
        self._told: LocalLoad | None = None
        self._silent_since: float | None = None

    @property
    def latest(self) -> LocalLoad | None:
        """The load as far as it is known; None where it is not."""
        if self._silent_since is None:
            return self._told
        silent_s = time.monotonic() - self._silent_since
        told = self._told or LocalLoad(0, 0, 0.0)
        return replace(told, expected_wait_s=told.expected_wait_s + silent_s, stalled_s=told.stalled_s + silent_s)

    async def watch(self) -> None:
        """Poll until cancelled."""
        while True:
            await self._look()
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
            self._silent_since = None
        except TimeoutError:
            self._silent_since = self._silent_since or asked
        except (aiohttp.ClientError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self._told = self._silent_since = None

    async def _read_metrics(self) -> None:
        now = time.monotonic()
        if now < self._rests_until:
            return
        try:
            text = await self._server.get_text(METRICS, HEALTH_TIMEOUT_S)
            self._told = load_in_metrics(text, now)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            self._told = None
        if self._told is None:  # it shows none, or others
            self._rests_until = now + METRICS_AGAIN_S
