from router.exam.families.dates import FAMILY
from tests.router.exam.families.common import every_item_is_sound
from tests.router.exam.families.wrapped import questions_are_no_answers, short_answers_are_judged_right


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


def test_short_answers_are_judged_right() -> None:
    short_answers_are_judged_right(FAMILY)


def test_questions_are_no_answers() -> None:
    questions_are_no_answers(FAMILY)
