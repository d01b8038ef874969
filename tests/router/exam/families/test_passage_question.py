"""Answers from a passage."""

import re

import pytest

from router.exam.families.passage_question import FAMILY, Asked
from tests.router.exam.families.common import every_item_is_sound

CITY = Asked("…", "Where is Ben going?", "Oslo", ("Athens",))
TIME = Asked("…", "When does it close?", "18:00", ("14:00",))
WAY = Asked("…", "How does Ben travel?", "by car", ("by train",))


def test_items() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("asked", "answer", "right"),
    [
        (CITY, "Oslo", True),
        (CITY, "Ben is going to **Oslo** on Friday.", True),
        (CITY, "Oslo. Anna goes to Athens.", True),
        (CITY, "On Friday Ben goes to Oslo. On Monday Ben goes to Athens.", False),
        (CITY, "Ben works a lot. He is in room 5. Others are in room 6. They like Oslo.", False),
        (CITY, "Athens", False),
        (CITY, "Oslo or Athens", False),
        (CITY, "Not Athens, but Oslo.", True),
        (CITY, "Nicht Athens, sondern Oslo", True),
        (CITY, "Not Oslo.", False),
        (CITY, "Ben is going to Oslo. " * 20, False),
        (TIME, "It closes at 6 pm.", True),
        (TIME, "18:00", True),
        (TIME, "um 18 Uhr", True),
        (TIME, "at 14:00", False),
        (TIME, "8:00", False),
        (WAY, "Ben takes the car.", True),
        (WAY, "Ben travels with Carla.", False),
    ],
)
def test_marks(asked: Asked, answer: str, right: bool) -> None:
    assert asked.is_answered_by(answer) is right


def test_french_elides() -> None:
    items = [FAMILY.item(level, "fr", seed) for level in (2, 3) for seed in range(60)]
    assert not any(re.search(r"\bde [AEIOÉ]", item.turns[-1].text) for item in items)
