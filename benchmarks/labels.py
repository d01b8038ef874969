"""What labels of one's own are worth: APGR after adapting to so many, on the prompts that were not labelled.

    python -m benchmarks.labels DATA_DIR [DRAWS]

Prints a Markdown table; `docs/classifier.md` keeps the outcome. The classifier that is adapted never saw the source.
The reference is fitted to the same labels from nothing: TF-IDF of words 1-2 and characters 2-4, logistic regression.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from benchmarks.classifier import PAIRS, text_of
from router.classifier import new_pipeline
from router.training.adapt import adapt
from router.training.dataset import Dataset, read_dataset
from router.training.labels import Label
from router.training.metrics import apgr
from router.training.train import RESERVED_TASKS, SPLITS, labels_of, seed_labels, source_weights

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

SIZES = {
    "mmlu-pro": (50, 500, 1500),
    "llmrouter": (50, 500),
    "arena-bench-v1": (50, 150),
    "alpaca-eval": (50, 400),
}
"""Sources, and how many labels of each: what leaves prompts to judge by."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One source's prompts and how a small and a large model did, with a classifier that never saw them.

    `counts` are the reference's: words 1-2, characters 2-4.
    """

    part: Dataset
    small: Floats
    large: Floats
    base: Pipeline
    counts: tuple[sparse.csr_matrix, ...]

    def label(self, row: int) -> Label:
        return Label(self.part.prompts[row], bool(self.small[row] >= 0.5), bool(self.large[row] >= 0.5))

    def judged(self, scores: Floats, labelled: Rows) -> tuple[float, float]:
        """APGR on the dev split, and on all that shares no text with what was labelled."""
        rows = self.part.splits == SPLITS[1], ~np.isin(self.part.groups, self.part.groups[labelled])
        dev, rest = (apgr(self.small[which], self.large[which], scores[which]) for which in rows)
        return dev, rest


def traffic_of(dataset: Dataset, source: str) -> Traffic:
    labels = labels_of(dataset, SPLITS[0]) + labels_of(dataset, SPLITS[1])
    labels += seed_labels(SPLITS[0]) + seed_labels(SPLITS[1])
    others = labels.rows(np.flatnonzero(labels.sources != source))
    weights = source_weights(others.sources)
    base = new_pipeline().fit(others.prompts, others.failure, classify__sample_weight=weights)
    metric, small, large = PAIRS[source]
    usable = (dataset.sources == source) & ~np.isnan(dataset.outcomes[metric, small] + dataset.outcomes[metric, large])
    part = dataset.where(usable)
    texts = [text_of(prompt) for prompt in part.prompts]
    vectorisers = CountVectorizer(ngram_range=(1, 2)), CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    counts = tuple(vectoriser.fit_transform(texts) for vectoriser in vectorisers)
    return Traffic(part, part.outcomes[metric, small], part.outcomes[metric, large], base, counts)


def reference(traffic: Traffic, labelled: Rows) -> Floats:
    blocks = [_tfidf(counts, labelled) for counts in traffic.counts]
    columns = sparse.hstack(blocks).tocsr()
    model = LogisticRegression(max_iter=1000)
    model.fit(columns[labelled], (traffic.large > traffic.small)[labelled])
    return np.asarray(model.decision_function(columns))


def _tfidf(counts: sparse.csr_matrix, labelled: Rows) -> sparse.csr_matrix:
    """As if fitted to the labelled texts alone."""
    known = counts[:, np.flatnonzero(counts[labelled].getnnz(axis=0))]
    return TfidfTransformer(sublinear_tf=True).fit(known[labelled]).transform(known)


def adapted(traffic: Traffic, labelled: Rows) -> Floats:
    found = adapt(traffic.base, [traffic.label(row) for row in labelled])
    return np.asarray(found.pipeline.predict_proba(traffic.part.prompts)[:, 1])


def draws(traffic: Traffic, n: int, times: int) -> Iterator[Rows]:
    """Rows to label, from the train split."""
    pool = np.flatnonzero(traffic.part.splits == SPLITS[0])
    for draw in range(times):
        yield np.random.default_rng(draw).choice(pool, n, replace=False)


def cell(figures: Floats) -> str:
    """Mean and its standard error over the draws."""
    return f"{np.mean(figures):.3f} ± {np.std(figures, ddof=1) / np.sqrt(len(figures)):.3f}"


def main(folder: Path, times: int) -> None:
    dataset = read_dataset(folder)
    dataset = dataset.where(~np.isin(dataset.tasks, list(RESERVED_TASKS)))
    print("| source | labels | dev split | the rest | reference, dev split | the rest |")
    print("| --- | --- | --- | --- | --- | --- |")
    for source, sizes in SIZES.items():
        traffic = traffic_of(dataset, source)
        before = traffic.judged(traffic.base.predict_proba(traffic.part.prompts)[:, 1], np.array([], int))
        print(f"| {source} | 0 | {before[0]:.3f} | {before[1]:.3f} | – | – |", flush=True)
        for n in sizes:
            rows = list(draws(traffic, n, times))
            routers = [
                [traffic.judged(router(traffic, labelled), labelled) for labelled in rows]
                for router in (adapted, reference)
            ]
            cells = [cell(figures) for figures in np.transpose(routers, (0, 2, 1)).reshape(4, -1)]
            print(f"| {source} | {n} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20)
