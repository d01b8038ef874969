"""One examination: which item is asked next, and when enough is known.

A computerised adaptive test: each item is the one whose answer is expected to reduce most what is not known of the pass
rates of all families, levels and languages, per second that it takes. Items whose outcome is certain are not asked: a
model that fails two sums of level 1 is not asked twenty of level 5.

Of what was chosen that way, more is hard for the model than of what people ask. So some items are drawn at random, as
often from each cell as it counts (`router.exam.ability.shares`): calibration and the promise of a failure rate rest on
these alone (`is_drawn`).

References
----------
.. [1] van der Linden, Glas (eds.), "Computerized Adaptive Testing: Theory and Practice", 2000.
.. [2] Chaloner, Verdinelli, "Bayesian Experimental Design: A Review", Statistical Science 10 (1995): A-optimality.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from router.exam.ability import Ability, AbilityModel, Cell, Floats, cell_of, shares
from router.exam.graded import Graded, ItemKey
from router.exam.item import Family

MOST_ITEMS = 500

KNOWN_WELL = 0.05
"""Standard deviation of a family's pass rate at which the family counts as known."""

FEWEST_ITEMS = 6
"""Of each family, however certain the others make it seem."""

DRAWN_SHARE = 0.4
"""Of all items, the share that is drawn at random."""

FEWEST_DRAWN = 120
"""So many are drawn, however early all families are known: with 10 % of wrong answers allowed and half as many of those
given, about 100 local ones are needed to show it."""

SLOWEST = 4.0
"""An item that takes so many times as long as others counts as no slower: else long contexts would never be asked."""


_CHOSEN, _DRAWN = 0, 2
"""Remainders of seeds by 4, of items that were chosen and that were drawn. Odd seeds are for texts to learn from."""


def is_drawn(key: ItemKey) -> bool:
    """Whether the item was drawn at random."""
    return key.seed % 4 == _DRAWN


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an examination is.

    Parameters
    ----------
    asked, passed : int
        Items.
    known, families : int
        Families that are known well enough, of how many.
    expected : int
        Items in all, an estimate.
    """

    asked: int
    passed: int
    known: int
    families: int
    expected: int


class Sitting:
    """One examination; it goes on from `graded`, answers that were given before.

    Parameters
    ----------
    families : mapping of str to Family
        Those that the model is examined in.
    graded : sequence of Graded
        Answers so far; those of other families are left out.
    most_items : int
        The examination ends after so many, whatever is known.
    most_s : float
        And once the answers have taken so long, in seconds, all added up.
    """

    def __init__(
        self,
        families: Mapping[str, Family],
        graded: Sequence[Graded] = (),
        *,
        most_items: int = MOST_ITEMS,
        most_s: float = math.inf,
    ) -> None:
        self._model = AbilityModel(families)
        self._names = list(families)
        self._most_items, self._most_s = most_items, most_s
        self._family_weights = _family_weights(self._model.cells, self._names)
        self._shares = shares(self._model.cells)
        self._graded = [answer for answer in graded if cell_of(answer.key) in self._model.rows]
        self._pending: list[ItemKey] = []
        self._seeds = Counter((cell_of(answer.key), answer.key.seed % 4) for answer in self._graded)
        self._ability = self._fitted(None)

    def next(self) -> ItemKey | None:
        """The next item to ask; None once enough is known. It is pending until `record` or `give_back`."""
        if self._is_over(len(self._pending)):
            return None
        key = self._drawn() if self._n_drawn < DRAWN_SHARE * (self._n_asked + 1) else self._chosen() or self._drawn()
        if key is not None:
            self._pending.append(key)
        return key

    def _chosen(self) -> ItemKey | None:
        """The item that tells most; None where all families are known."""
        gains = self._gains()
        return self._item(self._model.cells[int(gains.argmax())], _CHOSEN) if gains.any() else None

    def _drawn(self) -> ItemKey | None:
        """An item at random; None where all families are known, and enough were drawn."""
        if self._n_drawn >= FEWEST_DRAWN and not self._is_open(self._ability).any():
            return None
        at = np.random.default_rng(self._n_drawn).choice(len(self._shares), p=self._shares)
        return self._item(self._model.cells[int(at)], _DRAWN)

    @property
    def _n_asked(self) -> int:
        return len(self._graded) + len(self._pending)

    @property
    def _n_drawn(self) -> int:
        return sum(is_drawn(key) for key in self._keys)

    @property
    def _keys(self) -> list[ItemKey]:
        return [*(answer.key for answer in self._graded), *self._pending]

    def record(self, graded: Graded) -> None:
        """Take the answer to a pending item."""
        self._pending.remove(graded.key)
        self._graded.append(graded)
        self._ability = self._fitted(self._ability.mode)

    def give_back(self, key: ItemKey) -> None:
        """The item was not answered: another one may take its place."""
        self._pending.remove(key)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        asked, known = len(self._graded), int((~self._is_open(self._ability)).sum())
        is_near = 2 * known >= len(self._names)
        expected = round(asked * len(self._names) / known) if is_near else self._most_items
        is_done = self._is_over(0) or (known == len(self._names) and self._n_drawn >= FEWEST_DRAWN)
        return Progress(
            asked,
            sum(answer.passed for answer in self._graded),
            known,
            len(self._names),
            asked if is_done else max(asked + 1, min(expected, self._most_items)),
        )

    def _is_over(self, n_pending: int) -> bool:
        """Whether as much was asked as may be, whatever is known."""
        spent_s = sum(answer.total_s for answer in self._graded)
        return len(self._graded) + n_pending >= self._most_items or spent_s >= self._most_s

    def _fitted(self, start: Floats | None) -> Ability:
        return self._model.fit([(cell_of(answer.key), answer.passed) for answer in self._graded], start)

    def _gains(self) -> Floats:
        """What an item of each cell is worth per second; 0 in families that are known."""
        ability = self._with_pending()
        gradients, design = ability.gradients(), self._model.design
        spread = design @ ability.covariance
        chance = ability.pass_rates()
        information = chance * (1 - chance)
        matters = (gradients.T * self._shares) @ gradients
        reduced = ((spread @ matters) * spread).sum(axis=1) * information
        gain = reduced / (1 + information * (spread * design).sum(axis=1)) / self._relative_times()
        still_open = self._is_open(ability)
        return np.asarray(gain * np.array([still_open[self._names.index(cell.family)] for cell in self._model.cells]))

    def _with_pending(self) -> Ability:
        """As if the pending items were answered: what is expected to be known then."""
        rows = [self._model.rows[cell_of(key)] for key in self._pending]
        chance = self._ability.pass_rates()[rows]
        design = self._model.design[rows]
        precision = self._ability.precision + (design.T * (chance * (1 - chance))) @ design
        return Ability(self._model, self._ability.mode, precision)

    def _is_open(self, ability: Ability) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Whether each family needs more items."""
        asked = Counter(key.family for key in self._keys)
        deviations = ability.deviations(self._family_weights)
        return np.asarray((deviations > KNOWN_WELL) | (np.array([asked[name] for name in self._names]) < FEWEST_ITEMS))

    def _relative_times(self) -> Floats:
        """How long an item of each cell takes, compared with the mean; shrunk to 1 where few were asked."""
        if not self._graded:
            return np.ones(len(self._model.cells))
        mean_s = sum(answer.total_s for answer in self._graded) / len(self._graded) or 1.0
        times: dict[tuple[str, int], list[float]] = {}
        for answer in self._graded:
            times.setdefault((answer.key.family, answer.key.level), []).append(answer.total_s / mean_s)
        relative = [_shrunk(times.get((cell.family, cell.level), [])) for cell in self._model.cells]
        return np.asarray(np.clip(relative, 1 / SLOWEST, SLOWEST), dtype=np.float64)

    def _item(self, cell: Cell, kind: int) -> ItemKey:
        """An item that was not asked yet, with a seed of that kind."""
        seed = 4 * self._seeds[cell, kind] + kind
        self._seeds[cell, kind] += 1
        return ItemKey(cell.family, cell.level, cell.language, seed)


def _family_weights(cells: Sequence[Cell], names: Sequence[str]) -> Floats:
    """Rows that average over the cells of each family."""
    own = np.array([[cell.family == name for cell in cells] for name in names]) * shares(cells)
    return np.asarray(own / own.sum(axis=1, keepdims=True), dtype=np.float64)


def _shrunk(times: Sequence[float]) -> float:
    return (1.0 + sum(times)) / (1 + len(times))
