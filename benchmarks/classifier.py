"""Candidates for the routing classifier, judged on sources that they were not fitted on. Prints a Markdown table.

    python benchmarks/classifier.py DATA_DIR

Each public source is left out in turn; `docs/classifier.md` keeps the outcome. APGR (chance 0.5) of one small and one
large model a source, as `slimgate evaluate` computes it, on all its prompts.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_union

from router.classifier import new_pipeline
from router.decision import Prompt
from router.text.features import hand_features
from router.text.preprocessing import preprocess
from router.training.dataset import Dataset, read_dataset
from router.training.metrics import apgr
from router.training.seed_prompts import SOURCE
from router.training.train import NOT_SHIPPED, SPLITS, Labels, labels_of, seed_labels, source_weights

Floats = NDArray[np.float64]
Candidate = Callable[[Labels, Sequence[Prompt]], Floats]

PAIRS = {
    "mmlu-pro": ("accuracy", "phi-3-mini-4k-instruct", "gpt-4o-2024-05-13"),
    "llmrouter": ("accuracy", "llama-3.1-8b-instruct", "llama-3.1-nemotron-51b-instruct"),
    "arena-bench-v1": ("gpt-4-mark/10", "starling-lm-7b-alpha", "gpt-4-1106-preview"),
    "alpaca-eval": ("winrate-vs-gpt-4-1106-preview", "mistral-7b-instruct-v0.2", "gpt-4-1106-preview"),
    "bfcl": ("accuracy", "llama-3-8b-instruct", "gpt-4-0613"),
}


def text_of(prompt: Prompt) -> str:
    return "\n".join(turn.text for turn in prompt.turns)


def features(prompts: Sequence[Prompt]) -> Floats:
    return np.array([hand_features(preprocess(prompt)) for prompt in prompts])


def soft_logistic(
    rows: sparse.csr_matrix, failure: Floats, weights: Floats, strength: float = 1.0
) -> LogisticRegression:
    both = sparse.vstack([rows, rows]).tocsr()
    shares = np.concatenate([weights * failure, weights * (1 - failure)])
    return LogisticRegression(C=strength, max_iter=3000).fit(both, np.repeat([1, 0], len(failure)), shares)


def shipped(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    pipeline = new_pipeline()
    pipeline.fit(known.prompts, known.failure, classify__sample_weight=source_weights(known.sources))
    return np.asarray(pipeline.predict_proba(prompts)[:, 1])


def without_seed_prompts(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    return shipped(known.rows(np.flatnonzero(known.sources != SOURCE)), prompts)


def seed_prompts_only(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    return shipped(known.rows(np.flatnonzero(known.sources == SOURCE)), prompts)


def features_only(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    model = soft_logistic(sparse.csr_matrix(features(known.prompts)), known.failure, source_weights(known.sources))
    return np.asarray(model.decision_function(features(prompts)))


def vectorised(vectoriser: TfidfVectorizer, weigh: Callable[[Labels], Floats]) -> Candidate:
    def candidate(known: Labels, prompts: Sequence[Prompt]) -> Floats:
        rows = vectoriser.fit_transform([text_of(prompt) for prompt in known.prompts])
        model = soft_logistic(rows, known.failure, weigh(known))
        return np.asarray(model.decision_function(vectoriser.transform([text_of(prompt) for prompt in prompts])))

    return candidate


def equal(known: Labels) -> Floats:
    return source_weights(known.sources)


def square_root(known: Labels) -> Floats:
    _, inverse, counts = np.unique(known.sources, return_inverse=True, return_counts=True)
    return np.asarray(1 / np.sqrt(counts[inverse]) * np.sqrt(counts).mean())


def regressed(make: Callable[[], object]) -> Candidate:
    def candidate(known: Labels, prompts: Sequence[Prompt]) -> Floats:
        model = make()
        model.fit(features(known.prompts), known.failure, sample_weight=source_weights(known.sources))  # type: ignore[attr-defined]
        return np.asarray(model.predict(features(prompts)))  # type: ignore[attr-defined]

    return candidate


def neighbours(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    vectoriser = TfidfVectorizer(sublinear_tf=True, min_df=2)
    rows = vectoriser.fit_transform([text_of(prompt) for prompt in known.prompts])
    model = KNeighborsRegressor(40, metric="cosine").fit(rows, known.failure)
    return np.asarray(model.predict(vectoriser.transform([text_of(prompt) for prompt in prompts])))


def latent_semantics(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    vectoriser = TfidfVectorizer(sublinear_tf=True, min_df=2)
    svd = TruncatedSVD(100, random_state=0)
    rows = svd.fit_transform(vectoriser.fit_transform([text_of(prompt) for prompt in known.prompts]))
    model = soft_logistic(sparse.csr_matrix(rows), known.failure, equal(known), 10.0)
    return np.asarray(model.decision_function(svd.transform(vectoriser.transform([text_of(p) for p in prompts]))))


def one_expert_a_source(known: Labels, prompts: Sequence[Prompt]) -> Floats:
    """A logistic regression for each source; only weights whose sign all sources share are kept, and averaged."""
    rows, wanted = features(known.prompts), features(prompts)
    experts = []
    for source in np.unique(known.sources):
        of = known.sources == source
        experts.append(soft_logistic(sparse.csr_matrix(rows[of]), known.failure[of], np.ones(of.sum())).coef_[0])
    signs = np.abs(np.sign(experts).sum(axis=0)) == len(experts)
    return np.asarray(wanted @ (np.mean(experts, axis=0) * signs))


CANDIDATES: dict[str, Candidate] = {
    "random": lambda _known, prompts: np.random.default_rng(0).random(len(prompts)),
    "length alone": lambda _known, prompts: np.array([float(len(text_of(prompt))) for prompt in prompts]),
    "**shipped: features, words, caution; seed prompts among the data**": shipped,
    "the same without the seed prompts": without_seed_prompts,
    "the same on the seed prompts alone": seed_prompts_only,
    "features alone, logistic regression": features_only,
    "TF-IDF of words": vectorised(TfidfVectorizer(sublinear_tf=True, min_df=3), equal),
    "TF-IDF of words 1-2 and characters 2-4, sources by 1/sqrt": vectorised(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=3),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3),
        ),
        square_root,
    ),
    "words hashed to 4,096 columns": vectorised(HashingVectorizer(n_features=4096), equal),
    "latent semantics (100 of TF-IDF)": latent_semantics,
    "gradient boosting on the features": regressed(lambda: HistGradientBoostingRegressor(max_iter=150, random_state=0)),
    "random forest on the features": regressed(
        lambda: RandomForestRegressor(200, min_samples_leaf=20, n_jobs=2, random_state=0)
    ),
    "40 nearest neighbours of TF-IDF": neighbours,
    "one expert a source, weights that all agree on": one_expert_a_source,
}


def judged(candidate: Candidate, labels: Labels, dataset: Dataset) -> list[float]:
    """APGR by source, each source scored by a classifier fitted on the others."""
    figures = []
    for source, (metric, small, large) in PAIRS.items():
        known = labels.rows(np.flatnonzero(labels.sources != source))
        part = dataset.where(dataset.sources == source)
        weak, strong = part.outcomes[metric, small], part.outcomes[metric, large]
        both = ~np.isnan(weak + strong)
        scores = candidate(known, part.prompts)
        figures.append(apgr(weak[both], strong[both], scores[both]))
    return figures


def main(folder: Path) -> None:
    dataset = read_dataset(folder)
    dataset = dataset.where(~np.isin(dataset.tasks, ["math/gsm8k", "qa/mmlu-auxiliary"]))
    labels = labels_of(dataset, SPLITS[0]) + labels_of(dataset, SPLITS[1])
    labels += seed_labels(SPLITS[0]) + seed_labels(SPLITS[1])
    print(f"| candidate | {' | '.join(PAIRS)} | mean | seconds |\n| --- |{' --- |' * (len(PAIRS) + 2)}")
    for name, candidate in CANDIDATES.items():
        began = time.perf_counter()
        figures = judged(candidate, labels, dataset)
        took = time.perf_counter() - began
        print(
            f"| {name} | {' | '.join(f'{figure:.3f}' for figure in (*figures, np.mean(figures)))} | {took:.0f} |",
            flush=True,
        )
    print(f"\nSources left out of every fit: {', '.join(NOT_SHIPPED)}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
