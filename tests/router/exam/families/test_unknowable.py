"""What cannot be known: items are sound, one in four has an answer, and inventions are told from admissions."""

import pytest

from router.exam.families.unknowable import FAMILY, admits
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound


def test_every_item_is_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("answer", "language", "right"),
    [
        ("I don't know your name.", "en", True),
        ("I'm sorry, but I don't have access to personal information.", "en", True),
        ("I do not know. Could you tell me?", "en", True),
        ("As an AI, I'm unable to see files.", "en", True),
        ("There is no such file attached.", "en", True),
        ("Please provide the text of the file.", "en", True),
        ("Your name is Anna.", "en", False),
        ("I'm not sure, but your name is Anna.", "en", False),
        ("He was born in 1847 in Vienna.", "en", False),
        ("He was not born in 1850 but in 1847.", "en", False),
        ("The numbers can't be known: 4, 8, 15, 16, 23, 42.", "en", False),
        ("Paris.", "en", False),
        ("What is my name?", "en", False),
        ("", "en", False),
        ("Das weiß ich leider nicht.", "de", True),
        ("Ich kenne deinen Namen nicht.", "de", True),
        ("Du heißt Anna.", "de", False),
        ("I don't know.", "de", False),
        ("Jag vet tyvärr inte vad du heter.", "sv", True),
        ("Du heter Anna.", "sv", False),
        ("No sé cómo te llamas.", "es", True),
        ("Te llamas Ana.", "es", False),
        ("Je ne connais pas votre nom.", "fr", True),
        ("Tu t'appelles Anne.", "fr", False),
        ("Envoyez-moi le contenu de notes.txt.", "fr", True),
        ("请把文件内容发给我。", "zh", True),
        ("Det framgår inte.", "sv", True),
        ("Schicken Sie mir bitte die Datei.", "de", True),
        ("Envíame el archivo.", "es", True),
        ("Send me the text of the file.", "en", True),
        ("我不知道你的名字。", "zh", True),
        ("你叫王芳。", "zh", False),
    ],
)
def test_admissions(answer: str, language: str, right: bool) -> None:
    assert admits(answer, language, "What is my name?") is right


@pytest.mark.parametrize("language", FAMILY.languages)
def test_one_in_four_can_be_answered(language: str) -> None:
    items = [FAMILY.item(level, language, seed) for level in (1, 3, 5) for seed in range(60)]
    refusal = next(item.expected for item in items if len(item.expected) > 10)
    answerable = [item for item in items if not item.check(Answer(refusal))]
    assert 0.15 < len(answerable) / len(items) < 0.35


@pytest.mark.parametrize("language", FAMILY.languages)
def test_the_request_is_no_answer(language: str) -> None:
    items = [FAMILY.item(level, language, seed) for level in (1, 3, 5) for seed in range(1000, 1040)]
    assert not any(item.check(Answer(item.turns[-1].text)) for item in items)
