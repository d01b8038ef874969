import pytest

from router.exam.families.table_lookup import FAMILY, _named, _Table
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
        ("Ben", True),
        ("Ben is the oldest (41).", True),
        ("The oldest person is Ben, who is 41 years old.", True),
        ("Ben is the oldest, followed by Anna.", True),
        ("Anna is 34, Ben is 41 and Carl is 29, so Ben.", True),
        ("Anna", False),
        ("Anna, Ben, Carl", False),
        ("Ben is the oldest. Anna is the oldest.", False),
        ("Anna is the oldest, then Ben.", False),
    ],
)
def test_rows(answer: str, right: bool) -> None:
    table = _Table(("name", "age", "city"), ["Anna", "Ben", "Carl"], [34, 41, 29], ["Rome", "Oslo", "Bern"], False)
    assert _named(table, 1, "Who is the oldest?", ("oldest",)).check("")(Answer(answer)) is right
