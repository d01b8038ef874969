"""Which of the values that an answer mentions it gives as its answer.

Small models wrap an answer in sentences, show their reckoning or say the question again. What is asked of a mention is
whether it is the right value, and whether the question had given it already.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from router.exam.item import Answer

MOST_CHARACTERS = 2000
"""How much of an answer is read: more than any has that an item leaves room for."""

ANSWER_WORDS = re.compile(
    r"\b(?:answer|antwort|lösung|ergebnis|svar|svaret|resultat|resultatet|respuesta|resultado|réponse|reponse|résultat|"
    r"solution|result)\b|\\boxed|答案|答[:：]|结果",
    re.IGNORECASE,
)
THEREFORE_WORDS = re.compile(
    r"\b(?:therefore|thus|hence|so|daher|deshalb|somit|folglich|also|alltså|därför|således|por lo tanto|por tanto|"
    r"así que|entonces|donc|ainsi|par conséquent)\b|所以|因此|故",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|[。！？]|\n+")
BETWEEN_ALTERNATIVES = re.compile(r"[\s,*]*(?:or|oder|eller|o|ou|或|或者|还是)[\s*]*", re.IGNORECASE)
_PART_END = re.compile(r"[.!?](?=\s|$)|[。！？?]|\n+")
_DENIED = re.compile(
    r"(?:\b(?:not|nicht|inte|pas|no es|no el|no a las)|n't|不是)\s*"
    r"(?:\b(?:on|at|the|am|um|der|den|klockan|le|à|el)\s+)?[*\s]*$",
    re.IGNORECASE,
)
BOLD = re.compile(r"\*\*[^*\n]{1,40}\*\*")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place of a text that says a value; `readings` are the values that it may mean (1.234 is one or a thousand)."""

    start: int
    end: int
    readings: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a value.

    Parameters
    ----------
    right : callable
        Whether a value is the right one.
    given : callable
        Whether the question says that value itself.
    """

    right: Callable[[object], bool]
    given: Callable[[object], bool]

    def is_right(self, mention: Mention) -> bool:
        return any(self.right(value) for value in mention.readings)

    def is_given(self, mention: Mention) -> bool:
        return any(self.given(value) for value in mention.readings)


def concludes(
    text: str,
    mentions: Sequence[Mention],
    wanted: Wanted,
    otherwise: Callable[[str, Sequence[Mention]], Mention | None],
) -> bool:
    """Whether the answer of `text` is the right one.

    In this order: nothing but the right value is said beside what the question gave; or what follows the word "answer"
    is right, each time; or what follows the last "="; or the last thing printed bold; or what `otherwise` chooses.
    """
    if not mentions or _offers_alternatives(text, mentions, wanted):
        return False
    new = [mention for mention in mentions if not wanted.is_given(mention)]
    if new and all(wanted.is_right(mention) for mention in new):
        return True
    explicit = _explicit(text, mentions, wanted)
    if explicit:
        return all(wanted.is_right(mention) for mention in explicit)
    chosen = _after_last_equals(text, mentions) or _last_bold(text, mentions) or otherwise(text, mentions)
    return chosen is not None and wanted.is_right(chosen)


def beside_question(question: str, check: Callable[[Answer], bool]) -> Callable[[Answer], bool]:
    """A check of what an answer says beside the sentences and lines of the question that it repeats.

    For questions that contain their answer: a table, statements about people, numbers to compare.
    """
    parts = [part.strip() for part in _PART_END.split(question)]
    repeated = sorted({part for part in parts if len(part) > 8 or (len(part) > 4 and not part.isascii())}, key=len)
    pattern = re.compile("|".join(map(re.escape, reversed(repeated))), re.IGNORECASE) if repeated else None

    def check_rest(answer: Answer) -> bool:
        text = answer.text[:MOST_CHARACTERS]
        return check(Answer(pattern.sub(" ", text) if pattern else text, answer.tool_calls))

    return check_rest


def not_denied(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions without those behind a "not": "March 14, not March 15" says one date."""
    return [each for each in mentions if not _DENIED.search(text, max(0, each.start - 20), each.start)]


def sentence_around(text: str, start: int) -> tuple[int, int]:
    """Begin and end of the sentence from `start` on."""
    found = SENTENCE_END.search(text, start)
    return start, found.start() if found else len(text)


def within(mentions: Sequence[Mention], start: int, end: int) -> list[Mention]:
    """Those that lie between two places."""
    return [mention for mention in mentions if start <= mention.start < end]


def _offers_alternatives(text: str, mentions: Sequence[Mention], wanted: Wanted) -> bool:
    return any(
        wanted.is_right(one) != wanted.is_right(other)
        and BETWEEN_ALTERNATIVES.fullmatch(text[one.end : other.start])
        and not (wanted.is_given(one) and wanted.is_given(other) and len(mentions) > 2)
        for one, other in pairwise(mentions)
    )


def _explicit(text: str, mentions: Sequence[Mention], wanted: Wanted) -> list[Mention]:
    """What follows each "answer", or else the last "therefore"."""
    after_answer = [_said_after(text, found.end(), mentions, wanted) for found in ANSWER_WORDS.finditer(text)]
    told = [mention for mention in after_answer if mention is not None]
    if told:
        return told
    conclusions = [_said_after(text, found.end(), mentions, wanted) for found in THEREFORE_WORDS.finditer(text)]
    return [mention for mention in conclusions if mention is not None][-1:]


def _said_after(text: str, place: int, mentions: Sequence[Mention], wanted: Wanted) -> Mention | None:
    """The value that the rest of the sentence gives: behind its last "=", or not said in the question, or the first."""
    start = place + len(text[place:]) - len(text[place:].lstrip(" \n:：*"))
    said = within(mentions, *sentence_around(text, start))
    if not said:
        return None
    equal = text.rfind("=", start, said[-1].start)
    if equal >= 0:
        return next(mention for mention in said if mention.start > equal)
    new = [mention for mention in said if not wanted.is_given(mention)]
    return new[0] if new else said[0]


def _after_last_equals(text: str, mentions: Sequence[Mention]) -> Mention | None:
    for found in reversed(list(re.finditer(r"[=≈]\s*\W{0,4}", text))):
        follows = within(mentions, found.end() - 4, found.end() + 4)
        if follows:
            return follows[-1]
    return None


def _last_bold(text: str, mentions: Sequence[Mention]) -> Mention | None:
    for found in reversed(list(BOLD.finditer(text))):
        inside = within(mentions, found.start(), found.end())
        if inside:
            return inside[0] if len(inside) == 1 else None
    return None
