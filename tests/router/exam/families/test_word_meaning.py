"""Items about what words mean."""

import pytest

from router.exam.families.word_meaning import FAMILY, explains, names_one
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("needed", "answer", "right"),
    [
        (1, "large", True),
        (1, 'A synonym for "big" is **huge**.', True),
        (1, "Large, huge, enormous", True),
        (1, "Another word for big is small.", False),
        (1, "big", False),
        (1, "red, green, blue, tall, wide, open, large", False),
        (1, "The word big is an adjective.", False),
        (3, "1. large\n2. huge\n3. enormous", True),
        (3, "large, huge", False),
        (3, "large, large, large", False),
    ],
)
def test_synonyms(needed: int, answer: str, right: bool) -> None:
    assert names_one(["large", "huge", "enormous", "giant"], "big", "en", needed)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("A library is a place where you can borrow books.", True),
        ("It's a building full of books.", True),
        ("A library is a place.", False),
        ("books", False),
        ("Eine Bibliothek ist der Ort, an dem sie die Bücher (books) für dich haben.", False),
        ("A library is a library of a library.", False),
    ],
)
def test_definitions(answer: str, right: bool) -> None:
    assert explains(["book"], "library", "en")(Answer(answer)) is right
