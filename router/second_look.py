"""The score of an answer that has begun: what its first tokens add to the score of the prompt.

One more logistic regression, fitted on the answers of the exam: log-odds of failing from those of the prompt's score
and from how sure the model was of its first tokens. Of a prompt that is like no family of the exam
(`router.family_match`) the text says little, so there the first tokens count more: their weights are fitted on prompts
whose whole family was left out.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from router.compiled import logistic
from router.confidence import FirstTokens


@dataclass(frozen=True, slots=True)
class SignalWeights:
    """One regression.

    Attributes
    ----------
    bias, prompt : float
        Log-odds without any signal, and the weight of the prompt's own log-odds.
    signals : mapping of str to float
        The weight of each field of `FirstTokens`, in log-odds a nat.
    """

    bias: float
    prompt: float
    signals: Mapping[str, float]

    def log_odds(self, prompt: float, first_tokens: FirstTokens) -> float | None:
        """Of failing; None where a signal is missing."""
        log_odds = self.bias + self.prompt * prompt
        for name, weight in self.signals.items():
            value: float | None = getattr(first_tokens, name)
            if value is None:
                return None
            log_odds += weight * value
        return log_odds


@dataclass(frozen=True, slots=True)
class BegunScorer:
    """Scores answers that have begun.

    Attributes
    ----------
    familiar, unfamiliar : SignalWeights
        For prompts like those of the exam, and for all others.
    pays : bool
        Whether it tells right answers from wrong ones clearly better than the prompt alone.
    auc_without, auc_unlike_without : float
        How well the prompt alone tells them apart, on answers that it was not fitted on; and on those of families that
        it was not fitted on.
    auc_with, auc_unlike_with : float
        The same with this.
    """

    familiar: SignalWeights
    unfamiliar: SignalWeights
    pays: bool
    auc_without: float
    auc_unlike_without: float
    auc_with: float
    auc_unlike_with: float

    def score(self, prompt_score: float, likeness: float, first_tokens: FirstTokens) -> float | None:
        """The probability that the answer fails, in [0, 1]; None where a signal is missing.

        Parameters
        ----------
        prompt_score : float in [0, 1]
            The score of the prompt.
        likeness : float in [0, 1]
            How like the exam's items the prompt is.
        """
        prompt = _log_odds(prompt_score)
        familiar, unfamiliar = (each.log_odds(prompt, first_tokens) for each in (self.familiar, self.unfamiliar))
        if familiar is None or unfamiliar is None:
            return None
        return logistic(likeness * familiar + (1 - likeness) * unfamiliar)

    def to_json(self) -> dict[str, Any]:
        """For the artifact's card; `from_json` gives an equal value back."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` made.

        Raises
        ------
        KeyError, TypeError
            If it is something else.
        """
        both = {name: SignalWeights(**values[name]) for name in ("familiar", "unfamiliar")}
        return cls(**{**values, **both})


def _log_odds(probability: float) -> float:
    clipped = min(1 - 1e-9, max(1e-9, probability))
    return math.log(clipped / (1 - clipped))
