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

SIGNALS = ("mean_logprob", "least_logprob", "mean_margin", "mean_entropy")

FEWEST_ANSWERS = 100
"""With fewer, four weights are guesses."""

FOLDS = 5

PAYS_FROM = 0.02
"""Gain in AUC, on answers that were not fitted on, from which a second look pays for its delay."""

STEP_SD = 1.0
"""Expected size of a weight's step from where it starts, a standard deviation of the signal."""


def fit_begun(scores: Floats, failed: Floats, first_tokens: Sequence[FirstTokens | None]) -> BegunScorer | None:
    """The regression; None where too few answers tell their first tokens, or all of them are alike.

    Parameters
    ----------
    scores : ndarray of shape (n_answers,)
        Scores of the prompts, by classifiers that were fitted without them.
    failed : ndarray of shape (n_answers,)
        Whether each answer was wrong.
    """
    told = np.array([tokens is not None for tokens in first_tokens])
    known = [tokens for tokens in first_tokens if tokens is not None]
    if len(known) < FEWEST_ANSWERS or not 0 < failed[told].sum() < len(known):
        return None
    names = [name for name in SIGNALS if all(getattr(tokens, name) is not None for tokens in known)]
    signals = np.array([[getattr(tokens, name) for name in names] for tokens in known])
    prompt, target = logit(np.clip(scores[told], 1e-9, 1 - 1e-9)), failed[told]
    familiar, unfamiliar = _fit(prompt, signals, target, names), _fit(0 * prompt, signals, target, names)
    without, with_ = auc(target > 0.5, prompt), auc(target > 0.5, _held_out(prompt, signals, target, names))
    return BegunScorer(familiar, unfamiliar, with_ - without >= PAYS_FROM, without, with_)


def _held_out(prompt: Floats, signals: Floats, target: Floats, names: Sequence[str]) -> Floats:
    log_odds = np.empty(len(target))
    for fitted, rest in KFold(FOLDS, shuffle=True, random_state=0).split(target):
        weights = _fit(prompt[fitted], signals[fitted], target[fitted], names)
        log_odds[rest] = weights.bias + weights.prompt * prompt[rest] + signals[rest] @ list(weights.signals.values())
    return log_odds


def _fit(prompt: Floats, signals: Floats, target: Floats, names: Sequence[str]) -> SignalWeights:
    """Starts from the prompt's own score: where signals say nothing, it stays."""
    mean, deviation = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    columns = np.column_stack([np.ones(len(target)), prompt, (signals - mean) / deviation])
    start = np.array([0.0, float(prompt.any()), *[0.0] * len(names)])
    variance = np.array([9.0, *[STEP_SD**2] * (1 + len(names))])

    def loss(step: Floats) -> tuple[float, Floats]:
        log_odds = columns @ (start + step)
        value = (np.logaddexp(0, log_odds) - target * log_odds).sum() + 0.5 * step @ (step / variance)
        return float(value), columns.T @ (expit(log_odds) - target) + step / variance

    found = start + minimize(loss, np.zeros(len(start)), jac=True, method="L-BFGS-B").x
    slopes = found[2:] / deviation
    return SignalWeights(
        float(found[0] - slopes @ mean), float(found[1]), dict(zip(names, map(float, slopes), strict=True))
    )
