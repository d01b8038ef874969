"""Conversations: items are sound, and each kind of reference is judged as a listener would."""

from collections.abc import Callable
from random import Random

import pytest

from router.exam.families import multi_turn
from router.exam.families.multi_turn import FAMILY, is_shortened
from router.exam.item import Answer


@pytest.mark.parametrize("language", FAMILY.languages)
@pytest.mark.parametrize("level", range(1, 6))
def test_every_item_is_sound(level: int, language: str) -> None:
    items = [FAMILY.item(level, language, seed) for seed in range(40)]
    for item in items:
        assert item.check(Answer(item.expected)), (item.turns, item.expected)
        assert item.turns[-1].role == "user"
        assert [turn.role for turn in item.turns if turn.role != "system"][::2] == ["user"] * (
            (len([turn for turn in item.turns if turn.role != "system"]) + 1) // 2
        )
        assert not any("{" in turn.text for turn in item.turns)
        for odd in ("", "\x00", "🙂" * 50, "I don't know.", "x " * 5000, "1" * 5000, item.turns[-1].text):
            assert not item.check(Answer(odd)), (item.turns, odd)
    assert [item.turns for item in items] == [FAMILY.item(level, language, seed).turns for seed in range(40)]
    assert len({tuple(item.turns) for item in items}) > 30


def answers(kind: str, level: int) -> tuple[str, str, Callable[[Answer], bool]]:
    """The text of the conversation, a right answer and the check of the first item of a kind."""
    talk, check, expected = getattr(multi_turn, kind)(Random(1), level, "en")
    return "\n".join(turn.text for turn in talk), expected, check


@pytest.mark.parametrize(
    ("kind", "wording", "right"),
    [
        ("_name", "{v}", True),
        ("_name", "Your name is {v}.", True),
        ("_name", "Of course, **{v}**!", True),
        ("_name", "I don't know your name.", False),
        ("_name", "Your name is Sam.", False),
        ("_sum", "{v}", True),
        ("_sum", "That makes {v}.", True),
        ("_sum", "{v} plus 1 is 99999", False),
        ("_sum", "1{v}", False),
        ("_correction", "At {v}:00.", True),
        ("_correction", "It's at {v} o'clock.", True),
        ("_correction", "At 3 o'clock.", False),
        ("_list", "{v}", True),
        ("_list", "Your list: {v}.", True),
        ("_list", "Your list is empty.", False),
        ("_list", "{v}, coffee", False),
        ("_upper", "{v}", True),
        ("_upper", '"{v}"', True),
        ("_upper", "HELLO", False),
        ("_other_language", "{v}", True),
        ("_other_language", 'It is "{v}".', True),
        ("_other_language", "hund, Hund, perro, chien, dog", False),
    ],
)
def test_answers(kind: str, wording: str, right: bool) -> None:
    _, expected, check = answers(kind, 1)
    assert check(Answer(wording.replace("{v}", expected))) is right


def test_the_old_time_and_the_removed_thing_are_wrong() -> None:
    talk, expected, check = answers("_correction", 1)
    old = next(number for number in __import__("re").findall(r"\d+", talk) if number != expected)
    assert not check(Answer(f"At {old}."))
    assert check(Answer(f"At {expected}, no longer at {old}."))
    _, expected, check = answers("_list", 2)
    everything = "milk bread eggs butter rice apples coffee soap candles paper onions honey"
    assert check(Answer(expected))
    assert not check(Answer(everything))


@pytest.mark.parametrize(
    ("short", "right"),
    [
        ("Anna watered the plants.", True),
        ("She watered plants and baked a cake.", True),
        ("Anna watered the plants by the window. On Sunday Anna baked an apple cake.", False),
        ("Anna watered the plants. Anna watered the plants.", False),
        ("Boris repaired the printer of the office.", False),
        ("Okay.", False),
        ("", False),
    ],
)
def test_shortening(short: str, right: bool) -> None:
    assert is_shortened(short, "Anna watered the plants by the window. On Sunday Anna baked an apple cake.") is right
