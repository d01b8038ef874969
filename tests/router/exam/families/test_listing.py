"""Lists of members of a category."""

import pytest

from router.exam.families.listing import FAMILY, lists, names_in
from tests.router.exam.families.common import every_item_is_sound

FRUITS = {"apple": "apple", "apples": "apple", "pear": "pear", "pears": "pear", "plum": "plum"}.get


def test_items() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("answer", "layout", "right"),
    [
        ("apple, pear, plum", "commas", True),
        ("Apple, Pear and Plum.", "commas", True),
        ("Here are three fruits: apple, pear, plum", "commas", True),
        ("Sure!\napple, pear, plum", "commas", True),
        ("1. **Apples** - sweet\n2. Pears\n3. Plum", "lines", True),
        ("- apple\n- pear\n- plum", "", True),
        ("* apple\n* pear\n* plum", "lines", True),
        ("an apple, a pear, and a plum", "", True),
        ("1. Apple\n2. Pear\n3. Plum\n\nThese fruits, all of them, grow on trees.", "", True),
        ("Apple, pear, plum. All of them grow on trees.", "commas", True),
        ("apple\npear\nplum", "commas", False),
        ("apple, pear, plum", "lines", False),
        ("apple, pear", "", False),
        ("apple, pear, carrot", "", False),
        ("apple, apples, pear", "", False),
        ("apple, pear, plum, pear", "", False),
        ("", "", False),
    ],
)
def test_lists(answer: str, layout: str, right: bool) -> None:
    assert lists(answer, 3, FRUITS, layout) is right


def test_order_and_further_demands() -> None:
    assert lists("apple, pear", 2, FRUITS, in_order=True)
    assert not lists("pear, apple", 2, FRUITS, in_order=True)
    assert not lists("apple, pear", 2, FRUITS, fits=lambda name: name[0] == "p")


def test_numbers_are_no_bullets() -> None:
    assert names_in("12, 14, 16")[0] == ["12", "14", "16"]
    assert names_in("12\n14")[0] == ["12", "14"]
