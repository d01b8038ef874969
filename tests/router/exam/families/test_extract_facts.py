"""Items about finding facts."""

import re
from random import Random

import pytest

from router.exam.checks.written_answers import folded, says
from router.exam.families.extract_facts import FAMILY, KINDS, Fact, amount, tells_just
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound

TEXT = "Order A-48213 for Emma Keller costs $49.90 and leaves for Boston on 12 March. The driver is called Paul Novak."


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


def made(kind: str, shown: str) -> Fact:
    """The first fact of a kind that is written like this."""
    return next(fact for seed in range(200_000) if (fact := KINDS[kind](Random(seed), "en")).written == shown)


@pytest.mark.parametrize(
    ("kind", "shown", "answer", "right"),
    [
        ("date", "12 March", "March 12th", True),
        ("date", "12 March", "2024-03-12", True),
        ("date", "12 March", "12.3.", True),
        ("date", "12 March", "The date is the 12th of March.", True),
        ("date", "12 March", "2 March", False),
        ("date", "12 March", "13 March", False),
        ("date", "12 March", "12 May", False),
        ("time", "14:00", "2 pm", True),
        ("time", "14:00", "14.00 h", True),
        ("time", "14:00", "14:30", False),
        ("time", "9:15 am", "09:15", True),
        ("time", "9:15 am", "19:15", False),
    ],
)
def test_values(kind: str, shown: str, answer: str, right: bool) -> None:
    assert made(kind, shown).told_in(answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Emma Keller, A-48213", True),
        ("The customer is **Emma Keller** and the order number is A-48213.", True),
        ("Name: Keller\nOrder: #a-48213", True),
        ("A-48213", False),
        ("Emma Kelly, A-48213", False),
        ("Emma Keller, A-482135", False),
        ("Emma Keller and Paul Novak, A-48213", False),
        (TEXT, False),
        ("Give me the name and the number: Order A-48213 for Emma Keller costs", False),
    ],
)
def test_check(answer: str, right: bool) -> None:
    name = Fact("Emma Keller", lambda text: says(text, "Keller"))
    number = Fact("A-48213", lambda text: bool(re.search(r"a-48213(?!\d)", folded(text))))
    driver = Fact("Paul Novak", lambda text: says(text, "Novak"))
    prompt = f"Give me the name and the number: {TEXT}"
    assert tells_just([name, number], [driver], TEXT, prompt)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("whole", "cents", "shown", "answer", "right"),
    [
        (49, "90", "$49.90", "It costs $49.90.", True),
        (49, "90", "$49.90", "49,9 dollars", True),
        (49, "90", "$49.90", "£49.90", False),
        (49, "90", "$49.90", "$149.90", False),
        (49, "90", "$49.90", "$49", False),
        (80, "", "80 euros", "€80.00", True),
        (80, "", "80 euros", "80.50 euros", False),
    ],
)
def test_amounts(whole: int, cents: str, shown: str, answer: str, right: bool) -> None:
    assert amount(whole, cents, shown).told_in(answer) is right
