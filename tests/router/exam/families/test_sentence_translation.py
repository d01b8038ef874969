"""Translations of sentences."""

import pytest

from router.exam.families.sentence_translation import FAMILY, Sentence
from tests.router.exam.families.common import every_item_is_sound

PHARMACY = Sentence.read("de", "[Wo] [ist|finde|gibt] die [nächste|nächstgelegene] [Apotheke]?")
COFFEE = Sentence.read("zh", "[请|麻烦]给我一[杯] [咖啡]。")
TRAIN = Sentence.read("fr", "Le [train] est [en retard], [mais] ma [sœur] est à la [maison].")


def test_items() -> None:
    every_item_is_sound(FAMILY)


def test_the_first_variant_is_shown() -> None:
    assert PHARMACY.shown == "Wo ist die nächste Apotheke?"
    assert COFFEE.shown == "请给我一杯咖啡。"


@pytest.mark.parametrize(
    ("sentence", "answer", "right"),
    [
        (PHARMACY, "Wo ist die nächste Apotheke?", True),
        (PHARMACY, 'In German: "Wo gibt es hier die nächste Apotheke?"', True),
        (PHARMACY, "**Wo finde ich die nächstgelegene Apotheke**", True),
        (PHARMACY, "Sure! Here is the translation:\n\nWo ist die nächste Apotheke?", True),
        (PHARMACY, "Das ist das Wohnschule", False),
        (PHARMACY, "Wo ist die Apotheke?", False),
        (PHARMACY, "Wo ist der nächste Bahnhof?", False),
        (PHARMACY, "Wo ist nicht die nächste Apotheke?", False),
        (PHARMACY, "Where is the nearest pharmacy?", False),
        (PHARMACY, "Wo ist die nächste Apotheke Schule Garten?", False),
        (COFFEE, "请给我一杯咖啡", True),
        (COFFEE, "麻烦您给我来杯咖啡。", True),
        (COFFEE, "请给我一杯茶。", False),
        (TRAIN, "Le train est en retard, mais ma soeur est à la maison.", False),
        (TRAIN, "Le train est en retard mais ma sœur est à la maison", True),
        (TRAIN, "Le train n'est pas en retard, mais ma sœur est à la maison.", False),
    ],
)
def test_what_says_the_sentence(sentence: Sentence, answer: str, right: bool) -> None:
    assert sentence.is_said_by(answer) is right
