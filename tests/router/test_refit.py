"""New weights from labels: what is fitted is what is served, and an old classifier that is wrong here is let go of."""

import random

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from router.artifact import load_pipeline
from router.compiled import CompiledClassifier
from router.export import weights_of
from router.training.adapt import adapt
from router.training.labels import Label
from router.training.metrics import auc
from router.training.refit import FREEDOMS, blend, fits, served_columns
from router.training.seed_prompts import seed_prompts
from tests.router.test_compiled import unicode_prompts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base() -> Pipeline:
    return load_pipeline()


def upside_down(n: int) -> list[Label]:
    """The seed prompts as a local model would answer them that is good at what others fail, and at nothing else."""
    drawn = random.Random(0).sample(seed_prompts("train"), n)
    return [Label(prompt, failure > 0.45) for prompt, failure in drawn]


@pytest.fixture(scope="module")
def turned(base: Pipeline) -> Pipeline:
    return adapt(base, upside_down(150)).pipeline


def test_columns_are_weighed_as_serving_weighs_them(base: Pipeline) -> None:
    prompts = unicode_prompts(300)
    classifier = base["classify"]
    vectorised = base["vectorise"].transform(prompts)
    columns, trust = served_columns(vectorised)
    bias = classifier.slope_ * classifier.logistic_.intercept_[0] + classifier.intercept_
    log_odds = columns @ (classifier.slope_ * classifier.logistic_.coef_[0]) + bias * trust
    assert np.abs(1 / (1 + np.exp(-log_odds)) - classifier.predict_proba(vectorised)[:, 1]).max() < 1e-9


def test_an_adapted_classifier_compiles_exactly(turned: Pipeline) -> None:
    prompts = unicode_prompts(500) + [prompt for prompt, _ in seed_prompts("dev")]
    compiled = CompiledClassifier(weights_of(turned))
    expected = turned.predict_proba(prompts)[:, 1]
    assert np.abs([compiled.score(prompt) for prompt in prompts] - expected).max() < 1e-9


def test_an_old_classifier_that_is_wrong_here_is_turned_round(base: Pipeline, turned: Pipeline) -> None:
    prompts, failure = zip(*seed_prompts("dev"), strict=True)
    hard = np.array(failure) > 0.45

    def gap(pipeline: Pipeline) -> float:
        scores = pipeline.predict_proba(list(prompts))[:, 1]
        return float(scores[hard].mean() - scores[~hard].mean())

    assert gap(base) > 0.1
    assert gap(turned) < -0.1


def test_an_old_classifier_that_is_right_here_is_kept(base: Pipeline) -> None:
    right = [Label(label.prompt, not label.local_ok) for label in upside_down(100)]
    assert adapt(base, right).kept > adapt(base, upside_down(100)).kept + 0.2


def test_labels_of_one_kind_do_not_unlearn_the_others(base: Pipeline) -> None:
    """Labels of hard requests alone, of which the short ones do: errands still score far below proofs."""
    hard = [prompt for prompt, failure in seed_prompts("train") if failure > 0.45]
    longer = np.array([len(prompt.turns[-1].text) for prompt in hard]) > 100
    pipeline = adapt(base, [Label(prompt, not fails) for prompt, fails in zip(hard, longer, strict=True)]).pipeline
    prompts, failure = zip(*seed_prompts("dev"), strict=True)
    assert auc(np.array(failure) > 0.45, pipeline.predict_proba(list(prompts))[:, 1]) > 0.8


def test_stiff_fits_stay_nearer_to_where_they_start(base: Pipeline) -> None:
    prompts = [label.prompt for label in upside_down(60)]
    target = np.array([not label.local_ok for label in upside_down(60)], dtype=np.float64)
    columns, trust = served_columns(base["vectorise"].transform(prompts))
    start = base["classify"].logistic_.coef_[0]
    weights = fits(columns, trust, target, np.ones(60), start)
    moved = {
        freedom: np.linalg.norm(row - freedom.kept * start) for freedom, row in zip(FREEDOMS, weights, strict=True)
    }
    for freedom in FREEDOMS:
        stiffer = [
            other
            for other in FREEDOMS
            if other.kept == freedom.kept and other.features < freedom.features and other.words < freedom.words
        ]
        assert all(moved[other] < moved[freedom] for other in stiffer)


def test_a_blend_follows_the_fit_that_held_out_labels_bear_out() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=400)
    target = (rng.random(400) < 1 / (1 + np.exp(-2 * truth))).astype(float)
    found = blend(np.array([rng.normal(size=400), 0.1 * truth, -truth]), np.ones(400), target, target)
    assert found.likelihoods[1] > 0.99
    assert found.shares[1] == pytest.approx(20, rel=0.4), "a stiff fit's reach is found afterwards"
    assert found.shares[2] >= 0
