"""The confidence of a model in the first tokens of its answer: the cascade decides by it.

The confidence is the geometric mean of the probabilities that the model gave to the first tokens it chose,
``exp(mean(log p))``: 1 where no other token was possible, about 0.05 where each was one of twenty. It is the
length-normalised score of the literature on language-model cascades [1]_.

It is not calibrated: a confidence of 0.7 does not mean that seven answers of ten are good enough. How confidence and
quality relate differs between models, languages and temperatures, and only labels of your own model and traffic can
show it. Without labels, confidence gives an order, and a share: `least_confidence` finds the value below which a wanted
share of your own traffic lies.

References
----------
.. [1] Gupta et al., "Language Model Cascades: Token-level uncertainty and beyond", ICLR 2024, arXiv:2404.10136.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FIRST_TOKENS = 8
"""How many first tokens tell most: fewer tell less, 16 no more (1,317 answers of SmolLM2-135M)."""


@dataclass(frozen=True, slots=True)
class FirstTokens:
    """How sure a model was of the first `FIRST_TOKENS` tokens of its answer, or of all if it has fewer.

    Parameters
    ----------
    n : int
        How many there were, at least 1.
    mean_logprob, least_logprob : float
        Mean and least of the natural logarithms of the chosen tokens' probabilities, at most 0.
    mean_margin : float or None
        Mean distance in log-probability between the likeliest token and the next, at least 0; None where the server
        tells no alternatives.
    mean_entropy : float or None
        Mean entropy, in nats, of the distributions that they were chosen from; None where it tells no alternatives.
    """

    n: int
    mean_logprob: float
    least_logprob: float
    mean_margin: float | None = None
    mean_entropy: float | None = None


class CascadeVerdict(StrEnum):
    """The result of a cascade (a second look): a closed list, the same in ledger and metrics."""

    WENT_ON = "went_on"  # sure enough: the local answer was given
    ESCALATED = "escalated"  # too unsure: the cloud answered
    RETURNED = "returned"  # too unsure, but the cloud failed, so the local model answered after all
    UNKNOWN = "unknown"  # the server gave no probabilities: the local answer was given


def confidence(logprobs: Sequence[float]) -> float | None:
    """The geometric mean of the tokens' probabilities, in [0, 1]; None without any.

    >>> confidence([math.log(0.5), math.log(0.5)])
    0.5
    """
    return math.exp(sum(logprobs) / len(logprobs)) if logprobs else None


def least_confidence(confidences: Sequence[float], escalated_share: float) -> float:
    """The confidence that about `escalated_share` of such answers would not have reached.

    Parameters
    ----------
    confidences : sequence of float in [0, 1]
        Of past answers, whether they went on or not.
    escalated_share : float in [0, 1)
        Share of answers to throw away and ask the cloud for.

    Raises
    ------
    ValueError
        If there are no confidences, or the share lies outside [0, 1).

    Examples
    --------
    >>> least_confidence([0.2, 0.4, 0.6, 0.8], 0.25)
    0.4
    """
    if not confidences or not 0 <= escalated_share < 1:
        raise ValueError(
            f"got {len(confidences)} confidences and a share of {escalated_share:g}; need some, and a share in [0, 1)"
        )
    return sorted(confidences)[int(escalated_share * len(confidences))]
