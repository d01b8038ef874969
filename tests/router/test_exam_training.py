"""What the exam teaches: a classifier for the model that gave the answers."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from router.artifact import load_artifact, load_pipeline, save_artifact
from router.confidence import FirstTokens
from router.decision import Prompt
from router.exam.catalogue import FAMILIES
from router.exam.graded import Graded, ItemKey
from router.exam.item import LEVELS
from router.training.begun import fit_begun
from router.training.exam import Learnt, default_threshold, learn
from router.training.exam_families import family_matcher
from router.training.exam_study import Study
from router.training.metrics import auc

TRIED = {name: FAMILIES[name] for name in ("common_facts", "sums", "word_translation", "sentiment")}
KNOWS = {"common_facts": 0.95, "sentiment": 0.9, "sums": 0.3, "word_translation": 0.05}
"""How often the made-up model passes items of level 1; each level more costs a tenth."""


def answers(n: int, seed: int = 0) -> list[Graded]:
    rng = Random(seed)
    keys = [
        ItemKey(rng.choice(list(TRIED)), rng.choice(LEVELS), rng.choice(("en", "en", "de")), 2 + 4 * number)
        for number in range(n)
    ]
    return [_graded(key, rng) for key in keys]


def _graded(key: ItemKey, rng: Random) -> Graded:
    passed = rng.random() < KNOWS[key.family] - 0.1 * (key.level - 1)
    sure = rng.gauss(-0.3 if passed else -1.2, 0.3)
    tokens = FirstTokens(8, min(-0.01, sure), min(-0.02, 2 * sure), 2.0, 1.0)
    return Graded(key, passed, "an answer", 30, 8, 0.1, 0.3, tokens)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(TRIED, load_pipeline())


@pytest.fixture(scope="module")
def learnt(study: Study) -> Learnt:
    return learn(study, answers(250), 0.1)


def score(learnt: Learnt, text: str) -> float:
    return float(learnt.pipeline.predict_proba([Prompt.from_text(text)])[0, 1])


@pytest.mark.parametrize(
    ("easier", "harder"),
    [
        ("What is the capital of Norway?", "What is 4810 + 77 - 391?"),
        ("Is this review positive or negative? The staff was lovely.", "What is the German word for spoon?"),
        ("who painted the Mona Lisa", "translate 'window' into Swedish please"),
    ],
)
def test_what_the_model_passes_scores_lower_also_in_other_words(learnt: Learnt, easier: str, harder: str) -> None:
    assert score(learnt, easier) < score(learnt, harder) - 0.15


def test_scores_are_those_of_answers_that_were_not_fitted(learnt: Learnt) -> None:
    given = answers(250)
    assert learnt.failed.tolist() == [float(not answer.passed) for answer in given]
    assert 0.72 < learnt.auc < 0.95
    assert learnt.calibration_error < 0.09


def test_it_holds_for_items_that_were_never_asked(study: Study, learnt: Learnt) -> None:
    others = answers(400, seed=1)
    scores = learnt.pipeline.predict_proba([study.prompt(answer.key) for answer in others])[:, 1]
    failed = np.array([not answer.passed for answer in others])
    assert auc(failed, scores) > 0.75
    assert abs(scores.mean() - failed.mean()) < 0.08


def test_few_answers_teach_the_level_first(study: Study) -> None:
    hopeless = [replace(answer, passed=number == 0) for number, answer in enumerate(answers(30))]
    taught = learn(study, hopeless, 0.1)
    assert min(score(taught, text) for text in ("Summarise: the shop is closed.", "hello", "你好")) > 0.7
    assert not taught.threshold.is_guaranteed


def test_the_artifact_says_the_same_and_knows_its_families(study: Study, learnt: Learnt, tmp_path: Path) -> None:
    given = answers(250)
    card = {"threshold": learnt.threshold.value, "begun": learnt.begun and learnt.begun.to_json()}
    save_artifact(tmp_path / "new", learnt.pipeline, {}, card, family_matcher(study, given))
    artifact = load_artifact(tmp_path / "new")
    texts = ["What is 4 + 4?", "translate to German: the cup", "Я не знаю", "", "prove it " * 400]
    expected = learnt.pipeline.predict_proba([Prompt.from_text(text) for text in texts])[:, 1]
    assert [artifact.scorer.score(Prompt.from_text(text)) for text in texts] == pytest.approx(expected, abs=1e-9)
    match = artifact.match(Prompt.from_text("What's the Spanish word for bread?"))
    assert match is not None
    assert (match.family, match.likeness > 0.3) == ("word_translation", True)
    assert (match.asked, match.passed) == (
        sum(answer.key.family == "word_translation" for answer in given),
        sum(answer.passed for answer in given if answer.key.family == "word_translation"),
    )
    strange = artifact.match(Prompt.from_text("Xqz vfrp blorp wimble tantric zzz"))
    assert strange is not None
    assert strange.likeness == 0
    assert artifact.begun == learnt.begun


def test_the_level_moves_every_score() -> None:
    artifact = load_artifact()
    moved = artifact.for_level(1.0)
    for text in ("Summarise this.", "Я не знаю", "What is 3 + 4?"):
        before, after = (each.scorer.score(Prompt.from_text(text)) for each in (artifact, moved))
        assert np.log(after / (1 - after)) - np.log(before / (1 - before)) == pytest.approx(1.0)
    assert moved.version != artifact.version
    assert artifact.for_level(0.0) is artifact
    unknown = Prompt.from_text("Я не знаю")
    assert moved.scorer.explain(unknown).score == pytest.approx(moved.scorer.score(unknown))


def test_first_tokens_that_tell_are_used_and_noise_is_not() -> None:
    rng = np.random.default_rng(0)
    failed = (rng.random(400) < 0.5).astype(float)
    prompt = 0.5 + 0.05 * rng.standard_normal(400)
    telling = [FirstTokens(8, -0.2 - f - 0.2 * rng.random(), -1.0 - 2 * f) for f in failed]
    noise = [FirstTokens(8, -0.2 - rng.random(), -1.0 - rng.random()) for _ in failed]
    used, unused = (fit_begun(prompt, prompt, failed, tokens) for tokens in (telling, noise))
    assert used is not None
    assert unused is not None
    assert used.pays
    assert used.auc_with > 0.95
    assert not unused.pays
    sure, unsure = FirstTokens(8, -0.25, -1.0), FirstTokens(8, -1.3, -3.0)
    for likeness in (0.0, 0.5, 1.0):
        low, high = used.score(0.5, likeness, sure), used.score(0.5, likeness, unsure)
        assert low is not None
        assert high is not None
        assert low < 0.2 < 0.8 < high


def test_first_tokens_that_nobody_told_teach_nothing() -> None:
    assert fit_begun(np.full(300, 0.5), np.full(300, 0.5), np.tile([0.0, 1.0], 150), [None] * 300) is None


@pytest.mark.parametrize(
    ("failure_of_local", "is_guaranteed", "local"),
    [(0.02, True, 0.5), (0.3, False, 0.0)],
)
def test_the_default_threshold(failure_of_local: float, is_guaranteed: bool, local: float) -> None:
    """Half of the answers score 0.2 and fail as said, half score 0.9 and all fail."""
    rng = np.random.default_rng(0)
    scores = np.repeat([0.2, 0.9], 200)
    failed = np.concatenate([(rng.random(200) < failure_of_local).astype(float), np.ones(200)])
    threshold = default_threshold(scores, failed, 0.1)
    assert (threshold.is_guaranteed, threshold.local_share) == (is_guaranteed, local)
    if not is_guaranteed:
        assert threshold.value == 0.1
