"""Metrics of routing: APGR, CPT, AUC, calibration error, bootstrap intervals.

For prompt i let w_i and s_i be the small and the large model's score, W and S their means. PGR, the performance gap
recovered, of a mean quality q is ``(q - W) / (S - W)``: 0 with everything local, 1 with everything in the cloud.

References
----------
.. [1] Ong et al., "RouteLLM: Learning to Route LLMs with Preference Data", arXiv:2406.18665.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Metric = Callable[[Floats, Floats, Floats], float]
"""``(small, large, score) -> figure``: outcomes of both models and the router's score, one row a prompt."""


@dataclass(frozen=True, slots=True)
class ConfidenceInterval:
    """A figure and the 95 % bootstrap interval around it, each NaN where it is not defined."""

    value: float
    low: float
    high: float


def cost_quality_curve(small: Floats, large: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Share of prompts sent to the large model, and the mean quality at that share, by rising share.

    The thresholds are the 0 %, 10 %, … 100 % quantiles of `score` (linear interpolation, equal ones merged); the last
    point sends everything to the small model.
    """
    thresholds = np.unique(np.quantile(score, np.linspace(0, 1, 11)))
    sent = score[None, :] >= thresholds[:-1, None]
    shares = np.concatenate([[1.0], sent.mean(axis=1), [0.0]])
    quality = np.concatenate([[large.mean()], np.where(sent, large, small).mean(axis=1), [small.mean()]])
    order = np.argsort(shares, kind="stable")
    return shares[order], quality[order]


def pgr_curve(small: Floats, large: Floats, score: Floats) -> tuple[Floats, Floats]:
    """As `cost_quality_curve`, with the quality as share of the gap recovered."""
    shares, quality = cost_quality_curve(small, large, score)
    gap = large.mean() - small.mean()
    return shares, (quality - small.mean()) / gap if gap else np.full_like(quality, np.nan)


def apgr(small: Floats, large: Floats, score: Floats) -> float:
    """Area under PGR over the share sent to the large model: chance is 0.5, more is better.

    >>> apgr(np.array([0.0, 1.0]), np.array([1.0, 1.0]), np.array([0.9, 0.1]))
    0.75
    """
    shares, pgr = pgr_curve(small, large, score)
    return float(np.sum(np.diff(shares) * (pgr[1:] + pgr[:-1]) / 2))


def cpt(fraction: float) -> Metric:
    """The metric CPT(`fraction`): the smallest share sent to the large model that recovers `fraction` of the gap.

    Chance is `fraction`, less is better. NaN where the large model is no better than the small one.
    """

    def metric(small: Floats, large: Floats, score: Floats) -> float:
        if large.mean() <= small.mean():
            return float("nan")
        return _first_crossing(*pgr_curve(small, large, score), fraction)

    return metric


def kept_local(fraction: float) -> Metric:
    """The metric 1 - CPT(`fraction`): the share that may stay local while `fraction` of the gap is recovered."""
    needed = cpt(fraction)
    return lambda small, large, score: 1.0 - needed(small, large, score)


def _first_crossing(shares: Floats, pgr: Floats, wanted: float) -> float:
    at = int(np.argmax(pgr >= wanted))
    if at == 0:
        return float(shares[0])
    low, high = pgr[at - 1], pgr[at]
    return float(shares[at - 1] + (wanted - low) / (high - low) * (shares[at] - shares[at - 1]))


def auc_need(small: Floats, large: Floats, score: Floats) -> float:
    """Probability that a prompt on which the large model is better scores above one on which it is not."""
    return auc(large > small, score)


def auc_wrong(small: Floats, large: Floats, score: Floats) -> float:  # noqa: ARG001  # one signature for all metrics
    """Probability that a prompt on which the small model fails (below 0.5) scores above one on which it does not."""
    return auc(small < 0.5, score)


def auc(positive: NDArray[np.bool_], score: Floats) -> float:
    """Area under the receiver operating characteristic; ties count half. NaN where one class is empty.

    >>> auc(np.array([True, False]), np.array([0.7, 0.2]))
    1.0
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    rank_sum = float(average_ranks(score)[positive].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def average_ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)


def bootstrap(
    metric: Metric, small: Floats, large: Floats, score: Floats, groups: NDArray[np.int64]
) -> ConfidenceInterval:
    """`metric` and its 95 % interval over 400 resamples of whole groups: prompts with the same text stay together."""
    value = metric(small, large, score)
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.unique(groups, return_counts=True)[1])[:-1])
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(400):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        draws.append(metric(small[rows], large[rows], score[rows]))
    defined = np.array(draws)[~np.isnan(draws)]
    low, high = np.quantile(defined, [0.025, 0.975]) if len(defined) else (np.nan, np.nan)
    return ConfidenceInterval(value, float(low), float(high))


def calibration_error(score: Floats, failure: Floats, bins: int = 10) -> float:
    """Mean distance between score and failure rate, over `bins` of equal width, weighted by their prompts."""
    table = reliability(score, failure, bins)
    return sum(row["n"] * abs(row["score"] - row["failed"]) for row in table) / max(1, len(score))


def reliability(score: Floats, failure: Floats, bins: int = 10) -> list[dict[str, float]]:
    """One row a non-empty bin: number of prompts, their mean score, and the share that the small model failed."""
    which = np.minimum((score * bins).astype(int), bins - 1)
    rows = []
    for index in np.unique(which):
        inside = which == index
        rows.append(
            {
                "from": float(index / bins),
                "to": float((index + 1) / bins),
                "n": int(inside.sum()),
                "score": float(score[inside].mean()),
                "failed": float(failure[inside].mean()),
            }
        )
    return rows
