"""The scikit-learn side of the classifier: used to fit it, and by scikit-learn users who load ``pipeline.skops``.

::

    Prompt ─► PromptVectoriser ─► CautiousLogistic ─► P(the local model's answer is inadequate)
              hand features        logistic regression on soft labels,
              TF-IDF of words      calibrated, pulled to `PRIOR` where
              vocabulary coverage  few words are known

Serving never imports this: `router.compiled` does the same arithmetic without scikit-learn, which takes 95 MB. The
names here are part of every saved ``pipeline.skops`` (`router.artifact.TRUSTED`): keep them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from router.decision import Prompt
from router.text.features import FEATURES, TIED_TO_LANGUAGE, hand_features
from router.text.lexicon import WORD_KINDS
from router.text.preprocessing import PreprocessedPrompt, preprocess
from router.text.vocabulary_coverage import PRIOR, vocabulary_coverage

Floats = NDArray[np.float64]
Words = Callable[[PreprocessedPrompt], list[str]]

INDEPENDENT_OF_LANGUAGE = np.array([name not in TIED_TO_LANGUAGE for name in FEATURES])
"""For each hand feature, whether it counts in full whatever the vocabulary coverage."""


def plain_words(document: PreprocessedPrompt) -> list[str]:
    """The words that are no cues, each as often as it occurs.

    A cue counts as its kind, never as a word too: so what is learnt about "prove" holds for "证明".
    """
    return [word for word, count in document.words.items() if word not in WORD_KINDS for _ in range(count)]


def all_words(document: PreprocessedPrompt) -> list[str]:
    """Every word, cues too: to know one model is to know that it can summarise but not translate."""
    return [word for word, count in document.words.items() for _ in range(count)]


class PromptVectoriser(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Prompts to rows of hand features, TF-IDF of single words, and vocabulary coverage in the last column.

    Parameters
    ----------
    min_df : int
        Words in fewer prompts are not learnt.
    """

    def __init__(self, min_df: int = 2) -> None:
        self.min_df = min_df

    def fit(self, prompts: Sequence[Prompt], y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn's signature
        self.tfidf_ = TfidfVectorizer(analyzer=plain_words, min_df=self.min_df, sublinear_tf=True)
        self.tfidf_.fit([preprocess(prompt) for prompt in prompts])
        return self

    def transform(self, prompts: Sequence[Prompt]) -> sparse.csr_matrix:
        documents = [preprocess(prompt) for prompt in prompts]
        hand = np.array([hand_features(document) for document in documents])
        vocabulary = self.tfidf_.vocabulary_
        coverage = np.array([[vocabulary_coverage(document, vocabulary)] for document in documents])
        return sparse.hstack([hand, self.tfidf_.transform(documents), coverage]).tocsr()


def with_words(vectoriser: PromptVectoriser, prompts: Sequence[Prompt], words: Words, min_df: int) -> PromptVectoriser:
    """The same columns, then one for each other word that at least `min_df` of `prompts` hold.

    Parameters
    ----------
    words : callable
        `plain_words` or `all_words`: what counts as a word.
    """
    own = TfidfVectorizer(analyzer=words, min_df=min_df, sublinear_tf=True)
    own.fit([preprocess(prompt) for prompt in prompts])
    old = vectoriser.tfidf_
    new = [word for word in own.get_feature_names_out() if word not in old.vocabulary_]
    old_words = sorted(old.vocabulary_, key=old.vocabulary_.__getitem__)
    merged = TfidfVectorizer(analyzer=words, sublinear_tf=True, vocabulary=[*old_words, *new])
    merged.idf_ = np.concatenate([old.idf_, [own.idf_[own.vocabulary_[word]] for word in new]])
    wider = PromptVectoriser(vectoriser.min_df)
    wider.tfidf_ = merged
    return wider


class CautiousLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Logistic regression on soft labels, calibrated, and pulled to `PRIOR` by the last column, vocabulary coverage.

    In a text of unknown words, only numbers, symbols and cue words count in full.

    Parameters
    ----------
    C : float
        Inverse strength of the regularisation.
    """

    def __init__(self, C: float = 1.0) -> None:  # noqa: N803  # scikit-learn's name
        self.C = C
        self.slope_ = 1.0
        self.intercept_ = 0.0

    def fit(self, X: Any, y: Floats, sample_weight: Floats | None = None) -> Self:  # noqa: N803
        """Fit to `y`, how likely each prompt fails; a soft label counts as a share of either class."""
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        rows = sparse.vstack([X[:, :-1], X[:, :-1]]).tocsr()
        labels = np.repeat([1, 0], len(y))
        self.logistic_ = LogisticRegression(C=self.C, max_iter=3000)
        self.logistic_.fit(rows, labels, np.concatenate([weight * y, weight * (1 - y)]))
        self.classes_ = self.logistic_.classes_
        return self

    def raw_log_odds(self, X: Any) -> Floats:  # noqa: N803
        """Before calibration, and before vocabulary coverage counts."""
        return np.asarray(self.logistic_.decision_function(X[:, :-1]), dtype=np.float64)

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Columns: the local answer is adequate, the local answer fails."""
        trust = X[:, -1].toarray().ravel()
        full = self.slope_ * self.raw_log_odds(X) + self.intercept_
        independent = np.where(INDEPENDENT_OF_LANGUAGE, self._hand_weights, 0.0)
        anywhere = self.slope_ * (X[:, : len(FEATURES)] @ independent)
        prior = np.log(PRIOR / (1 - PRIOR))
        failing = 1 / (1 + np.exp(-(self.level + prior + trust * (full - anywhere - prior) + anywhere)))
        return np.column_stack([1 - failing, failing])

    @property
    def is_examined(self) -> bool:
        """Whether an exam of the model at hand taught it, or taught the one that it was adapted from."""
        return hasattr(self, "level_")

    @property
    def level(self) -> float:
        """Log-odds added to every score. Classifiers saved before there was an exam have none."""
        return float(getattr(self, "level_", 0.0))

    @property
    def _hand_weights(self) -> Floats:
        return np.asarray(self.logistic_.coef_[0, : len(FEATURES)], dtype=np.float64)


def new_pipeline(min_df: int = 2, C: float = 1.0) -> Pipeline:  # noqa: N803
    """An unfitted classifier, as it is shipped."""
    return Pipeline([("vectorise", PromptVectoriser(min_df)), ("classify", CautiousLogistic(C))])
