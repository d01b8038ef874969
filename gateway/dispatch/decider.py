"""Where a request goes, and why: model names, privacy, budget, the state of both sides, then the rules and the score.

Nothing is answered here. The endpoints that answer, /v1/route, `slimgate route` and `slimgate replay` all decide with
one `Decider`; the last two over assumed sides (`gateway.dispatch.assumed`).
"""

import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from gateway.config.sections.routing import RouterSettings
from gateway.dispatch.cascade import Cascade
from gateway.dispatch.model_names import Meaning, ModelNames
from gateway.dispatch.privacy import PrivacyLane
from gateway.dispatch.private_sessions import PrivateSessions
from gateway.dispatch.sides import AllowedSides, Sides
from gateway.http.overrides import NO_OVERRIDES, Overrides
from gateway.keys.caller import ANYBODY, Caller
from gateway.keys.terms import NO_TERMS, KeyForbids, KeyTerms
from gateway.scoring.prompt import loop_began, to_prompt
from gateway.spending.budget import Budget
from models.wire.chat import ChatRequest
from models.wire.token_estimates import cautious_prompt_tokens, upper_bound_tokens
from router.decision import Prompt, Reason, Route, RoutingDecision
from router.errors import BudgetSpent, CannotServe
from router.policy import LocalCapabilities, RoutingPolicy, Scorer, Situation

NEVER_INSTEAD = frozenset({Reason.PRIVACY, Reason.PINNED, Reason.BUDGET})
"""Reasons for which the other side must not answer, even if the chosen one fails."""

INSTEAD_REFUSED = "The local model does not answer instead, since budget.when_spent is 'refuse'."


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
    terms : KeyTerms
        Those of the caller's key.
    """

    request: ChatRequest
    prompt: Prompt
    meaning: Meaning
    decision: RoutingDecision
    fallback: Route | None
    second_look: bool = False
    waited_s: float = 0.0
    terms: KeyTerms = NO_TERMS


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
    sessions : PrivateSessions, optional
        Says which sessions may not leave this machine any more. Default: nobody remembers.
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
        sessions: PrivateSessions | None = None,
    ) -> None:
        self._sides = sides
        self._caller, self._terms = ANYBODY, NO_TERMS
        self._policy = RoutingPolicy(scorer)
        self._threshold = threshold
        self._budget = budget
        self._cascade = cascade
        self._sessions = sessions
        self.configure(settings, privacy)

    def configure(self, settings: RouterSettings, privacy: PrivacyLane) -> None:
        """Decide by these from here on."""
        self._settings = settings
        self._privacy = privacy

    def of(self, caller: Caller) -> "Decider":
        """The decider for one request of `caller`, by the terms of its key and the budgets that it spends from."""
        if caller.terms is NO_TERMS and not caller.team:
            return self
        decider = copy(self)
        decider._caller, decider._terms = caller, caller.terms
        return decider

    @property
    def sides(self) -> Sides:
        """The sides that may answer; one that the key may not use is as if it were not configured."""
        return self._sides if self._terms is NO_TERMS else AllowedSides.of(self._sides, self._terms)

    @property
    def names(self) -> ModelNames:
        """The model names that callers may use now; a local server's own name is known once it has answered."""
        local, cloud = self._sides.local, self._sides.cloud
        return ModelNames.of_key(
            self._terms,
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

    @property
    def clearance(self) -> str:
        """What the detector has said of a request that may leave this machine."""
        return self._privacy.clearance

    async def why_private(self, body: Mapping[str, Any], overrides: Overrides) -> str | None:
        """Why a body that is not routed (embeddings) may not leave this machine; None where it may.

        As with a request that is routed, its session may not leave either from then on.
        """
        why = await self._privacy.why(body, overrides=overrides)
        return await self._with_session(why, overrides)

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Prompt tokens as the local model counts them; None where it is down or cannot count.

        Raises
        ------
        UnknownModelError
            If the request's model name means nothing here.
        KeyForbids
            If the key may not send it.
        """
        self.names.meaning(request.model)
        await self._wait_for_capabilities(request)
        local = self.sides.local
        return await local.count_tokens(request) if local is not None and local.up else None

    async def decide(self, request: ChatRequest, overrides: Overrides = NO_OVERRIDES) -> RoutedRequest:
        """Say where `request` goes and why, by the terms of the caller's key.

        Raises
        ------
        UnknownModelError
            If its model name means nothing here.
        KeyForbids
            If the caller's key may not send that name, or may use no side that is configured.
        CannotServe
            If nobody may or can answer it.
        BackendUnavailable
            If only the local model may answer, and it cannot be loaded.
        """
        decider = self.of(overrides.caller)
        return await decider.decide_marked(await decider.mark(request, overrides), overrides)

    async def decide_marked(self, request: ChatRequest, overrides: Overrides) -> RoutedRequest:
        """Say where a request goes that `mark` has looked at; raises as `decide` does."""
        self._check_sides()
        if request.private is None:
            await self.know_budget()
        waited_s = await self._wait_for_capabilities(request)
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
            terms=self._terms,
        )

    async def mark(self, request: ChatRequest, overrides: Overrides) -> ChatRequest:
        """`request`, marked if it may not leave this machine; its session is then marked with it."""
        request = await self._privacy.mark(request, overrides)
        why = await self._with_session(request.private, overrides)
        return request if why == request.private else replace(request, private=why)

    async def _with_session(self, why: str | None, overrides: Overrides) -> str | None:
        """Why a request may not leave, for a reason of its own (`why`), or because its session may not."""
        if self._sessions is None or overrides.session_id is None:
            return why
        if why is None and self.sides.cloud is None:
            return None
        return await self._sessions.settle(why, overrides.caller.id, overrides.session_id)

    def _check_sides(self) -> None:
        sides = self.sides
        if sides.local is None and sides.cloud is None:
            raise KeyForbids("use any side that is configured here; use another key")

    def _without_omissions(self, request: ChatRequest, meaning: Meaning) -> ChatRequest:
        """`request`, for those alone who leave nothing out, if one of them may answer or omissions are not wanted."""
        native, cloud = request.native, self.sides.cloud
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
        local, capabilities = self.sides.local, self._capabilities
        if local is None or not local.up or capabilities is None:
            return False
        return (await self._count(request, capabilities.n_ctx)).needed <= capabilities.n_ctx

    @property
    def _capabilities(self) -> LocalCapabilities | None:
        local = self.sides.local
        return None if local is None else local.capabilities

    async def _wait_for_capabilities(self, request: ChatRequest) -> float:
        """If only the local model may answer, wait until it is loaded; the seconds that took."""
        local = self.sides.local
        if local is None or local.capabilities is not None or self.cloud_may_answer(request):
            return 0.0
        if self.names.means_cloud(request.model):  # if it cannot have the cloud, it is refused
            return 0.0
        started = time.perf_counter()
        await local.wait_ready()
        return time.perf_counter() - started

    async def know_budget(self) -> None:
        """Find out what was spent, where that was never read: `cloud_may_answer` cannot wait for it."""
        if self._budget is not None:
            await self._budget.know(self._caller)

    def cloud_may_answer(self, request: ChatRequest) -> bool:
        """Whether a cloud is there, and may be given this and be paid for it."""
        return self.sides.cloud is not None and request.private is None and self._budget_obstacle(request) is None

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
        sides, pinned = self.sides, meaning.route
        local, cloud = sides.local, sides.cloud
        has_cloud = cloud is not None and request.private is None and cloud.takes(request)
        budget_spent = self._budget_obstacle(request)
        # Down for the moment is no reason to refuse what only the local side could answer.
        usable = local is not None and (local.up or not has_cloud or budget_spent or pinned is Route.LOCAL)
        capabilities = local.capabilities if local is not None and usable else None
        counted = await self._count_for_local(request, capabilities, pinned)
        return Situation(
            local=capabilities,
            cloud=has_cloud,
            threshold=_first(overrides.threshold, meaning.threshold, self._terms.threshold, self._threshold()),
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

    def _budget_obstacle(self, request: ChatRequest) -> str | None:
        """Why the cloud may not be paid for `request`, in words; None where it may."""
        cloud, budget = self.sides.cloud, self._budget
        if cloud is None or budget is None or not budget.limits(self._caller):
            return None
        only = self.names.meaning(request.model).model
        return budget.obstacle(request, cloud.names if only is None else (only,), self._caller)

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
        local = self.sides.local
        assert local is not None
        counted = await local.count_tokens(longest)
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
