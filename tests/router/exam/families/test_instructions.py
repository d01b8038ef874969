"""Following instructions: items are sound, and each rule judges as a reader would."""

import pytest

from router.exam.families.instructions import FAMILY, Rule, follows, sentence_count
from tests.router.exam.families.common import every_item_is_sound


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("rule", "text", "right"),
    [
        (Rule("words", "4"), "Coffee keeps me awake.", True),
        (Rule("words", "4"), "Coffee keeps me wide awake.", False),
        (Rule("words", "5"), "我喜欢喝茶。", True),
        (Rule("words", "6"), "我喜欢喝茶。", False),
        (Rule("most_words", "5"), "Coffee keeps me awake.", True),
        (Rule("most_words", "3"), "Coffee keeps me awake.", False),
        (Rule("upper"), "COFFEE KEEPS ME AWAKE!", True),
        (Rule("upper"), "COFFEE keeps me awake!", False),
        (Rule("lower"), "coffee keeps me awake.", True),
        (Rule("lower"), "Coffee keeps me awake.", False),
        (Rule("letter", "C"), "Coffee keeps me awake.", True),
        (Rule("letter", "C"), "- Coffee keeps me awake.", True),
        (Rule("letter", "K"), "Coffee keeps me awake.", False),
        (Rule("start", "Many"), '"Many people drink coffee."', True),
        (Rule("start", "Many"), "People drink many coffees.", False),
        (Rule("word", "awake"), "Coffee keeps me AWAKE.", True),
        (Rule("word", "awake"), "Coffee awakens me.", False),
        (Rule("no_comma"), "Coffee keeps me awake.", True),
        (Rule("no_comma"), "Coffee, hot and black.", False),
        (Rule("mark"), "Coffee keeps me awake!", True),
        (Rule("mark"), "Coffee! It keeps me awake.", False),
        (Rule("end", "me awake"), "Coffee keeps me awake.", True),
        (Rule("end", "me awake"), "Coffee keeps me awake at night.", False),
        (Rule("avoid", "very"), "Coffee keeps me awake.", True),
        (Rule("avoid", "very"), "Coffee keeps me very awake.", False),
        (Rule("no_letter", "s"), "Coffee all day.", True),
        (Rule("no_letter", "s"), "Coffee is fine.", False),
        (Rule("brackets"), "[Coffee keeps me awake.]", True),
        (Rule("brackets"), "Coffee keeps me awake.", False),
    ],
)
def test_rules(rule: Rule, text: str, right: bool) -> None:
    assert rule.followed(text) is right


WORD = [Rule("word", "morning")]


@pytest.mark.parametrize(
    ("text", "count", "bullets", "right"),
    [
        ("I drink coffee every morning.", 1, False, True),
        ("Sure! Here is a sentence:\n\nI drink coffee every morning.", 1, False, True),
        ("**I drink coffee every morning.**", 1, False, True),
        ("I drink coffee every morning. It is hot.", 1, False, False),
        ("I drink tea every morning.", 1, False, False),
        ("I drink coffee every evening.", 1, False, False),
        ("coffee morning coffee morning.", 1, False, False),
        ("I drink coffee. The morning is mine.", 2, False, True),
        ("- I drink coffee.\n- The morning is mine.", 2, True, True),
        ("1. I drink coffee.\n2. The morning is mine.", 2, True, True),
        ("Here you are:\n- I drink coffee.\n- The morning is mine.", 2, True, True),
        ("- I drink coffee.\n- The morning is mine.\n- It rains.", 2, True, False),
        ("I drink coffee.\nThe morning is mine.", 2, True, False),
        ("Ich trinke den coffee und das ist nicht morning.", 1, False, False),
        ("coffee morning coffee morning coffee morning coffee morning coffee morning coffee morning", 1, False, False),
        ("Write one sentence about coffee with the word morning.", 1, False, False),
    ],
)
def test_whole_answers(text: str, count: int, bullets: bool, right: bool) -> None:
    request = "Write one sentence about coffee with the word morning."
    assert follows(text, "en", "coffee", count, bullets, WORD, request) is right


@pytest.mark.parametrize(
    ("text", "count"), [("Hi.", 1), ("Hi! It is 3.5 km. Go?", 3), ("你好。走吧！", 2), ("Hi", 1), ("", 0)]
)
def test_sentences(text: str, count: int) -> None:
    assert sentence_count(text) == count
