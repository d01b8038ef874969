"""A backend with bounded concurrency, retries and a circuit breaker around it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from models.remote.circuit_breaker import CircuitBreaker
from models.remote.concurrency_limiter import ConcurrencyLimiter
from models.remote.fan_out import fan_out
from models.remote.trouble import Trouble, TroubleWatch
from models.wire.backend import Backend, Completion
from models.wire.chat import ChatRequest
from models.wire.errors import (
    REPLICA_LOST,
    BackendBusy,
    BackendError,
    BackendMisconfigured,
    BackendRejected,
    BackendUnavailable,
    RateLimited,
    StreamInterrupted,
)
from models.wire.owner import OWNER
from models.wire.stream import ChatStream

T = TypeVar("T")

SAYS_NOTHING = frozenset({402, 403, 404, 429})
"""Statuses of refusals that say nothing about the backend's health: other requests and models may be served."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try the same backend again.

    Parameters
    ----------
    retries : int
        Attempts after the first.
    pause_s : float
        Longest pause before the first retry; doubles with each. The pause is drawn at random up to that, so that
        callers who failed together do not retry together ("full jitter", Brooker, AWS Architecture Blog, 2015).
    max_pause_s : float
        The longest pause. If the provider asks for a longer one, there is no retry: another backend may answer sooner.
    """

    retries: int = 1
    pause_s: float = 0.5
    max_pause_s: float = 2.0

    def pause_after(self, exc: BackendError, attempt: int) -> float | None:
        """Seconds to wait before a retry; None for no retry.

        A request is retried only if the provider says that it did not answer it. After a timeout the provider may still
        be working on it, and charge for it.
        """
        if attempt >= self.retries:
            return None
        if isinstance(exc, RateLimited) and exc.retry_after_s is not None:
            return exc.retry_after_s if exc.retry_after_s <= self.max_pause_s else None
        if isinstance(exc, BackendMisconfigured) or not isinstance(exc, BackendUnavailable | RateLimited):
            return None
        return random.uniform(0, min(self.max_pause_s, self.pause_s * 2**attempt))


class ResilientBackend:
    """A backend that calls `backend` within the limits of `limiter`, `retry` and `breaker`."""

    def __init__(
        self, backend: Backend, breaker: CircuitBreaker, limiter: ConcurrencyLimiter, retry: RetryPolicy
    ) -> None:
        self._backend = backend
        self.breaker = breaker
        self.limiter = limiter
        self._retry = retry
        self._troubles = TroubleWatch(backend.model)

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def model(self) -> str:
        return self._backend.model

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with it; None while it answers, and before it was asked."""
        return self._troubles.latest

    def takes(self, request: ChatRequest) -> bool:
        return self._backend.takes(request)

    def sub_requests(self, request: ChatRequest) -> Sequence[ChatRequest]:
        return self._backend.sub_requests(request)

    async def chat(self, request: ChatRequest) -> Completion:
        if sub_requests := self.sub_requests(request):  # each is retried alone, so that no answer is paid for twice
            return await fan_out(self.chat, sub_requests)
        async with self._place():
            return await self._call_with_retries(lambda: self._backend.chat(request))

    async def stream(self, request: ChatRequest) -> ChatStream:
        owner = OWNER.get()
        await self.limiter.acquire(owner)
        try:
            stream = await self._call_with_retries(lambda: self._backend.stream(request))
        except BaseException:
            self.limiter.release(owner)
            raise
        stream.when_closed(lambda: self._stream_closed(stream, owner))  # the stream keeps its place until then
        return stream

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        async with self._place():
            return await self._call_with_retries(lambda: self._backend.embed(body))

    def speaks(self, path: str) -> bool:
        return self._backend.speaks(path)

    async def forward(self, method: str, path: str, content: bytes | None, query: Mapping[str, str]) -> bytes:
        async with self._place():
            return await self._call_once(lambda: self._backend.forward(method, path, content, query))

    async def aclose(self) -> None:
        await self._backend.aclose()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Hold a place for the owner of the current task."""
        owner = OWNER.get()
        await self.limiter.acquire(owner)
        try:
            yield
        finally:
            self.limiter.release(owner)

    def _stream_closed(self, stream: ChatStream, owner: str) -> None:
        self.limiter.release(owner)
        if stream.interrupted:
            self.breaker.record_failure()
            self._troubles.failed(StreamInterrupted(self.name, "a stream broke off"))

    async def _call_with_retries(self, call: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await self._call_once(call)
            except BackendError as exc:
                exc.retried = attempt > 0
                pause_s = self._retry.pause_after(exc, attempt)
                if pause_s is None or isinstance(exc, BackendBusy):
                    raise
                await asyncio.sleep(pause_s)
                attempt += 1

    async def _call_once(self, call: Callable[[], Awaitable[T]]) -> T:
        if not self.breaker.admit():
            wait_s = self.breaker.probe_in_s
            raise BackendBusy(self.name, "left alone for a while after repeated failures", retry_after_s=wait_s)
        try:
            answer = await call()
        except BackendError as exc:
            self._record(exc)
            raise
        except BaseException:
            self.breaker.record_unknown()
            raise
        self.breaker.record_success()
        self._troubles.succeeded()
        return answer

    def _record(self, exc: BackendError) -> None:
        """Take note of what a failure says about the backend's health."""
        if isinstance(exc, BackendRejected):
            self._troubles.succeeded()  # it is there, and refuses this request only
        else:
            self._troubles.failed(exc)
        if isinstance(exc, BackendRejected) or (isinstance(exc, BackendMisconfigured) and exc.status in SAYS_NOTHING):
            self.breaker.record_success()  # it is there, and answers others
        elif exc.server_words.code == REPLICA_LOST:
            self.breaker.record_unknown()
        elif isinstance(exc, RateLimited):
            if exc.retry_after_s is not None and exc.retry_after_s > self._retry.max_pause_s:
                self.breaker.rest(exc.retry_after_s)
            else:
                self.breaker.record_unknown()
        else:
            self.breaker.record_failure()
