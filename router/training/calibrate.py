"""Calibration: the threshold for a share of requests to the cloud, or for a failure rate at a stated confidence.

The failure rate is guaranteed without assumptions about the classifier: however good its scores are, among requests
like the labelled ones at most the stated share of those answered locally fails, except with probability
``1 - confidence`` over the draw of the labels. Thresholds are tested from low to high, in an order fixed before any
label is seen, and the search ends at the first that cannot be shown to hold; so testing many costs no confidence. Two
searches get half of ``1 - confidence`` each.

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
"""Thresholds tried, lowest first; the last keeps everything local."""

N_STARTS = 2
"""Number of searches, each of which gets an equal part of ``1 - confidence``."""

ENOUGH_TO_GUESS = 10
"""The least labels below a threshold for an extrapolation of its failure rate."""


@dataclass(frozen=True, slots=True)
class LabelledScores:
    """Scores of labelled prompts.

    Parameters
    ----------
    scores, failed : ndarray of shape (n_prompts,)
        Scores, and whether (0 or 1) or how likely (between) the local model fails each prompt.
    limits : ndarray of shape (n_prompts,), optional
        The threshold in force when each prompt was answered locally, where only such prompts could get a label. A label
        does not count for higher thresholds: prompts between the two went to the cloud and could get no label.
    """

    scores: Floats
    failed: Floats
    limits: Floats | None = None

    def counts(self, threshold: float) -> Mask:
        """Which labels count at `threshold`, whether their prompts stay local there or not."""
        if self.limits is None:
            return np.ones(len(self.scores), dtype=np.bool_)
        return self.limits >= threshold

    def local(self, threshold: float) -> Floats:
        """Failures of what stays local at `threshold`."""
        return self.failed[(self.scores < threshold) & self.counts(threshold)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A threshold that holds.

    Parameters
    ----------
    local_share : float
        Share of the labelled prompts that stay local.
    n_local : int
        Number of those.
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
        About how many more are needed; None where the local model fails too often at every threshold.
    least_rate : float or None
        The least failure rate measured at any threshold; None where there were too few labels for one.
    """

    def __init__(self, more_labels: int | None, least_rate: float | None) -> None:
        super().__init__(more_labels, least_rate)
        self.more_labels = more_labels
        self.least_rate = least_rate

    def __str__(self) -> str:
        if self.more_labels is not None:
            return f"infeasible with these labels: at least about {self.more_labels:,} more are needed"
        rate = "too often" if self.least_rate is None else f"at least {self.least_rate:.1%}"
        return (
            f"infeasible, and more labels alone will not help: at every threshold the local model fails {rate}; allow "
            "a higher rate, use a better local model, or adapt the classifier with `slimgate train --labels`"
        )


def threshold_for_share(scores: Floats, cloud_share: float, weights: Floats | None = None) -> float:
    """The threshold that sends at most `cloud_share` of prompts to the cloud, and as near to it as possible.

    Parameters
    ----------
    scores : ndarray of shape (n_prompts,)
        Scores of prompts that the classifier was not fitted on.
    weights : ndarray of shape (n_prompts,), optional
        How much each prompt counts. Default: all alike.

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
    """The highest threshold below which the local model fails at most `max_rate`, with that `confidence`.

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
    holding = [
        threshold
        for start in _starts(judged, max_rate, each)
        for threshold in takewhile(
            lambda threshold: _p_value(judged.local(threshold), max_rate) <= 1 - each,
            (threshold for threshold in GRID if threshold >= start),
        )
    ]
    if not holding:
        raise _infeasible(judged, max_rate, each)
    return calibration_at(max(holding), judged)


def calibration_at(threshold: float, judged: LabelledScores) -> Calibration:
    """The local share and the failure rate at `threshold`, by the labels."""
    local = judged.local(threshold)
    n = int(judged.counts(threshold).sum())
    low, high = exact_interval(float(local.sum()), len(local), 0.95)
    rate = float(local.mean()) if len(local) else 0.0
    return Calibration(threshold, len(local) / max(1, n), len(local), rate, low, high)


def exact_interval(failures: float, n: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval for the probability of failure, after `failures` of `n`."""
    if n == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(betaincinv(failures, n - failures + 1, tail)) if failures > 0 else 0.0
    high = float(betaincinv(failures + 1, n - failures, 1 - tail)) if failures < n else 1.0
    return low, high


def _starts(judged: LabelledScores, max_rate: float, confidence: float) -> list[float]:
    """The thresholds at which the two searches begin. They depend on the scores alone, never on the labels.

    The first search begins at the lowest threshold that keeps enough prompts local to show the rate if half of it were
    true. The second, in case those few prompts are not the easy ones, begins where at least half of them stay local.
    """
    enough = labels_needed(max_rate / 2, max_rate, confidence)
    needed = (enough, max(enough, len(judged.scores) / 2))
    fitting = ([threshold for threshold in GRID if len(judged.local(threshold)) >= n] for n in needed)
    return [thresholds[0] for thresholds in fitting if thresholds]


def _p_value(failed: Floats, max_rate: float) -> float:
    """The probability of so few failures if the true rate were above `max_rate`."""
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
    """How many local answers it takes to show `max_rate` where `true_rate` is the true rate."""
    n = 1
    while bdtr(math.floor(n * true_rate), n, max_rate) > 1 - confidence:
        n += max(1, n // 50)
    return n


def _infeasible(judged: LabelledScores, max_rate: float, confidence: float) -> Infeasible:
    """The error, with an estimate of how many labels would be enough."""
    tried = [calibration_at(threshold, judged) for threshold in GRID]
    tried = [calibration for calibration in tried if calibration.n_local >= ENOUGH_TO_GUESS]
    if not tried:
        needed = labels_needed(max_rate / 2, max_rate, confidence)
        return Infeasible(max(1, 2 * needed - len(judged.scores)), None)
    least = min(calibration.failure_rate for calibration in tried)
    totals = [
        _total_needed(calibration, max_rate, confidence) for calibration in tried if _may_hold(calibration, max_rate)
    ]
    at_least = math.ceil(len(judged.scores) / 10)
    return Infeasible(max(at_least, min(totals) - len(judged.scores)) if totals else None, least)


def _may_hold(calibration: Calibration, max_rate: float) -> bool:
    """Whether more labels might show `max_rate`: the rate is lower, or half of `max_rate` cannot be ruled out yet."""
    return calibration.failure_rate < 0.9 * max_rate or calibration.low < max_rate / 2


def _total_needed(calibration: Calibration, max_rate: float, confidence: float) -> int:
    """By the normal approximation, for a true rate of half of `max_rate`, or the measured one if that is higher."""
    measured = calibration.failure_rate
    rate = measured if max_rate / 2 < measured < 0.9 * max_rate else max_rate / 2
    n_local = float(ndtri(confidence)) ** 2 * max_rate * (1 - max_rate) / (max_rate - rate) ** 2
    return math.ceil(n_local / calibration.local_share)
