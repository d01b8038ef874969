"""Adapt a fitted classifier to one's own prompts and models, from a few dozen labels on.

The fitted weights are the starting point, and the labels move them no further than they must: a maximum a posteriori
fit around the old weights, its strength chosen by cross-validation. Words that only the labels know are learnt too.

Where a label says how both models did, a prompt that both fail counts half: the local answer does not do there, but
the cloud is no better. Measured on mmlu-pro, that beats either half alone as soon as there are 500 labels.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, xlogy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from router.artifact import save_artifact
from router.classifier import PromptVectoriser, plain_words
from router.decision import Prompt
from router.errors import DatasetError
from router.features import FEATURES
from router.labels import Label
from router.metrics import auc, calibration_error, reliability
from router.reading import read
from router.threshold import balanced_threshold, expectation

Floats = NDArray[np.float64]
Step = Callable[[str], None]

STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
"""How freely the labels may move the weights; tried from stiff to free."""

FOLDS = 5

LEAST_LABELS = 30
"""With fewer, cross-validation says nothing."""

STEPS = FOLDS + 1


@dataclass(frozen=True, slots=True)
class Quality:
    """How well scores tell the labels: log loss and calibration error (less is better), AUC (more is)."""

    log_loss: float
    auc: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Adapted:
    """The outcome of an adaptation.

    Parameters
    ----------
    before, after : Quality
        On the labels, each scored by a classifier that had not seen it nor its duplicates.
    scores, target : ndarray of shape (n_labels,)
        Those scores of the adapted classifier, and what was to be told.
    """

    pipeline: Pipeline
    strength: float
    before: Quality
    after: Quality
    scores: Floats
    target: Floats

    @property
    def is_better(self) -> bool:
        """Whether the adapted classifier tells the labels better than the old one."""
        return self.after.log_loss < self.before.log_loss


def adapt(base: Pipeline, labels: Sequence[Label], seed: int = 0, step: Step = lambda _name: None) -> Adapted:
    """Fit `base` to `labels`, and judge both by cross-validation over groups of equal prompts.

    Raises
    ------
    DatasetError
        If there are too few labels, or all say the same.
    """
    prompts = [label.prompt for label in labels]
    target = np.array([_target(label) for label in labels])
    _check(target)
    before = base.predict_proba(prompts)[:, 1]
    held_out = np.empty((len(STRENGTHS), len(labels)))
    for fold, (known, rest) in enumerate(_folds(prompts, seed), start=1):
        step(f"judging, fold {fold} of {FOLDS}")
        fits = _fit_all([prompts[row] for row in known], target[known], base)
        for row, pipeline in enumerate(fits):
            held_out[row, rest] = pipeline.predict_proba([prompts[at] for at in rest])[:, 1]
    step("fitting")
    best = int(np.argmin([quality(scores, target).log_loss for scores in held_out]))
    pipeline = list(_fit_all(prompts, target, base))[best]
    after = held_out[best]
    return Adapted(pipeline, STRENGTHS[best], quality(before, target), quality(after, target), after, target)


def quality(scores: Floats, target: Floats) -> Quality:
    """Judge `scores` by what happened."""
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    loss = -(xlogy(target, clipped) + xlogy(1 - target, 1 - clipped)).mean()
    return Quality(float(loss), auc(target > 0.5, scores), calibration_error(scores, target))


def _target(label: Label) -> float:
    if label.local_ok:
        return 0.0
    return 0.5 if label.cloud_ok is False else 1.0


def _check(target: Floats) -> None:
    if len(target) < LEAST_LABELS:
        raise DatasetError(
            f"{len(target)} labels are too few to adapt to and to judge by; {LEAST_LABELS} are the least"
        )
    if target.min() == target.max():
        raise DatasetError("all labels say the same, so there is nothing to learn to tell apart")


def _folds(prompts: Sequence[Prompt], seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Equal prompts stay together, whatever their spacing, case and numbers."""
    texts = [" ".join(read(prompt).words) for prompt in prompts]
    groups = np.unique(texts, return_inverse=True)[1]
    splitter = GroupKFold(min(FOLDS, len(np.unique(groups))), shuffle=True, random_state=seed)
    yield from splitter.split(texts, groups=groups)


def _fit_all(prompts: Sequence[Prompt], target: Floats, base: Pipeline) -> Iterator[Pipeline]:
    """One pipeline for each of `STRENGTHS`."""
    vectoriser = _with_new_words(base["vectorise"], prompts)
    rows = vectoriser.transform(prompts)[:, :-1]
    start = _start(base, vectoriser)
    touched = np.append(np.flatnonzero(abs(rows).sum(axis=0)), len(start) - 1)
    for strength in STRENGTHS:
        weights = start.copy()
        weights[touched] = _moved(start[touched], rows[:, touched[:-1]], target, strength)
        yield _pipeline(base, vectoriser, weights)


def _with_new_words(vectoriser: PromptVectoriser, prompts: Sequence[Prompt]) -> PromptVectoriser:
    """The same columns, then one for each word that only `prompts` hold, in several of them."""
    own = TfidfVectorizer(analyzer=plain_words, min_df=vectoriser.min_df, sublinear_tf=True)
    own.fit([read(prompt) for prompt in prompts])
    old = vectoriser.tfidf_
    new = [word for word in own.get_feature_names_out() if word not in old.vocabulary_]
    known = sorted(old.vocabulary_, key=old.vocabulary_.__getitem__)
    merged = TfidfVectorizer(analyzer=plain_words, sublinear_tf=True, vocabulary=[*known, *new])
    merged.idf_ = np.concatenate([old.idf_, [own.idf_[own.vocabulary_[word]] for word in new]])
    wider = PromptVectoriser(vectoriser.min_df)
    wider.tfidf_ = merged
    return wider


def _start(base: Pipeline, vectoriser: PromptVectoriser) -> Floats:
    """The old weights, calibration multiplied in, 0 for new words; the bias last."""
    classifier = base["classify"]
    old = classifier.slope_ * classifier.logistic_.coef_[0]
    n_new = len(FEATURES) + len(vectoriser.tfidf_.vocabulary_) - len(old)
    bias = classifier.slope_ * classifier.logistic_.intercept_[0] + classifier.intercept_
    return np.concatenate([old, np.zeros(n_new), [bias]])


def _moved(start: Floats, rows: Any, target: Floats, strength: float) -> Floats:
    """The weights that explain `target` best, each step away from `start` paid for; moving the bias is free."""
    price = np.full(len(start), 1 / strength)
    price[-1] = 1e-3

    def loss(weights: Floats) -> tuple[float, Floats]:
        log_odds = rows @ weights[:-1] + weights[-1]
        away = weights - start
        error = expit(log_odds) - target
        value = np.logaddexp(0, log_odds).sum() - target @ log_odds + 0.5 * price @ away**2
        return float(value), np.append(rows.T @ error, error.sum()) + price * away

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, dtype=np.float64)


def _pipeline(base: Pipeline, vectoriser: PromptVectoriser, weights: Floats) -> Pipeline:
    classifier = deepcopy(base["classify"])
    classifier.logistic_.coef_ = weights[None, :-1]
    classifier.logistic_.intercept_ = weights[-1:]
    classifier.logistic_.n_features_in_ = len(weights) - 1
    classifier.slope_, classifier.intercept_ = 1.0, 0.0
    return Pipeline([("vectorise", vectoriser), ("classify", classifier)])


def save_adapted(folder: Path, adapted: Adapted, labels: Path, pair: Mapping[str, str], base: str, seed: int) -> str:
    """Write the artifact to the new folder `folder`, and return its version.

    Parameters
    ----------
    labels : Path
        The file that they were read from; its name and hash go on the card.
    pair : mapping of str to str
        The models that the labels are about, ``local`` and ``cloud``.
    base : str
        Version of the classifier that was adapted.
    """
    validation = {"labels": np.round(np.column_stack([adapted.scores, adapted.target]), 6).tolist()}
    threshold = balanced_threshold(validation)
    card = {
        "target": "that the local answer falls short; half where the cloud's is known to fall short too",
        "labels": {
            "file": labels.name,
            "sha256": hashlib.sha256(labels.read_bytes()).hexdigest(),
            "n": len(adapted.target),
            "base": base,
            "strength": adapted.strength,
        },
        "pair": dict(pair),
        "before": asdict(adapted.before),
        "after": asdict(adapted.after),
        "reliability": reliability(adapted.scores, adapted.target),
        "seed": seed,
        "threshold": threshold,
        "threshold_means": expectation(threshold, validation).sentence(),
    }
    return save_artifact(folder, adapted.pipeline, validation, card)
