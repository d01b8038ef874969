"""Choosing tools: items are sound, and a call is right only with the right tool and all its arguments."""

from collections.abc import Mapping
from typing import Any

import pytest

from router.exam.families.tool_choice import FAMILY, called, in_words
from router.exam.item import Answer, ToolCall
from tests.router.exam.families.common import every_item_is_sound


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize("language", FAMILY.languages)
@pytest.mark.parametrize("level", range(1, 6))
def test_what_is_expected_is_a_call_of_a_tool_that_is_there(level: int, language: str) -> None:
    fits = 0
    for seed in range(40):
        item = FAMILY.item(level, language, seed)
        names = [tool["function"]["name"] for tool in item.tools]
        assert len(set(names)) == level
        assert "{" not in item.turns[-1].text
        name, _, rest = item.expected.partition("(")
        if rest:
            fits += 1
            arguments = eval(f"dict({rest}")
            assert item.check(Answer("", [ToolCall(name, arguments)]))
            assert all(str(value) in item.turns[-1].text for value in arguments.values())
            assert not item.check(Answer(item.expected))
        else:
            assert item.check(Answer(item.expected))
            assert not item.check(Answer(item.expected, [ToolCall(names[0], {})]))
    assert 20 < fits < 40


ARGUMENTS = {"city": "Rome", "nights": 3}


@pytest.mark.parametrize(
    ("name", "arguments", "right"),
    [
        ("book", {"city": "Rome", "nights": 3}, True),
        ("book", {"city": "rome ", "nights": "3"}, True),
        ("book", {"city": "Rome", "nights": 3.0, "guests": None}, True),
        ("book", {"city": "Rome"}, False),
        ("book", {"city": "Rome", "nights": 4}, False),
        ("book", {"city": "Rome", "nights": True}, False),
        ("book", {"city": "Rome, Italy?", "nights": 3}, False),
        ("book", {"city": "Rome", "nights": 3, "guests": 2}, False),
        ("book", {"city": ["Rome"], "nights": [3]}, False),
        ("weather", {"city": "Rome", "nights": 3}, False),
        ("book", None, False),
    ],
)
def test_calls(name: str, arguments: Mapping[str, Any] | None, right: bool) -> None:
    assert called([ToolCall(name, arguments)], "book", ARGUMENTS) is right


def test_one_call_and_no_more() -> None:
    call = ToolCall("book", ARGUMENTS)
    assert called([call], "book", ARGUMENTS)
    assert not called([call, call], "book", ARGUMENTS)
    assert not called([], "book", ARGUMENTS)


def test_words_where_no_tool_fits() -> None:
    assert in_words(Answer("The capital is Rome."), ["Rome"], "What is the capital of Italy?")
    assert not in_words(Answer("I don't know."), ["Rome"], "What is the capital of Italy?")
    assert not in_words(Answer("Rome", [ToolCall("get_time", {"city": "Rome"})]), ["Rome"], "?")
