"""What a threshold means: how much stays local, and how often the local answer fails there.

Estimated on the artifact's validation prompts, which its classifier was not fitted on. Every source counts the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Validation = Mapping[str, Sequence[tuple[float, float]]]
"""By source: pairs of the score and how often small models failed, both in [0, 1]."""


HIGHEST_THRESHOLD = 1.0001
"""Just above every score, which is a probability: nothing goes to the cloud for its score. More would mean the same."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What to expect of a threshold.

    Parameters
    ----------
    local_share : float
        Share of the prompts that stay local, in [0, 1].
    failure_rate : float or None
        Share of those that the local model fails; None where nothing stays local.
    """

    local_share: float
    failure_rate: float | None

    def sentence(self) -> str:
        """One sentence for users.

        >>> Expectation(0.6, 0.25).sentence()
        'about 60 % of mixed requests stay local, and the small model fails about 25 % of those'
        """
        if self.failure_rate is None:
            return "nothing stays local"
        return (
            f"about {self.local_share:.0%} of mixed requests stay local, "
            f"and the small model fails about {self.failure_rate:.0%} of those"
        ).replace("%", " %")


def expectation(threshold: float, validation: Validation) -> Expectation:
    """What `threshold` would have done to `validation`, averaged over its sources."""
    shares = [_mean([score < threshold for score, _ in rows]) for rows in validation.values() if rows]
    failures = [_mean([failed * (score < threshold) for score, failed in rows]) for rows in validation.values() if rows]
    local = _mean(shares)
    return Expectation(local, _mean(failures) / local if local else None)


def balanced_threshold(validation: Validation) -> float:
    """The default: half of mixed requests on each side, rounded down to a hundredth."""
    candidates = [hundredths / 100 for hundredths in range(101)]
    return max(value for value in candidates if expectation(value, validation).local_share <= 0.5)


def to_threshold(text: str) -> float | None:
    """The threshold in a caller's `text`; None where it is none. More than 1 means "never the cloud".

    >>> to_threshold("0.4"), to_threshold("nan"), to_threshold("a lot")
    (0.4, None, None)
    """
    try:
        threshold = float(text)
    except ValueError:
        return None
    return threshold if 0 <= threshold <= HIGHEST_THRESHOLD else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
