"""Items about writing short texts."""

import pytest

from router.exam.families.short_writing import FAMILY, prices, written_well
from router.exam.item import Answer
from tests.router.exam.families.common import every_item_is_sound

FACTS = [("mug", ("mug",)), ("blue", ("blue",)), *prices("19 euros")]
PROMPT = "Write a product description for a mug. Mention: blue, 19 euros. Use at most 30 words."


def test_items_are_sound() -> None:
    every_item_is_sound(FAMILY)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Start your day with our blue mug: it keeps the tea hot and costs only 19 euros.", True),
        ("**Blue mugs** for every kitchen. Dishwasher safe, and yours for just €19!", True),
        ("Start your day with our blue mug, which keeps the tea hot for hours.", False),
        ("A red mug for 19 euros that you will like very much.", False),
        ("A blue mug of 19 centimetres that you will like very much.", False),
        ("Write a product description for a mug. Mention: blue, 19 euros.", False),
        ("Die blaue Tasse (blue mug) ist für Sie und kostet nur 19 Euro, und sie ist die beste.", False),
        ("As an AI, I think that this blue mug for 19 euros is good.", False),
        ("The blue mug is 19 euros. The blue mug is 19 euros. The blue mug is 19 euros.", False),
        ("This blue mug for 19 euros is the best that " + "you can find " * 9, False),
        ("mug blue 19 euros", False),
        ("mug blue 19 euros mug tea green kitchen sofa", False),
        ("Start your day with our blue mug, it costs only 19 euros and we have this:", False),
        ("", False),
    ],
)
def test_check(answer: str, right: bool) -> None:
    assert written_well(FACTS, "en", 6, 30, answer, PROMPT) is right


def test_a_limit_holds() -> None:
    item = FAMILY.item(3, "de", 1)
    assert item.check(Answer(item.expected))
    assert not item.check(Answer(f"{item.expected} {' '.join(f'und noch Wort{number}' for number in range(16))}"))
