"""Adapt a fitted classifier to your own prompts and models, from a few dozen labels on.

`router.training.refit` fits new weights, from the old ones or from zero, and averages the fits by cross-validation.
Words that occur only in the labels are learnt too.

The seed prompts are fitted too, at a small weight: without them, labels of exam questions alone would unlearn the
difference between an errand and a proof.

Where a label judges both models, a prompt that both fail counts half: the local answer is inadequate, but the cloud is
no better. That is what the score means. For the ranking of prompts, the cloud's failures count little while labels are
few, since they are the noisier half of the evidence, and in full when there are many.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from router.artifact import save_artifact
from router.classifier import PromptVectoriser, with_words
from router.decision import Prompt
from router.errors import DatasetError
from router.text.features import FEATURES
from router.text.preprocessing import preprocess
from router.threshold import balanced_threshold, expectation
from router.training.exam import default_threshold
from router.training.labels import Label
from router.training.metrics import auc, calibration_error, reliability
from router.training.refit import FREEDOMS, Blend, blend, blended_scores, fits, log_loss, served_columns
from router.training.seed_prompts import seed_prompts

Floats = NDArray[np.float64]
Step = Callable[[str], None]

FOLDS = 5

LEAST_LABELS = 30
"""With fewer, cross-validation is meaningless."""

CLOUD_COUNTS_FROM = 500
"""Labels that judge the cloud too, at which its failures count half in the ranking."""

SEED_PROMPTS_SHARE = 0.3
"""Total weight of the seed prompts, as a share of the labels' weight."""

STEPS = FOLDS + 1


@dataclass(frozen=True, slots=True)
class Quality:
    """How well scores predict the labels: log loss and calibration error (less is better), AUC (more is better)."""

    log_loss: float
    auc: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Adapted:
    """The result of an adaptation.

    Parameters
    ----------
    kept : float
        Share of the old weights that the fits started from, on average: how far the old classifier holds here.
    before, after : Quality
        On the labels, each scored by a classifier that was fitted on neither it nor its duplicates.
    scores, target : ndarray of shape (n_labels,)
        Those scores of the adapted classifier, and what they should predict.
    """

    pipeline: Pipeline
    kept: float
    before: Quality
    after: Quality
    scores: Floats
    target: Floats

    @property
    def is_better(self) -> bool:
        """Whether the adapted classifier predicts the labels better than the old one."""
        return self.after.log_loss < self.before.log_loss


def adapt(base: Pipeline, labels: Sequence[Label], seed: int = 0, step: Step = lambda _name: None) -> Adapted:
    """Fit `base` to `labels`, and judge both by cross-validation over groups of equal prompts.

    Raises
    ------
    DatasetError
        If there are too few labels, or all are alike.
    """
    prompts = [label.prompt for label in labels]
    target = np.array([_target(label) for label in labels])
    ranked_by = _ranked_by(labels)
    _check(target)
    before = quality(base.predict_proba(prompts)[:, 1], target)
    folds = list(_folds(prompts, seed))
    unbiased, trust = np.empty((len(FREEDOMS), len(labels))), np.empty(len(labels))
    for fold, (fitted, rest) in enumerate(folds, start=1):
        step(f"judging, fold {fold} of {FOLDS}")
        vectoriser, weights = _fitted(
            [prompts[row] for row in fitted], ranked_by[fitted], base, len(fitted) / len(labels)
        )
        columns, trust[rest] = served_columns(vectoriser.transform([prompts[row] for row in rest]))
        unbiased[:, rest] = weights @ columns.T
    step("fitting")
    blended = blend(unbiased, trust, ranked_by, target)
    after = blended_scores(unbiased, trust, ranked_by, target, folds)
    kept = float(blended.likelihoods @ [freedom.kept for freedom in FREEDOMS])
    return Adapted(_pipeline(prompts, ranked_by, base, blended), kept, before, quality(after, target), after, target)


def quality(scores: Floats, target: Floats) -> Quality:
    """How well `scores` predict `target`."""
    return Quality(log_loss(scores, target), auc(target > 0.5, scores), calibration_error(scores, target))


def _target(label: Label) -> float:
    if label.local_ok:
        return 0.0
    return 0.5 if label.cloud_ok is False else 1.0


def _ranked_by(labels: Sequence[Label]) -> Floats:
    judged = sum(label.cloud_ok is not None for label in labels)
    both_fail = CLOUD_COUNTS_FROM / (CLOUD_COUNTS_FROM + judged)
    return np.array([0.0 if label.local_ok else both_fail if label.cloud_ok is False else 1.0 for label in labels])


def _check(target: Floats) -> None:
    if len(target) < LEAST_LABELS:
        raise DatasetError(
            f"{len(target)} labels are too few to adapt to and to judge by; at least {LEAST_LABELS} are needed"
        )
    if target.min() == target.max():
        raise DatasetError("all labels are alike, so there is nothing to learn")


def _folds(prompts: Sequence[Prompt], seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Folds in which equal prompts stay together, whatever their spacing, case and numbers."""
    texts = [" ".join(preprocess(prompt).words) for prompt in prompts]
    groups = np.unique(texts, return_inverse=True)[1]
    splitter = GroupKFold(min(FOLDS, len(np.unique(groups))), shuffle=True, random_state=seed)
    yield from splitter.split(texts, groups=groups)


def _fitted(
    prompts: Sequence[Prompt], target: Floats, base: Pipeline, share: float = 1.0
) -> tuple[PromptVectoriser, Floats]:
    """The vectoriser, new words included, and the weights of every fit."""
    vectoriser = _with_new_words(base["vectorise"], prompts)
    seeds, failure = _seeds(base)
    columns, trust = served_columns(vectoriser.transform([*prompts, *seeds]))
    counts = np.repeat([1.0, SEED_PROMPTS_SHARE * len(prompts) / len(seeds)], [len(prompts), len(seeds)])
    target = np.append(target, failure)
    return vectoriser, fits(columns, trust, target, counts, _start(base, vectoriser), share)


def _seeds(base: Pipeline) -> tuple[Sequence[Prompt], Sequence[float]]:
    """The seed prompts, and how likely they fail: by published averages, or by the exam of the model at hand."""
    seeds, failure = zip(*seed_prompts("train"), strict=True)
    return (seeds, base.predict_proba(seeds)[:, 1]) if base["classify"].is_examined else (seeds, failure)


def _with_new_words(vectoriser: PromptVectoriser, prompts: Sequence[Prompt]) -> PromptVectoriser:
    """The same columns, then one for each new word that several of `prompts` hold."""
    return with_words(vectoriser, prompts, vectoriser.tfidf_.analyzer, vectoriser.min_df)


def _start(base: Pipeline, vectoriser: PromptVectoriser) -> Floats:
    """The old weights, calibrated; 0 for new words."""
    classifier = base["classify"]
    old = classifier.slope_ * classifier.logistic_.coef_[0]
    return np.append(old, np.zeros(len(FEATURES) + len(vectoriser.tfidf_.vocabulary_) - len(old)))


def _pipeline(prompts: Sequence[Prompt], ranked_by: Floats, base: Pipeline, blend: Blend) -> Pipeline:
    """The blend as one classifier."""
    vectoriser, weights = _fitted(prompts, ranked_by, base)
    blended = blend.shares @ weights
    classifier = deepcopy(base["classify"])
    classifier.logistic_.coef_ = blended[None]
    classifier.logistic_.intercept_ = np.array([blend.bias])
    classifier.logistic_.n_features_in_ = len(blended)
    classifier.slope_, classifier.intercept_ = 1.0, 0.0
    if classifier.is_examined:
        classifier.level_ = 0.0  # the bias was fitted without it
    return Pipeline([("vectorise", vectoriser), ("classify", classifier)])


def save_adapted(
    folder: Path,
    adapted: Adapted,
    labels: Path,
    pair: Mapping[str, str],
    base: str,
    seed: int,
    max_failure_rate: float = 0.1,
) -> str:
    """Write the artifact to the new folder `folder`, and return its version.

    Parameters
    ----------
    labels : Path
        The file of the labels; its name and hash go on the card.
    pair : mapping of str to str
        The models that the labels judge, ``local`` and ``cloud``.
    base : str
        Version of the classifier that was adapted.
    max_failure_rate : float in (0, 1)
        The share of local answers that may fail at the default threshold, if an exam taught the classifier.
    """
    validation = {"labels": np.round(np.column_stack([adapted.scores, adapted.target]), 6).tolist()}
    threshold = balanced_threshold(validation)
    if adapted.pipeline["classify"].is_examined:  # its promise holds for the labels too
        threshold = default_threshold(adapted.scores, adapted.target, max_failure_rate).value
    card = {
        "target": "probability that the local answer is inadequate; half where the cloud's is known to be so too",
        "labels": {
            "file": labels.name,
            "sha256": hashlib.sha256(labels.read_bytes()).hexdigest(),
            "n": len(adapted.target),
            "base": base,
            "kept": round(adapted.kept, 3),
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
