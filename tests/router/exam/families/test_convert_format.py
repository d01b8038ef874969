"""Items about converting data."""

import pytest

from router.exam.families.convert_format import FAMILY, holds_array, holds_records
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound

RECORDS = [{"title": "Blue Roads, Part 2", "year": "1999"}, {"title": "Old Garden", "year": "2004"}]


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("form", "answer", "right"),
    [
        ("json", '[{"title": "Blue Roads, Part 2", "year": 1999}, {"title": "Old Garden", "year": "2004"}]', True),
        (
            "json",
            'Here it is:\n```json\n{"books": [{"Title": "Blue Roads, Part 2", "Year": 1999},'
            ' {"title": "Old Garden", "year": 2004}]}\n```\nEnjoy!',
            True,
        ),
        ("json", '[{"title": "Blue Roads, Part 2", "year": 1999}]', False),
        ("json", '[{"title": "Blue Roads", "year": 1999}, {"title": "Old Garden", "year": 2004}]', False),
        ("json", '[{"title": "Blue Roads, Part 2", "year": 1999}, {"title": "Old Garden", "year": 2004}', False),
        ("json", "title: Blue Roads, Part 2", False),
        ("csv", 'title,year\n"Blue Roads, Part 2",1999\nOld Garden,2004', True),
        ("csv", 'Here is your CSV:\n\ntitle, year\n"Blue Roads, Part 2", 1999\nOld Garden, 2004\n\nDone.', True),
        ("csv", "title,year\nBlue Roads, Part 2,1999\nOld Garden,2004", False),
        ("csv", '"Blue Roads, Part 2",1999\nOld Garden,2004', False),
        ("table", "| title | year |\n|---|:-:|\n| Blue Roads, Part 2 | 1999 |\n| Old Garden | 2004 |", True),
        ("table", "title | year\n--- | ---\nBlue Roads, Part 2 | 1999\nOld Garden | 2004", True),
        ("table", "| title | year |\n| Blue Roads, Part 2 | 1999 |\n| Old Garden | 2004 |", False),
        ("pairs", "title: Blue Roads, Part 2\nyear: 1999\n\ntitle: Old Garden\nyear: 2004", True),
        ("pairs", "- **Title:** Blue Roads, Part 2\n- **Year:** 1999\n- **Title:** Old Garden\n- **Year:** 2004", True),
        ("pairs", "title: Blue Roads, Part 2\nyear: 2004\ntitle: Old Garden\nyear: 1999", False),
    ],
)
def test_records(form: str, answer: str, right: bool) -> None:
    assert holds_records(RECORDS, form)(Answer(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ('["tea", "bread"]', True),
        ('```json\n[\n  "Tea",\n  "bread"\n]\n```', True),
        ('{"items": ["tea", "bread"]}', True),
        ('["bread", "tea"]', False),
        ('["tea", "bread", "milk"]', False),
        ("[tea, bread]", False),
        ("tea, bread", False),
        ("[1, 2", False),
    ],
)
def test_arrays(answer: str, right: bool) -> None:
    assert holds_array(["tea", "bread"])(Answer(answer)) is right
