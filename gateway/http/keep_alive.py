"""Signs of life for the caller of a stream who waits: proxies and clients give up on a connection that is silent."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType

from gateway.http.client import Reply


class KeepAlive:
    """An async context in which the caller of a stream hears something every `every_s`, if need be `sign`.

    It costs a timer, and a task only for callers who have waited that long.

    Parameters
    ----------
    reply : Reply
        Where the stream goes.
    sign : bytes
        What means nothing to the caller: a comment, or an event for this purpose.
    every_s : float
        The longest silence, in seconds; 0 if there shall be no signs.
    headers : callable
        Those of the stream, where a sign is the first of it; None while it must not begin.
    """

    def __init__(
        self, reply: Reply, sign: bytes, every_s: float, headers: Callable[[], Mapping[str, str] | None]
    ) -> None:
        self._reply = reply
        self._sign = sign
        self._every_s = every_s
        self._headers = headers
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        if self._every_s:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._begin)

    async def __aexit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            rest_s = self._every_s - self._reply.silent_s
            if rest_s <= 0:
                await self._tell()
                rest_s = self._every_s
            await asyncio.sleep(rest_s)

    async def _tell(self) -> None:
        if not self._reply.begun:
            if (headers := self._headers()) is None:
                return
            await self._reply.begin_stream(headers)
        await self._reply.event(self._sign)
