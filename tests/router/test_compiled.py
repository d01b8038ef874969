"""Serving's arithmetic against scikit-learn's, on text of every kind."""

import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import Pipeline

from router.artifact import Artifact, load_artifact, load_pipeline
from router.compiled import CompiledClassifier, Weights, logistic
from router.decision import Prompt, Turn
from router.text.lexicon import LEXICON
from router.training.seed_prompts import seed_prompts

PLANES = [(0, 0x7F), (0x80, 0x24F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xE7F), (0x3040, 0x30FF), (0x4E00, 0x9FFF)]
PLANES += [(0xAC00, 0xD7A3), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF), (0xD800, 0xDFFF), (0x2000, 0x2BFF)]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return load_pipeline()


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return load_artifact()


def unicode_prompts(n: int) -> list[Prompt]:
    """Threads of known words, cues, numbers, symbols and characters from everywhere, lone surrogates included."""
    rng = random.Random(4)
    words = [word for cues in LEXICON.values() for word in cues.words.split()] + ["the", "of", "3.5", "x^2", "{}", "\n"]

    def piece() -> str:
        if rng.random() < 0.5:
            return rng.choice(words)
        low, high = rng.choice(PLANES)
        return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 30)))

    def turn() -> Turn:
        text = rng.choice([" ", "", "\n"]).join(piece() for _ in range(rng.choice([0, 1, 5, 60, 900])))
        return Turn(rng.choice(["user", "assistant", "system", "tool"]), text)

    return [Prompt(tuple(turn() for _ in range(rng.choice([0, 1, 1, 1, 4])))) for _ in range(n)]


@pytest.mark.slow
def test_equals_scikit_learn_on_thousands_of_prompts(pipeline: Pipeline, artifact: Artifact) -> None:
    prompts = unicode_prompts(1000) + [prompt for split in ("train", "dev") for prompt, _ in seed_prompts(split)]
    expected = pipeline.predict_proba(prompts)[:, 1]
    scores = np.array([artifact.scorer.score(prompt) for prompt in prompts])
    assert np.abs(scores - expected).max() < 1e-9
    assert scores.std() > 0.05


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=400), max_size=4))
def test_equals_scikit_learn_on_any_text(pipeline: Pipeline, artifact: Artifact, texts: list[str]) -> None:
    prompt = Prompt(tuple(Turn("user", text) for text in texts))
    assert artifact.scorer.score(prompt) == pytest.approx(pipeline.predict_proba([prompt])[0, 1], abs=1e-9)


def test_an_explanation_sums_to_the_score(artifact: Artifact) -> None:
    for prompt in unicode_prompts(300):
        explanation = artifact.scorer.explain(prompt)
        assert explanation.score == pytest.approx(artifact.scorer.score(prompt), abs=1e-9)
        assert explanation.score == pytest.approx(
            logistic(explanation.baseline + sum(explanation.contributions.values())), abs=1e-9
        )
        contributions = [abs(log_odds) for log_odds in explanation.contributions.values()]
        assert contributions == sorted(contributions, reverse=True)
        assert 0 <= explanation.vocabulary_coverage <= 1


def test_length_changes_nothing_beyond_what_is_read(artifact: Artifact) -> None:
    """Bounded reading: the middle of a very long text is not looked at, so a decision on it costs the same."""
    head, tail = "word " * 400, " question?" * 200
    scores = {artifact.scorer.score(Prompt.from_text(head + "middle " * n + tail)) for n in (1_000, 100_000)}
    assert len(scores) == 1


def test_refuses_weights_of_other_features() -> None:
    with pytest.raises(ValueError, match="other features"):
        CompiledClassifier(Weights(0.0, {"length": 1.0}, {}))


def test_weights_survive_the_way_to_a_file(artifact: Artifact) -> None:
    weights = Weights(0.1 + 0.2, {"a": -1 / 3}, {"ord": (1e-17, 2.5)})
    assert Weights.from_json(weights.to_json()) == weights


def test_serving_needs_neither_scikit_learn_nor_numpy() -> None:
    code = (
        "import sys; from router.artifact import load_artifact; from router.decision import Prompt;"
        "load_artifact().scorer.explain(Prompt.from_text('hi'));"
        "print([name for name in ('sklearn', 'skops', 'scipy', 'numpy', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
