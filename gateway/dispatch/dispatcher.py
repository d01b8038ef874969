"""Calls the backend that was chosen, and falls back if it fails.

A request is decided once, before any work. If the side that was chosen fails before the first byte reached the caller,
the other side answers, unless the decision forbids it. After the first byte a route never changes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from gateway.dispatch.backends import Backends
from gateway.dispatch.cascade import Cascade, Unsure
from gateway.dispatch.decider import Decider, RoutedRequest
from gateway.dispatch.load_watch import unless_stuck
from gateway.dispatch.paying import as_paid_for, paid_though_failed, release, set_aside
from gateway.http.overrides import Overrides
from gateway.keys.terms import KeyForbids
from gateway.record.recorder import Recorder
from gateway.record.request_record import RequestRecord
from gateway.scoring.active_classifier import ActiveClassifier
from gateway.scoring.contributions import ContributionSampler
from gateway.spending.budget import Budget
from gateway.spending.unmetered import tier_of
from models.redaction.server_words import CONTEXT_LENGTH
from models.wire.backend import Answerer, Completion
from models.wire.chat import ChatRequest
from models.wire.errors import (
    BackendError,
    BackendLost,
    BackendRejected,
    BackendUnavailable,
    BackendUnreached,
    LocalLost,
)
from models.wire.stream import ChatStream
from models.wire.token_estimates import prompt_tokens_guess
from router.decision import Reason, Route
from router.errors import BudgetSpent

logger = logging.getLogger(__name__)

T = TypeVar("T", Completion, ChatStream)

NOTICE_S = 0.5
"""Pause before a local side that just failed is asked again: until the end of an engine process has been noticed."""

_LOCAL_SHORTCOMINGS = {
    CONTEXT_LENGTH: Reason.CONTEXT,
    "unsupported_parameter": Reason.CAPABILITY,
    "unsupported_value": Reason.CAPABILITY,
    "unsupported_schema": Reason.CAPABILITY,
}
"""Error codes by which the local model refuses what the cloud may well do."""


class Dispatcher:
    """Answers requests: decides, calls, falls back, and keeps the request's record.

    Parameters
    ----------
    decider : Decider
        Says where a request goes.
    backends : Backends
        The two sides that answer.
    recorder : Recorder
        Opens a row for each request.
    budget : Budget
        Says which cloud models may be paid, and sets the money aside.
    cascade : Cascade
        Takes second looks.
    classifier : ActiveClassifier
        The one that scored, for the record.
    contributions : ContributionSampler
        Says what made the score, of some requests.
    """

    def __init__(
        self,
        decider: Decider,
        backends: Backends,
        recorder: Recorder,
        *,
        budget: Budget,
        cascade: Cascade,
        classifier: ActiveClassifier,
        contributions: ContributionSampler,
    ) -> None:
        self._decider = decider
        self._backends = backends
        self._recorder = recorder
        self._budget = budget
        self._cascade = cascade
        self._classifier = classifier
        self._contributions = contributions

    async def chat(self, record: RequestRecord, request: ChatRequest, overrides: Overrides) -> Completion:
        """Answer in one piece."""
        return await self._answer(record, request, overrides, lambda backend, routed: backend.chat(routed))

    async def stream(self, record: RequestRecord, request: ChatRequest, overrides: Overrides) -> ChatStream:
        """Answer piece by piece; returns with the first event at hand."""
        return await self._answer(record, request, overrides, lambda backend, routed: backend.stream(routed))

    async def _answer(
        self,
        record: RequestRecord,
        request: ChatRequest,
        overrides: Overrides,
        ask: Callable[[Answerer, ChatRequest], Awaitable[T]],
    ) -> T:
        record.set_request(request)
        decider = self._decider.of(overrides.caller)
        request = await decider.mark(request, overrides)
        record.private, record.clearance = request.private, decider.clearance
        routed = await decider.decide_marked(request, overrides)
        record.upstream_s += routed.waited_s
        record.left_out = left_out_of(routed.request)
        record.set_decision(routed.decision, self._classifier.version, self._contributions.of(routed.prompt))
        self._recorder.opened(record, _paid_tokens(record, routed.request))

        async def call(backend: Answerer) -> T:
            record.set_backend(backend.model)
            with paid_though_failed(self._budget, record, routed.request, backend.model):
                return await ask(backend, as_paid_for(record, routed.request))

        with waiting(record):
            return await self._call_with_fallback(record, routed, call)

    async def _call_with_fallback(
        self, record: RequestRecord, routed: RoutedRequest, call: Callable[[Answerer], Awaitable[T]]
    ) -> T:
        chosen, fallback = routed.decision.route, routed.fallback
        try:
            if chosen is Route.CLOUD:
                await self._set_aside(record, routed)
            return await self._call(record, routed, self._first_call(record, routed, call), is_last=fallback is None)
        except Unsure:
            return await self._escalate(record, routed, call)
        except BudgetSpent:
            if fallback is None or self._budget.refuses:
                raise
            self._move(record, routed, Route.LOCAL, Reason.BUDGET)
            return await self._call(record, routed, call, is_last=True)
        except BackendError as exc:
            reason = await self._reason_to_move(exc, routed)
            if fallback is None or reason is None or not await self._can_pay(record, routed, fallback):
                raise
            logger.warning("%s failed (%s); %s answers instead", chosen, exc, fallback)
            self._move(record, routed, fallback, reason)
            return await self._call(record, routed, call, is_last=True)

    async def _set_aside(self, record: RequestRecord, routed: RoutedRequest) -> None:
        """Money for a call to the cloud; raises `BudgetSpent` if there is not enough."""
        assert self._backends.cloud is not None
        only = routed.meaning.model
        await set_aside(self._budget, record, routed.request, self._backends.cloud.names if only is None else (only,))

    async def _can_pay(self, record: RequestRecord, routed: RoutedRequest, route: Route) -> bool:
        """Whether `route` may be called after the other side; a cloud that failed is paid no more."""
        if route is Route.LOCAL:
            release(self._budget, record)
            return True
        try:
            await self._set_aside(record, routed)
        except BudgetSpent as exc:
            logger.info("request %s: %s", record.id, exc)
            return False
        return True

    def _first_call(
        self, record: RequestRecord, routed: RoutedRequest, call: Callable[[Answerer], Awaitable[T]]
    ) -> Callable[[Answerer], Awaitable[T]]:
        """`call`, with a second look where one is wanted."""
        if not routed.second_look:
            return call
        assert self._backends.local is not None
        return self._cascade.before(call, record, self._backends.local, routed.prompt, routed.decision)

    async def _escalate(
        self, record: RequestRecord, routed: RoutedRequest, call: Callable[[Answerer], Awaitable[T]]
    ) -> T:
        """Ask the cloud after a second look. If it fails for whatever reason, the local model answers after all."""
        try:
            await self._set_aside(record, routed)
            self._move(record, routed, Route.CLOUD, Reason.ESCALATED)
            return await self._call(record, routed, call, is_last=False)
        except (BackendError, BudgetSpent) as exc:
            logger.warning("cloud failed (%s); the local model answers after all", exc)
            release(self._budget, record)
            record.came_back()
            return await self._call(record, routed, call, is_last=True)

    async def _reason_to_move(self, exc: BackendError, routed: RoutedRequest) -> Reason | None:
        """Why the other side should answer after `exc`; None where it would fare no better."""
        if not isinstance(exc, BackendRejected):
            return Reason.FAILOVER
        if exc.backend == Route.LOCAL:
            return _LOCAL_SHORTCOMINGS.get(exc.code or "")
        fits = exc.code == CONTEXT_LENGTH and await self._decider.fits_local(routed.request)
        return Reason.CONTEXT if fits else None

    def _move(self, record: RequestRecord, routed: RoutedRequest, route: Route, reason: Reason) -> None:
        record.moved(route, reason)
        self._recorder.moved(record, _paid_tokens(record, routed.request))

    async def _call(
        self, record: RequestRecord, routed: RoutedRequest, call: Callable[[Answerer], Awaitable[T]], *, is_last: bool
    ) -> T:
        """Have the side answer that the record names now."""
        route = Route(record.route)
        if not routed.terms.allows(route):  # no fallback and no second look comes here; if one did, it would end here
            raise KeyForbids(f"use the {route}; use another key")
        if route is Route.LOCAL:
            assert self._backends.local is not None
            return await self._backends.local.watch(routed.request, self._call_local(call, is_last=is_last))
        assert self._backends.cloud is not None
        may_pay = partial(self._budget.may_pay, service_tier=tier_of(routed.request), caller=record.caller)
        return await self._backends.cloud.ask(routed.request, call, only=routed.meaning.model, may_pay=may_pay)

    async def _call_local(self, call: Callable[[Answerer], Awaitable[T]], *, is_last: bool) -> T:
        """If nobody else can answer, a local side that starts is waited for, and one that hangs is put up with.

        What never arrived at an engine that died is sent to the next one. What may have killed it is not.
        """
        local = self._backends.local
        assert local is not None
        if not is_last:
            if not local.up:
                raise BackendUnavailable("local", local.trouble or "not ready")
            return await unless_stuck(local, call(local.backend))
        if not local.up:
            await local.wait_ready()
        try:
            return await call(local.backend)
        except BackendUnreached:
            await asyncio.sleep(NOTICE_S)
            await local.wait_ready()
            return await call(local.backend)
        except BackendLost as exc:
            raise LocalLost(exc) from exc


@contextmanager
def waiting(record: RequestRecord) -> Iterator[None]:
    """Time spent here is somebody else's, not our overhead."""
    started = time.perf_counter()
    try:
        yield
    finally:
        record.upstream_s += time.perf_counter() - started


def left_out_of(request: ChatRequest) -> tuple[str, ...]:
    """What the answering model is not told of, by name; each once."""
    native = request.native
    if native is None or native.untranslatable is not None:
        return ()
    return tuple(dict.fromkeys(left_out.what for left_out in native.left_out))


def _paid_tokens(record: RequestRecord, request: ChatRequest) -> int:
    """About how many prompt tokens are paid for at the side that is asked now."""
    return prompt_tokens_guess(request) if record.route == Route.CLOUD else 0
