"""Naming languages."""

import pytest

from router.exam.families.language_recognition import FAMILY, names_both
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound


def test_items() -> None:
    every_item_is_sound(FAMILY)


def test_a_sentence_around_the_name_is_fine_and_another_language_is_not() -> None:
    seed = next(seed for seed in range(300) if FAMILY.item(1, "en", seed).expected == "Spanish")
    item = FAMILY.item(1, "en", seed)
    for answer in ("Spanish", "This is **Spanish**.", "The text is in Spanish, not Portuguese."):
        assert item.check(Answer(answer)), answer
    for answer in (
        "Portuguese",
        "Spanish or Portuguese",
        "It is not Spanish.",
        "Español o inglés",
        item.turns[-1].text,
    ):
        assert not item.check(Answer(answer)), answer


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Danish and Polish", True),
        ("The first sentence is Danish, the second one is Polish.", True),
        ("Polish", False),
        ("Danish, Polish and Czech", False),
        ("Norwegian and Polish", False),
        ("", False),
    ],
)
def test_two_languages(answer: str, right: bool) -> None:
    assert names_both(answer, "en", ("da", "pl")) is right
