"""The families of the exam as directions in the space of words (`router.family_match`)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize

from router.exam.graded import Graded
from router.family_match import FamilyMatcher, FamilyWords
from router.text.features import FEATURES
from router.training.exam_study import Study

Floats = NDArray[np.float64]

WORDS_KEPT = 400
"""Of each family, the words that count most: the rest are names and goods."""


def family_matcher(study: Study, answers: Sequence[Graded]) -> FamilyMatcher:
    """The matcher over the families of `study`, with how the model did in each."""
    words = normalize(study.texts.rows[:, len(FEATURES) : -1])
    names = list(study.families)
    owner = np.array([names.index(study.cells[row].family) for row in study.rows])
    directions = np.vstack([_direction(words[owner == number]) for number in range(len(names))])
    cosines = words @ directions.T
    own = cosines[np.arange(len(owner)), owner].copy()
    cosines[np.arange(len(owner)), owner] = -1.0
    vocabulary = list(study.vectoriser.tfidf_.get_feature_names_out())
    families = {
        name: FamilyWords(study.families[name].title, *_counts(answers, name), _words(direction, vocabulary))
        for name, direction in zip(names, directions, strict=True)
    }
    return FamilyMatcher(families, float(np.median(cosines.max(axis=1))), float(np.median(own)))


def _direction(rows: sparse.csr_matrix) -> Floats:
    mean = np.asarray(rows.mean(axis=0)).ravel()
    mean[np.argsort(mean)[:-WORDS_KEPT]] = 0.0
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float64)


def _words(direction: Floats, vocabulary: Sequence[str]) -> dict[str, float]:
    return {str(vocabulary[int(at)]): round(float(direction[at]), 5) for at in np.flatnonzero(direction)}


def _counts(answers: Sequence[Graded], family: str) -> tuple[int, int]:
    own = [answer for answer in answers if answer.key.family == family]
    return len(own), sum(answer.passed for answer in own)
