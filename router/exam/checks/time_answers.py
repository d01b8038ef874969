"""Times of day, durations, dates and weekdays in answers, and how people write them."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from router.exam.checks.final_answer import MOST_CHARACTERS, Mention, Wanted, concludes, not_denied
from router.exam.checks.named_answers import fold, says_name
from router.exam.item import Answer

WEEKDAYS: dict[str, Sequence[str]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "sv": ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
}
MONTHS: dict[str, Sequence[str]] = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "sv": [
        "januari",
        "februari",
        "mars",
        "april",
        "maj",
        "juni",
        "juli",
        "augusti",
        "september",
        "oktober",
        "november",
        "december",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "zh": [f"{month}月" for month in range(1, 13)],
}
"""Names of days and months by language, Monday and January first."""

_MORE_WEEKDAYS: dict[str, dict[int, tuple[str, ...]]] = {
    "de": {5: ("Sonnabend",)},
    "zh": {day: (f"周{sign}", f"礼拜{sign}") for day, sign in enumerate("一二三四五六日")}
    | {6: ("星期天", "周日", "周天")},
}
_CLOCK = re.compile(
    r"(?<![\d:.,])(?P<part>凌晨|早上|上午|中午|下午|晚上)?\s*(?P<h>\d{1,2})"
    r"(?:(?P<sep>[:.](?=\d\d)|\s?uhr\b\s?|\s?h(?![a-z])\s?|[点时])(?P<m>\d{2}|半)?(?!\d)(?:分|\s?uhr)?)?"
    r"\s*(?P<half>a\.?\s?m\b\.?|p\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_HOURS = r"(?:(?:hours?|hrs?|h|stunden?|std\.?|timmar|timme|tim|horas?|heures?)(?![a-z:\d])|个?小时)"
_MINUTES = r"(?:minutes?|mins?|min\.?|m|minuten?|minuter|minut|minutos?|分钟|分)"
_DURATION = re.compile(
    rf"(?<![\d:.,])(?P<h>\d+(?:[.,]\d+)?)(?P<and_half>\s*(?:½|and a half|och en halv|个半))?\s*-?{_HOURS}"
    rf"(?P<half>\s*(?:y media|et demie|and a half)\b)?"
    rf"(?:\s*(?:,|and|und|och|y|et)?\s*(?P<m>\d+)\s*{_MINUTES}(?![a-z]))?"
    rf"|(?<![\d:.,])(?P<only>\d+(?:[.,]\d{{3}})?)\s*-?{_MINUTES}(?![a-z])",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\d:.,])\d+(?:[.,]\d+)?(?![\d:]|[.,]\d)")
_DAY_OF_MONTH = r"(\d{1,2})(?:st|nd|rd|th|er|e|\.|:e)?"
_NUMERIC_DATE = re.compile(r"(?<!\d)(?:\d{4}[-/.年])?(\d{1,2})[-/.月](\d{1,2})(?:日|号)?(?!\d)")


def says_weekday(right: int, given: Sequence[int], language: str) -> Callable[[Answer], bool]:
    """A check: the answer is that day of the week (Monday is 0); `given` ones stand in the question."""
    others = [day for day in range(7) if day != right]
    return says_name(
        _weekday(right, language),
        [_weekday(day, language) for day in others if day not in given],
        given=[_weekday(day, language) for day in others if day in given],
    )


def says_time(minute: int, question: str) -> Callable[[Answer], bool]:
    """A check: the answer is that time of day, in minutes since midnight; on a clock of 12 or 24 hours."""
    return _says(minute % 1440, _times(question, bare=False), lambda text: _times(text, bare=True))


def says_duration(minutes: int, question: str, bare_unit: int) -> Callable[[Answer], bool]:
    """A check: the answer is so many minutes, said in hours or minutes; a number alone counts `bare_unit` minutes."""
    return _says(minutes, _durations(question, 0), lambda text: _durations(text, bare_unit))


def says_date(day: date, question: str, language: str) -> Callable[[Answer], bool]:
    """A check: the answer is that day of that month."""
    return _says((day.month, day.day), _dates(question, language), lambda text: _dates(text, language))


def written_date(day: date, language: str, *, with_year: bool = False) -> str:
    """A date as people write it.

    >>> written_date(date(2024, 3, 5), "de"), written_date(date(2024, 3, 5), "en", with_year=True)
    ('5. März', 'March 5, 2024')
    """
    month = MONTHS[language][day.month - 1]
    number = "1er" if language == "fr" and day.day == 1 else day.day
    text = {
        "en": f"{month} {day.day}",
        "de": f"{day.day}. {month}",
        "es": f"{day.day} de {month}",
        "zh": f"{month}{day.day}日",
    }.get(language, f"{number} {month}")
    if not with_year:
        return text
    return {"en": f"{text}, {day.year}", "es": f"{text} de {day.year}", "zh": f"{day.year}年{text}"}.get(
        language, f"{text} {day.year}"
    )


def _says(
    right: object, givens: Sequence[Mention], find: Callable[[str], Sequence[Mention]]
) -> Callable[[Answer], bool]:
    given = {value for mention in givens for value in mention.readings}
    wanted = Wanted(lambda value: value == right, lambda value: value in given and value != right)

    def check(answer: Answer) -> bool:
        text = answer.text[:MOST_CHARACTERS]
        return concludes(text, not_denied(text, find(text)), wanted, _last_of_few)

    return check


def _last_of_few(_text: str, mentions: Sequence[Mention]) -> Mention | None:
    return mentions[-1] if len({mention.readings for mention in mentions}) <= 6 else None


def _weekday(day: int, language: str) -> tuple[str, ...]:
    name = WEEKDAYS[language][day]
    more = _MORE_WEEKDAYS.get(language, {}).get(day, ())
    return (name, *more, name[:3]) if language == "en" else (name, *more)


def _times(text: str, *, bare: bool) -> list[Mention]:
    """Times of day; where there is none with minutes or another mark, also bare hours."""
    found = [(match, _minutes(match)) for match in _CLOCK.finditer(text)]
    marked = [pair for pair in found if pair[0]["sep"] or pair[0]["half"]]
    usable = marked or (found if bare and len(text) < 80 else [])
    return [Mention(match.start(), match.end(), values) for match, values in usable if values]


def _minutes(match: re.Match[str]) -> tuple[int, ...]:
    hour, minute = int(match["h"]), 30 if match["m"] == "半" else int(match["m"] or 0)
    if hour > 24 or minute > 59:
        return ()
    half = (match["half"] or "").lower()[:1]
    afternoon = half == "p" or match["part"] in ("下午", "晚上")
    morning = half == "a" or match["part"] in ("凌晨", "早上", "上午")
    if (afternoon and hour < 12) or (morning and hour == 12):
        hour = (hour + 12) % 24
    sure = afternoon or morning or hour > 12 or hour == 0
    hours = (hour,) if sure else (hour, (hour + 12) % 24)
    return tuple((60 * one + minute) % 1440 for one in hours)


def _durations(text: str, bare_unit: int) -> list[Mention]:
    """Lengths of time in minutes; bare numbers only where there is none with a unit, and a unit is meant."""
    found = [Mention(match.start(), match.end(), (_length(match),)) for match in _DURATION.finditer(text)]
    if found or not bare_unit:
        return found
    return [
        Mention(match.start(), match.end(), (round(bare_unit * _number(match[0])),)) for match in _BARE.finditer(text)
    ]


def _length(match: re.Match[str]) -> int:
    if match["only"]:
        return int(re.sub(r"\D", "", match["only"])[:9])
    return (
        round(60 * _number(match["h"]))
        + int((match["m"] or "0")[:9])
        + (30 if match["half"] or match["and_half"] else 0)
    )


def _number(text: str) -> float:
    return float(text[:12].replace(",", "."))


def _dates(text: str, language: str) -> list[Mention]:
    return sorted([*_named_dates(text, language), *_numeric_dates(text)], key=lambda mention: mention.start)


def _named_dates(text: str, language: str) -> Iterator[Mention]:
    """Dates with a month's name, on either side of the day."""
    if language == "zh":
        return
    months = [fold(month) for month in MONTHS[language]]
    name = "|".join(f"{month[:3]}[a-z]*" if len(month) > 4 else month for month in months)
    folded = fold(text)
    for pattern, day_group in (
        (rf"(?<![\d.]){_DAY_OF_MONTH}\s*(?:of |de |den )?\s*({name})\b", 1),
        (rf"\b({name})\.?\s+(?:the )?{_DAY_OF_MONTH}(?!\d)", 2),
    ):
        for found in re.finditer(pattern, folded):
            month = _month(found[3 - day_group], months)
            if month:
                yield Mention(found.start(), found.end(), ((month, int(found[day_group])),))


def _month(word: str, months: Sequence[str]) -> int | None:
    return next((number for number, month in enumerate(months, 1) if month.startswith(word) or word == month), None)


def _numeric_dates(text: str) -> Iterator[Mention]:
    """Dates in digits; where it is not clear which is the month, both readings."""
    for found in _NUMERIC_DATE.finditer(text):
        one, other = int(found[1]), int(found[2])
        first_is_month = "月" in found[0] or re.match(r"\d{4}", found[0])
        pairs = [(one, other)] if first_is_month else [(one, other), (other, one)]
        values = tuple((month, day) for month, day in pairs if 1 <= month <= 12 and 1 <= day <= 31)
        if values:
            yield Mention(found.start(), found.end(), values)
