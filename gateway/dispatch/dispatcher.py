"""Decide, call, fall back. Start reading here.

A request is decided once, before any work. If the side that was chosen fails before the first byte reached the caller,
the other side answers, unless the caller pinned one. After the first byte a route never changes.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from gateway.config.sections import RouterSettings
from gateway.dispatch.cascade import SecondLook, Unsure
from gateway.dispatch.cloud import CONTEXT_LENGTH, CloudSide
from gateway.dispatch.local import LocalSide
from gateway.dispatch.model_names import Meaning, ModelNames
from gateway.dispatch.privacy import PrivacyLane
from gateway.http.overrides import Overrides
from gateway.record.recorder import Recorder
from gateway.record.request_record import Exchange
from gateway.scoring.active_classifier import ClassifierInUse
from gateway.scoring.active_threshold import ThresholdInForce
from gateway.scoring.contributions import TraitSampler
from gateway.scoring.prompt import loop_began, to_prompt
from gateway.spending.budget import Budget
from gateway.spending.unmetered import tier_of
from models.wire.backend import Answerer, Backend, Completion
from models.wire.chat import ChatRequest, text_of
from models.wire.errors import BackendError, BackendRejected, BackendUnavailable
from models.wire.stream import ChatStream
from models.wire.token_estimates import prompt_tokens_guess
from router.decision import Reason, Route, RoutingDecision
from router.errors import CannotServe
from router.policy import RoutingPolicy, Situation

logger = logging.getLogger(__name__)

T = TypeVar("T", Completion, ChatStream)

# Upper bound on what a chat template adds around one message, in tokens.
TEMPLATE_TOKENS = 32
BYTES_PER_TOKEN_GUESS = 3

# Until the end of an engine process has been noticed.
NOTICE_S = 0.5

# What the local model refuses by these codes, the cloud may well do.
_LOCAL_SHORTCOMINGS = {CONTEXT_LENGTH: Reason.CONTEXT, "unsupported_parameter": Reason.CAPABILITY}


class Dispatcher:
    """Joins the router with those who answer.

    Parameters
    ----------
    local, cloud
        None where that side is not configured; at least one is.
    classifier : ClassifierInUse
        What `policy` scores with.
    threshold : ThresholdInForce
        Where the line runs for callers who set none.
    traits : TraitSampler
        Says what pushed the score, of some requests.
    privacy : PrivacyLane
        Says what may not leave this machine.
    second_look : SecondLook
        May find a local answer too unsure as it begins.
    budget : Budget
        Says whether more may be spent on the cloud.
    """

    def __init__(
        self,
        policy: RoutingPolicy,
        local: LocalSide | None,
        cloud: CloudSide | None,
        recorder: Recorder,
        *,
        classifier: ClassifierInUse,
        threshold: ThresholdInForce,
        traits: TraitSampler,
        privacy: PrivacyLane,
        second_look: SecondLook,
        budget: Budget,
        settings: RouterSettings,
    ) -> None:
        self.policy = policy
        self._local = local
        self.cloud = cloud
        self._recorder = recorder
        self.classifier = classifier
        self.threshold = threshold
        self._traits = traits
        self.privacy = privacy
        self._second_look = second_look
        self.budget = budget
        self.configure(settings)

    def configure(self, settings: RouterSettings) -> None:
        """Route by `settings` from here on."""
        self._settings = settings
        self._second_look.configure(settings.second_look)

    @property
    def names(self) -> ModelNames:
        """The model names that callers may use now; a server's own name is known once it has been seen."""
        local = self._local
        return ModelNames(
            self._settings.aliases,
            local_model=None if local is None else local.model or Route.LOCAL.value,
            cloud_models=() if self.cloud is None else self.cloud.names,
        )

    def advertised_n_ctx(self, name: str) -> int | None:
        """The context that holds on every route `name` may take, in tokens; None where only the cloud would know."""
        tier = self._local.tier if self._local is not None else None
        return tier.n_ctx if tier is not None and self.names.meaning(name).route is not Route.CLOUD else None

    async def decide(self, request: ChatRequest, overrides: Overrides) -> RoutingDecision:
        """Say where `request` goes and why, without answering it; `request` has been looked through for privacy.

        Raises
        ------
        UnknownModelError, CannotServe
            Where nobody may or can answer it.
        """
        situation = await self._situation(request, self.names.meaning(request.model), overrides)
        try:
            return self.policy.decide(to_prompt(request), situation)
        except CannotServe as exc:
            if (
                exc.reason is Reason.CAPABILITY
                and request.native is not None
                and request.native.untranslatable is not None
            ):
                raise request.native.untranslatable from None  # it names the field
            raise

    def gets_second_look(self, decision: RoutingDecision, request: ChatRequest) -> bool:
        """Whether the first tokens of the local answer would be held back, and might send `request` to the cloud."""
        return self._second_look.wanted(decision, request, self._local) and self._other(decision, request) is not None

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the local model counts them; None where it is not there, or cannot say.

        Raises
        ------
        UnknownModelError
            Where the request names no model of ours.
        """
        self.names.meaning(request.model)
        await self.know_local(request)
        local = self._local
        return await local.count_tokens(request) if local is not None and local.up else None

    async def embedding_backend(self, route: Route) -> Backend:
        """Who makes embeddings on that side; raises `BackendUnavailable` while nobody there answers."""
        if route is Route.CLOUD:
            assert self.cloud is not None
            return self.cloud.models[0]
        assert self._local is not None
        if not self._local.up:
            await self._local.wait_ready()
        return self._local.backend

    async def chat(self, exchange: Exchange, request: ChatRequest, overrides: Overrides) -> Completion:
        """Answer in one piece."""

        def call(backend: Answerer) -> Awaitable[Completion]:
            exchange.asks(backend.model)
            return backend.chat(request)

        return await self._answer(exchange, request, overrides, call)

    async def stream(self, exchange: Exchange, request: ChatRequest, overrides: Overrides) -> ChatStream:
        """Answer piece by piece; returns with the first event at hand."""

        def call(backend: Answerer) -> Awaitable[ChatStream]:
            exchange.asks(backend.model)
            return backend.stream(request)

        return await self._answer(exchange, request, overrides, call)

    async def _answer(
        self,
        exchange: Exchange,
        request: ChatRequest,
        overrides: Overrides,
        call: Callable[[Answerer], Awaitable[T]],
    ) -> T:
        exchange.asked(request)
        request = await self.privacy.mark(request, asked=overrides.private)
        with waiting(exchange):
            await self.know_local(request)
        decision = await self.decide(request, overrides)
        exchange.decided(decision, self.classifier.version, self._traits.of(request))
        self._recorder.opened(exchange, _paid_tokens(exchange, request))
        other = self._other(decision, request)
        first = call
        if self.gets_second_look(decision, request):
            assert self._local is not None
            first = self._second_look.before(call, exchange, self._local)
        with waiting(exchange):
            try:
                return await self._ask(decision.route, request, first, alone=other is None)
            except Unsure:
                return await self._escalate(exchange, request, call)
            except BackendError as exc:
                reason = _reason_to_move(exc)
                if other is None or reason is None:
                    raise
                logger.warning("%s failed (%s); %s answers instead", decision.route, exc, other)
                exchange.moved(other, reason)
                self._recorder.moved(exchange, _paid_tokens(exchange, request))
                return await self._ask(other, request, call, alone=True)

    async def _escalate(self, exchange: Exchange, request: ChatRequest, call: Callable[[Answerer], Awaitable[T]]) -> T:
        """Ask the cloud after a second look. Whatever it says against that, the local model would have answered."""
        exchange.moved(Route.CLOUD, Reason.ESCALATED)
        self._recorder.moved(exchange, _paid_tokens(exchange, request))
        try:
            return await self._ask(Route.CLOUD, request, call, alone=False)
        except BackendError as exc:
            logger.warning("cloud failed (%s); the local model answers after all", exc)
            exchange.came_back()
            return await self._ask(Route.LOCAL, request, call, alone=True)

    async def _ask(
        self, route: Route, request: ChatRequest, call: Callable[[Answerer], Awaitable[T]], *, alone: bool
    ) -> T:
        if route is Route.CLOUD:
            assert self.cloud is not None
            only = self.names.meaning(request.model).model
            may_pay = partial(self.budget.may_pay, service_tier=tier_of(request))
            return await self.cloud.ask(request, call, only=only, may_pay=may_pay)
        return await self._ask_local(call, alone)

    async def _ask_local(self, call: Callable[[Answerer], Awaitable[T]], alone: bool) -> T:
        """Where nobody else can answer, a local side that starts is waited for, and one that died is asked again."""
        local = self._local
        assert local is not None
        if not local.up:
            if not alone:
                raise BackendUnavailable("local", local.trouble or "not ready")
            await local.wait_ready()
        try:
            return await call(local.backend)
        except BackendUnavailable as exc:
            if not alone or exc.retry_after_s is not None:
                raise
            await asyncio.sleep(NOTICE_S)
            await local.wait_ready()
            return await call(local.backend)

    def _unaffordable(self, request: ChatRequest) -> str | None:
        """Why the cloud may not be paid for `request`, in words; None where it may."""
        if self.cloud is None or not self.budget.limited:
            return None
        only = self.names.meaning(request.model).model
        return self.budget.obstacle(request, self.cloud.names if only is None else (only,))

    def _cloud_for(self, request: ChatRequest) -> CloudSide | None:
        """The cloud, where there is one that may and can be asked this."""
        allowed = self.cloud is not None and request.private is None and self.cloud.takes(request)
        return self.cloud if allowed else None

    def _other(self, decision: RoutingDecision, request: ChatRequest) -> Route | None:
        """Who may answer in place of the side that was chosen: nobody where that must not be."""
        if decision.reason in (Reason.PRIVACY, Reason.PINNED, Reason.BUDGET):
            return None
        if decision.route is Route.LOCAL:
            return Route.CLOUD if self._cloud_for(request) is not None and not self._unaffordable(request) else None
        fits = decision.reason not in (Reason.CAPABILITY, Reason.CONTEXT)
        # One that was there before is worth waiting for, if it is just starting again.
        return Route.LOCAL if fits and self._local is not None and self._local.tier is not None else None

    async def know_local(self, request: ChatRequest) -> None:
        """What no cloud may answer cannot be decided before the local model is there."""
        no_cloud = self.cloud is None or request.private or self._unaffordable(request)
        if no_cloud and self._local is not None and self._local.tier is None:
            await self._local.wait_ready()

    async def _situation(self, request: ChatRequest, meaning: Meaning, overrides: Overrides) -> Situation:
        local, pinned = self._local, meaning.route
        cloud, budget_spent = self._cloud_for(request), self._unaffordable(request)
        # Down for the moment is no reason to refuse what only the local side could answer.
        usable = local is not None and (local.up or cloud is None or budget_spent or pinned is Route.LOCAL)
        tier = local.tier if local is not None and usable else None
        lines = (overrides.threshold, meaning.threshold, self.threshold.value)
        return Situation(
            local=tier,
            cloud=cloud is not None,
            cloud_up=cloud is not None and cloud.up,
            pinned=pinned,
            local_wait_s=0.0 if local is None or local.load is None else local.load.expected_wait_s,
            max_local_wait_s=self._settings.max_local_wait_s,
            tokens_needed=0 if tier is None else await self._tokens_needed(request, tier.n_ctx),
            budget_spent=budget_spent,
            began=loop_began(request, tier),
            private=request.private,
            threshold=next(line for line in lines if line is not None),
            cloud_lacks=frozenset() if self.cloud is None else self.cloud.missing(request, meaning.model),
        )

    async def _tokens_needed(self, request: ChatRequest, n_ctx: int) -> int:
        """Prompt tokens plus room for the answer; counted exactly only where they might not fit."""
        room = request.max_tokens or self._settings.answer_reserve_tokens
        # Several prompts are several answers: the longest decides.
        longest = max(request.sub_requests or (request,), key=_most_tokens)
        at_most = _most_tokens(longest)
        if at_most + room <= n_ctx and not request.body.get("tools"):
            return 0
        assert self._local is not None
        counted = await self._local.count_tokens(longest)
        return (counted if counted is not None else at_most // BYTES_PER_TOKEN_GUESS) + room


@contextmanager
def waiting(exchange: Exchange) -> Iterator[None]:
    """Time spent here is somebody else's, not our overhead."""
    started = time.perf_counter()
    try:
        yield
    finally:
        exchange.upstream_s += time.perf_counter() - started


def _paid_tokens(exchange: Exchange, request: ChatRequest) -> int:
    """About what the side that is asked now reads for money."""
    return prompt_tokens_guess(request) if exchange.route == Route.CLOUD else 0


def _most_tokens(request: ChatRequest) -> int:
    """No token stands for less than a byte."""
    return sum(len(text_of(message).encode("utf-8", "replace")) + TEMPLATE_TOKENS for message in request.messages)


def _reason_to_move(exc: BackendError) -> Reason | None:
    """Why the other side should answer after `exc`; None where it would fare no better."""
    if not isinstance(exc, BackendRejected):
        return Reason.FAILOVER
    return _LOCAL_SHORTCOMINGS.get(exc.code or "") if exc.backend == Route.LOCAL else None
