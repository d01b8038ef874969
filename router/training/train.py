"""Fit the classifier that is shipped: labels, weights, calibration, figures, card.

The target is the probability that a small model fails, averaged over the small models of the data. Every source counts
the same, however many prompts it has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from router.artifact import read_card, save_artifact
from router.classifier import CautiousLogistic, new_pipeline
from router.decision import Prompt
from router.threshold import Validation, balanced_threshold, expectation
from router.training.dataset import Dataset, Floats, Strings, data_hash, read_dataset
from router.training.metrics import average_ranks, calibration_error, reliability
from router.training.seed_prompts import SOURCE as SEED_SOURCE
from router.training.seed_prompts import seed_prompts

SPLITS = ("train", "dev")

RESERVED_TASKS = frozenset({"math/gsm8k", "qa/mmlu-auxiliary"})
"""Excluded from every fit: routers are compared on GSM8K and MMLU, so the classifier must not learn from them."""

NOT_SHIPPED = ("alpaca-eval", "bfcl")
"""Left out by default: alpaca-eval's licence is non-commercial, and a tool call's request says nothing of its tools."""

SEED_PROMPTS_WEIGHT = 3.0
"""The seed prompts stand for everything that the public tables lack, mostly errands."""

FOLDS = 5

Step = Callable[[str], None]


def train(
    data_dir: Path, out: Path, left_out: Sequence[str] = NOT_SHIPPED, seed: int = 0, step: Step = lambda _name: None
) -> dict[str, Any]:
    """Fit on the labels in `data_dir`, write the artifact to the new folder `out`, and return its card.

    Parameters
    ----------
    left_out : sequence of str
        Sources not to learn from.
    step : callable
        Called with the name of each of `STEPS` steps as it begins.

    Raises
    ------
    DatasetError
        If the labels cannot be used.
    ArtifactError
        If `out` exists or cannot be written.
    """
    step("reading")
    dataset = read_dataset(data_dir)
    fitted_on, judged_on = (labels_of(dataset, split, left_out) + seed_labels(split) for split in SPLITS)
    pipeline = fit(fitted_on, seed, step)
    step("judging")
    scores = pipeline.predict_proba(judged_on.prompts)[:, 1]
    validation = _validation(judged_on, scores)
    card = _card(data_dir, (fitted_on, judged_on), left_out, seed)
    card |= {"dev": figures_by_source(judged_on, scores), **_threshold_card(validation)}
    save_artifact(out, pipeline, validation, card)
    return read_card(out)


STEPS = FOLDS + 3


def _card(data_dir: Path, splits: Sequence["Labels"], left_out: Sequence[str], seed: int) -> dict[str, Any]:
    return {
        "target": "probability that a small language model (at most 9.2 billion parameters) fails",
        "data": {
            "sha256": data_hash(data_dir),
            **{name: counts(labels) for name, labels in zip(SPLITS, splits, strict=True)},
            "sources_left_out": list(left_out),
            "tasks_left_out": sorted(RESERVED_TASKS),
        },
        "seed": seed,
    }


def _threshold_card(validation: Validation) -> dict[str, Any]:
    threshold = balanced_threshold(validation)
    return {"threshold": threshold, "threshold_means": expectation(threshold, validation).sentence()}


def _validation(labels: "Labels", scores: Floats) -> Validation:
    pairs = np.round(np.column_stack([scores, labels.failure]), 6)
    return {str(source): pairs[labels.sources == source].tolist() for source in np.unique(labels.sources)}


@dataclass(frozen=True, slots=True)
class Labels:
    """What is fitted: prompts, how likely small models fail them, and their sources."""

    prompts: Sequence[Prompt]
    failure: Floats
    sources: Strings
    groups: Strings

    def rows(self, index: NDArray[np.int64]) -> "Labels":
        """The prompts at the positions in `index`."""
        chosen = [self.prompts[row] for row in index]
        return Labels(chosen, self.failure[index], self.sources[index], self.groups[index])

    def __add__(self, other: "Labels") -> "Labels":
        return Labels(
            [*self.prompts, *other.prompts],
            np.concatenate([self.failure, other.failure]),
            np.concatenate([self.sources, other.sources]),
            np.concatenate([self.groups, other.groups]),
        )


def labels_of(dataset: Dataset, split: str, left_out: Sequence[str] = NOT_SHIPPED) -> Labels:
    """The rows of `split` that may be fitted: neither reserved nor left out, and answered by a small model."""
    failure = dataset.small_failure()
    usable = (
        (dataset.splits == split)
        & ~np.isin(dataset.tasks, list(RESERVED_TASKS))
        & ~np.isin(dataset.sources, list(left_out))
        & ~np.isnan(failure)
    )
    chosen = dataset.where(usable)
    return Labels(chosen.prompts, failure[usable], chosen.sources, chosen.groups)


def seed_labels(split: str) -> Labels:
    """The seed prompts as one more source; each is a group of its own."""
    prompts, failure = zip(*seed_prompts(split), strict=True)
    return Labels(
        list(prompts),
        np.array(failure),
        np.full(len(prompts), SEED_SOURCE),
        np.array([f"{SEED_SOURCE}-{row}" for row in range(len(prompts))]),
    )


def fit(labels: Labels, seed: int, step: Step = lambda _name: None) -> Pipeline:
    """Fit and calibrate.

    Parameters
    ----------
    step : callable
        Called with the name of each step as it begins: `FOLDS` of calibration, then the fit.
    """
    weights = source_weights(labels.sources)
    log_odds = np.empty(len(labels.failure))
    for fold, (fitted, held_out) in enumerate(_folds(labels, seed), start=1):
        step(f"calibrating, fold {fold} of {FOLDS}")
        pipeline = _fitted(labels.rows(fitted), weights[fitted])
        log_odds[held_out] = _raw_log_odds(pipeline, labels.rows(held_out).prompts)
    step("fitting")
    pipeline = _fitted(labels, weights)
    _calibrate(pipeline["classify"], log_odds, labels.failure, weights)
    return pipeline


def source_weights(sources: Strings) -> Floats:
    """A weight a prompt, 1 on average: every source counts once, the seed prompts `SEED_PROMPTS_WEIGHT` times."""
    _, inverse, counts = np.unique(sources, return_inverse=True, return_counts=True)
    weights = np.where(sources == SEED_SOURCE, SEED_PROMPTS_WEIGHT, 1.0) / counts[inverse]
    return np.asarray(weights / weights.mean(), dtype=np.float64)


def figures_by_source(labels: Labels, scores: Floats) -> dict[str, dict[str, Any]]:
    """For the card: size, mean failure, calibration error and reliability table of every source."""
    return {
        str(source): _source_card(labels.failure[labels.sources == source], scores[labels.sources == source])
        for source in np.unique(labels.sources)
    }


def _source_card(failure: Floats, scores: Floats) -> dict[str, Any]:
    return {
        "n": len(failure),
        "failed": float(failure.mean()),
        "mean_score": float(scores.mean()),
        "rank_correlation": _rank_correlation(scores, failure),
        "calibration_error": calibration_error(scores, failure),
        "reliability": reliability(scores, failure),
    }


def _rank_correlation(first: Floats, second: Floats) -> float:
    return float(np.corrcoef(average_ranks(first), average_ranks(second))[0, 1])


def _folds(labels: Labels, seed: int) -> Any:
    splitter = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    return splitter.split(labels.failure, groups=labels.groups)


def _fitted(labels: Labels, weights: Floats) -> Pipeline:
    return new_pipeline().fit(labels.prompts, labels.failure, classify__sample_weight=weights)


def _raw_log_odds(pipeline: Pipeline, prompts: Sequence[Prompt]) -> Floats:
    classifier: CautiousLogistic = pipeline["classify"]
    return classifier.raw_log_odds(pipeline["vectorise"].transform(prompts))


def _calibrate(classifier: CautiousLogistic, log_odds: Floats, failure: Floats, weights: Floats) -> None:
    """Platt scaling: slope and intercept from held-out folds, whose log-odds err as those of new prompts do."""
    rows = np.concatenate([log_odds, log_odds])[:, None]
    labels = np.repeat([1, 0], len(failure))
    scaling = LogisticRegression(C=1e6).fit(rows, labels, np.concatenate([weights * failure, weights * (1 - failure)]))
    classifier.slope_ = float(scaling.coef_[0, 0])
    classifier.intercept_ = float(scaling.intercept_[0])


def counts(labels: Labels) -> Mapping[str, int]:
    """Prompts by source."""
    names, sizes = np.unique(labels.sources, return_counts=True)
    return {str(name): int(size) for name, size in zip(names, sizes, strict=True)}
