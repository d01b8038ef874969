"""New weights from a few dozen labels: an average of fits from stiff to free, weighted by held-out labels.

What is fitted is what is served: the log-odds are linear in the weights. The bias and every column but those
independent of the language are scaled by the prompt's vocabulary coverage. So the result compiles to the same
arithmetic.

With 50 labels, choosing one fit by cross-validation would be luck; an average weighted by likelihood [1]_ is not. A
weighted sum of weighted sums is still a weighted sum.

References
----------
.. [1] Yao, Vehtari, Simpson and Gelman, "Using stacking to average Bayesian predictive distributions",
   Bayesian Analysis 13 (2018), section 3.3 (pseudo-BMA).
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit, softmax, xlogy

from router.classifier import INDEPENDENT_OF_LANGUAGE
from router.text.features import FEATURES

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Freedom:
    """How far a fit may move from the old weights.

    Parameters
    ----------
    kept : float
        Share of the old weights that the fit starts from: in another field they may be wrong altogether.
    features, words : float
        Expected variance, in squared log-odds, of a feature's and of a word's step away from the start.
    """

    kept: float
    features: float
    words: float


FREEDOMS = tuple(
    Freedom(kept, strength, strength * times)
    for kept, strength, times in product((0.0, 0.3, 1.0), (0.003, 0.03, 0.3), (1.0, 10.0))
)
"""From stiff to free. A stiff fit moves in the right direction, but not far; `_scaling` stretches it afterwards."""

USUAL_SPREAD = 0.5
"""Standard deviation, in log-odds, of useful scores; 50 held-out labels are too few to estimate it."""

SPREAD_PRICE = 4.0
"""Weight of that assumption: about that of 16 labels."""


def served_columns(vectorised: Any) -> tuple[sparse.csr_matrix, Floats]:
    """The columns as serving weighs them, and the vocabulary coverage, which is the bias's column."""
    trust = vectorised[:, -1].toarray().ravel()
    hand, words = vectorised[:, : len(FEATURES)].toarray(), vectorised[:, len(FEATURES) : -1]
    scale = np.where(INDEPENDENT_OF_LANGUAGE, 1.0, trust[:, None])
    return sparse.hstack([hand * scale, sparse.diags_array(trust) @ words]).tocsr(), trust


def fits(
    columns: sparse.csr_matrix, trust: Floats, target: Floats, counts: Floats, start: Floats, share: float = 1.0
) -> Floats:
    """Weights for each of `FREEDOMS`, one row each; a column without any label keeps its start.

    Parameters
    ----------
    counts : ndarray of shape (n_prompts,)
        How many labels each prompt counts as.
    share : float
        Share of all labels that these are: the fewer there are, the more each may move the weights.
    """
    touched = np.flatnonzero(np.asarray(abs(columns).sum(axis=0)).ravel())
    used = sparse.hstack([columns[:, touched], trust[:, None]]).tocsr()
    weights = np.outer([freedom.kept for freedom in FREEDOMS], start)
    for row, freedom in enumerate(FREEDOMS):
        variance = np.where(touched < len(FEATURES), freedom.features, freedom.words) / share
        weights[row, touched] = _moved(weights[row, touched], used, target, counts, variance)
    return weights


def _moved(start: Floats, rows: sparse.csr_matrix, target: Floats, counts: Floats, variance: Floats) -> Floats:
    """The weights that explain `target` best, with a penalty for steps away from `start`; the bias moves freely."""
    begin = np.append(start, 0.0)
    penalty = np.append(1 / variance, 1e-3)

    def loss(weights: Floats) -> tuple[float, Floats]:
        log_odds = rows @ weights
        away = weights - begin
        value = counts @ (np.logaddexp(0, log_odds) - target * log_odds) + 0.5 * penalty @ away**2
        return float(value), rows.T @ (counts * (expit(log_odds) - target)) + penalty * away

    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B").x[:-1], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Blend:
    """The share of each fit in the result.

    Parameters
    ----------
    shares : ndarray of shape (n_fits,)
        What each fit's weights are multiplied by.
    likelihoods : ndarray of shape (n_fits,)
        How likely the held-out labels make each fit; they sum to 1.
    bias : float
        Log-odds of a prompt of known words without any feature.
    """

    shares: Floats
    likelihoods: Floats
    bias: float

    def scores(self, unbiased: Floats, trust: Floats) -> Floats:
        """Probabilities, from the log-odds without bias that each fit gives each prompt."""
        return np.asarray(expit(self.shares @ unbiased + self.bias * trust), dtype=np.float64)


def blend(unbiased: Floats, trust: Floats, ranked_by: Floats, target: Floats) -> Blend:
    """Weigh the fits by how well they predict held-out labels.

    Parameters
    ----------
    unbiased : ndarray of shape (n_fits, n_labels)
        Log-odds without the bias.
    ranked_by, target : ndarray of shape (n_labels,)
        What the fits were fitted to, and what the probabilities shall mean.
    """
    scalings = np.array([_scaling(fit, trust, ranked_by) for fit in unbiased])
    log_odds = scalings[:, :1] * unbiased + scalings[:, 1:] * trust
    likelihoods = softmax([-log_loss(expit(each), ranked_by) * len(target) for each in log_odds])
    slope, bias = _scaling(likelihoods @ log_odds, trust, target)
    shares = likelihoods * scalings[:, 0]
    return Blend(slope * shares, likelihoods, float(slope * (likelihoods @ scalings[:, 1]) + bias))


def blended_scores(
    unbiased: Floats, trust: Floats, ranked_by: Floats, target: Floats, folds: list[tuple[Rows, Rows]]
) -> Floats:
    """Cross-validated scores: neither the fits nor the blend have used the label that is scored, or its duplicates."""
    scores = np.empty(len(target))
    for fitted, rest in folds:
        blended = blend(unbiased[:, fitted], trust[fitted], ranked_by[fitted], target[fitted])
        scores[rest] = blended.scores(unbiased[:, rest], trust[rest])
    return scores


def _scaling(unbiased: Floats, trust: Floats, target: Floats) -> tuple[float, float]:
    """Platt's slope, never negative, and bias; with few labels the slope stays near that of `USUAL_SPREAD`."""
    unit = float(unbiased.std()) or 1.0
    rows = np.column_stack([unbiased / unit, trust])
    usual, penalty = np.array([USUAL_SPREAD, 0.0]), np.array([SPREAD_PRICE, 1e-3])

    def loss(at: Floats) -> tuple[float, Floats]:
        log_odds = rows @ at
        away = at - usual
        value = np.logaddexp(0, log_odds).sum() - target @ log_odds + 0.5 * penalty @ away**2
        return float(value), rows.T @ (expit(log_odds) - target) + penalty * away

    slope, bias = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]).x
    return float(slope) / unit, float(bias)


def log_loss(scores: Floats, target: Floats) -> float:
    """Mean negative log-likelihood of a soft target."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return float(-(xlogy(target, clipped) + xlogy(1 - target, 1 - clipped)).mean())
