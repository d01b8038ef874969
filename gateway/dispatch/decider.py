"""Where a request goes, and why: model names, privacy, budget, the state of both sides, then the rules and the score.

Nothing is answered here. The endpoints that answer, /v1/route, `slimgate route` and `slimgate replay` all decide with
one `Decider`; the last two over assumed sides (`gateway.dispatch.assumed`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gateway.config.sections.routing import RouterSettings
from gateway.dispatch.cascade import Cascade
from gateway.dispatch.model_names import Meaning, ModelNames
from gateway.dispatch.privacy import PrivacyLane
from gateway.http.overrides import NO_OVERRIDES, Overrides
from gateway.keys.caller import ANYBODY, Caller
from gateway.scoring.prompt import loop_began, to_prompt
from gateway.spending.budget import Budget
from models.wire.chat import ChatRequest
from models.wire.token_estimates import cautious_prompt_tokens, upper_bound_tokens
from router.decision import Feature, LocalEstimate, Prompt, Reason, Route, RoutingDecision
from router.errors import BudgetSpent, CannotServe
from router.policy import LocalCapabilities, RoutingPolicy, Scorer, Situation

NEVER_INSTEAD = frozenset({Reason.PRIVACY, Reason.PINNED, Reason.BUDGET})
"""Reasons for which the other side must not answer, even if the chosen one fails."""


INSTEAD_REFUSED = "The local model does not answer instead, since budget.when_spent is 'refuse'."


class LocalState(Protocol):
    """What a decision needs to know of the local side."""

    @property
    def model(self) -> str | None:
        """The model's name, as soon as it is known."""
        ...

    @property
    def capabilities(self) -> LocalCapabilities | None:
        """What it can do; None until that is known."""
        ...

    @property
    def up(self) -> bool:
        """Whether it is thought to answer now."""
        ...

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """How long it would take, if its prompt has `counted` tokens; None where its speed is not known."""
        ...

    async def wait_ready(self) -> None:
        """Wait until it answers; raises `BackendUnavailable` if that takes too long or can never be."""
        ...

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the model counts them; None where it does not say."""
        ...


class CloudState(Protocol):
    """What a decision needs to know of the cloud."""

    @property
    def names(self) -> Sequence[str]:
        """All models' names, the preferred one first."""
        ...

    @property
    def up(self) -> bool:
        """Whether any of its models is thought to answer."""
        ...

    def takes(self, request: ChatRequest, only: str | None = None) -> bool:
        """Whether any of its models (with `only`, that one) can be asked this at all."""
        ...

    def missing(self, request: ChatRequest, only: str | None = None) -> frozenset[Feature]:
        """What `request` needs that none of its models has (with `only`, that one)."""
        ...


class Sides(Protocol):
    """Both sides; None for one that is not configured."""

    @property
    def local(self) -> LocalState | None: ...

    @property
    def cloud(self) -> CloudState | None: ...


@dataclass(frozen=True, slots=True)
class RoutedRequest:
    """A request with its decision: all that is needed to answer it.

    Attributes
    ----------
    request : ChatRequest
        Marked where it may not leave this machine.
    prompt : Prompt
        What the router saw of it.
    meaning : Meaning
        What its model name asks for.
    decision : RoutingDecision
        Where it goes, and why.
    fallback : Route or None
        The side that may answer if the chosen one fails; None where none may.
    second_look : bool
        Whether the local answer's first tokens are held back, and may send the request to the cloud.
    waited_s : float
        Seconds spent waiting for the local model to load before anything could be decided.
    """

    request: ChatRequest
    prompt: Prompt
    meaning: Meaning
    decision: RoutingDecision
    fallback: Route | None
    second_look: bool = False
    waited_s: float = 0.0


class Decider:
    """Joins the rules and the classifier with what is known at the moment.

    Parameters
    ----------
    sides : Sides
        Who could answer, and the state they are in.
    scorer : Scorer
        The classifier in force.
    threshold : callable
        The threshold in force for callers who set none.
    settings : RouterSettings
        Aliases, waits and the second look.
    privacy : PrivacyLane
        Says what may not leave this machine.
    budget : Budget, optional
        Says whether more may be spent on the cloud. Default: always.
    cascade : Cascade, optional
        Says which local answers get a second look. Default: none.
    """

    def __init__(
        self,
        sides: Sides,
        scorer: Scorer,
        threshold: Callable[[], float],
        settings: RouterSettings,
        privacy: PrivacyLane,
        *,
        budget: Budget | None = None,
        cascade: Cascade | None = None,
    ) -> None:
        self._sides = sides
        self._policy = RoutingPolicy(scorer)
        self._threshold = threshold
        self._budget = budget
        self._cascade = cascade
        self.configure(settings, privacy)

    def configure(self, settings: RouterSettings, privacy: PrivacyLane) -> None:
        """Decide by these from here on."""
        self._settings = settings
        self._privacy = privacy

    @property
    def names(self) -> ModelNames:
        """The model names that callers may use now; a local server's own name is known once it has answered."""
        local, cloud = self._sides.local, self._sides.cloud
        return ModelNames(
            self._settings.aliases,
            local_model=None if local is None else local.model or Route.LOCAL.value,
            cloud_models=() if cloud is None else cloud.names,
        )

    def advertised_n_ctx(self, name: str) -> int | None:
        """The context, in tokens, that holds on every route `name` may take; None where only the cloud would know."""
        capabilities = self._capabilities
        if capabilities is None or self.names.meaning(name).route is Route.CLOUD:
            return None
        return capabilities.n_ctx

    async def why_private(self, body: Mapping[str, Any], overrides: Overrides) -> str | None:
        """Why a body that is not routed (embeddings) may not leave this machine; None where it may."""
        return await self._privacy.why(body, asked=overrides.private)

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the local model counts them; None where it is down or cannot count.

        Raises
        ------
        UnknownModelError
            If the request's model name means nothing here.
        """
        self.names.meaning(request.model)
        await self._wait_for_capabilities(request)
        local = self._sides.local
        return await local.count_tokens(request) if local is not None and local.up else None

    async def decide(self, request: ChatRequest, overrides: Overrides = NO_OVERRIDES) -> RoutedRequest:
        """Say where `request` goes and why.

        Raises
        ------
        UnknownModelError
            If its model name means nothing here.
        CannotServe
            If nobody may or can answer it.
        BackendUnavailable
            If only the local model may answer, and it cannot be loaded.
        """
        request = await self._privacy.mark(request, asked=overrides.private)
        waited_s = await self._wait_for_capabilities(request, overrides.caller)
        meaning = self.names.meaning(request.model)
        request = self._without_omissions(request, meaning)
        prompt = to_prompt(request)
        situation = await self._situation(request, meaning, overrides)
        decision = self._apply_rules(request, prompt, situation)
        fallback = self._fallback(decision, situation)
        return RoutedRequest(
            request,
            prompt,
            meaning,
            decision,
            fallback,
            second_look=fallback is not None and self._gets_second_look(request, prompt, decision),
            waited_s=waited_s,
        )

    def _without_omissions(self, request: ChatRequest, meaning: Meaning) -> ChatRequest:
        """`request`, for those alone who leave nothing out, if one of them may answer or omissions are not wanted."""
        native, cloud = request.native, self._sides.cloud
        if native is None or not native.left_out:
            return request
        whole = replace(request, native=native.whole)
        if self._settings.hosted_tools == "refuse":
            return whole
        if cloud is None or meaning.route is Route.LOCAL or request.private is not None:
            return request
        return whole if cloud.takes(whole, meaning.model) else request

    async def fits_local(self, request: ChatRequest) -> bool:
        """Whether prompt and answer fit into the local model's context, by its own count."""
        local, capabilities = self._sides.local, self._capabilities
        if local is None or not local.up or capabilities is None:
            return False
        return (await self._count(request, capabilities.n_ctx)).needed <= capabilities.n_ctx

    @property
    def _capabilities(self) -> LocalCapabilities | None:
        local = self._sides.local
        return None if local is None else local.capabilities

    async def _wait_for_capabilities(self, request: ChatRequest, caller: Caller = ANYBODY) -> float:
        """If only the local model may answer, wait until it is loaded; the seconds that took."""
        local = self._sides.local
        if local is None or local.capabilities is not None or self.cloud_may_answer(request, caller):
            return 0.0
        if self.names.means_cloud(request.model):  # if it cannot have the cloud, it is refused
            return 0.0
        started = time.perf_counter()
        await local.wait_ready()
        return time.perf_counter() - started

    def cloud_may_answer(self, request: ChatRequest, caller: Caller = ANYBODY) -> bool:
        """Whether a cloud is there, and may be given this and be paid for it."""
        if self._sides.cloud is None or request.private is not None:
            return False
        return self._budget_obstacle(request, caller) is None

    def _apply_rules(self, request: ChatRequest, prompt: Prompt, situation: Situation) -> RoutingDecision:
        spent = situation.budget_spent
        try:
            if spent is None or self._budget is None or not self._budget.refuses:
                return self._policy.decide(prompt, situation)
            decision = self._policy.decide(prompt, replace(situation, budget_spent=None))
        except CannotServe as exc:
            native = request.native
            if exc.reason is Reason.CAPABILITY and native is not None and native.untranslatable is not None:
                raise native.untranslatable from None  # it names the field
            raise
        if decision.route is Route.CLOUD:
            raise BudgetSpent(spent, INSTEAD_REFUSED)
        return decision

    async def _situation(self, request: ChatRequest, meaning: Meaning, overrides: Overrides) -> Situation:
        local, cloud, pinned = self._sides.local, self._sides.cloud, meaning.route
        has_cloud = cloud is not None and request.private is None and cloud.takes(request)
        budget_spent = self._budget_obstacle(request, overrides.caller)
        # Down for the moment is no reason to refuse what only the local side could answer.
        usable = local is not None and (local.up or not has_cloud or budget_spent or pinned is Route.LOCAL)
        capabilities = local.capabilities if local is not None and usable else None
        counted = await self._count_for_local(request, capabilities, pinned)
        return Situation(
            local=capabilities,
            cloud=has_cloud,
            threshold=_first(overrides.threshold, meaning.threshold, self._threshold()),
            cloud_up=has_cloud and cloud is not None and cloud.up,
            pinned=pinned,
            estimate=None if local is None or capabilities is None else local.estimate(request, counted.prompt),
            max_first_token_s=_first(
                overrides.max_first_token_s, meaning.max_first_token_s, self._settings.max_first_token_s
            ),
            tokens_needed=counted.needed,
            budget_spent=budget_spent,
            began=loop_began(request, capabilities),
            private=request.private,
            cloud_lacks=frozenset() if cloud is None else cloud.missing(request, meaning.model),
        )

    def _budget_obstacle(self, request: ChatRequest, caller: Caller) -> str | None:
        """Why the cloud may not be paid for `request`, in words; None where it may."""
        cloud, budget = self._sides.cloud, self._budget
        if cloud is None or budget is None or not budget.limits(caller):
            return None
        only = self.names.meaning(request.model).model
        return budget.obstacle(request, cloud.names if only is None else (only,), caller)

    def _fallback(self, decision: RoutingDecision, situation: Situation) -> Route | None:
        if decision.reason in NEVER_INSTEAD:
            return None
        if decision.route is Route.LOCAL:
            return Route.CLOUD if situation.cloud and not situation.budget_spent else None
        fits = decision.reason not in (Reason.CAPABILITY, Reason.CONTEXT)
        # A local model that was loaded before is worth waiting for, if it is just starting again.
        return Route.LOCAL if fits and self._capabilities is not None else None

    def _gets_second_look(self, request: ChatRequest, prompt: Prompt, decision: RoutingDecision) -> bool:
        return self._cascade is not None and self._cascade.wanted(request, prompt, decision, self._capabilities)

    async def _count_for_local(
        self, request: ChatRequest, capabilities: LocalCapabilities | None, pinned: Route | None
    ) -> "_Counted":
        """What the local model would need; not asked of it for a request that it will not answer."""
        if capabilities is None or pinned is Route.CLOUD:
            return _Counted(0)
        return await self._count(request, capabilities.n_ctx)

    async def _count(self, request: ChatRequest, n_ctx: int) -> "_Counted":
        """Prompt tokens plus room for the answer; counted exactly only where they might not fit."""
        room = request.max_tokens or self._settings.answer_reserve_tokens
        # Several prompts are several answers: the longest decides.
        longest = max(request.sub_requests or (request,), key=upper_bound_tokens)
        if upper_bound_tokens(longest) + room <= n_ctx and not request.body.get("tools"):
            return _Counted(0)
        assert self._sides.local is not None
        counted = await self._sides.local.count_tokens(longest)
        if counted is None:
            return _Counted(cautious_prompt_tokens(longest) + room)
        return _Counted(counted + room, None if request.sub_requests else counted)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Tokens that the local model needs, 0 where they surely fit; of the prompt alone, None where nobody counted."""

    needed: int
    prompt: int | None = None


def _first(*values: float | None) -> float:
    """The first that is set; the last one always is."""
    return next(value for value in values if value is not None)
