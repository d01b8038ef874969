"""Numbers in answers: what they mean in each language, and whether the right one is the answer."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from router.exam.checks.final_answer import MOST_CHARACTERS, Mention, Wanted, concludes, not_denied
from router.exam.item import Answer

LONGEST = 24
"""Characters of a numeral; longer ones are noise."""

_SIGN = r"(?:(?:(?<=^)|(?<=[\s(=:≈*$€£\"'“„«]))(?P<sign>[-−–])[$€£¥]?)?"
_NUMERAL = re.compile(
    r"(?<![A-Za-z\d])(?<!\d[.,])" + _SIGN + r"(?P<digits>\d+(?:[.,]\d+|[\u00a0\u202f'’]\d{3}(?!\d))*)"
)
_SPACED_NUMERAL = re.compile(
    r"(?<![A-Za-z\d])(?<!\d[.,])" + _SIGN + r"(?P<digits>\d+(?:[.,]\d+|[ \u00a0\u202f'’]\d{3}(?!\d))*)"
)
_MINUS_BEFORE = re.compile(r"(?:\bminus|\bmenos|\bmoins|\bnegative|零下|负)\s*$", re.IGNORECASE)
_STEPS = re.compile(r"(?:\b(?:step|schritt|steg|paso|étape|line)\s*|第)\d+(?:步)?\s*[:.)：]?", re.IGNORECASE)
_NUMBERING = re.compile(r"^\s*(\d{1,2})[.)]\s+(?=\S)", re.MULTILINE)

_COINS = re.compile(
    r"(?<!\d)(?P<whole>\d[\d.,]*)(?P<unit>\s?[^\W\d_]+\s(?:and|und|och|y|et)\s)(?P<coins>\d{1,2})"
    r"(?=\s?(?:cents?|céntimos|centimes|öre)\b)",
    re.IGNORECASE,
)
"""Money in two units: 271 euros and 40 cents."""

_WORDS: dict[str, str] = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig",
    "sv": "noll ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton "
    "nitton tjugo",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf vingt",
}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_UNITS = dict(zip(_WORDS["en"].split()[1:10], range(1, 10), strict=True))
_CHINESE = re.compile(r"(?!一[共起下定样些般直步])[零一二两三四五六七八九十百千万]+")
_CHINESE_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_TENS = {"十": 10, "百": 100, "千": 1000}


def says_number(
    expected: Decimal,
    language: str,
    question: str,
    *,
    tolerance: Decimal = Decimal(0),
    least: Decimal | None = None,
    first: bool = False,
    most: int = 8,
) -> Callable[[Answer], bool]:
    """A check: the final answer is a certain number.

    Parameters
    ----------
    expected, tolerance : Decimal
        The right number, and how far the answer may lie from it.
    language : str
        In which the answer writes its numbers.
    question : str
        Whose numbers the answer may say again.
    least : Decimal or None
        Smaller numbers are overlooked: days beside a year, say.
    first : bool
        The first number counts rather than the last, unless the answer says which: for facts, which need no reckoning.
    most : int
        Different numbers that an answer may have which does not say which one counts: more are a list.
    """
    givens = {value for mention in numbers(question, language) for value in _values(mention)}

    def close(value: object) -> bool:
        return isinstance(value, Decimal) and abs(value - expected) <= tolerance

    wanted = Wanted(close, lambda value: value in givens and not close(value))

    def check(answer: Answer) -> bool:
        text = answer.text[:MOST_CHARACTERS]
        said = not_denied(text, numbers(text, language))
        if least is not None:
            said = [mention for mention in said if any(value >= least for value in _values(mention))]
        few = len({mention.readings for mention in said}) <= most
        return concludes(text, said, wanted, lambda _, all_said: all_said[0 if first else -1] if few else None)

    return check


def numbers(text: str, language: str) -> list[Mention]:
    """The numbers that a text says, in digits or, if there are no digits, in words up to a few thousand."""
    text = _in_one_number(without_numbering(text), language)
    pattern = _NUMERAL if language in ("en", "zh") else _SPACED_NUMERAL
    found = [_mention(text, match, language) for match in pattern.finditer(text)]
    in_digits = [mention for mention in found if mention.readings]
    return in_digits or _in_words(text, language)


def readings(numeral: str, language: str) -> tuple[Decimal, ...]:
    """What a numeral may mean.

    >>> readings("1.234", "de")
    (Decimal('1234'), Decimal('1.234'))
    >>> readings("1,234.50", "en")
    (Decimal('1234.50'),)
    """
    digits = re.sub(r"[\s'’]", "", numeral)
    if len(digits) > LONGEST:
        return ()
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return (Decimal(digits),)
    last = marks[-1]
    if len(set(marks)) == 2:
        other = "." if last == "," else ","
        return (Decimal(digits.replace(other, "").replace(last, ".")),) if marks.count(last) == 1 else ()
    whole, *groups = digits.split(last)
    in_thousands = all(len(group) == 3 for group in groups) and len(whole) <= 3 and whole.strip("0") != ""
    thousands = (Decimal(digits.replace(last, "")),) if in_thousands else ()
    if len(groups) > 1:
        return thousands
    decimal = (Decimal(f"{whole}.{groups[0]}"),)
    if not thousands:
        return decimal
    if language in ("en", "zh"):
        return thousands if last == "," else decimal
    return thousands + decimal


def written(value: Decimal | int, language: str) -> str:
    """A number as people write it in that language.

    >>> written(Decimal("12345.5"), "de"), written(1234, "sv"), written(1234, "en")
    ('12.345,5', '1 234', '1,234')
    """
    text = f"{value:,}"
    if language in ("en", "zh"):
        return text
    thousands = "." if language in ("de", "es") else " "
    return text.replace(",", "\0").replace(".", ",").replace("\0", thousands)


def _values(mention: Mention) -> list[Decimal]:
    return [value for value in mention.readings if isinstance(value, Decimal)]


def _mention(text: str, match: re.Match[str], language: str) -> Mention:
    values = readings(match["digits"], language)
    if match["sign"] or _MINUS_BEFORE.search(text, max(0, match.start() - 12), match.start()):
        values = tuple(-value for value in values)
    return Mention(match.start(), match.end(), values)


def without_numbering(text: str) -> str:
    """The same text, as long, without "Step 2:" and the numbers of numbered lists."""
    text = text.replace("{,}", "  ,").replace("\\,", "\u00a0 ")
    text = _STEPS.sub(lambda found: " " * len(found[0]), text)
    if {"1", "2"} <= {found[1] for found in _NUMBERING.finditer(text)}:
        text = _NUMBERING.sub(lambda found: " " * len(found[0]), text)
    return text


def _in_one_number(text: str, language: str) -> str:
    """The text, as long, with "271 euros and 40 cents" as 271.40."""
    mark = "." if language in ("en", "zh") else ","

    def joined(found: re.Match[str]) -> str:
        return f"{found['whole']}{mark}{found['coins']:0>2}".ljust(len(found[0]))

    return _COINS.sub(joined, text)


def _in_words(text: str, language: str) -> list[Mention]:
    if language == "zh":
        return [
            Mention(found.start(), found.end(), (Decimal(value),))
            for found in _CHINESE.finditer(text)
            if len(found[0]) <= 9 and (value := _chinese_value(found[0])) is not None
        ]
    words = _WORDS[language].split()
    spelled = [(found, _spelled(found[0].lower(), words)) for found in re.finditer(r"[^\W\d_]+(?:-[^\W\d_]+)?", text)]
    return [Mention(found.start(), found.end(), (Decimal(value),)) for found, value in spelled if value is not None]


def _spelled(word: str, words: Sequence[str]) -> int | None:
    if word in ("un", "uno"):  # articles, most of the time
        return None
    if word in words:
        return words.index(word)
    ten, _, unit = word.partition("-")
    if words[0] == "zero" and ten in _TENS and (not unit or unit in _UNITS):
        return _TENS[ten] + _UNITS.get(unit, 0)
    return None


def _chinese_value(numeral: str) -> int | None:
    total, digit = 0, 0
    for sign in numeral:
        if sign in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[sign]
        elif sign == "万":
            total, digit = (total + digit) * 10_000, 0
        else:
            total, digit = total + (digit or 1) * _CHINESE_TENS[sign], 0
    return total + digit
