"""New weights from a few dozen labels: fits from stiff to free, averaged as far as held-out labels speak for each.

What is fitted is what is served: the log-odds are linear in the weights, every column but those believed anywhere
scaled by the prompt's familiarity, and the bias with them. So the outcome compiles to the same arithmetic.

One fit chosen by cross-validation would be chosen by luck at 50 labels; an average weighted by likelihood [1]_ is not,
and a weighted sum of weighted sums is still one.

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

from router.classifier import BELIEVED_ANYWHERE
from router.text.features import FEATURES

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Freedom:
    """How a fit may move.

    Parameters
    ----------
    kept : float
        Share of the old weights that it starts from: another trade may turn all that was learnt elsewhere around.
    features, words : float
        Variance, in squared log-odds, of the steps away from there that are expected of a feature and of a word.
    """

    kept: float
    features: float
    words: float


FREEDOMS = tuple(
    Freedom(kept, strength, strength * times)
    for kept, strength, times in product((0.0, 0.3, 1.0), (0.003, 0.03, 0.3), (1.0, 10.0))
)
"""From stiff to free. A stiff fit turns in the right direction without going far; its reach is found afterwards."""

USUAL_SPREAD = 0.5
"""Standard deviation, in log-odds, of scores that tell something; 50 held-out labels alone cannot say."""

SPREAD_PRICE = 4.0
"""How firmly that is believed: as firmly as some 16 labels would say it."""


def served_columns(vectorised: Any) -> tuple[sparse.csr_matrix, Floats]:
    """The columns as serving weighs them, and the familiarity, which is the bias's column."""
    trust = vectorised[:, -1].toarray().ravel()
    hand, words = vectorised[:, : len(FEATURES)].toarray(), vectorised[:, len(FEATURES) : -1]
    belief = np.where(BELIEVED_ANYWHERE, 1.0, trust[:, None])
    return sparse.hstack([hand * belief, sparse.diags_array(trust) @ words]).tocsr(), trust


def fits(
    columns: sparse.csr_matrix, trust: Floats, target: Floats, counts: Floats, start: Floats, share: float = 1.0
) -> Floats:
    """Weights for each of `FREEDOMS`, one row each; a column that no label touches stays where the fit starts.

    Parameters
    ----------
    counts : ndarray of shape (n_prompts,)
        How many labels each prompt counts as.
    share : float
        Share of all labels that these are: with fewer each has to push harder for the same reach.
    """
    touched = np.flatnonzero(np.asarray(abs(columns).sum(axis=0)).ravel())
    seen = sparse.hstack([columns[:, touched], trust[:, None]]).tocsr()
    weights = np.outer([freedom.kept for freedom in FREEDOMS], start)
    for row, freedom in enumerate(FREEDOMS):
        variance = np.where(touched < len(FEATURES), freedom.features, freedom.words) / share
        weights[row, touched] = _moved(weights[row, touched], seen, target, counts, variance)
    return weights


def _moved(start: Floats, rows: sparse.csr_matrix, target: Floats, counts: Floats, variance: Floats) -> Floats:
    """The weights that explain `target` best, each step away from `start` paid for; moving the bias is free."""
    begin = np.append(start, 0.0)
    price = np.append(1 / variance, 1e-3)

    def loss(weights: Floats) -> tuple[float, Floats]:
        log_odds = rows @ weights
        away = weights - begin
        value = counts @ (np.logaddexp(0, log_odds) - target * log_odds) + 0.5 * price @ away**2
        return float(value), rows.T @ (counts * (expit(log_odds) - target)) + price * away

    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B").x[:-1], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Blend:
    """How much of each fit the answer holds.

    Parameters
    ----------
    shares : ndarray of shape (n_fits,)
        What each fit's weights are multiplied by.
    likelihoods : ndarray of shape (n_fits,)
        How far the held-out labels speak for each; they sum to 1.
    bias : float
        Log-odds of a familiar prompt without any feature.
    """

    shares: Floats
    likelihoods: Floats
    bias: float

    def scores(self, pushes: Floats, trust: Floats) -> Floats:
        """Probabilities, from what each fit's weights make of each prompt."""
        return np.asarray(expit(self.shares @ pushes + self.bias * trust), dtype=np.float64)


def blend(pushes: Floats, trust: Floats, ranked_by: Floats, target: Floats) -> Blend:
    """Weigh the fits by what they made of labels that they had not seen.

    Parameters
    ----------
    pushes : ndarray of shape (n_fits, n_labels)
        Log-odds without the bias.
    ranked_by, target : ndarray of shape (n_labels,)
        What the fits were fitted to, and what the probabilities shall mean.
    """
    scalings = np.array([_scaling(push, trust, ranked_by) for push in pushes])
    log_odds = scalings[:, :1] * pushes + scalings[:, 1:] * trust
    likelihoods = softmax([-log_loss(expit(each), ranked_by) * len(target) for each in log_odds])
    slope, bias = _scaling(likelihoods @ log_odds, trust, target)
    shares = likelihoods * scalings[:, 0]
    return Blend(slope * shares, likelihoods, float(slope * (likelihoods @ scalings[:, 1]) + bias))


def blended_elsewhere(
    pushes: Floats, trust: Floats, ranked_by: Floats, target: Floats, folds: list[tuple[Rows, Rows]]
) -> Floats:
    """Scores of every label from fits that had not seen it and a blend not weighed by it, nor by its duplicates."""
    scores = np.empty(len(target))
    for known, rest in folds:
        found = blend(pushes[:, known], trust[known], ranked_by[known], target[known])
        scores[rest] = found.scores(pushes[:, rest], trust[rest])
    return scores


def _scaling(push: Floats, trust: Floats, target: Floats) -> tuple[float, float]:
    """Platt's slope, never negative, and bias; with few labels the slope stays near one of `USUAL_SPREAD`."""
    unit = float(push.std()) or 1.0
    rows = np.column_stack([push / unit, trust])
    usual, price = np.array([USUAL_SPREAD, 0.0]), np.array([SPREAD_PRICE, 1e-3])

    def loss(at: Floats) -> tuple[float, Floats]:
        log_odds = rows @ at
        away = at - usual
        value = np.logaddexp(0, log_odds).sum() - target @ log_odds + 0.5 * price @ away**2
        return float(value), rows.T @ (expit(log_odds) - target) + price * away

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]).x
    return float(found[0]) / unit, float(found[1])


def log_loss(scores: Floats, target: Floats) -> float:
    """Mean negative log-likelihood of a soft target."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    return float(-(xlogy(target, clipped) + xlogy(1 - target, 1 - clipped)).mean())
