"""The rules in order. The first rule that applies decides; if none applies, the score does.

To add a rule: a function here, its place in `RULES`, a row in `tests/router/test_policy.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from router.decision import Feature, LocalEstimate, Prompt, Reason, Route, RoutingDecision, lacking
from router.errors import BudgetSpent, CannotServe, MustStayLocal


class Scorer(Protocol):
    """Gives the calibrated probability, in [0, 1], that the local answer is inadequate."""

    def score(self, prompt: Prompt) -> float:
        """The score of `prompt`."""
        ...


@dataclass(frozen=True, slots=True)
class LocalCapabilities:
    """What the local model can do: `n_ctx` tokens of context, and these features beyond text.

    `marks_calls` says that the ids of its tool calls tell them from others.
    """

    features: frozenset[Feature]
    n_ctx: int
    marks_calls: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """The state at the moment of a decision, apart from the prompt.

    Parameters
    ----------
    local : LocalCapabilities or None
        None where there is no local tier, or it is known to be down.
    cloud : bool
        Whether a cloud is configured.
    threshold : float
        ``score >= threshold`` means cloud.
    cloud_lacks : frozenset of Feature
        What the request needs and no configured cloud model has; `cloud` is False then.
    cloud_up : bool
        Whether the cloud is thought to answer; False while its circuit is open.
    pinned : Route or None
        The route that the caller's model name asks for.
    estimate : LocalEstimate or None
        How long the local model would take; None where that is not known.
    max_first_token_s : float
        The longest time until its first token that is put up with, in seconds.
    tokens_needed : int
        Prompt tokens plus room for the answer, as the local model counts; 0 where they surely fit.
    budget_spent : str or None
        Which limit is reached, in words; None while more may be spent on the cloud.
    began : Route or None
        Who made the tool calls that the conversation is in the middle of; None where it is not, or nobody can tell.
    private : str or None
        Why the text may not leave this machine; None where it may.
    """

    local: LocalCapabilities | None
    cloud: bool
    threshold: float
    cloud_up: bool = True
    pinned: Route | None = None
    estimate: LocalEstimate | None = None
    max_first_token_s: float = math.inf
    tokens_needed: int = 0
    budget_spent: str | None = None
    began: Route | None = None
    private: str | None = None
    cloud_lacks: frozenset[Feature] = frozenset()

    def shortcoming(self, prompt: Prompt) -> tuple[Reason, str] | None:
        """What the local model lacks for `prompt`, with a message; None if it lacks nothing."""
        if self.local is None:
            return None
        if missing := lacking(prompt.needs, self.local.features):
            return Reason.CAPABILITY, f"the local model has no {', '.join(sorted(missing))}"
        if self.tokens_needed > self.local.n_ctx:
            words = (
                f"prompt and answer need {self.tokens_needed} tokens, the local model's context has {self.local.n_ctx}"
            )
            return Reason.CONTEXT, words
        return None

    def no_cloud(self) -> str:
        """Why no cloud model can take this request, as a message."""
        if not self.cloud_lacks:
            return "No cloud model is configured"
        return f"No cloud model has {', '.join(sorted(self.cloud_lacks))} ([cloud] features)"


Verdict = tuple[Route, Reason]
Rule = Callable[[Prompt, Situation], Verdict | None]


def privacy(prompt: Prompt, situation: Situation) -> Verdict | None:
    """A private request is answered by the local model, or refused."""
    if situation.private is None:
        return None
    if situation.pinned is Route.CLOUD:
        obstacle = "Its model name asks for the cloud; use 'auto' or 'local'."
        raise MustStayLocal(situation.private, obstacle)
    if situation.local is None:
        raise MustStayLocal(situation.private, "No local model is there to answer it.")
    if lack := situation.shortcoming(prompt):
        raise CannotServe(f"This request may not leave this machine ({situation.private}), but {lack[1]}.", lack[0])
    return Route.LOCAL, Reason.PRIVACY


def pinned(prompt: Prompt, situation: Situation) -> Verdict | None:
    """The caller named a side. If it cannot serve the request, that is an error: a pin is never moved silently."""
    if situation.pinned is None:
        return None
    if situation.pinned is Route.CLOUD and situation.budget_spent:
        raise BudgetSpent(situation.budget_spent, "Use 'auto' or 'local', or raise that limit.")
    if situation.pinned is Route.CLOUD and situation.cloud_lacks:
        raise CannotServe(f"The request is pinned to the cloud. {situation.no_cloud()}.", Reason.CAPABILITY)
    if situation.pinned is Route.LOCAL and (lack := situation.shortcoming(prompt)):
        raise CannotServe(f"The request is pinned to the local model, but {lack[1]}.", lack[0])
    return situation.pinned, Reason.PINNED


def capability(prompt: Prompt, situation: Situation) -> Verdict | None:
    """One side lacks what the request needs: a feature, or room in the local model's context."""
    lack = situation.shortcoming(prompt)
    if lack is None:
        return _where_the_cloud_lacks(situation)
    reason, words = lack
    if not situation.cloud:
        raise CannotServe(f"{situation.no_cloud()}, and {words}.", reason)
    if situation.budget_spent:
        raise BudgetSpent(situation.budget_spent, f"It is needed, since {words}.")
    return Route.CLOUD, reason


def _where_the_cloud_lacks(situation: Situation) -> Verdict | None:
    if not situation.cloud_lacks:
        return None
    if situation.local is None:
        raise CannotServe(f"{situation.no_cloud()}, and no local model is there.", Reason.CAPABILITY)
    return Route.LOCAL, Reason.CAPABILITY


def offline(_prompt: Prompt, situation: Situation) -> Verdict | None:
    """Only one side is up."""
    if situation.local is None:
        if situation.budget_spent:
            raise BudgetSpent(situation.budget_spent, "No local model is there to answer instead.")
        return Route.CLOUD, Reason.OFFLINE
    if not (situation.cloud and situation.cloud_up):
        return Route.LOCAL, Reason.OFFLINE
    return None


def budget(_prompt: Prompt, situation: Situation) -> Verdict | None:
    """The cloud's budget is spent."""
    return (Route.LOCAL, Reason.BUDGET) if situation.budget_spent else None


def session(_prompt: Prompt, situation: Situation) -> Verdict | None:
    """A tool loop stays with the model that began it: another model does not know the plan."""
    return None if situation.began is None else (situation.began, Reason.SESSION)


def load(_prompt: Prompt, situation: Situation) -> Verdict | None:
    """The local model's first token would come too late."""
    estimate = situation.estimate
    is_late = estimate is not None and estimate.first_token_s > situation.max_first_token_s
    return (Route.CLOUD, Reason.LOAD) if is_late else None


RULES: tuple[Rule, ...] = (
    privacy,
    pinned,
    capability,
    offline,
    budget,
    session,
    load,
)


class RoutingPolicy:
    """Joins the rules with the classifier.

    Parameters
    ----------
    scorer : Scorer
        The classifier.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def decide(self, prompt: Prompt, situation: Situation) -> RoutingDecision:
        """Decide which side answers `prompt`.

        Raises
        ------
        CannotServe
            If no allowed route can serve it.
        """
        score = self._scorer.score(prompt)
        route, reason = _first_verdict(prompt, situation) or (by_score(score, situation.threshold), Reason.SCORE)
        return RoutingDecision(route, reason, score, situation.threshold, situation.estimate)


def by_score(score: float, threshold: float) -> Route:
    """The one comparison."""
    return Route.CLOUD if score >= threshold else Route.LOCAL


def _first_verdict(prompt: Prompt, situation: Situation) -> Verdict | None:
    return next((verdict for rule in RULES if (verdict := rule(prompt, situation))), None)
