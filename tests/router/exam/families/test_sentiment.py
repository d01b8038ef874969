"""Tone of reviews."""

import pytest

from router.exam.families.sentiment import FAMILY
from router.exam.item import Answer, Item
from tests.router.exam.families.common import every_item_is_sound


def test_items() -> None:
    every_item_is_sound(FAMILY)


def first_with(expected: str, level: int, language: str) -> Item:
    items = (FAMILY.item(level, language, seed) for seed in range(400))
    return next(item for item in items if item.expected == expected)


@pytest.mark.parametrize(
    ("expected", "level", "language", "answer", "right"),
    [
        ("negative", 1, "en", "Negative.", True),
        ("negative", 1, "en", "The sentiment is **negative**.", True),
        ("negative", 1, "en", "positive", False),
        ("negative", 1, "en", "Positive or negative", False),
        ("no", 2, "en", "No, the customer is not satisfied.", True),
        ("no", 2, "en", "The customer does not seem happy.", False),
        ("no", 2, "en", "Yes, the customer is happy.", False),
        ("mixed", 4, "en", "Mixed: the food is good, the room is not.", True),
        ("positiv", 2, "de", "Die Bewertung ist positiv.", True),
        ("positiv", 2, "de", "negativ", False),
        ("négatif", 3, "fr", "Cet avis est négatif.", True),
        ("正面", 1, "zh", "这条评论是正面的。", True),
        ("正面", 1, "zh", "负面", False),
    ],
)
def test_marks(expected: str, level: int, language: str, answer: str, right: bool) -> None:
    assert first_with(expected, level, language).check(Answer(answer)) is right
