"""What holds for families whose answers are short: a right one passes however it is wrapped, a wrong one does not."""

from router.exam.item import LEVELS, Answer, Family

WRAPPINGS = ("{}", "{}.", "**{}**", "The answer is {}.", "Answer: **{}**", "{}\n", "- {}", '"{}"')

REFUSALS = ("I'm sorry, I cannot help with that.", "That is a good question!", "?", "...")

SEEDS = range(300, 312)


def short_answers_are_judged_right(family: Family, *, other_numbers: bool = True) -> None:
    """Each expected answer passes in each wrapping; the question itself, refusals and another number do not."""
    for language in family.languages:
        for level in LEVELS:
            for seed in SEEDS:
                item = family.item(level, language, seed)
                where = f"{family.name} {level} {language}: {item.turns[-1].text!r}"
                for wrapping in WRAPPINGS:
                    answer = wrapping.format(item.expected)
                    assert item.check(Answer(answer)), f"{where} refuses {answer!r}"
                for refusal in REFUSALS:
                    assert not item.check(Answer(refusal)), f"{where} accepts {refusal!r}"
                if other_numbers and item.expected.isdigit():
                    wrong = f"The answer is {int(item.expected) + 3}."
                    assert not item.check(Answer(wrong)), f"{where} accepts {wrong!r}"


def questions_are_no_answers(family: Family, share: float = 0.01) -> None:
    """Hardly any question passes as its own answer."""
    items = [family.item(level, language, seed) for language in family.languages for level in LEVELS for seed in SEEDS]
    passed = [item.turns[-1].text for item in items if item.check(Answer(item.turns[-1].text))]
    assert len(passed) <= share * len(items), passed[:3]
