"""Items about sorting, numbering and changing case."""

import pytest

from router.exam.families.reorder_text import FAMILY, check_case, check_list
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound

GIVEN = ["pear", "apple", "fig"]
SORTED = ["apple", "fig", "pear"]


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("layout", "answer", "right"),
    [
        ("", "apple, fig, pear", True),
        ("", "Apple\nFig\nPear", True),
        ("", "Here is the list:\n\n1. **Apple**\n2. **Fig**\n3. **Pear**\n\nI hope this helps!", True),
        ("", "The sorted list is apple, fig and pear.", True),
        ("", "The list pear, apple, fig becomes apple, fig, pear.", True),
        ("", "pear, apple, fig", False),
        ("", "apple, fig", False),
        ("", "apple, banana, cherry, fig, pear", False),
        ("", "apple, fig, pear, plum", False),
        ("", "1. apple\n2. fig\n3. pear\n4. plum", False),
        ("", "apple, fig, pear. Or: fig, apple, pear", False),
        ("numbered", "1. apple\n2. fig\n3. pear", True),
        ("numbered", "- apple\n- fig\n- pear", False),
        ("bullets", "* apple\n* fig\n* pear", True),
        ("bullets", "apple, fig, pear", False),
        ("commas", "apple, fig, pear", True),
        ("commas", "apple\nfig\npear", False),
    ],
)
def test_lists(layout: str, answer: str, right: bool) -> None:
    assert check_list(SORTED, GIVEN, layout, False)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("operation", "expected", "answer", "right"),
    [
        ("upper", "WE MEET IN LEEDS", '"WE MEET IN LEEDS."', True),
        ("upper", "WE MEET IN LEEDS", "We Meet In Leeds", False),
        ("upper", "WE MEET IN LEEDS", "WE MEET LEEDS", False),
        ("lower", "we meet in leeds", "In lowercase: **we meet in leeds**", True),
        ("lower", "we meet in leeds", "we meet in Leeds", False),
        ("title", "We Meet In Leeds", "We Meet in Leeds", True),
        ("title", "We Meet In Leeds", "We meet in Leeds", False),
        ("upper", "WE MEET IN LEEDS", "WE MEET IN LEEDS " + "blah " * 60, False),
    ],
)
def test_case(operation: str, expected: str, answer: str, right: bool) -> None:
    assert check_case(expected, operation)(Answer(answer)) is right
