from decimal import Decimal
from random import Random

import pytest

from router.exam.families.comparison import FAMILY, _chain, _numbers, _sorting
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
        ("9.9", True),
        ("9,9", True),
        ("9.9 is larger than 9.11.", True),
        ("The larger number is **9.9**.", True),
        ("To see which is larger, compare 9.11 and 9.9. 9.9 is larger.", True),
        ("9.90", True),
        ("9,9 > 9,11", True),
        ("9.11 < 9.9", True),
        ("9.11 is smaller than 9.9.", True),
        ("9.11 > 9.9", False),
        ("9.9 is smaller than 9.11.", False),
        ("9.11", False),
        ("9.11 is larger than 9.9.", False),
        ("9.11, 9.9", False),
        ("9.9 or 9.11", False),
        ("9.95", False),
    ],
)
def test_the_larger_number(answer: str, right: bool) -> None:
    task = next(
        task
        for seed in range(20)
        if (task := _numbers(lambda _: [Decimal("9.11"), Decimal("9.9")])(Random(seed), "en")).expected == "9.9"
    )
    assert task.check(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [("-1, 0.5, 7", True), ("−1 < 0.5 < 7", True), ("-1; 0,5; 7", True), ("7, 0.5, -1", False), ("0.5, 7", False)],
)
def test_sorted_numbers(answer: str, right: bool) -> None:
    values = [Decimal("0.5"), Decimal(7), Decimal(-1)]
    task = next(task for seed in range(20) if "<" in (task := _sorting(lambda _: values)(Random(seed), "en")).expected)
    assert task.check(Answer(answer)) is right


def test_a_chain_has_one_right_answer() -> None:
    task = _chain(4)(Random(1), "en")
    assert task.check(Answer(f"So the answer is {task.expected}."))
    assert not task.check(Answer(task.question))
