"""Items about correcting spelling."""

import pytest

from router.exam.content.marked_sentences import Change, changed
from router.exam.families.spelling import FAMILY
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound

RIGHT = "I don't know where the keys of my friend are."
SLIPS = [Change("dont", ["don't", "do not"]), Change("freind", ["friend"]), Change("is", ["are"])]


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (RIGHT, True),
        ("i do not know where the keys of my friend are", True),
        ('Here is the corrected sentence:\n\n"I don’t know where the keys of my friend are."', True),
        ("Original: I dont know where the keys of my freind is.\nCorrected: " + RIGHT, True),
        ("I don't know where the keys of my good friend are.", True),
        ("I dont know where the keys of my friend are.", False),
        ("I don't know where the keys of my friend is.", False),
        ("I don't know where the keys of my freind are.", False),
        ("I don't know where my friend is.", False),
        ("I don't know where some of the old keys of my very best friend are.", False),
        ("The mistakes are dont, freind and is.", False),
        ("", False),
    ],
)
def test_check(answer: str, right: bool) -> None:
    assert changed(RIGHT, SLIPS, spare=1)(Answer(answer)) is right
