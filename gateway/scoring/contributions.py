"""The feature contributions of some scores, kept for the ledger without any text: all words count as one feature.

Explaining a score costs as much as computing it. So at most `PER_SECOND` requests a second are explained: all on a
quiet gateway, a sample on a busy one. On either that takes a thousandth of a processor.
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
    """Says which features made a score."""

    def explain(self, prompt: Prompt) -> Explanation:
        """The terms whose sum is the score of `prompt`."""
        ...


class ContributionSampler:
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
        """The feature contributions of `prompt` as JSON for the ledger; None if enough were explained this second."""
        now = time.monotonic()
        self._left = min(self._per_second, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1:
            return None
        self._left -= 1
        return contributions_json(self._scorer, prompt)


def contributions_json(scorer: Explainer, prompt: Prompt) -> str:
    """The largest contributions in log-odds, positive towards the cloud. Words are added up: they are caller's text."""
    explanation = scorer.explain(prompt)
    log_odds: dict[str, float] = {}
    for name, contribution in explanation.contributions.items():
        feature = WORDING if name.startswith(_WORD) else name
        log_odds[feature] = log_odds.get(feature, 0.0) + contribution
    largest = sorted(log_odds.items(), key=lambda item: -abs(item[1]))[:KEPT]
    features = {name: round(contribution, 3) for name, contribution in largest}
    coverage = round(explanation.vocabulary_coverage, 3)
    return orjson.dumps({"vocabulary_coverage": coverage, "features": features}).decode()
