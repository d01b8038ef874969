"""The texts that a classifier learns a model's marks from: items of every family that nobody is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.pipeline import Pipeline

from router.classifier import all_words, with_words
from router.decision import Prompt
from router.exam.ability import ENGLISH, AbilityModel, cell_of, shares
from router.exam.graded import ItemKey
from router.exam.item import LEVELS, Family
from router.training.refit import served_columns

if TYPE_CHECKING:
    from router.training.exam import Weights

Floats = NDArray[np.float64]

ENGLISH_TEXTS, FOREIGN_TEXTS = 40, 8
"""Items of each family and level that are learnt from, in English and in each other language."""

COUNT_AS = 4000.0
"""All texts together, in labels."""

MIN_DF = 4
"""Words in fewer items are not learnt."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Prompts as served.

    Attributes
    ----------
    rows : sparse matrix of shape (n_prompts, n_columns + 1)
        The last column is the vocabulary coverage, which the bias is multiplied by.
    """

    rows: sparse.csr_matrix

    def log_odds(self, weights: "Weights") -> Floats:
        """Of failing, by `weights`."""
        return np.asarray(weights.level + self.rows @ np.append(weights.columns, weights.bias), dtype=np.float64)


class Study:
    """Texts as columns: the same for every model. Their seeds are odd, and those of items that are asked even.

    Parameters
    ----------
    families : mapping of str to Family
        Those that the model is examined in.
    base : Pipeline
        The classifier to start from.

    Attributes
    ----------
    vectoriser : PromptVectoriser
        Of `base`, with the words of the texts.
    prompts, texts : list of Prompt, Columns
        The same texts twice.
    cells : sequence of Cell
        Of `router.exam.ability`.
    rows, counts : ndarray of shape (n_texts,)
        The cell that each text belongs to, and how many labels it counts as.
    start : ndarray of shape (n_columns + 1,)
        The weights of `base`, calibrated, 0 for new words; its bias last.
    """

    def __init__(self, families: Mapping[str, Family], base: Pipeline) -> None:
        self.families = families
        self.base = base
        keys = list(_keys(families))
        self.prompts = [self.prompt(key) for key in keys]
        # Cues count as words too: they say the same of all models, but one can summarise and not translate.
        self.vectoriser = with_words(base["vectorise"], self.prompts, all_words, MIN_DF)
        self.texts = self.columns_of(self.prompts)
        self.n_columns = self.texts.rows.shape[1] - 1
        model = AbilityModel(families)
        self.cells = model.cells
        self.rows = np.array([model.rows[cell_of(key)] for key in keys])
        weights = shares(model.cells) / np.maximum(1, np.bincount(self.rows, minlength=len(model.cells)))
        self.counts = COUNT_AS * weights[self.rows] / weights[self.rows].sum()
        self.start = _start(base, self.n_columns)

    def prompt(self, key: ItemKey) -> Prompt:
        """The text of an item."""
        return self.families[key.family].item(key.level, key.language, key.seed).prompt

    def without(self, family: str) -> Floats:
        """`counts` if nothing were known of `family`."""
        own = np.array([cell.family == family for cell in self.cells])
        return np.where(own[self.rows], 0.0, self.counts)

    def columns_of(self, prompts: Sequence[Prompt]) -> Columns:
        """Prompts as columns."""
        columns, trust = served_columns(self.vectoriser.transform(prompts))
        return Columns(sparse.hstack([columns, trust[:, None]]).tocsr())


def _keys(families: Mapping[str, Family]) -> Iterator[ItemKey]:
    for family in families.values():
        for level in LEVELS:
            for language in family.languages:
                n_texts = ENGLISH_TEXTS if language == ENGLISH else FOREIGN_TEXTS
                yield from (ItemKey(family.name, level, language, 2 * number + 1) for number in range(n_texts))


def _start(base: Pipeline, n_columns: int) -> Floats:
    classifier = base["classify"]
    old = classifier.slope_ * classifier.logistic_.coef_[0]
    bias = classifier.slope_ * classifier.logistic_.intercept_[0] + classifier.intercept_
    return np.concatenate([old, np.zeros(n_columns - len(old)), [bias]])
