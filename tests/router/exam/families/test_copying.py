"""Copying: items are sound, and a copy is a copy only if every character is there."""

import pytest

from router.exam.families.copying import FAMILY, is_copy
from tests.router.exam.families.common import every_item_is_sound


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("answer", "material", "right"),
    [
        ("Anna bought tea.", "Anna bought tea.", True),
        ("  Anna bought tea.\n", "Anna bought tea.", True),
        ('"Anna bought tea."', "Anna bought tea.", True),
        ("**KX-4471**", "KX-4471", True),
        ("```\na\nb\n```", "a\nb", True),
        ("```python\ndef f(x):\n    return x\n```", "def f(x):\n    return x", True),
        ("Here is the text:\n\nAnna bought tea.", "Anna bought tea.", True),
        ("Sure!\n\nAnna bought tea.", "Anna bought tea.", True),
        ("KX-4471.", "KX-4471", True),
        ("a = 1\n    b\n```", "a = 1\n    b", True),
        ("Anna bought tea", "Anna bought tea.", False),
        ("anna bought tea.", "Anna bought tea.", False),
        ("Anna bought bread.", "Anna bought tea.", False),
        ("Anna bought tea. Anna bought tea.", "Anna bought tea.", False),
        ("Anna bought tea.\nAnna bought tea.", "Anna bought tea.", False),
        ("Anna bought tea.\n\nLet me know if you need anything else, I am happy to help!", "Anna bought tea.", False),
        ("the", "teh", False),
        ("def f(x):\nreturn x", "def f(x):\n    return x", False),
        ("a\nb", "a\nb\nc", False),
        ("Repeat this sentence exactly: Anna bought tea.", "Anna bought tea.", False),
        ("", "Anna bought tea.", False),
    ],
)
def test_copies(answer: str, material: str, right: bool) -> None:
    assert is_copy(answer, material) is right


@pytest.mark.parametrize("language", FAMILY.languages)
def test_the_material_is_in_the_prompt_and_grows(language: str) -> None:
    lengths = []
    for level in (1, 3, 5):
        items = [FAMILY.item(level, language, seed) for seed in range(40)]
        assert all(item.expected in item.turns[-1].text for item in items)
        lengths.append(sum(len(item.expected) for item in items))
    assert lengths == sorted(lengths)
