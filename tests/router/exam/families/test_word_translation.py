"""Translations of words."""

import pytest

from router.exam.families.word_translation import FAMILY, is_translation
from tests.router.exam.families.common import every_item_is_sound


def test_items() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("answer", "accepted", "right"),
    [
        ("Apfel", ("Apfel",), True),
        ("der Apfel", ("Apfel",), True),
        ("**Apfel**.", ("Apfel",), True),
        ('The German word for "apple" is "Apfel".', ("Apfel",), True),
        ("Apple = Apfel (masculine)", ("Apfel",), True),
        ("Una manzana", ("manzana",), True),
        ("l'eau", ("eau",), True),
        ("to buy", ("buy",), True),
        ("“苹果”(píngguǒ)", ("苹果",), True),
        ("forest / woods", ("forest", "woods"), True),
        ("Apfelkuchen", ("Apfel",), False),
        ("Apfel, Birne, Kirsche", ("Apfel",), False),
        ("Apfel or Birne", ("Apfel",), False),
        ("apple", ("Apfel",), False),
        ("Apfel " * 30, ("Apfel",), False),
        ("", ("Apfel",), False),
    ],
)
def test_what_counts_as_a_translation(answer: str, accepted: tuple[str, ...], right: bool) -> None:
    assert is_translation(answer, accepted) is right
