"""Tool calls are found in text, wherever it is split."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.prompt.tool_calls import CallArguments, CallStart, Text, ToolCallReader

ONE = '<tool_call>\n{"name": "f", "arguments": {"a": "}{\\"</tool_call>", "b": [1, {}]}}\n</tool_call>'
TWO = f'{ONE}\n<tool_call>{{"name": "g", "arguments": {{}}}}</tool_call>'
ARGUMENTS = '{"a": "}{\\"</tool_call>", "b": [1, {}]}'


def read(pieces: list[str]) -> tuple[str, list[str], list[str], int]:
    reader = ToolCallReader()
    parts = [part for piece in pieces for part in reader.feed(piece)] + reader.finish()
    text = "".join(p.text for p in parts if isinstance(p, Text))
    names = [p.name for p in parts if isinstance(p, CallStart)]
    arguments = [
        "".join(p.text for p in parts if isinstance(p, CallArguments) and p.index == i) for i in range(len(names))
    ]
    return text, names, arguments, reader.n_complete


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        ("No call here: <tool> <tool_cal>", ("No call here: <tool> <tool_cal>", [], [], 0)),
        (ONE, ("", ["f"], [ARGUMENTS], 1)),
        (f"Let me see. {ONE}", ("Let me see.", ["f"], [ARGUMENTS], 1)),
        (TWO, ("", ["f", "g"], [ARGUMENTS, "{}"], 2)),
        ("ends <tool_ca", ("ends", [], [], 0)),
        ("1 <", ("1 <", [], [], 0)),
        ("<tool_call>no json", ("", [], [], 0)),
        ('Well. <tool_call>\n{"name": "f', ("Well.", [], [], 0)),
        ('<tool_call>{"name": "f", "arguments": {"a', ("", ["f"], ['{"a'], 0)),
        (f"{ONE} <tool_c", ("", ["f"], [ARGUMENTS], 1)),
    ],
)
@given(cuts=st.lists(st.integers(0, 200), max_size=8))
def test_calls_are_found_wherever_the_text_is_split(whole: str, expected: tuple[object, ...], cuts: list[int]) -> None:
    places = [0, *sorted(c % (len(whole) + 1) for c in cuts), len(whole)]
    assert read([whole[a:b] for a, b in pairwise(places)]) == expected
    assert read(list(whole)) == expected


@pytest.mark.parametrize(
    ("before", "then", "overshoots"),
    [("<tool_call", ">", False), ("<tool_call", ">\n", False), ("<tool_call", ">[", True), ("x", "y", False)],
)
def test_a_token_that_overshoots_an_opening_is_detected(before: str, then: str, overshoots: bool) -> None:
    reader = ToolCallReader()
    reader.feed(before)
    assert reader.overshoots(then) is overshoots
    reader.feed(then)
    assert reader.awaits_call is (not overshoots and ">" in then)
