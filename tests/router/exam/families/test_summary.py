"""Summaries."""

import pytest

from router.exam.families.summary import FAMILY, Wanted
from tests.router.exam.families.common import every_item_is_sound

TEXT = (
    "Hi all, our printer meeting will not be on Monday but on Tuesday at 4 o'clock. We meet in room 67. Coffee will be "
    "there. Please bring your laptops. Correction: it is not Tuesday but Friday."
)
SENTENCE = Wanted(TEXT, (("Friday",), ("meeting", "meet")), ("Tuesday",), None)
WORDS = Wanted(TEXT, (("Friday",), ("meeting", "meet")), ("Tuesday",), 8)


def test_items() -> None:
    every_item_is_sound(FAMILY)


WATER = Wanted("The water will be turned off on Friday.", (("Friday",), ("water",)), (), None)


@pytest.mark.parametrize(
    ("wanted", "answer", "right"),
    [
        (SENTENCE, "The printer meeting was moved from Monday to Friday at 4 in room 67.", True),
        (SENTENCE, "Here is a summary:\n\nThe meeting with Mr. Brown is on Friday.", True),
        (SENTENCE, "**Summary:** the meeting is on Friday", True),
        (SENTENCE, "The meeting is not on Monday but on Friday; it is in room 67.", True),
        (WATER, "There is no water on Friday.", True),
        (WATER, "The water will never be off on Friday.", False),
        (SENTENCE, "meeting, Friday", False),
        (SENTENCE, "The meeting is not on Friday.", False),
        (SENTENCE, "The meeting will never be on Friday.", False),
        (SENTENCE, "The printer meeting is on Tuesday.", False),
        (SENTENCE, "The printer meeting was moved.", False),
        (SENTENCE, "The meeting is on Friday. Please bring laptops.", False),
        (SENTENCE, TEXT, False),
        (WORDS, "Meeting moved to Friday, 4 o'clock, room 67.", True),
        (WORDS, "The printer meeting has been moved from Monday to Friday at 4 o'clock.", False),
        (WORDS, "Friday.", False),
    ],
)
def test_marks(wanted: Wanted, answer: str, right: bool) -> None:
    assert wanted.is_met_by(answer) is right
