"""The figures against cases worked out by hand, and against scikit-learn where it has them."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from router.training.metrics import apgr, auc, bootstrap, calibration_error, cost_quality_curve, cpt, reliability

RNG = np.random.default_rng(3)


def test_apgr_of_an_oracle_and_of_its_opposite() -> None:
    """Two of four prompts need the large model. The oracle has all the gain at half the cost: area 1/4 + 1/2."""
    small, large = np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4)
    oracle = np.array([0.9, 0.8, 0.2, 0.1])
    assert apgr(small, large, oracle) == pytest.approx(0.75)
    assert apgr(small, large, -oracle) == pytest.approx(0.25)


def test_a_constant_score_is_chance() -> None:
    small, large = RNG.random(50), RNG.random(50) + 0.5
    assert apgr(small, large, np.ones(50)) == pytest.approx(0.5)
    assert cpt(0.8)(small, large, np.ones(50)) == pytest.approx(0.8)


def test_random_scores_are_chance_on_average() -> None:
    small = RNG.integers(0, 2, 400).astype(float)
    areas = [apgr(small, np.ones(400), RNG.random(400)) for _ in range(100)]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.01)


def test_the_curve_runs_from_all_small_to_all_large() -> None:
    small, large, score = RNG.random(200), RNG.random(200), RNG.random(200)
    shares, quality = cost_quality_curve(small, large, score)
    assert (shares[0], quality[0]) == (0.0, pytest.approx(small.mean()))
    assert (shares[-1], quality[-1]) == (1.0, pytest.approx(large.mean()))
    assert list(shares) == sorted(shares)
    assert len(shares) == 12  # eleven quantiles, the highest all-small, and all-large twice


def test_cpt_reads_the_curve_between_its_points() -> None:
    """Half of the prompts hold the whole gain, and the oracle sends them first: 80 % of it costs 40 %."""
    small = np.repeat([0.0, 1.0], 50)
    oracle = np.linspace(1, 0, 100)
    assert cpt(0.5)(small, np.ones(100), oracle) == pytest.approx(0.25, abs=0.01)
    assert cpt(0.8)(small, np.ones(100), oracle) == pytest.approx(0.4, abs=0.01)


def test_no_gap_means_no_figure() -> None:
    same = np.ones(10)
    assert math.isnan(cpt(0.5)(same, same, RNG.random(10)))
    assert math.isnan(apgr(same, same, RNG.random(10)))


def test_auc_is_scikit_learns() -> None:
    positive, score = RNG.random(300) < 0.3, RNG.integers(0, 20, 300).astype(float)
    assert auc(positive, score) == pytest.approx(roc_auc_score(positive, score))
    assert math.isnan(auc(np.ones(5, dtype=bool), score[:5]))


def test_bootstrap_resamples_groups_not_rows() -> None:
    """A hundred copies of one group say no more than one of it: the interval must not shrink."""
    small, large, score = RNG.integers(0, 2, 60).astype(float), np.ones(60), RNG.random(60)
    groups = np.arange(60)
    once = bootstrap(apgr, small, large, score, groups)
    small, large, score, groups = (np.tile(column, 10) for column in (small, large, score, groups))
    many = bootstrap(apgr, small, large, score, groups)
    assert once.low < once.value < once.high
    assert many.high - many.low > 0.7 * (once.high - once.low)


def test_calibration_error() -> None:
    score, failure = np.array([0.25, 0.25, 0.75, 0.75]), np.array([0.0, 0.5, 0.5, 1.0])
    assert calibration_error(score, failure) == pytest.approx(0.0)
    assert calibration_error(score, 1 - failure) == pytest.approx(0.5)
    assert sum(row["n"] for row in reliability(RNG.random(77), RNG.random(77))) == 77
    assert reliability(np.array([1.0]), np.array([1.0]))[0]["to"] == 1.0
