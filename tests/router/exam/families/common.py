"""What holds for every family of items."""

import pytest

from router.exam.item import LEVELS, Answer, Family

ODD_ANSWERS = ("", " \n", "\x00", "🙂" * 50, "I don't know.", "x " * 1000, "{", "[[[[", "1" * 1000)

SEEDS = range(8)


def every_item_is_sound(family: Family) -> None:
    """Each item's own answer passes, odd ones fail without an error, and items differ from one another."""
    for language in family.languages:
        for level in LEVELS:
            items = [family.item(level, language, seed) for seed in SEEDS]
            for item in items:
                where = f"{family.name} {level} {language}: {item.turns[-1].text!r}"
                assert item.check(Answer(item.expected)) or item.tools, f"{where} refuses {item.expected!r}"
                assert 1 <= item.max_tokens <= 300, where
                assert item.turns[-1].role == "user", where
                assert item.turns[-1].text.strip(), where
                passed = [odd for odd in ODD_ANSWERS if item.check(Answer(odd))]
                if passed and passed != ["I don't know."]:
                    pytest.fail(f"{where} accepts {passed[0][:40]!r}")
            again = [family.item(level, language, seed) for seed in SEEDS]
            assert [item.turns for item in items] == [item.turns for item in again]
            assert len({item.turns[-1].text for item in items}) >= 0.6 * len(SEEDS), f"{family.name} repeats itself"
