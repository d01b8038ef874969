"""Sentences that hold two versions of themselves, by marks such as ``[go|went|has gone]``.

The first form is the one that a request shows, the second the one that is wished for, others are as good.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from router.exam.checks.written_answers import folded, words
from router.exam.item import Answer

MARK = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")

CONTRACTIONS = (
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"n't\b", " not"),
    (r"'m\b", " am"),
    (r"'re\b", " are"),
    (r"'ll\b", " will"),
    (r"\b(it|who|that|what)'s\b", r"\1 is"),
)
"""English short forms: with or without them, a sentence is the same."""

LOOKED_AT = 250
"""Words of an answer that are looked at."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed in a sentence: the words shown, and all that may stand in their place."""

    shown: str
    wished: Sequence[str]


def real_marks(sentence: str) -> list[re.Match[str]]:
    """The marks whose forms differ in their words: no check looks at capitals or at punctuation."""
    return [match for match in MARK.finditer(sentence) if phrase(match[1]) != phrase(match[2].split("|")[0])]


def marks_in(sentence: str) -> int:
    """How many places of a sentence can change."""
    return len(real_marks(sentence))


def with_changes(rng: Random, sentence: str, count: int) -> tuple[str, str, list[Change]]:
    """The sentence as shown, with `count` of its marks (or all it has) in their first form; as wished; the changes."""
    marks = real_marks(sentence)
    chosen = {match.start() for match in rng.sample(marks, min(count, len(marks)))}
    changes: list[Change] = []

    def first(match: re.Match[str]) -> str:
        if match.start() not in chosen:
            return match[2].split("|")[0]
        changes.append(Change(match[1], match[2].split("|")))
        return match[1]

    shown = MARK.sub(first, sentence)
    return shown, MARK.sub(lambda match: match[2].split("|")[0], sentence), changes


def plain_words(text: str) -> list[str]:
    """The words of a text, folded, without English short forms."""
    text = folded(text)
    for pattern, whole in CONTRACTIONS:
        text = re.sub(pattern, whole, text)
    return words(text)


def phrase(text: str) -> str:
    """The words of a text with a space around each."""
    return f" {' '.join(plain_words(text))} "


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words must be put in, left out or replaced to make one of the other."""
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, 1):
        previous, row[0] = row[0], at
        for column, against in enumerate(other, 1):
            previous, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, previous + (word != against))
    return row[-1]


def room_for(shown: str, changes: Sequence[Change]) -> int:
    """How many words may differ since places were changed in another way than in the wished sentence."""
    others = [change for change in changes if len(change.wished) > 1 and phrase(change.wished[0]) not in shown]
    return sum(max(len(plain_words(form)) for form in change.wished) for change in others)


def changed(wished: str, changes: Sequence[Change], spare: int) -> Callable[[Answer], bool]:
    """A check that an answer holds the wished sentence: every place changed, and all else as it was.

    Parameters
    ----------
    wished : str
        The sentence with the first wished form at each place.
    changes : sequence of Change
        The places.
    spare : int
        How many words elsewhere may differ: models like to smooth what was not asked about.
    """
    wanted = plain_words(wished)
    needed = [[phrase(form) for form in change.wished] for change in changes]
    own = phrase(wished)
    banned = [
        shown
        for shown, forms in zip((phrase(change.shown) for change in changes), needed, strict=True)
        if shown not in own and not any(shown in form for form in forms)
    ]
    most = max((len(plain_words(form)) for change in changes for form in change.wished), default=0)
    slack = spare + (most * len(changes) if any(len(change.wished) > 1 for change in changes) else 0)
    slack = min(slack, 6)

    def fits(window: Sequence[str]) -> bool:
        shown = f" {' '.join(window)} "
        if any(wrong in shown for wrong in banned):
            return False
        if not all(any(form in shown for form in forms) for forms in needed):
            return False
        return distance(window, wanted) <= spare + room_for(shown, changes)

    def check(answer: Answer) -> bool:
        said = plain_words(answer.text)[:LOOKED_AT]
        lengths = sorted(
            range(max(1, len(wanted) - slack), len(wanted) + slack + 1), key=lambda n: abs(n - len(wanted))
        )
        return any(fits(said[at : at + length]) for length in lengths for at in range(len(said) - length + 1))

    return check
