import pytest

from router.exam.content.known_facts import FACTS
from router.exam.content.trivia import TRIVIA
from router.exam.families.common_facts import FAMILY, _check, _says_symbol
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
        ("Fe", True),
        ("fe", True),
        ("**Fe**", True),
        ("The chemical symbol for iron is Fe.", True),
        ("Fe (from Latin ferrum)", True),
        ("Ag", False),
        ("The symbol is Au, not Fe.", False),
        ("Fe, Au, Ag, Cu, Zn", False),
        ("Ferrum", False),
        ("iron", False),
    ],
)
def test_symbols(answer: str, right: bool) -> None:
    assert _says_symbol("Fe")(Answer(answer)) is right


@pytest.mark.parametrize(
    ("topic", "subject", "answer", "right"),
    [
        ("capital", "Denmark", "The capital of Denmark is Copenhagen.", True),
        ("capital", "Denmark", "Kopenhagen", True),
        ("capital", "Denmark", "Oslo is the capital of Denmark.", False),
        ("capital", "Denmark", "Denmark", False),
        ("capital", "Mexico", "Mexico", False),
        ("capital", "Denmark", "I think Copenhagen or blue", False),
        ("capital", "Denmark", "Maybe blue or Copenhagen.", False),
        ("capital_of", "London", "Great Britain or the UK", True),
        ("discoverer", "the planet Uranus", "William Herschel", True),
        ("discoverer", "the planet Uranus", "Caroline Herschel", False),
        ("capital_of", "London", "The United Kingdom", True),
        ("capital_of", "London", "France", False),
        ("author", "Hamlet", "Hamlet was written by William Shakespeare around 1600.", True),
        ("author", "Hamlet", "Charles Dickens", False),
        ("currency", "Japan", "Japanese Yen (JPY)", True),
        ("currency", "Japan", "The dollar", False),
        ("year", "the fall of the Berlin Wall", "It fell on November 9, 1989.", True),
        ("year", "the fall of the Berlin Wall", "1990", False),
        ("continent", "Kenya", "Kenya is in East Africa.", True),
        ("continent", "Kenya", "Asia", False),
    ],
)
def test_facts(topic: str, subject: str, answer: str, right: bool) -> None:
    fact = next(fact for fact in FACTS if fact.topic == topic and fact.subject["en"] == subject)
    assert _check(fact, "en", f"{topic} {subject}?")(Answer(answer)) is right


def test_there_are_many_facts() -> None:
    assert len(FACTS) + len(TRIVIA) >= 450


@pytest.mark.parametrize("language", FAMILY.languages)
def test_the_request_is_no_answer(language: str) -> None:
    items = [FAMILY.item(level, language, seed) for level in (1, 3, 5) for seed in range(1000, 1040)]
    assert not any(item.check(Answer(item.turns[-1].text)) for item in items)
