"""Messages under labels."""

import pytest

from router.exam.families.classification import FAMILY
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound


def test_items() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("expected", "level", "language", "answer", "right"),
    [
        ("spam", 1, "en", "Spam", True),
        ("spam", 1, "en", "This message is spam.", True),
        ("spam", 1, "en", "not spam", False),
        ("not spam", 1, "en", "This is not spam.", True),
        ("not spam", 1, "en", "spam", False),
        ("not spam", 1, "en", "spam, not spam", False),
        ("kein Spam", 1, "de", "Das ist kein Spam.", True),
        ("kein Spam", 1, "de", "Spam", False),
        ("complaint", 3, "en", "**Complaint**", True),
        ("complaint", 3, "en", "question", False),
        ("billing, high", 5, "en", "Department: billing\nUrgency: high", True),
        ("billing, high", 5, "en", "billing", False),
        ("billing, high", 5, "en", "billing, low", False),
    ],
)
def test_marks(expected: str, level: int, language: str, answer: str, right: bool) -> None:
    items = (FAMILY.item(level, language, seed) for seed in range(600))
    assert next(item for item in items if item.expected == expected).check(Answer(answer)) is right
