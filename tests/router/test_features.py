"""Each feature on a text that has it and one that has not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.decision import Prompt, Turn
from router.text.features import FEATURES, SHAPES, TIED_TO_LANGUAGE, hand_features
from router.text.lexicon import LEXICON
from router.text.preprocessing import preprocess
from router.text.vocabulary_coverage import vocabulary_coverage

MORE_AND_LESS = {
    "length": ("one two three four five six", "one"),
    "brevity": ("hi", "one two three four five six seven eight nine ten eleven twelve thirteen"),
    "sentences": ("It rains. It pours. What now? Home.", "it rains"),
    "material": ("Shorten: it was a long day and so on", "Tell me of a long day and so on"),
    "errand": ("Summarise: it was a long day and so on", "Consider: it was a long day and so on"),
    "long_words": ("thermodynamic equilibrium calculation", "a cat sat on a mat"),
    "commas": ("red, green, blue; none", "red green blue"),
    "numbers": ("1 2 3 4.5", "one two"),
    "number_share": ("3 + 4", "three and four are 7"),
    "formulas": ("x^2 + y^2 = z^2", "x and y"),
    "brackets": ("f(x)[0]", "f of x"),
    "code_marks": ("def f(): { a_b; }", "define it"),
    "questions": ("Why? What?", "Why"),
    "options": ("Which?\nA. one\nB. two\nC. three", "Which of one, two and three?"),
}


def values(text: str) -> dict[str, float]:
    return dict(zip(FEATURES, hand_features(preprocess(Prompt.from_text(text))), strict=True))


@pytest.mark.parametrize("name", MORE_AND_LESS)
def test_shapes(name: str) -> None:
    more, less = MORE_AND_LESS[name]
    assert values(more)[name] > values(less)[name]


def test_turns() -> None:
    document = preprocess(Prompt((Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c"))))
    assert dict(zip(FEATURES, hand_features(document), strict=True))["turns"] > values("c")["turns"] == 0


def test_every_shape_has_a_row() -> None:
    assert {*MORE_AND_LESS, "turns"} == set(SHAPES)


@pytest.mark.parametrize("kind", LEXICON)
def test_every_cue_counts_for_its_kind(kind: str) -> None:
    for cue in LEXICON[kind].words.split():
        assert values(cue)[kind] > 0, f"{cue!r} is never read as a word"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Sammanfatta texten nedan", "rework"),
        ("Fasse den Text zusammen", "rework"),
        ("请总结下面的文字", "rework"),
        ("Bevisa att det är sant", "argument"),
        ("Beweise den Satz", "argument"),
        ("证明这个定理", "argument"),
        ("Hej, tack!", "chat"),
        ("Guten Tag", "chat"),
        ("你好吗", "chat"),
        ("Beräkna sannolikheten", "calculation"),
        ("计算概率", "calculation"),
    ],
)
def test_tasks_are_recognised_in_swedish_german_and_chinese(text: str, kind: str) -> None:
    assert values(text)[kind] > 0


def test_features_tied_to_language_exist() -> None:
    assert set(FEATURES) > TIED_TO_LANGUAGE


@given(st.lists(st.text(st.characters(), max_size=2000), max_size=5))
def test_every_feature_stays_within_0_and_1(texts: list[str]) -> None:
    document = preprocess(Prompt(tuple(Turn("user", text) for text in texts)))
    features = hand_features(document)
    assert len(features) == len(FEATURES)
    assert all(0 <= value <= 1 for value in features)
    assert 0 <= vocabulary_coverage(document, {"the"}) <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("the cat", 1.0), ("кррр шшш", 0.0), ("", 0.0), ("2 + 2", 1.0), ("translate кррр шшш", 0.8)],
)
def test_vocabulary_coverage(text: str, expected: float) -> None:
    assert vocabulary_coverage(preprocess(Prompt.from_text(text)), {"the", "cat"}) == pytest.approx(expected)
