"""Long contexts: the fact is there once, texts grow with the level, and only the right value passes."""

import pytest

from router.exam.families.long_context import FAMILY
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize("language", FAMILY.languages)
def test_texts_hold_the_fact_and_grow(language: str) -> None:
    sizes = []
    for level in range(1, 6):
        items = [FAMILY.item(level, language, seed) for seed in range(20)]
        assert all(item.expected in item.turns[-1].text for item in items)
        assert not any(item.check(Answer(item.turns[-1].text)) for item in items)
        sizes.append(max(len(item.turns[-1].text.encode()) for item in items))
    assert sizes == sorted(sizes)
    assert sizes[2] < 2000, "only the two highest levels are long"
    assert sizes[4] < 5000


@pytest.mark.parametrize(
    ("wording", "right"),
    [
        ("{v}", True),
        ("The answer is **{v}**.", True),
        ("It is {v}, as the text says.", True),
        ("{v}1", False),
        ("1{v}", False),
        ("", False),
        ("The text does not say.", False),
        ("{v} or {w}", False),
        ("{w}", False),
    ],
)
def test_answers(wording: str, right: bool) -> None:
    for seed in range(200):
        item = FAMILY.item(2, "en", seed)
        if "room" in item.turns[-1].text.split("?")[0] and item.expected.isdecimal():
            break
    others = [word.strip(".") for word in item.turns[-1].text.split() if word.strip(".").isdecimal()]
    other = next(number for number in others if number != item.expected)
    assert item.check(Answer(wording.format(v=item.expected, w=other))) is right
