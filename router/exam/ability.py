"""How often a model passes items of each family, level and language, from the few that it was asked.

One logistic regression with normal priors: the log-odds of passing are a sum of the model's own level, the family's,
the difficulty's (steeper or flatter in each family), the language's, and what foreign languages cost in that family.
The priors are the hierarchical shrinkage: a family with few answers is judged mostly by the others. The posterior is
approximated as normal around its mode (Laplace).

References
----------
.. [1] Rasch, "Probabilistic Models for Some Intelligence and Attainment Tests", 1960: log-odds of passing as ability
       minus difficulty.
.. [2] Gelman, Hill, "Data Analysis Using Regression and Multilevel/Hierarchical Models", 2007, chapter 14.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from router.exam.graded import ItemKey
from router.exam.item import LANGUAGES, LEVELS, Family

Floats = NDArray[np.float64]

ENGLISH = LANGUAGES[0]

LEVEL_SD, SLOPE_MEAN, SLOPE_SD, LANGUAGE_MEAN, LANGUAGE_SD = 1.5, 1.0, 0.7, -0.5, 0.7
FAMILY_SD, FAMILY_SLOPE_SD, FAMILY_FOREIGN_SD = 1.5, 0.6, 0.7

LEVEL_SHARES = {1: 5 / 15, 2: 4 / 15, 3: 3 / 15, 4: 2 / 15, 5: 1 / 15}
"""How much each level counts: most of what people ask is short and simple."""

MOST_STEPS = 30
"""Of Newton's method; five are enough as a rule."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What items are told apart by."""

    family: str
    level: int
    language: str


def cell_of(key: ItemKey) -> Cell:
    """Where an item belongs."""
    return Cell(key.family, key.level, key.language)


def all_cells(families: Iterable[Family]) -> list[Cell]:
    """Every family at every level in each of its languages."""
    return [
        Cell(family.name, level, language) for family in families for level in LEVELS for language in family.languages
    ]


def shares(cells: Sequence[Cell]) -> Floats:
    """How much each cell counts: every family the same, in it easy levels more, and English as much as all others."""
    foreign: dict[tuple[str, int], int] = {}
    for cell in cells:
        foreign[cell.family, cell.level] = foreign.get((cell.family, cell.level), 0) + (cell.language != ENGLISH)
    weights = np.array(
        [LEVEL_SHARES[cell.level] * _share(cell.language, foreign[cell.family, cell.level]) for cell in cells]
    )
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _share(language: str, n_foreign: int) -> float:
    if not n_foreign:
        return 1.0
    return 0.5 if language == ENGLISH else 0.5 / n_foreign


class AbilityModel:
    """The regression over the cells of `families`.

    Parameters
    ----------
    families : mapping of str to Family
        Those that are examined.
    """

    def __init__(self, families: Mapping[str, Family]) -> None:
        self.cells = all_cells(families.values())
        self.rows = {cell: row for row, cell in enumerate(self.cells)}
        self.design = np.array([_design_row(cell, list(families)) for cell in self.cells])
        self._mean, deviation = _priors(len(families))
        self._prior_precision = np.diag(deviation**-2)

    def fit(self, answers: Sequence[tuple[Cell, bool]], start: Floats | None = None) -> "Ability":
        """The posterior after `answers`; `start` is a mode to begin at, an earlier one of the same model."""
        tried = np.bincount([self.rows[cell] for cell, _ in answers], minlength=len(self.cells)).astype(np.float64)
        right = np.bincount([self.rows[cell] for cell, passed in answers if passed], minlength=len(self.cells)).astype(
            np.float64
        )
        mode = self._mean if start is None else start
        for _step in range(MOST_STEPS):
            chance = expit(self.design @ mode)
            slope = self.design.T @ (right - tried * chance) - self._prior_precision @ (mode - self._mean)
            step = cho_solve(cho_factor(self._precision(tried, chance)), slope)
            mode = mode + step * min(1.0, 3.0 / (np.abs(step).max() + 1e-9))
            if np.abs(step).max() < 1e-6:
                break
        return Ability(self, mode, self._precision(tried, expit(self.design @ mode)))

    def _precision(self, tried: Floats, chance: Floats) -> Floats:
        information = tried * chance * (1 - chance)
        return np.asarray((self.design.T * information) @ self.design + self._prior_precision, dtype=np.float64)


def _design_row(cell: Cell, families: Sequence[str]) -> list[float]:
    """Columns: level, slope, one a foreign language; then level, slope and foreign languages of each family."""
    ease, is_foreign = (3 - cell.level) / 2, float(cell.language != ENGLISH)
    shared = [1.0, ease, *(float(cell.language == language) for language in LANGUAGES[1:])]
    own = [[value if name == cell.family else 0.0 for name in families] for value in (1.0, ease, is_foreign)]
    return [*shared, *own[0], *own[1], *own[2]]


def _priors(n_families: int) -> tuple[Floats, Floats]:
    n_foreign = len(LANGUAGES) - 1
    mean = np.array([0.0, SLOPE_MEAN] + [LANGUAGE_MEAN] * n_foreign + [0.0] * (3 * n_families))
    shared = [LEVEL_SD, SLOPE_SD] + [LANGUAGE_SD] * n_foreign
    own = [[sd] * n_families for sd in (FAMILY_SD, FAMILY_SLOPE_SD, FAMILY_FOREIGN_SD)]
    return mean, np.array([*shared, *own[0], *own[1], *own[2]])


class Ability:
    """What is known of a model: a normal distribution over the regression's weights.

    Attributes
    ----------
    mode, precision, covariance : ndarray
        Of that distribution.
    """

    def __init__(self, model: AbilityModel, mode: Floats, precision: Floats) -> None:
        self.model = model
        self.mode = mode
        self.precision = precision
        self.covariance = np.linalg.inv(precision)

    def pass_rates(self) -> Floats:
        """The expected share of right answers in every cell.

        The mean of a logistic of a normal variable, by MacKay's approximation ("The Evidence Framework Applied to
        Classification Networks", 1992).
        """
        design = self.model.design
        variance = ((design @ self.covariance) * design).sum(axis=1)
        return np.asarray(expit(design @ self.mode / np.sqrt(1 + np.pi / 8 * variance)), dtype=np.float64)

    def gradients(self) -> Floats:
        """How each cell's pass rate moves with the weights, one row a cell."""
        chance = expit(self.model.design @ self.mode)
        return np.asarray(self.model.design * (chance * (1 - chance))[:, None], dtype=np.float64)

    def deviations(self, averages: Floats) -> Floats:
        """The standard deviations of averages of pass rates.

        Parameters
        ----------
        averages : ndarray of shape (n_averages, n_cells)
            How much each cell counts in each average.
        """
        directions = averages @ self.gradients()
        return np.asarray(np.sqrt(((directions @ self.covariance) * directions).sum(axis=1)), dtype=np.float64)
