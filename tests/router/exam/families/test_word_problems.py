from decimal import Decimal

from router.exam.checks.number_answers import says_number
from router.exam.families.word_problems import FAMILY
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound
from tests.router.exam.families.wrapped import questions_are_no_answers, short_answers_are_judged_right


def test_euros_and_cents_are_one_number() -> None:
    check = says_number(Decimal("271.40"), "de", "Was kosten 46 Hefte zu 5,90 Euro?")
    assert check(Answer("Das kostet 271 Euro und 40 Cent."))
    assert not check(Answer("Das kostet 271 Euro und 50 Cent."))


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


def test_short_answers_are_judged_right() -> None:
    short_answers_are_judged_right(FAMILY)


def test_questions_are_no_answers() -> None:
    questions_are_no_answers(FAMILY)
