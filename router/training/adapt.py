"""Adapt a fitted classifier to one's own prompts and models, from a few dozen labels on.

`router.training.refit` fits new weights, from the old ones or from nothing, and averages the fits as far as
cross-validation speaks for each. Words that only the labels know are learnt too.

The prompts written for slimgate are fitted along at a small weight: without them, labels of exam questions alone would
unlearn what tells an errand from a proof.

Where a label says how both models did, a prompt that both fail counts half: the local answer does not do there, but
the cloud is no better. That is what the score means. Which prompts rank above which is learnt with the cloud's failures
counting little while labels are few, since they are the noisier half of the evidence, and fully when there are many.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from router.artifact import save_artifact
from router.classifier import PromptVectoriser, plain_words
from router.decision import Prompt
from router.errors import DatasetError
from router.text.features import FEATURES
from router.text.preprocessing import read
from router.threshold import balanced_threshold, expectation
from router.training.labels import Label
from router.training.metrics import auc, calibration_error, reliability
from router.training.refit import FREEDOMS, Blend, blend, blended_elsewhere, fits, log_loss, served_columns
from router.training.seed_prompts import written_prompts

Floats = NDArray[np.float64]
Step = Callable[[str], None]

FOLDS = 5

LEAST_LABELS = 30
"""With fewer, cross-validation says nothing."""

CLOUD_COUNTS_FROM = 500
"""Labels that say how the cloud did, at which half of its failures counts in the ranking."""

REHEARSED = 0.3
"""What the written prompts weigh together, as a share of the labels: or labels of exams alone would unlearn errands."""

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
    kept : float
        Share of the old weights that the fits began from, on average: how far the old classifier holds here.
    before, after : Quality
        On the labels, each scored by a classifier that had not seen it nor its duplicates.
    scores, target : ndarray of shape (n_labels,)
        Those scores of the adapted classifier, and what was to be told.
    """

    pipeline: Pipeline
    kept: float
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
    ranked_by = _ranked_by(labels)
    _check(target)
    before = quality(base.predict_proba(prompts)[:, 1], target)
    folds = list(_folds(prompts, seed))
    pushes, trust = np.empty((len(FREEDOMS), len(labels))), np.empty(len(labels))
    for fold, (known, rest) in enumerate(folds, start=1):
        step(f"judging, fold {fold} of {FOLDS}")
        vectoriser, weights = _fitted([prompts[row] for row in known], ranked_by[known], base, len(known) / len(labels))
        columns, trust[rest] = served_columns(vectoriser.transform([prompts[row] for row in rest]))
        pushes[:, rest] = weights @ columns.T
    step("fitting")
    found = blend(pushes, trust, ranked_by, target)
    after = blended_elsewhere(pushes, trust, ranked_by, target, folds)
    kept = float(found.likelihoods @ [freedom.kept for freedom in FREEDOMS])
    return Adapted(_pipeline(prompts, ranked_by, base, found), kept, before, quality(after, target), after, target)


def quality(scores: Floats, target: Floats) -> Quality:
    """Judge `scores` by what happened."""
    return Quality(log_loss(scores, target), auc(target > 0.5, scores), calibration_error(scores, target))


def _target(label: Label) -> float:
    if label.local_ok:
        return 0.0
    return 0.5 if label.cloud_ok is False else 1.0


def _ranked_by(labels: Sequence[Label]) -> Floats:
    known = sum(label.cloud_ok is not None for label in labels)
    hopeless = CLOUD_COUNTS_FROM / (CLOUD_COUNTS_FROM + known)
    return np.array([0.0 if label.local_ok else hopeless if label.cloud_ok is False else 1.0 for label in labels])


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


def _fitted(
    prompts: Sequence[Prompt], target: Floats, base: Pipeline, share: float = 1.0
) -> tuple[PromptVectoriser, Floats]:
    """What reads prompts, new words included, and the weights of every fit."""
    vectoriser = _with_new_words(base["vectorise"], prompts)
    written, failure = zip(*written_prompts("train"), strict=True)
    columns, trust = served_columns(vectoriser.transform([*prompts, *written]))
    counts = np.repeat([1.0, REHEARSED * len(prompts) / len(written)], [len(prompts), len(written)])
    target = np.append(target, failure)
    return vectoriser, fits(columns, trust, target, counts, _start(base, vectoriser), share)


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
    """The old weights, calibration multiplied in, 0 for new words."""
    classifier = base["classify"]
    old = classifier.slope_ * classifier.logistic_.coef_[0]
    return np.append(old, np.zeros(len(FEATURES) + len(vectoriser.tfidf_.vocabulary_) - len(old)))


def _pipeline(prompts: Sequence[Prompt], ranked_by: Floats, base: Pipeline, found: Blend) -> Pipeline:
    """The blend as one classifier."""
    vectoriser, weights = _fitted(prompts, ranked_by, base)
    blended = found.shares @ weights
    classifier = deepcopy(base["classify"])
    classifier.logistic_.coef_ = blended[None]
    classifier.logistic_.intercept_ = np.array([found.bias])
    classifier.logistic_.n_features_in_ = len(blended)
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
