"""What the exam teaches: a classifier whose score is the probability that this very model fails.

The exam asks a few hundred items; a classifier of words needs thousands of texts. So the answers set how often each
family, level and language fails (`router.exam.ability`), and the classifier learns those rates from several thousand
other items of the same families, which nobody has to answer (`router.training.exam_study`). It starts from the weights
it had, moved by the level of the model; words that occur in no item keep them.

Calibration, figures and the default threshold come from cross-validation over the answers: each is scored by a
classifier that was fitted without it. Only items that were drawn at random count there, since those that were chosen
are harder than their words say. A second round leaves out whole families, to see what the score is worth for requests
unlike any of them.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline

from router.exam.ability import Ability, AbilityModel, Cell, cell_of
from router.exam.graded import Graded
from router.exam.sitting import is_drawn
from router.second_look import BegunScorer
from router.text.features import FEATURES
from router.training.begun import auc_of, fit_begun
from router.training.calibrate import Infeasible, LabelledScores, threshold_for_failure_rate
from router.training.exam_study import Columns, Study
from router.training.metrics import calibration_error

Floats = NDArray[np.float64]
Answers = Sequence[tuple[Cell, bool]]

FOLDS = 5

FEATURE_VARIANCE, WORD_VARIANCE, BIAS_VARIANCE = 1.0, 5.0, 1.0
"""Expected variance, in squared log-odds, of a weight's step away from its old value."""

SCALE_SD = 0.3
"""How far the slope of the calibration is expected to lie from 1."""

CONFIDENCE = 0.9
"""With which the default threshold keeps the promised failure rate."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one fit: log-odds of each column, of the vocabulary coverage, and of every prompt."""

    columns: Floats
    bias: float
    level: float

    def scaled(self, slope: float, offset: float) -> "Weights":
        """The same after Platt scaling."""
        return Weights(slope * self.columns, slope * self.bias, slope * self.level + offset)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The default threshold, and what it promises.

    Attributes
    ----------
    value : float
    is_guaranteed : bool
        Whether the promised failure rate was shown to hold, for requests like the exam's, with `CONFIDENCE`. Otherwise
        only requests stay local whose own score is below that rate.
    local_share : float
        Of the exam's answers, the share that stays local at it.
    failure_rate : float or None
        Share of those that were wrong; None where nothing stays local.
    """

    value: float
    is_guaranteed: bool
    local_share: float
    failure_rate: float | None


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the answers of one model teach.

    Attributes
    ----------
    ability : Ability
        The pass rates.
    scores, failed : ndarray of shape (n_drawn,)
        The score of each item that was drawn at random, by a classifier that was fitted without it, and whether the
        answer was wrong.
    auc, calibration_error : float
        How well those scores tell wrong answers from right ones, and how far they are off.
    auc_unlike : float
        The same of scores by classifiers that never saw an item of that family: what to expect of requests unlike all.
    """

    pipeline: Pipeline
    ability: Ability
    scores: Floats
    failed: Floats
    threshold: Threshold
    auc: float
    calibration_error: float
    auc_unlike: float
    begun: BegunScorer | None


def learn(study: Study, answers: Sequence[Graded], max_failure_rate: float) -> Learnt:
    """Fit a classifier to the answers of one model.

    Parameters
    ----------
    max_failure_rate : float in (0, 1)
        The share of local answers that may fail at the default threshold.
    """
    model = AbilityModel(study.families)
    graded = [(cell_of(answer.key), answer.passed) for answer in answers]
    failed = np.array([float(not answer.passed) for answer in answers])
    asked = study.columns_of([study.prompt(answer.key) for answer in answers])
    drawn = np.array([is_drawn(answer.key) for answer in answers])
    held_out = _held_out(study, model, graded, asked)
    slope, offset = _platt(held_out[drawn], failed[drawn])
    scores = expit(slope * held_out + offset)
    unlike = expit(slope * _family_held_out(study, model, graded, asked) + offset)
    ability = model.fit(graded)
    return Learnt(
        pipeline_of(study, _fitted(study, ability, study.counts).scaled(slope, offset)),
        ability,
        scores[drawn],
        failed[drawn],
        default_threshold(scores[drawn], failed[drawn], max_failure_rate),
        auc_of(failed[drawn], scores[drawn]),
        calibration_error(scores[drawn], failed[drawn]),
        auc_of(failed[drawn], unlike[drawn]),
        fit_begun(scores, unlike, failed, [answer.first_tokens for answer in answers]),
    )


def _held_out(study: Study, model: AbilityModel, graded: Answers, asked: Columns) -> Floats:
    """The log-odds of each answer's item, by a fit without it."""
    log_odds = np.empty(len(graded))
    for fitted, rest in KFold(FOLDS, shuffle=True, random_state=0).split(log_odds):
        weights = _fitted(study, model.fit([graded[row] for row in fitted]), study.counts)
        log_odds[rest] = asked.log_odds(weights)[rest]
    return log_odds


def _family_held_out(study: Study, model: AbilityModel, graded: Answers, asked: Columns) -> Floats:
    """The log-odds of each answer's item, by a fit without its family."""
    log_odds = np.empty(len(graded))
    for family in study.families:
        others = [(cell, passed) for cell, passed in graded if cell.family != family]
        weights = _fitted(study, model.fit(others), study.without(family))
        own = [row for row, (cell, _) in enumerate(graded) if cell.family == family]
        log_odds[own] = asked.log_odds(weights)[own]
    return log_odds


def default_threshold(scores: Floats, failed: Floats, max_failure_rate: float) -> Threshold:
    """The highest threshold below which the model was shown to fail at most `max_failure_rate`.

    Where that cannot be shown, or only for less: that rate itself. Each request that stays local is then expected to
    fail less often than that, one by one.
    """
    if not len(scores):
        return Threshold(max_failure_rate, False, 0.0, None)
    judged = LabelledScores(scores, failed)
    try:
        shown = threshold_for_failure_rate(judged, max_failure_rate, CONFIDENCE).threshold
    except Infeasible:
        shown = 0.0
    value = max(shown, max_failure_rate)
    local = judged.local(value)
    rate = float(local.mean()) if len(local) else None
    return Threshold(value, shown >= value, len(local) / len(scores), rate)


def pipeline_of(study: Study, weights: Weights) -> Pipeline:
    """The weights as a classifier."""
    classifier = deepcopy(study.base["classify"])
    classifier.logistic_.coef_ = weights.columns[None]
    classifier.logistic_.intercept_ = np.array([weights.bias])
    classifier.logistic_.n_features_in_ = len(weights.columns)
    classifier.slope_, classifier.intercept_, classifier.level_ = 1.0, 0.0, weights.level
    return Pipeline([("vectorise", study.vectoriser), ("classify", classifier)])


def _fitted(study: Study, ability: Ability, counts: Floats) -> Weights:
    """The weights that give every text the failure rate of its cell, each text counted as often as `counts` says."""
    failing = 1 - ability.pass_rates()[study.rows]
    level = _level(study, failing, counts)
    variance = np.full(study.n_columns + 1, WORD_VARIANCE)
    variance[: len(FEATURES)], variance[-1] = FEATURE_VARIANCE, BIAS_VARIANCE

    def loss(step: Floats) -> tuple[float, Floats]:
        log_odds = level + study.texts.rows @ (study.start + step)
        value = counts @ (np.logaddexp(0, log_odds) - failing * log_odds) + 0.5 * step @ (step / variance)
        return float(value), study.texts.rows.T @ (counts * (expit(log_odds) - failing)) + step / variance

    found = study.start + minimize(loss, np.zeros(study.n_columns + 1), jac=True, method="L-BFGS-B").x
    return Weights(found[:-1], float(found[-1]), level)


def _level(study: Study, failing: Floats, counts: Floats) -> float:
    """How much more the model fails than the old weights say, in log-odds, over all texts."""
    before = study.texts.rows @ study.start

    def loss(level: Floats) -> tuple[float, Floats]:
        log_odds = before + level[0]
        value = counts @ (np.logaddexp(0, log_odds) - failing * log_odds)
        return float(value), np.array([counts @ (expit(log_odds) - failing)])

    return float(minimize(loss, np.zeros(1), jac=True, method="L-BFGS-B").x[0])


def _platt(log_odds: Floats, failed: Floats) -> tuple[float, float]:
    """Slope, near 1 where answers are few, and offset."""

    def loss(at: Floats) -> tuple[float, Floats]:
        scaled = at[0] * log_odds + at[1]
        error = expit(scaled) - failed
        value = (np.logaddexp(0, scaled) - failed * scaled).sum() + 0.5 * ((at[0] - 1) / SCALE_SD) ** 2
        return float(value), np.array([error @ log_odds + (at[0] - 1) / SCALE_SD**2, error.sum()])

    bounds = [(0, None), (None, None)]
    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(slope), float(offset)
