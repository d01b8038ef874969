"""Thresholds in users' terms: a share for the cloud, or a failure rate that holds with stated confidence.

The failure-rate form is a guarantee without assumptions on the classifier: whatever its scores are worth, among
requests like the labelled ones at most the stated share of those answered locally fails, except with probability
``1 - confidence`` over the draw of the labels. Thresholds are tested from careful to bold, in an order fixed before
any label is seen, and the first that cannot be shown to hold ends the search; so testing many costs no confidence.
Two searches share what may go wrong, half each.

References
----------
.. [1] Angelopoulos, Bates, Candès, Jordan, Lei, "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk
       Control", arXiv:2110.01052: fixed-sequence testing of risks; the Hoeffding-Bentkus bound for losses in [0, 1].
.. [2] Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
       Biometrika 26 (1934): the exact interval.
"""

import math
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv, ndtri

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GRID = tuple(hundredths / 100 for hundredths in range(1, 102))
"""Thresholds tried, careful first; the last keeps everything local."""

N_STARTS = 2
"""Searches, each of which gets its part of ``1 - confidence``."""

ENOUGH_TO_GUESS = 10
"""Labels below a threshold from which its failure rate is worth an extrapolation."""


@dataclass(frozen=True, slots=True)
class LabelledScores:
    """Labelled prompts.

    Parameters
    ----------
    scores, failed : ndarray of shape (n_prompts,)
        Scores, and whether (0 or 1) or how surely (between) the local model fails each prompt.
    limits : ndarray of shape (n_prompts,), optional
        The threshold that stood when each prompt was answered locally, where only such prompts could get a label. Below
        another, bolder threshold there are prompts of which none could, and this label does not speak for those.
    """

    scores: Floats
    failed: Floats
    limits: Floats | None = None

    def speaks(self, threshold: float) -> Mask:
        """Which labels tell what stays local at `threshold`, whether theirs would or not."""
        if self.limits is None:
            return np.ones(len(self.scores), dtype=np.bool_)
        return self.limits >= threshold

    def local(self, threshold: float) -> Floats:
        """Failures of what stays local at `threshold`."""
        return self.failed[(self.scores < threshold) & self.speaks(threshold)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold that holds.

    Parameters
    ----------
    local_share : float
        Share of the labelled prompts that stay local.
    n_local : int
        How many those are.
    failure_rate, low, high : float
        Share of them that fails, and its exact 95 % interval.
    """

    threshold: float
    local_share: float
    n_local: int
    failure_rate: float
    low: float
    high: float


class Infeasible(Exception):
    """No threshold can be shown to hold with these labels.

    Parameters
    ----------
    more_labels : int or None
        About how many more would do; None where the local model fails too often at every threshold.
    least_rate : float or None
        The least failure rate seen at any threshold; None where there were too few labels to see one.
    """

    def __init__(self, more_labels: int | None, least_rate: float | None) -> None:
        super().__init__(more_labels, least_rate)
        self.more_labels = more_labels
        self.least_rate = least_rate

    def __str__(self) -> str:
        if self.more_labels is not None:
            return f"infeasible with these labels: at least about {self.more_labels:,} more needed"
        rate = "too often" if self.least_rate is None else f"at least {self.least_rate:.1%}"
        return (
            f"infeasible, and more labels alone will not help: at every threshold the local model fails {rate}; allow "
            "a higher rate, use a better local model, or adapt the classifier with `slimgate train --labels`"
        )


def threshold_for_share(scores: Floats, cloud_share: float, weights: Floats | None = None) -> float:
    """The threshold that sends as near to `cloud_share` of prompts to the cloud as can be, and never more.

    Parameters
    ----------
    scores : ndarray of shape (n_prompts,)
        Scores of prompts that the classifier was not fitted on.
    weights : ndarray of shape (n_prompts,), optional
        How much each prompt counts. Default: all the same.

    Raises
    ------
    ValueError
        If there are no scores or `cloud_share` lies outside [0, 1].
    """
    if not len(scores) or not 0 <= cloud_share <= 1:
        raise ValueError(f"need scores, and a share from 0 to 1; got {len(scores)} scores and {cloud_share}")
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    counted = np.ones(len(scores)) if weights is None else weights[order]
    sent = np.cumsum(counted) / counted.sum()
    last_of_equals = np.append(ordered[1:] != ordered[:-1], True)
    fitting = ordered[last_of_equals & (sent <= cloud_share + 1e-9)]
    return float(fitting[-1]) if len(fitting) else math.nextafter(float(ordered[0]), 2.0)


def threshold_for_failure_rate(judged: LabelledScores, max_rate: float, confidence: float) -> Calibration:
    """The boldest threshold below which the local model fails at most `max_rate`, with that `confidence`.

    Raises
    ------
    Infeasible
        If no threshold can be shown to hold.
    ValueError
        If `max_rate` or `confidence` lies outside (0, 1).
    """
    if not (0 < max_rate < 1 and 0 < confidence < 1):
        raise ValueError(f"rate and confidence must lie between 0 and 1; got {max_rate} and {confidence}")
    each = 1 - (1 - confidence) / N_STARTS
    held = [
        threshold
        for start in _starts(judged, max_rate, each)
        for threshold in takewhile(
            lambda threshold: _p_value(judged.local(threshold), max_rate) <= 1 - each,
            (threshold for threshold in GRID if threshold >= start),
        )
    ]
    if not held:
        raise _infeasible(judged, max_rate, each)
    return calibration_at(max(held), judged)


def calibration_at(threshold: float, judged: LabelledScores) -> Calibration:
    """What the labels say of `threshold`."""
    local = judged.local(threshold)
    n = int(judged.speaks(threshold).sum())
    low, high = exact_interval(float(local.sum()), len(local), 0.95)
    rate = float(local.mean()) if len(local) else 0.0
    return Calibration(threshold, len(local) / max(1, n), len(local), rate, low, high)


def exact_interval(failures: float, n: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval for the chance behind `failures` of `n`."""
    if n == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(betaincinv(failures, n - failures + 1, tail)) if failures > 0 else 0.0
    high = float(betaincinv(failures + 1, n - failures, 1 - tail)) if failures < n else 1.0
    return low, high


def _starts(judged: LabelledScores, max_rate: float, confidence: float) -> list[float]:
    """Where the two searches begin. Depends on the scores alone, so that the labels cannot bend it.

    The first begins as careful as can be: where enough prompts stay local to show the rate if half of it were true. The
    second, in case those few are not the easy ones, begins where at least half of the prompts stay local.
    """
    enough = labels_needed(max_rate / 2, max_rate, confidence)
    needed = (enough, max(enough, len(judged.scores) / 2))
    fitting = ([threshold for threshold in GRID if len(judged.local(threshold)) >= n] for n in needed)
    return [thresholds[0] for thresholds in fitting if thresholds]


def _p_value(failed: Floats, max_rate: float) -> float:
    """The chance of so few failures if the true rate were above `max_rate`."""
    n, total = len(failed), float(failed.sum())
    if np.isin(failed, (0.0, 1.0)).all():
        return float(bdtr(total, n, max_rate))
    rate = min(total / n, max_rate)
    divergence = _xlogy(rate, rate / max_rate) + _xlogy(1 - rate, (1 - rate) / (1 - max_rate))
    return min(math.exp(-n * divergence), math.e * float(bdtr(math.ceil(total), n, max_rate)))


def _xlogy(factor: float, argument: float) -> float:
    return factor * math.log(argument) if factor else 0.0


@cache
def labels_needed(true_rate: float, max_rate: float, confidence: float) -> int:
    """How many local answers it takes to show `max_rate` where `true_rate` is what happens."""
    n = 1
    while bdtr(math.floor(n * true_rate), n, max_rate) > 1 - confidence:
        n += max(1, n // 50)
    return n


def _infeasible(judged: LabelledScores, max_rate: float, confidence: float) -> Infeasible:
    """Guess from what was seen how many labels would do."""
    seen = [calibration_at(threshold, judged) for threshold in GRID]
    seen = [found for found in seen if found.n_local >= ENOUGH_TO_GUESS]
    if not seen:
        needed = labels_needed(max_rate / 2, max_rate, confidence)
        return Infeasible(max(1, 2 * needed - len(judged.scores)), None)
    least = min(found.failure_rate for found in seen)
    totals = [_total_needed(found, max_rate, confidence) for found in seen if _may_hold(found, max_rate)]
    at_least = math.ceil(len(judged.scores) / 10)
    return Infeasible(max(at_least, min(totals) - len(judged.scores)) if totals else None, least)


def _may_hold(found: Calibration, max_rate: float) -> bool:
    """Whether more labels might show `max_rate`: it looks so, or there are too few to rule out half of it."""
    return found.failure_rate < 0.9 * max_rate or found.low < max_rate / 2


def _total_needed(found: Calibration, max_rate: float, confidence: float) -> int:
    """By the normal approximation; as if half of `max_rate` failed, or more if more is seen and may hold."""
    rate = found.failure_rate if max_rate / 2 < found.failure_rate < 0.9 * max_rate else max_rate / 2
    n_local = float(ndtri(confidence)) ** 2 * max_rate * (1 - max_rate) / (max_rate - rate) ** 2
    return math.ceil(n_local / found.local_share)
