"""Fits the score of answers that have begun (`router.second_look`) on the answers of the exam."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.model_selection import KFold

from router.confidence import FirstTokens
from router.second_look import BegunScorer, SignalWeights
from router.training.metrics import auc

Floats = NDArray[np.float64]

SIGNALS = ("mean_logprob", "least_logprob")
"""Margin and entropy add nothing to these (0.72 with them, 0.73 without, on 792 requests of other make)."""

FEWEST_ANSWERS = 100
"""With fewer, the weights are guesses."""

FOLDS = 5

PAYS_FROM = 0.02
"""A second look pays if it gains so much AUC where the text says little, and loses no more where the text says much."""

STEP_SD = 0.5
"""Expected size of a weight's step from where it starts, a standard deviation of the signal."""


def fit_begun(
    scores: Floats, unlike: Floats, failed: Floats, first_tokens: Sequence[FirstTokens | None]
) -> BegunScorer | None:
    """The regressions; None where too few answers tell their first tokens, or all of them are alike.

    Parameters
    ----------
    scores, unlike : ndarray of shape (n_answers,)
        Scores of the prompts, by classifiers that were fitted without them, and without their whole families.
    failed : ndarray of shape (n_answers,)
        Whether each answer was wrong.
    """
    told = np.array([tokens is not None for tokens in first_tokens])
    known = [tokens for tokens in first_tokens if tokens is not None]
    if len(known) < FEWEST_ANSWERS or not 0 < failed[told].sum() < len(known):
        return None
    signals = np.array([[getattr(tokens, name) for name in SIGNALS] for tokens in known])
    target, like, unlike = failed[told], _log_odds(scores[told]), _log_odds(unlike[told])
    without = auc_of(target, like), auc_of(target, unlike)
    with_ = auc_of(target, _held_out(like, signals, target)), auc_of(target, _held_out(unlike, signals, target))
    pays = with_[1] - without[1] >= PAYS_FROM and with_[0] - without[0] >= -PAYS_FROM
    return BegunScorer(_fit(like, signals, target), _fit(unlike, signals, target), pays, *without, *with_)


def auc_of(failed: Floats, scores: Floats) -> float:
    """AUC; 0.5 where all answers are alike."""
    return auc(failed > 0.5, scores) if 0 < failed.sum() < len(failed) else 0.5


def _log_odds(scores: Floats) -> Floats:
    return np.asarray(logit(np.clip(scores, 1e-9, 1 - 1e-9)), dtype=np.float64)


def _held_out(prompt: Floats, signals: Floats, target: Floats) -> Floats:
    log_odds = np.empty(len(target))
    for fitted, rest in KFold(FOLDS, shuffle=True, random_state=0).split(target):
        weights = _fit(prompt[fitted], signals[fitted], target[fitted])
        log_odds[rest] = weights.bias + weights.prompt * prompt[rest] + signals[rest] @ list(weights.signals.values())
    return log_odds


def _fit(prompt: Floats, signals: Floats, target: Floats) -> SignalWeights:
    """Starts from the prompt's own score: where signals say nothing, it stays."""
    mean, deviation = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    columns = np.column_stack([np.ones(len(target)), prompt, (signals - mean) / deviation])
    start = np.array([0.0, 1.0, *[0.0] * len(SIGNALS)])
    variance = np.array([9.0, *[STEP_SD**2] * (1 + len(SIGNALS))])

    def loss(step: Floats) -> tuple[float, Floats]:
        log_odds = columns @ (start + step)
        value = (np.logaddexp(0, log_odds) - target * log_odds).sum() + 0.5 * step @ (step / variance)
        return float(value), columns.T @ (expit(log_odds) - target) + step / variance

    found = start + minimize(loss, np.zeros(len(start)), jac=True, method="L-BFGS-B").x
    slopes = found[2:] / deviation
    return SignalWeights(
        float(found[0] - slopes @ mean), float(found[1]), dict(zip(SIGNALS, map(float, slopes), strict=True))
    )
