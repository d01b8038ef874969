from random import Random

import pytest

from router.exam.families.logic import FAMILY, _condition, _continues, _invented, _is_negated
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound
from tests.router.exam.families.wrapped import questions_are_no_answers, short_answers_are_judged_right


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


def test_short_answers_are_judged_right() -> None:
    short_answers_are_judged_right(FAMILY)


def test_questions_are_no_answers() -> None:
    questions_are_no_answers(FAMILY)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("11", True),
        ("The next number is 11.", True),
        ("2, 5, 8, 11", True),
        ("2, 5, 8, **11**, 14, 17", True),
        ("It adds 3 each time: 8 + 3 = 11", True),
        ("10", False),
        ("8", False),
        ("2, 5, 8, 10, 11", False),
        ("2, 5, 8", False),
    ],
)
def test_sequences(answer: str, right: bool) -> None:
    assert _continues(11, [2, 5, 8], "en", "2, 5, 8, ?")(Answer(answer)) is right


def test_conditions_may_be_answered_by_the_statement() -> None:
    task = _condition(backwards=False)(Random(1), "en")
    assert task.check(Answer("Yes."))
    assert not task.check(Answer("No."))
    assert not _condition(backwards=True)(Random(1), "en").check(Answer("Yes, it does."))


@pytest.mark.parametrize(
    ("answer", "statement", "language", "right"),
    [
        ("The battery is not empty.", "the battery is empty", "en", True),
        ("No, so the battery isn't empty", "the battery is empty", "en", True),
        ("It is not raining.", "it rains", "en", True),
        ("La lámpara no está encendida.", "la lámpara está encendida", "es", True),
        ("没有下雨。", "下雨", "zh", True),
        ("The battery is empty.", "the battery is empty", "en", False),
        ("The phone is not off.", "the battery is empty", "en", False),
        ("The phone is not off. The battery is empty.", "the battery is empty", "en", False),
    ],
)
def test_the_contrary_of_a_statement(answer: str, statement: str, language: str, right: bool) -> None:
    assert _is_negated(answer, statement, language) is right


def test_open_questions() -> None:
    tasks = [_invented(3, open_ended=True)(Random(seed), "en") for seed in range(40)]
    ways = {"yes": "Yes.", "no": "No, never.", "cannot be determined": "It cannot be determined."}
    assert {task.expected for task in tasks} == set(ways)
    for task in tasks:
        assert [task.check(Answer(way)) for way in ways.values()] == [task.expected == right for right in ways]
