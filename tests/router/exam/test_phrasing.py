"""How requests are dressed."""

from random import Random

from router.exam.item import LANGUAGES
from router.exam.wording.phrasing import OPENINGS, SYSTEMS, conversation


def test_the_material_is_kept_whatever_stands_around_it() -> None:
    for seed in range(200):
        turns = conversation(
            Random(seed), "en", ("Translate to {to}: {text}", '"{text}"?'), ("Short.",), "a {b} c", to="X"
        )
        assert "a {b} c" in turns[-1].text
        assert turns[-1].role == "user"


def test_system_turns_and_openings_come_now_and_then() -> None:
    asked = [conversation(Random(seed), "de", ("Frage: {text}",), text="x") for seed in range(400)]
    with_system = sum(len(turns) == 2 for turns in asked)
    assert 20 < with_system < 90
    assert len({turns[-1].text for turns in asked}) > 10


def test_every_language_has_its_own() -> None:
    assert set(OPENINGS) == set(SYSTEMS) == set(LANGUAGES)
