"""What is asked next, and when enough is known."""

from collections import Counter
from random import Random

import numpy as np
import pytest

from router.exam.ability import AbilityModel, Floats, cell_of
from router.exam.graded import ItemKey
from router.exam.sitting import FEWEST_DRAWN, FEWEST_ITEMS, Sitting, is_drawn
from tests.router.exam.made_up import families, graded, sit

TEN = families(10)


def test_it_ends_and_never_asks_twice() -> None:
    keys = sit(Sitting(TEN), lambda key: key.level <= 3)
    assert len(set(keys)) == len(keys) < 400
    assert {key.family for key in keys} == set(TEN)
    assert all(key.seed % 2 == 0 for key in keys)


def test_a_model_that_fails_everything_is_soon_done() -> None:
    hopeless = sit(Sitting(TEN), lambda _key: False)
    middling = sit(Sitting(TEN), lambda key: Random(repr(key)).random() < 0.5)
    assert len(hopeless) < 0.7 * len(middling)


def test_items_are_asked_where_the_outcome_is_open() -> None:
    asked = Counter(key.level for key in sit(Sitting(TEN), lambda key: key.level <= 2))
    assert asked[2] + asked[3] > asked[4] + asked[5]


def test_four_of_ten_are_drawn_whatever_the_answers() -> None:
    runs = [sit(Sitting(TEN), passes) for passes in (lambda key: key.level <= 2, lambda _key: True)]
    for keys in runs:
        drawn = [key for key in keys if is_drawn(key)]
        assert max(FEWEST_DRAWN, 0.39 * len(keys)) <= len(drawn)
        levels = Counter(key.level for key in drawn)
        assert levels[1] > 1.5 * levels[3] > 2 * levels[5]
        assert 0.35 < sum(key.language == "en" for key in drawn) / len(drawn) < 0.65
    first, second = ([key for key in keys if is_drawn(key)] for keys in runs)
    assert [cell_of(key) for key in first[:100]] == [cell_of(key) for key in second[:100]]


def test_every_family_is_asked() -> None:
    asked = Counter(key.family for key in sit(Sitting(TEN), lambda _key: True))
    assert set(asked) == set(TEN)
    assert min(asked.values()) >= FEWEST_ITEMS


def test_slow_items_are_asked_less() -> None:
    def slow(key: ItemKey) -> float:
        return 20.0 if key.family == "f0" else 1.0

    asked = Counter(key.family for key in sit(Sitting(TEN), lambda key: key.level <= 3, slow))
    assert FEWEST_ITEMS <= asked["f0"] <= sum(asked.values()) / 10


def test_it_goes_on_where_it_was() -> None:
    half = Sitting(TEN)
    keys = [key for key in (half.next() for _ in range(40)) if key is not None]
    answers = [graded(key, key.level <= 3) for key in keys]
    resumed = Sitting(TEN, answers)
    assert resumed.progress.asked == len(answers)
    assert not set(sit(resumed, lambda key: key.level <= 3)) & {answer.key for answer in answers}


def test_most_items_count_what_is_pending() -> None:
    sitting = Sitting(TEN, most_items=3)
    keys = [sitting.next() for _ in range(4)]
    assert keys[3] is None
    assert keys[0] is not None
    sitting.give_back(keys[0])
    assert sitting.next() is not None


def test_most_seconds_count_what_answers_took() -> None:
    assert len(sit(Sitting(TEN, most_s=50), lambda _key: True, lambda _key: 2.0)) == 25


def test_pending_items_spread_over_families() -> None:
    sitting = Sitting(TEN)
    keys = [key for key in (sitting.next() for _ in range(10)) if key is not None]
    assert len({key.family for key in keys}) >= 8


def test_progress() -> None:
    sitting = Sitting(TEN)
    assert (sitting.progress.asked, sitting.progress.known, sitting.progress.families) == (0, 0, 10)
    n = len(sit(sitting, lambda key: key.level <= 3))
    progress = sitting.progress
    assert (progress.asked, progress.known, progress.expected) == (n, 10, n)


def test_answers_of_families_that_are_not_examined_are_left_out() -> None:
    stray = graded(ItemKey("gone", 1, "en", 0), True)
    assert Sitting(TEN, [stray]).progress.asked == 0


@pytest.mark.parametrize(("pass_rate", "low", "high"), [(0.1, 0.04, 0.22), (0.5, 0.38, 0.62), (0.9, 0.78, 0.96)])
def test_pass_rates_are_found(pass_rate: float, low: float, high: float) -> None:
    rng = Random(1)
    sitting = Sitting(TEN)
    keys = sit(sitting, lambda _key: rng.random() < pass_rate)
    model = AbilityModel(TEN)
    rng = Random(1)
    ability = model.fit([(cell_of(key), rng.random() < pass_rate) for key in keys])
    assert low <= ability.pass_rates().mean() <= high


def test_few_answers_change_little() -> None:
    model = AbilityModel(TEN)
    cells = [cell_of(ItemKey(name, 3, "en", 0)) for name in TEN]
    rows = [model.rows[cell] for cell in cells]
    known = [(cell, True) for cell in cells[1:] for _ in range(10)]
    once = model.fit([*known, (cells[0], False)]).pass_rates()[rows]
    often = model.fit([*known, *[(cells[0], False)] * 10]).pass_rates()[rows]
    assert often[0] < 0.3 < once[0] < once[1]


def test_harder_levels_and_other_languages_are_passed_less_before_anything_is_known() -> None:
    model = AbilityModel(TEN)
    rates = model.fit([]).pass_rates()
    by_level = [rates[model.rows[cell_of(ItemKey("f0", level, "en", 0))]] for level in range(1, 6)]
    assert by_level == sorted(by_level, reverse=True)
    assert rates[model.rows[cell_of(ItemKey("f0", 1, "sv", 0))]] < by_level[0]


def test_deviations_shrink_with_answers() -> None:
    model = AbilityModel(TEN)
    weights = average_of(model, "f0")
    cell = cell_of(ItemKey("f0", 3, "en", 0))
    before = model.fit([]).deviations(weights)[0]
    after = model.fit([(cell, True), (cell, False)] * 20).deviations(weights)[0]
    assert after < 0.5 * before


def average_of(model: AbilityModel, name: str) -> Floats:
    """Weights that average one family, as one row."""
    own = np.array([[float(cell.family == name) for cell in model.cells]])
    return np.asarray(own / own.sum())
