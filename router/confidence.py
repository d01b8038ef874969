"""How sure a model seems of an answer that it has begun, and what is made of that.

The confidence is the geometric mean of the probabilities that the model gave to the first tokens it chose,
``exp(mean(log p))``: 1 where each token was the only one possible for it, about 0.05 where each was one of twenty. It
is the length-normalised score of the literature on language-model cascades [1]_.

It is not calibrated, and does not claim to be: a confidence of 0.7 does not mean that seven answers of ten will do.
How confidence and quality go together differs between models, languages and temperatures, and only labels of one's
own pairs of model and traffic could tell. What can be had without labels is an order, less sure to more sure, and a
share: `least_confidence` finds the value below which a wanted share of one's own traffic lies.

References
----------
.. [1] Gupta et al., "Language Model Cascades: Token-level uncertainty and beyond", ICLR 2024, arXiv:2404.10136.
"""

import math
from collections.abc import Sequence
from enum import StrEnum


class CascadeVerdict(StrEnum):
    """What came of looking at an answer's first tokens: a closed list, the same in ledger and metrics."""

    WENT_ON = "went_on"  # sure enough: the local answer was given
    ESCALATED = "escalated"  # too unsure: the cloud answered
    RETURNED = "returned"  # too unsure, but the cloud failed, and the local model answered after all
    UNKNOWN = "unknown"  # the server told no probabilities: the local answer was given


def confidence(logprobs: Sequence[float]) -> float | None:
    """The geometric mean of the tokens' probabilities, in [0, 1]; None without any.

    >>> confidence([math.log(0.5), math.log(0.5)])
    0.5
    """
    return math.exp(sum(logprobs) / len(logprobs)) if logprobs else None


def least_confidence(confidences: Sequence[float], escalated_share: float) -> float:
    """The bar that about `escalated_share` of such answers would not have reached.

    Parameters
    ----------
    confidences : sequence of float in [0, 1]
        Of answers that were looked at, whatever was decided then.
    escalated_share : float in [0, 1)
        Share of answers to be thrown away and asked of the cloud.

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
            f"{len(confidences)} confidences, a share of {escalated_share:g}: need some, and one in [0, 1)"
        )
    return sorted(confidences)[int(escalated_share * len(confidences))]
