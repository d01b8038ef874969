"""What pushed a score, kept without any text: the traits that the classifier counts, and all words as one.

Explaining a score costs as much as computing it. So it is done for a few requests a second: on a quiet gateway that is
all of them, on a busy one a sample, and it costs a thousandth of a processor on either.
"""

import time
from typing import Protocol

import orjson

from router.compiled import Explanation
from router.decision import Prompt

PER_SECOND = 5.0
KEPT = 8
WORDING = "wording"
_WORD = "word “"


class Explainer(Protocol):
    """Says what made a score."""

    def explain(self, prompt: Prompt) -> Explanation: ...


class TraitSampler:
    """Explains some scores.

    Parameters
    ----------
    per_second : float
        The most it explains, on average; as many may come at once.
    """

    def __init__(self, scorer: Explainer, per_second: float = PER_SECOND) -> None:
        self._scorer = scorer
        self._per_second = per_second
        self._left = per_second
        self._counted_at = time.monotonic()

    def of(self, prompt: Prompt) -> str | None:
        """What pushed the score of `prompt`, as JSON for the ledger; None where it is not this one's turn."""
        now = time.monotonic()
        self._left = min(self._per_second, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1:
            return None
        self._left -= 1
        return traits_json(self._scorer, prompt)


def traits_json(scorer: Explainer, prompt: Prompt) -> str:
    """The strongest pushes in log-odds, positive towards the cloud. Words are added up: they are the caller's text."""
    explanation = scorer.explain(prompt)
    pushes: dict[str, float] = {}
    for name, push in explanation.contributions.items():
        kind = WORDING if name.startswith(_WORD) else name
        pushes[kind] = pushes.get(kind, 0.0) + push
    strongest = sorted(pushes.items(), key=lambda item: -abs(item[1]))[:KEPT]
    rounded = {name: round(push, 3) for name, push in strongest}
    return orjson.dumps({"familiarity": round(explanation.familiarity, 3), "pushes": rounded}).decode()
