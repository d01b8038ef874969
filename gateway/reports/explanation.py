"""Explains a ledger row: the rules in their order, and what each decided."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from router.confidence import CascadeVerdict
from router.decision import Reason, Route
from router.policy import RULES, by_score, load

SCORE = "score"

# By rule: the text where it did not decide, and by reason the text where it did.
_TEXTS: dict[str, tuple[str, dict[str, str]]] = {
    "privacy": ("The text may leave this machine", {Reason.PRIVACY: "The text may not leave this machine"}),
    "pinned": ("The model name left the choice to the router", {Reason.PINNED: "The model name asked for this side"}),
    "capability": (
        "Both sides can do what was asked, and it fits the local model's context",
        {
            Reason.CAPABILITY: "It asks for something that the other side lacks",
            Reason.CONTEXT: "Prompt and answer do not fit the local model's context",
        },
    ),
    "offline": ("Both sides were available", {Reason.OFFLINE: "Only this side was available"}),
    "budget": ("The budget was not spent", {Reason.BUDGET: "The budget was spent"}),
    "session": ("Not in the middle of a tool loop", {Reason.SESSION: "A tool loop stays with the side that began it"}),
    "load": (
        "The local model's first token would have come soon enough",
        {Reason.LOAD: "The local model's first token would have come too late"},
    ),
}
_VERDICTS = {
    CascadeVerdict.WENT_ON: "sure enough to go on",
    CascadeVerdict.ESCALATED: "too unsure to go on",
    CascadeVerdict.RETURNED: "too unsure to go on, but the cloud failed",
    CascadeVerdict.UNKNOWN: "the server gave no probabilities, so it went on",
}
_AFTERWARDS = {
    Reason.FAILOVER: "The first choice failed before its first byte, so the other side answered",
    Reason.ESCALATED: "The local answer was too unsure, so the cloud answered",
}


def explain_row(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """What each rule decided about the request in `row`.

    `verdict` is ``passed`` (it did not apply), ``decided``, or ``unasked`` (an earlier rule had decided).
    """
    if row["route"] not in (*Route,):
        return []
    steps = _steps(row["route"], row["reason"], row["score"], row["threshold"], row.get("second_look"))
    explained = [_with_estimate(step, row.get("estimated_first_token_ms")) for step in steps]
    return explained if row.get("first_n") is None else [*explained, _first_tokens_step(row)]


def _with_estimate(step: dict[str, str], first_token_ms: int | None) -> dict[str, str]:
    if step["rule"] != load.__name__ or first_token_ms is None or step["verdict"] == "unasked":
        return step
    return {**step, "text": f"{step['text']}: in about {first_token_ms / 1000:.1f} s"}


def _steps(
    route: str, reason: str, score: float, threshold: float, cascade: Mapping[str, Any] | None
) -> Iterator[dict[str, str]]:
    decided = False
    for name in (rule.__name__ for rule in RULES):
        passed, by_reason = _TEXTS[name]
        if decided:
            yield _step(name, "unasked", "An earlier rule had decided")
        elif reason in by_reason:
            decided = True
            yield _step(name, "decided", by_reason[reason])
        else:
            yield _step(name, "passed", passed)
    yield _score_step(decided, score, threshold)
    if cascade is not None:
        yield _cascade_step(cascade)
    if reason in _AFTERWARDS:
        yield _step(reason, "decided", f"{_AFTERWARDS[Reason(reason)]}: {route}")


def _score_step(decided: bool, score: float, threshold: float) -> dict[str, str]:
    side = by_score(score, threshold)
    sign = "≥" if side is Route.CLOUD else "<"
    comparison = f"{score:.3f} {sign} the threshold {threshold:.3f}"
    if decided:
        return _step(SCORE, "unasked", f"{comparison}: it would have gone to {side}")
    return _step(SCORE, "decided", f"{comparison}: {side}")


def _cascade_step(result: Mapping[str, Any]) -> dict[str, str]:
    confidence = "" if result["confidence"] is None else f"confidence {result['confidence']:.3f}: "
    return _step("second_look", "passed", f"The local model began, {confidence}{_VERDICTS[result['verdict']]}")


def _first_tokens_step(row: Mapping[str, Any]) -> dict[str, str]:
    mean, least = math.exp(row["first_logprob"]), math.exp(row["first_least_logprob"])
    text = f"Probability of the first {row['first_n']} tokens: {mean:.3f} on average, {least:.3f} the least"
    if row["first_margin"] is not None and row["first_entropy"] is not None:
        text += f"; margin {row['first_margin']:.2f}, entropy {row['first_entropy']:.2f}"
    return _step("first_tokens", "passed", text)


def _step(rule: str, verdict: str, text: str) -> dict[str, str]:
    return {"rule": rule, "verdict": verdict, "text": text}
