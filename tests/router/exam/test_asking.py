"""The small words that change before a vowel."""

import pytest

from router.exam.wording.asking import elided, with_an


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("le bureau de Élise", "fr", "le bureau d'Élise"),
        ("plus grand que Inès", "fr", "plus grand qu'Inès"),
        ("un vol de Oslo à Rome", "fr", "un vol d'Oslo à Rome"),
        ("le bureau de Marie", "fr", "le bureau de Marie"),
        ("Ana y Inés", "es", "Ana e Inés"),
        ("de Oslo", "es", "de Oslo"),
    ],
)
def test_elision(text: str, language: str, shown: str) -> None:
    assert elided(text, language) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to a office party", "to an office party"),
        ("for a umbrella", "for an umbrella"),
        ("a European one", "a European one"),
        ("a one-way ticket", "a one-way ticket"),
        ("a university", "a university"),
        ("a mug", "a mug"),
    ],
)
def test_articles(text: str, shown: str) -> None:
    assert with_an(text) == shown
