"""A ledger row taken apart: which rules were asked, in their order, and what each said."""

from collections.abc import Iterator, Mapping
from typing import Any

from router.confidence import CascadeVerdict
from router.decision import Reason, Route
from router.policy import RULES, by_score

SCORE = "score"

# By rule: what it means when it had nothing to say, and what it said otherwise, by reason.
_WORDS: dict[str, tuple[str, dict[str, str]]] = {
    "privacy": ("Nothing said that the text may not leave", {Reason.PRIVACY: "The text may not leave this machine"}),
    "pinned": ("The model name left the choice to the router", {Reason.PINNED: "The model name asked for this side"}),
    "capability": (
        "Both sides can do what was asked, and it fits the local model's context",
        {
            Reason.CAPABILITY: "It asks for something that the other side lacks",
            Reason.CONTEXT: "Prompt and answer do not fit the local model's context",
        },
    ),
    "offline": ("Both sides were there", {Reason.OFFLINE: "Only this side was there"}),
    "budget": ("The budget was not spent", {Reason.BUDGET: "The budget was spent"}),
    "session": ("Not in the middle of a tool loop", {Reason.SESSION: "A tool loop stays where it began"}),
    "load": ("The local queue was short enough", {Reason.LOAD: "The local queue was too long"}),
}
_LOOKS = {
    CascadeVerdict.WENT_ON: "sure enough to go on",
    CascadeVerdict.ESCALATED: "too unsure to go on",
    CascadeVerdict.RETURNED: "too unsure to go on, but the cloud failed",
    CascadeVerdict.UNKNOWN: "the server told no probabilities, so it went on",
}
_AFTERWARDS = {
    Reason.FAILOVER: "The first choice failed before its first byte, so the other side answered",
    Reason.ESCALATED: "The local answer was too unsure, so the cloud answered",
}


def explain_row(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """What each rule said of the request in `row`.

    `verdict` is ``passed`` (nothing to say), ``decided``, or ``unasked`` (an earlier rule had decided).
    """
    if row["route"] not in (*Route,):
        return []
    return list(_steps(row["route"], row["reason"], row["score"], row["threshold"], row.get("second_look")))


def _steps(
    route: str, reason: str, score: float, threshold: float, look: Mapping[str, Any] | None
) -> Iterator[dict[str, str]]:
    decided = False
    for name in (rule.__name__ for rule in RULES):
        silent, said = _WORDS[name]
        if decided:
            yield _step(name, "unasked", "An earlier rule had decided")
        elif reason in said:
            decided = True
            yield _step(name, "decided", said[reason])
        else:
            yield _step(name, "passed", silent)
    yield _score_step(decided, score, threshold)
    if look is not None:
        yield _look_step(look)
    if reason in _AFTERWARDS:
        yield _step(reason, "decided", f"{_AFTERWARDS[Reason(reason)]}: {route}")


def _score_step(decided: bool, score: float, threshold: float) -> dict[str, str]:
    side = by_score(score, threshold)
    sign = "≥" if side is Route.CLOUD else "<"
    comparison = f"{score:.3f} {sign} the threshold {threshold:.3f}"
    if decided:
        return _step(SCORE, "unasked", f"{comparison}: it would have gone to {side}")
    return _step(SCORE, "decided", f"{comparison}: {side}")


def _look_step(look: Mapping[str, Any]) -> dict[str, str]:
    seen = "" if look["confidence"] is None else f"confidence {look['confidence']:.3f}: "
    return _step("second_look", "passed", f"The local model began, {seen}{_LOOKS[look['verdict']]}")


def _step(rule: str, verdict: str, text: str) -> dict[str, str]:
    return {"rule": rule, "verdict": verdict, "text": text}
