"""Items about rewriting."""

import re

import pytest

from router.exam.families.rewrite import CHANGES, FAMILY
from router.exam.item import Answer, Item
from tests.router.exam.families.common import every_item_is_sound


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


def item(pattern: str, level: int = 2) -> Item:
    """The first English item of a level whose prompt fits a pattern."""
    made = (FAMILY.item(level, "en", seed) for seed in range(3000))
    return next(each for each in made if re.search(pattern, each.turns[-1].text))


@pytest.mark.parametrize(
    ("prompt", "answer", "right"),
    [
        (r"past.*The shop closes at six", "The shop closed at six.", True),
        (r"past.*The shop closes at six", "In the past tense: **The shop closed at six.**", True),
        (r"past.*The shop closes at six", "The shop closes at six.", False),
        (r"past.*The shop closes at six", "The past tense of close is closed.", False),
        (r"[Ff]uture.*I call the doctor", "I'm going to call the doctor.", True),
        (r"[Ff]uture.*I call the doctor", "I'll call the doctor", True),
        (r"[Ff]uture.*I call the doctor", "I called the doctor.", False),
        (r"polite.*Send me the report now", "Could you please send me the report?", True),
        (r"polite.*Send me the report now", "Send me the report now.", False),
        (r"polite.*Send me the report now", "Could you please send it to me?", False),
        (r"polite.*Send me the report now", "I'm sorry, but I am unable to send the report. Thank you.", False),
        (r"angry.*neighbour is angry|is angry.*angry", "My neighbour is furious because the music is too loud.", True),
        (r"angry.*neighbour is angry|is angry.*angry", "My neighbour is angry because the music is too loud.", False),
        (r"angry.*neighbour is angry|is angry.*angry", "He is furious.", False),
    ],
)
def test_check(prompt: str, answer: str, right: bool) -> None:
    assert item(f"(?s){prompt}").check(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("{name} won the cooking contest in {city} on {day}.", True),
        ("Shortened version:\n{name} won a contest in {city} on {day}.", True),
        ("{name} won the contest in {city}.", False),
        ("We are happy to tell you that {name} has won the contest in {city} on {day}.", False),
        ("Someone won the cooking contest.", False),
    ],
)
def test_length(answer: str, right: bool) -> None:
    short = item(r"\d+ words.*cooking contest|cooking contest.*\d+ words", 5)
    found = re.search(r"that (\w+) has won the cooking contest that took place in (\w+) on (\w+)", short.turns[-1].text)
    assert found
    name, city, day = found.groups()
    assert short.check(Answer(answer.format(name=name, city=city, day=day))) is right


def test_german_asks_for_the_tense_that_it_checks() -> None:
    assert all("Präteritum" in request for request in CHANGES["de"]["past"][0])
