"""How much of each limit is used, counted in Redis for all gateways and workers together.

While Redis is away, each process counts by itself: a limit that nobody keeps would be worth nothing just when something
is wrong, and refusing everybody would make Redis a part that the gateway cannot do without.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gateway.limits.counts import Counts, MemoryCounts, Taken
from gateway.limits.places import MemoryPlaces, Places
from gateway.limits.window import WINDOW_S, Window
from models.redaction.secrets import keep_secret
from models.wire.errors import ExtraMissingError

logger = logging.getLogger(__name__)

T = TypeVar("T")

PREFIX = "slimgate"

TIMEOUT_S = 0.5
"""Longest wait for Redis."""

AWAY_S = 1.0
"""For how long Redis is not asked again after it failed."""

LEASE_S = 30.0
"""For how long a place stays taken if its process dies; it is renewed while the request is in progress."""

RENEW_S = 10.0

_NO_LIMIT = 10**15

# Leases of one key are a sorted set: the time of its end, in milliseconds by Redis' clock, for each.
_TAKE_PLACE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

_RENEW_PLACE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


class RedisLink:
    """The connection, through the library `limits`, and whether it works.

    Attributes
    ----------
    unchecked : int
        How often Redis could not be asked, so that this process counted by itself.

    Raises
    ------
    ExtraMissingError
        If the package is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            from limits.aio.storage import RedisStorage
        except ImportError:
            raise ExtraMissingError("limits.redis_url", "redis") from None
        self.storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            key_prefix=PREFIX,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        )
        keep_secret([urlsplit(url).password])
        bridge: Any = self.storage.bridge
        self.client: Any = bridge.get_connection()
        self.unchecked = 0
        self._is_away, self._ask_again_at = False, 0.0

    async def ask(self, question: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]) -> T:
        """What Redis answers; while it is away, what this process says `instead`."""
        if monotonic() < self._ask_again_at:
            return await self._without(instead)
        try:
            answer = await question()
        except Exception as exc:  # of Redis' client, of the library, or of the socket below them
            self._ask_again_at = monotonic() + AWAY_S
            if not self._is_away:
                logger.error("limits: Redis does not answer (%s); each process counts by itself", type(exc).__name__)
            self._is_away = True
            return await self._without(instead)
        if self._is_away:
            logger.warning("limits: Redis answers again")
        self._is_away = False
        return answer

    async def _without(self, instead: Callable[[], Awaitable[T]]) -> T:
        self.unchecked += 1
        return await instead()


class RedisCounts:
    """Counts of all processes: the library's sliding window counter. `share` processes share what Redis is asked."""

    def __init__(self, link: RedisLink, share: int) -> None:
        self._link, self._share = link, share
        self._own: Counts = MemoryCounts()

    async def take(self, name: str, limit: int, n: int) -> Taken:
        async def question() -> Taken:
            fits = await self._link.storage.acquire_sliding_window_entry(name, limit, int(WINDOW_S), n)
            return Taken(fits, await self._window(name))

        return await self._link.ask(question, lambda: self._own.take(name, -(-limit // self._share), n))

    async def correct(self, name: str, more: int, age_s: float) -> Window:
        async def question() -> Window:
            window = await self._window(name)
            if more > 0 or age_s <= WINDOW_S - window.left_s:
                await self._link.storage.acquire_sliding_window_entry(name, _NO_LIMIT, int(WINDOW_S), more)
            elif age_s < 2 * WINDOW_S - window.left_s and window.before:
                await self._link.storage.incr(self._link.storage._previous_window_key(name), int(WINDOW_S), more)
            return await self._window(name)

        return await self._link.ask(question, lambda: self._own.correct(name, more, age_s))

    async def _window(self, name: str) -> Window:
        before, before_left_s, now, now_left_s = await self._link.storage.get_sliding_window(name, int(WINDOW_S))
        left_s = max(0.0, now_left_s - WINDOW_S) or before_left_s or WINDOW_S
        return Window(before, now, left_s)


class RedisPlaces:
    """Places of all processes, as leases: those of a process that dies expire."""

    def __init__(self, link: RedisLink, share: int) -> None:
        self.link, self._share = link, share
        self._own: Places = MemoryPlaces()
        self._take: Any = link.client.register_script(_TAKE_PLACE)
        self._renew: Any = link.client.register_script(_RENEW_PLACE)
        self._held: dict[str, str] = {}

    async def take(self, key_id: str, most: int) -> str | None:
        lease = secrets.token_hex(8)

        async def question() -> str | None:
            arguments = [most, lease, round(LEASE_S * 1000)]
            return lease if await self._take([_places(key_id)], arguments) else None

        taken = await self.link.ask(question, lambda: self._own.take(key_id, -(-most // self._share)))
        if taken == lease:
            self._held[lease] = key_id
        return taken

    async def give_back(self, key_id: str, place: str) -> None:
        if self._held.pop(place, None) is None:
            await self._own.give_back(key_id, place)
            return

        async def question() -> None:
            await self.link.client.zrem(_places(key_id), place)

        await self.link.ask(question, _nothing)  # if Redis is away, the lease expires

    async def keep_renewed(self) -> None:
        """Renew what this process holds, for as long as it runs."""
        while True:
            await asyncio.sleep(RENEW_S)
            await self.renew()

    async def renew(self) -> None:
        """Renew what this process holds."""
        for lease, key_id in list(self._held.items()):
            if lease in self._held:
                await self._renew_lease(lease, key_id)

    async def _renew_lease(self, lease: str, key_id: str) -> None:
        async def question() -> None:
            await self._renew([_places(key_id)], [lease, round(LEASE_S * 1000)])

        await self.link.ask(question, _nothing)


def _places(key_id: str) -> str:
    return f"{PREFIX}:places:{key_id}"


async def _nothing() -> None: ...
