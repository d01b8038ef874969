"""Names in answers (a city, a person, yes or no): whether the right one is the answer."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from router.exam.checks.final_answer import (
    MOST_CHARACTERS,
    SENTENCE_END,
    Mention,
    Wanted,
    concludes,
    sentence_around,
    within,
)
from router.exam.checks.number_answers import without_numbering
from router.exam.item import Answer

YES = {
    "en": ("yes", "yeah", "true", "correct"),
    "de": ("ja", "wahr", "richtig", "stimmt", "korrekt"),
    "sv": ("ja", "sant", "korrekt", "stämmer", "rätt"),
    "es": ("sí", "verdadero", "cierto", "verdad", "correcto"),
    "fr": ("oui", "vrai", "vraie", "exact", "correct"),
    "zh": ("是的", "是。", "是，", "是,", "对", "正确", "真"),
}
"""Words that agree, by language."""

NO = {
    "en": ("no", "false", "incorrect", "not true", "not correct", "not necessarily", "untrue"),
    "de": ("nein", "falsch", "nicht wahr", "nicht richtig", "stimmt nicht", "unwahr", "nicht unbedingt"),
    "sv": ("nej", "falskt", "fel", "inte sant", "stämmer inte", "inte korrekt", "inte nödvändigtvis"),
    "es": ("no", "falso", "no es cierto", "no es verdad", "no es correcto", "incorrecto"),
    "fr": ("non", "faux", "fausse", "pas vrai", "pas exact", "pas forcément", "pas nécessairement", "incorrect"),
    "zh": ("不是", "不对", "不正确", "错误", "假", "否", "不能", "不一定", "不可以", "错"),
}
"""Words that deny, by language."""

_UNSAID = re.compile(
    r"(?:\bnot|n't(?: be)?|\bnicht|\bkein\w*|\binte|\bpas|\bno es|\bno está|\bnever|不是|并非|不|"
    r"\bif|\bwhether|\bob|\bom|\bsi|是否|如果)\s*(?:the |an? |de )?$"
)
_CLAUSE = re.compile(
    r"[,;:，；：、(]|\b(?:because|than|since|while|but|weil|als|denn|aber|eftersom|än|men|porque|que|pero|"
    r"parce que|car|mais)\b|因为|比|但"
)
_CONNECTORS = re.compile(r"[\s,;:.、，/&|>\-*]|\b(?:and|und|och|y|et|or|oder|eller|o|ou|the)\b|和|或")


def says_name(
    right: Sequence[str],
    rivals: Sequence[Sequence[str]] = (),
    *,
    given: Sequence[Sequence[str]] = (),
    claims: Sequence[str] = (),
    most_words: int = 1000,
) -> Callable[[Answer], bool]:
    """A check: the answer names the right one of several things.

    Parameters
    ----------
    right : sequence of str
        Ways to say the right one.
    rivals : sequence of sequences of str
        Ways to say each wrong one that the answer must not choose instead.
    given : sequence of sequences of str
        Things that the question names and that are no answer to it.
    claims : sequence of str
        Beginnings of words ("oldest", "cheap") that the sentence with the answer contains, if any does.
    most_words : int
        Words that the answer may have.
    """
    values = {fold(way): index for index, ways in enumerate([right, *rivals, *given]) for way in reversed(ways)}
    values |= {fold(way): 0 for way in right}
    pattern = _any_of(sorted(values, key=lambda way: (-len(way), way)))
    first_given = 1 + len(rivals)
    wanted = Wanted(lambda value: value == 0, lambda value: isinstance(value, int) and value >= first_given)
    folded_claims = [fold(claim) for claim in claims]

    def check(answer: Answer) -> bool:
        text = fold(answer.text[:MOST_CHARACTERS])
        mentions = [
            Mention(found.start(), found.end(), (values[found[0]],))
            for found in pattern.finditer(text)
            if not _UNSAID.search(text, max(0, found.start() - 16), found.start())
        ]
        if len(text.split()) > most_words or _only_lists(text, mentions):
            return False
        if claims and _claims_it_of_several(text, mentions):
            return False
        claiming = _claiming(text, mentions, folded_claims)
        otherwise = _only_said if claims else _first_said
        return wanted.is_right(claiming) if claiming else concludes(text, mentions, wanted, otherwise)

    return check


def says_yes(
    yes: bool, language: str, *, agreeing: Sequence[str] = (), denying: Sequence[str] = ()
) -> Callable[[Answer], bool]:
    """A check: the answer agrees, or does not; in so many words, or by saying the statement itself or its contrary."""
    ways = ((*NO[language], *denying), (*YES[language], *agreeing))
    named = says_name(ways[yes], [ways[not yes]])
    return lambda answer: named(
        Answer(f"{answer.text.strip()[:MOST_CHARACTERS]}。" if language == "zh" else answer.text)
    )


def says_in_order(things: Sequence[str]) -> Callable[[Answer], bool]:
    """A check: the answer names things in this order, at its beginning or at its end."""
    ways = {fold(thing): index for index, thing in enumerate(things)}
    pattern = _any_of(sorted(ways, key=lambda way: (-len(way), way)))
    right = list(range(len(things)))

    def check(answer: Answer) -> bool:
        said = [ways[found[0]] for found in pattern.finditer(fold(without_numbering(answer.text[:MOST_CHARACTERS])))]
        return right in (said[: len(right)], said[-len(right) :]) and len(said) <= 3 * len(right)

    return check


def fold(text: str) -> str:
    """A text without case, accents, markdown and typographic quotes, so that ways of writing compare equal.

    >>> fold("**Málaga**’s")
    "malaga's"
    """
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("−", "-").casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign) and sign not in '*_`"“”„«»「」')


def _any_of(ways: Sequence[str]) -> re.Pattern[str]:
    def bounded(way: str) -> str:
        left = r"(?<![a-z0-9])(?<!\d[.,])" if way[:1].isascii() else ""
        right = r"(?![a-z0-9])(?![.,]\d)" if way[-1:].isascii() else ""
        return left + re.escape(way) + right

    return re.compile("|".join(map(bounded, ways)))


def _only_lists(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether the text is nothing but several of the names."""
    if len({mention.readings for mention in mentions}) < 2:
        return False
    rest = list(text)
    for mention in mentions:
        rest[mention.start : mention.end] = " " * (mention.end - mention.start)
    return not _CONNECTORS.sub("", "".join(rest)).strip()


def _claiming(text: str, mentions: Sequence[Mention], claims: Sequence[str]) -> Mention | None:
    """What the first sentence says that makes the claim, if it names something."""
    start = 0
    for end in [*(found.end() for found in SENTENCE_END.finditer(text)), len(text)]:
        sentence, said = text[start:end], within(mentions, start, end)
        if said and any(claim in sentence for claim in claims):
            place = min(sentence.index(claim) for claim in claims if claim in sentence) + start
            nearest = _nearest(text, said, place)
            if nearest:
                return nearest
        start = end
    return None


def _claims_it_of_several(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether the same sentence is said of different ones: A is the oldest. B is the oldest."""
    said_of: dict[str, tuple[object, ...]] = {}
    for mention in mentions:
        start = max((found.end() for found in SENTENCE_END.finditer(text, 0, mention.start)), default=0)
        sentence = text[start : mention.start] + "|" + text[mention.end : sentence_around(text, mention.end)[1]]
        if len(sentence.split()) > 2 and said_of.setdefault(sentence.strip(), mention.readings) != mention.readings:
            return True
    return False


def _nearest(text: str, said: Sequence[Mention], place: int) -> Mention | None:
    """Of several names, the one in the same clause as the claim, or the first after "so"."""
    if len({mention.readings for mention in said}) == 1:
        return said[0]
    borders = [found.start() for found in _CLAUSE.finditer(text)]
    left = max((border for border in borders if border < place), default=0)
    right = min((border for border in borders if border > place), default=len(text))
    return next(iter(within(said, left, right)), None)


def _first_said(text: str, mentions: Sequence[Mention]) -> Mention | None:
    """The name in the first clause that has one; none where so many are named that it is a list."""
    if len({mention.readings for mention in mentions}) > 3:
        return None
    start, end = sentence_around(text, mentions[0].start)
    border = _CLAUSE.search(text, mentions[0].end, end)
    clause = within(mentions, start, border.start() if border else end)
    return clause[0]


def _only_said(text: str, mentions: Sequence[Mention]) -> Mention | None:
    """The only name of the first sentence that has one."""
    names = within(mentions, *sentence_around(text, mentions[0].start))
    return names[0] if len({mention.readings for mention in names}) == 1 else None
