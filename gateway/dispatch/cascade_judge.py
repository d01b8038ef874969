"""Whether a local answer may go on, by its first tokens."""

from dataclasses import asdict, dataclass

from models.wire.first_tokens import FirstTokens
from router.confidence import CascadeVerdict
from router.confidence import FirstTokens as RouterFirstTokens
from router.decision import RoutingDecision
from router.second_look import BegunScorer


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges one answer by its first tokens.

    Attributes
    ----------
    least_confidence : float
        Less is too unsure.
    begun : BegunScorer or None
        Scores it by what the exam taught.
    decision : RoutingDecision or None
        Its score is that of the prompt, its threshold the one that the answer's score must not reach.
    likeness : float
        How like the exam's items the prompt is.
    """

    least_confidence: float
    begun: BegunScorer | None = None
    decision: RoutingDecision | None = None
    likeness: float = 0.0

    def score(self, first_tokens: FirstTokens | None) -> float | None:
        """The probability that the answer fails; None where the exam taught nothing, or nothing is known of them."""
        if self.begun is None or self.decision is None or first_tokens is None:
            return None
        return self.begun.score(self.decision.score, self.likeness, RouterFirstTokens(**asdict(first_tokens)))

    def verdict(self, confidence: float | None, score: float | None) -> CascadeVerdict:
        """Whether the answer may go on."""
        if confidence is None and score is None:
            return CascadeVerdict.UNKNOWN
        is_unsure = confidence is not None and confidence < self.least_confidence
        is_wrong = score is not None and self.decision is not None and score >= self.decision.threshold
        return CascadeVerdict.ESCALATED if is_unsure or is_wrong else CascadeVerdict.WENT_ON
