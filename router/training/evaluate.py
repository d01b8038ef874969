"""How well a scorer routes between one small and one large model, source by source.

Sources are never pooled: half of the public data are exam questions, so recognising those makes a pooled figure good.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from router.decision import Prompt
from router.errors import DatasetError
from router.training.dataset import Dataset, Floats
from router.training.metrics import (
    ConfidenceInterval,
    Metric,
    apgr,
    auc_need,
    auc_wrong,
    bootstrap,
    cost_quality_curve,
    cpt,
    kept_local,
)

METRICS: Mapping[str, Metric] = {
    "auc": auc_need,
    "auc_wrong": auc_wrong,
    "apgr": apgr,
    "cpt50": cpt(0.5),
    "cpt80": cpt(0.8),
    "local90": kept_local(0.9),
}
"""Figures by name, in the order of the table."""

RANDOM_DRAWS = 25


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One source under one metric: the models' mean scores, and how well each router chooses.

    Parameters
    ----------
    routers : mapping of str to mapping of str to ConfidenceInterval
        Figures by router (``slimgate``, ``length``, ``random``, ``oracle``) and name.
    curves : mapping of str to list of (float, float)
        By router: share sent to the large model, and the mean quality at that share.
    """

    source: str
    metric: str
    n: int
    small_mean: float
    large_mean: float
    routers: Mapping[str, Mapping[str, ConfidenceInterval]]
    curves: Mapping[str, list[tuple[float, float]]]


def evaluate(
    dataset: Dataset, scores: Floats, small: str, large: str, done: Callable[[str], None] = lambda _source: None
) -> list[SourceFigures]:
    """Judge `scores`, one a prompt of `dataset`, as router between the models `small` and `large`.

    Parameters
    ----------
    done : callable
        Called with the name of each source when its figures are ready.

    Raises
    ------
    DatasetError
        If a model is unknown, or the two were never tested on the same prompt.
    """
    for model in (small, large):
        if model not in dataset.models:
            raise DatasetError(f"no outcomes of {model!r}; there are some of: {', '.join(dataset.models)}")
    figures = []
    for source, metric in _combinations(dataset, small, large):
        figures.append(_source_figures(dataset, scores, source, metric, (small, large)))
        done(source)
    if not figures:
        raise DatasetError(f"{small} and {large} have no prompts in common under one metric")
    return figures


def _combinations(dataset: Dataset, small: str, large: str) -> Iterator[tuple[str, str]]:
    for source in sorted(set(dataset.sources)):
        for metric in dataset.metrics:
            if (metric, small) in dataset.outcomes and (metric, large) in dataset.outcomes:
                both = ~np.isnan(dataset.outcomes[metric, small] + dataset.outcomes[metric, large])
                if (both & (dataset.sources == source)).any():
                    yield str(source), metric


def _source_figures(dataset: Dataset, scores: Floats, source: str, metric: str, pair: tuple[str, str]) -> SourceFigures:
    small, large = (dataset.outcomes[metric, model] for model in pair)
    rows = (dataset.sources == source) & ~np.isnan(small + large)
    small, large = small[rows], large[rows]
    groups = np.unique(dataset.groups[rows], return_inverse=True)[1]
    lengths = np.array([_length(prompt) for prompt in dataset.where(rows).prompts], dtype=np.float64)
    judged = {"slimgate": scores[rows], "length": lengths, "oracle": _without_ties(large - small)}
    routers = {
        name: {key: bootstrap(figure, small, large, score, groups) for key, figure in METRICS.items()}
        for name, score in judged.items()
    }
    routers["random"] = {key: _random_figure(figure, small, large) for key, figure in METRICS.items()}
    curves = {name: _curve(small, large, score) for name, score in judged.items()}
    return SourceFigures(source, metric, len(small), float(small.mean()), float(large.mean()), routers, curves)


def _without_ties(score: Floats) -> Floats:
    """Make equal scores differ by a tiny amount: else the curve's thresholds could not divide them."""
    return score + np.linspace(0, 1e-9, len(score))


def _curve(small: Floats, large: Floats, score: Floats) -> list[tuple[float, float]]:
    shares, quality = cost_quality_curve(small, large, score)
    return list(zip(shares.tolist(), quality.tolist(), strict=True))


def _length(prompt: Prompt) -> int:
    return sum(len(turn.text) for turn in prompt.turns)


def _random_figure(figure: Metric, small: Floats, large: Floats) -> ConfidenceInterval:
    """Mean and spread of random routers."""
    rng = np.random.default_rng(0)
    draws = np.array([figure(small, large, rng.random(len(small))) for _ in range(RANDOM_DRAWS)])
    low, high = np.quantile(draws, [0.025, 0.975])
    return ConfidenceInterval(float(draws.mean()), float(low), float(high))
