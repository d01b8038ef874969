"""A backend with what one far away needs around it: bounded concurrency, retries, a circuit breaker."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from models.remote.circuit_breaker import Breaker
from models.remote.concurrency_limiter import Gate
from models.remote.fan_out import answer_each
from models.wire.backend import Backend, Completion
from models.wire.chat import ChatRequest
from models.wire.errors import (
    BackendBusy,
    BackendError,
    BackendMisconfigured,
    BackendRejected,
    BackendUnavailable,
    RateLimited,
)
from models.wire.stream import ChatStream

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try the same backend again.

    Parameters
    ----------
    retries : int
        Further tries after the first.
    pause_s : float
        Longest pause before the first retry; doubles with each. The pause itself is drawn at random up to that, so that
        callers who failed together do not come back together ("full jitter", Brooker, AWS Architecture Blog, 2015).
    max_pause_s : float
        The longest pause, also where the provider asks for one: somebody else may answer sooner.
    """

    retries: int = 1
    pause_s: float = 0.5
    max_pause_s: float = 2.0

    def pause_after(self, exc: BackendError, attempt: int) -> float | None:
        """Seconds to wait before another try; None where there should be none.

        Only what the provider itself says it did not answer is tried again: after a silence it may still be at work,
        and be paid for it.
        """
        if attempt >= self.retries:
            return None
        if isinstance(exc, RateLimited) and exc.retry_after_s is not None:
            return exc.retry_after_s if exc.retry_after_s <= self.max_pause_s else None
        if isinstance(exc, BackendMisconfigured) or not isinstance(exc, BackendUnavailable | RateLimited):
            return None
        return random.uniform(0, min(self.max_pause_s, self.pause_s * 2**attempt))


class GuardedBackend:
    """Puts `gate`, `retry` and `breaker` around `backend`, and is one itself."""

    def __init__(self, backend: Backend, breaker: Breaker, gate: Gate, retry: RetryPolicy) -> None:
        self._backend = backend
        self.breaker = breaker
        self.gate = gate
        self._retry = retry

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def model(self) -> str:
        return self._backend.model

    def takes(self, request: ChatRequest) -> bool:
        return self._backend.takes(request)

    def parts(self, request: ChatRequest) -> Sequence[ChatRequest]:
        return self._backend.parts(request)

    async def chat(self, request: ChatRequest) -> Completion:
        if parts := self.parts(request):  # each is tried again by itself: what was answered is not asked and paid twice
            return await answer_each(self.chat, parts)
        await self.gate.enter()
        try:
            return await self._persist(lambda: self._backend.chat(request))
        finally:
            self.gate.leave()

    async def stream(self, request: ChatRequest) -> ChatStream:
        await self.gate.enter()
        try:
            stream = await self._persist(lambda: self._backend.stream(request))
        except BaseException:
            self.gate.leave()
            raise
        stream.when_closed(lambda: self._ended(stream))  # the place is taken for as long as the stream runs
        return stream

    async def embed(self, body: Mapping[str, Any]) -> Completion:
        await self.gate.enter()
        try:
            return await self._persist(lambda: self._backend.embed(body))
        finally:
            self.gate.leave()

    async def aclose(self) -> None:
        await self._backend.aclose()

    def _ended(self, stream: ChatStream) -> None:
        self.gate.leave()
        if stream.interrupted:
            self.breaker.failed()

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await self._try(call)
            except BackendError as exc:
                exc.tried_again = attempt > 0
                pause_s = self._retry.pause_after(exc, attempt)
                if pause_s is None or isinstance(exc, BackendBusy):
                    raise
                await asyncio.sleep(pause_s)
                attempt += 1

    async def _try(self, call: Callable[[], Awaitable[T]]) -> T:
        if not self.breaker.admit():
            wait_s = self.breaker.opens_in_s
            raise BackendBusy(self.name, "left alone for a while after repeated failures", retry_after_s=wait_s)
        try:
            answer = await call()
        except BackendError as exc:
            self._judge(exc)
            raise
        except BaseException:
            self.breaker.abandoned()
            raise
        self.breaker.succeeded()
        return answer

    def _judge(self, exc: BackendError) -> None:
        """What a failure says of the backend's health."""
        if isinstance(exc, BackendRejected):
            self.breaker.succeeded()
        elif isinstance(exc, RateLimited):
            if exc.retry_after_s is not None and exc.retry_after_s > self._retry.max_pause_s:
                self.breaker.rest(exc.retry_after_s)
            else:
                self.breaker.abandoned()
        else:
            self.breaker.failed()
