"""Which rule decides, in which order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.decision import Feature, LocalEstimate, Prompt, Reason, Route
from router.errors import CannotServe
from router.policy import LocalCapabilities, RoutingPolicy, Situation


class Fixed:
    """A scorer of one score."""

    def __init__(self, value: float) -> None:
        self._value = value

    def score(self, prompt: Prompt) -> float:
        return self._value


TEXT = Prompt.from_text("hello")
TOOLS = Prompt(TEXT.turns, frozenset({Feature.TOOLS}))
FORCED = Prompt(TEXT.turns, frozenset({Feature.FORCED_TOOLS}))
CAN_BE_FORCED = LocalCapabilities(frozenset({Feature.FORCED_TOOLS}), n_ctx=100)
CALLS = LocalCapabilities(frozenset({Feature.TOOLS}), n_ctx=100)
LOGPROBS = frozenset({Feature.LOGPROBS})
BOTH = Situation(local=LocalCapabilities(frozenset({Feature.JSON_OBJECT}), n_ctx=100), cloud=True, threshold=0.5)
LATE = {"estimate": LocalEstimate(2, 200), "max_first_token_s": 1}
IN_TIME = {"estimate": LocalEstimate(1, 200), "max_first_token_s": 1}


@pytest.mark.parametrize(
    ("prompt", "changes", "score", "route", "reason"),
    [
        (TEXT, {}, 0.3, Route.LOCAL, Reason.SCORE),
        (TEXT, {}, 0.5, Route.CLOUD, Reason.SCORE),
        (TEXT, {"threshold": 0.2}, 0.3, Route.CLOUD, Reason.SCORE),
        (TEXT, {"threshold": 0.9}, 0.8, Route.LOCAL, Reason.SCORE),
        (TEXT, {"private": "why"}, 0.9, Route.LOCAL, Reason.PRIVACY),
        (TEXT, {"private": "why", "pinned": Route.LOCAL}, 0.9, Route.LOCAL, Reason.PRIVACY),
        (TEXT, {"private": "why", "cloud": False}, 0.9, Route.LOCAL, Reason.PRIVACY),
        (
            TEXT,
            {"private": "why", **LATE},
            0.9,
            Route.LOCAL,
            Reason.PRIVACY,
        ),
        (TEXT, {"pinned": Route.CLOUD}, 0.1, Route.CLOUD, Reason.PINNED),
        (TEXT, {"pinned": Route.LOCAL}, 0.9, Route.LOCAL, Reason.PINNED),
        (TOOLS, {}, 0.1, Route.CLOUD, Reason.CAPABILITY),
        (TOOLS, {"pinned": Route.CLOUD}, 0.1, Route.CLOUD, Reason.PINNED),
        (FORCED, {}, 0.1, Route.CLOUD, Reason.CAPABILITY),
        (FORCED, {"local": CAN_BE_FORCED}, 0.1, Route.LOCAL, Reason.SCORE),
        (FORCED, {"local": CALLS}, 0.1, Route.LOCAL, Reason.SCORE),
        (TOOLS, {"local": CAN_BE_FORCED}, 0.1, Route.CLOUD, Reason.CAPABILITY),
        (TEXT, {"tokens_needed": 101}, 0.1, Route.CLOUD, Reason.CONTEXT),
        (TEXT, {"tokens_needed": 100}, 0.1, Route.LOCAL, Reason.SCORE),
        (TEXT, {"cloud": False}, 0.9, Route.LOCAL, Reason.OFFLINE),
        (TEXT, {"cloud_up": False}, 0.9, Route.LOCAL, Reason.OFFLINE),
        (TOOLS, {"cloud_up": False}, 0.9, Route.CLOUD, Reason.CAPABILITY),
        (TEXT, {"local": None}, 0.1, Route.CLOUD, Reason.OFFLINE),
        (TOOLS, {"local": None}, 0.1, Route.CLOUD, Reason.OFFLINE),
        (TEXT, {"budget_spent": "it is"}, 0.9, Route.LOCAL, Reason.BUDGET),
        (TEXT, {"budget_spent": "it is", "began": Route.CLOUD}, 0.9, Route.LOCAL, Reason.BUDGET),
        (
            TEXT,
            {"budget_spent": "it is", **LATE},
            0.9,
            Route.LOCAL,
            Reason.BUDGET,
        ),
        (TEXT, {"budget_spent": "it is", "pinned": Route.LOCAL}, 0.9, Route.LOCAL, Reason.PINNED),
        (TEXT, {"budget_spent": "it is", "private": "why"}, 0.9, Route.LOCAL, Reason.PRIVACY),
        (TEXT, {"began": Route.LOCAL}, 0.9, Route.LOCAL, Reason.SESSION),
        (TEXT, {"began": Route.CLOUD}, 0.1, Route.CLOUD, Reason.SESSION),
        (
            TEXT,
            {"began": Route.LOCAL, **LATE},
            0.9,
            Route.LOCAL,
            Reason.SESSION,
        ),
        (TEXT, {"began": Route.LOCAL, "pinned": Route.CLOUD}, 0.1, Route.CLOUD, Reason.PINNED),
        (TEXT, {"began": Route.LOCAL, "tokens_needed": 101}, 0.1, Route.CLOUD, Reason.CONTEXT),
        (TEXT, {"began": Route.CLOUD, "cloud_up": False}, 0.9, Route.LOCAL, Reason.OFFLINE),
        (TEXT, {"began": Route.CLOUD, "private": "why"}, 0.9, Route.LOCAL, Reason.PRIVACY),
        (TEXT, {"cloud": False, "cloud_lacks": LOGPROBS}, 0.9, Route.LOCAL, Reason.CAPABILITY),
        (TEXT, {**LATE}, 0.1, Route.CLOUD, Reason.LOAD),
        (TEXT, {**IN_TIME}, 0.1, Route.LOCAL, Reason.SCORE),
        (TEXT, {"max_first_token_s": 1}, 0.1, Route.LOCAL, Reason.SCORE),
        (
            TEXT,
            {**LATE, "pinned": Route.LOCAL},
            0.1,
            Route.LOCAL,
            Reason.PINNED,
        ),
        (
            TEXT,
            {**LATE, "cloud_up": False},
            0.1,
            Route.LOCAL,
            Reason.OFFLINE,
        ),
    ],
)
def test_decisions(prompt: Prompt, changes: dict[str, object], score: float, route: Route, reason: Reason) -> None:
    decision = RoutingPolicy(Fixed(score)).decide(prompt, replace(BOTH, **changes))  # type: ignore[arg-type]
    assert (decision.route, decision.reason, decision.score) == (route, reason, score)


def test_a_decision_carries_the_estimate_whatever_decided() -> None:
    estimate = LocalEstimate(2, 3)
    pins = (replace(BOTH, pinned=Route.CLOUD), replace(BOTH, max_first_token_s=1), BOTH)
    for situation in (replace(pin, estimate=estimate) for pin in pins):
        assert RoutingPolicy(Fixed(0.1)).decide(TEXT, situation).estimate == estimate


@pytest.mark.parametrize(
    ("prompt", "changes", "reason", "words"),
    [
        (TEXT, {"private": "why", "pinned": Route.CLOUD}, Reason.PRIVACY, "why.*'auto' or 'local'"),
        (TEXT, {"private": "why", "local": None}, Reason.PRIVACY, "No local model"),
        (TOOLS, {"private": "why"}, Reason.CAPABILITY, "why.*tools"),
        (TEXT, {"private": "why", "tokens_needed": 101}, Reason.CONTEXT, "why.*101"),
        (TEXT, {"budget_spent": "it is", "pinned": Route.CLOUD}, Reason.BUDGET, "it is.*'auto' or 'local'"),
        (TOOLS, {"budget_spent": "it is"}, Reason.BUDGET, "it is.*tools"),
        (TEXT, {"budget_spent": "it is", "tokens_needed": 101}, Reason.BUDGET, "it is.*101"),
        (TEXT, {"budget_spent": "it is", "local": None}, Reason.BUDGET, "it is.*No local model"),
        (
            TOOLS,
            {"cloud": False, "cloud_lacks": TOOLS.needs},
            Reason.CAPABILITY,
            "No cloud.* tools .*local model has no",
        ),
        (TEXT, {"cloud": False, "cloud_lacks": LOGPROBS, "local": None}, Reason.CAPABILITY, "logprobs.*no local model"),
        (
            TEXT,
            {"cloud": False, "cloud_lacks": LOGPROBS, "pinned": Route.CLOUD},
            Reason.CAPABILITY,
            "pinned to the cloud.*logprobs",
        ),
        (TOOLS, {"pinned": Route.LOCAL}, Reason.CAPABILITY, "tools"),
        (TOOLS, {"cloud": False}, Reason.CAPABILITY, "tools"),
        (TEXT, {"pinned": Route.LOCAL, "tokens_needed": 101}, Reason.CONTEXT, "101"),
        (TEXT, {"cloud": False, "tokens_needed": 101}, Reason.CONTEXT, "101"),
    ],
)
def test_what_nobody_can_serve(prompt: Prompt, changes: dict[str, object], reason: Reason, words: str) -> None:
    with pytest.raises(CannotServe, match=words) as caught:
        RoutingPolicy(Fixed(0.1)).decide(prompt, replace(BOTH, **changes))  # type: ignore[arg-type]
    assert caught.value.reason is reason


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_moves_a_prompt_to_the_cloud(score: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    policy = RoutingPolicy(Fixed(score))
    at_low = policy.decide(TEXT, replace(BOTH, threshold=low)).route
    at_high = policy.decide(TEXT, replace(BOTH, threshold=high)).route
    assert not (at_low is Route.LOCAL and at_high is Route.CLOUD)
