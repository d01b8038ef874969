"""Finds sensitive data in a text: addresses, account and identity numbers, keys.

A detector cannot find everything: it misses names and stories. For texts that must not leave in any case, the caller or
the operator must say so. python-stdnum checks numbers with check digits. Each regular expression matches a bounded
number of characters from any position, so the time grows only linearly with the text.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

WINDOW_CHARS = 8_192
"""Searched at a time, which takes one to two milliseconds."""

OVERLAP_CHARS = 256
"""Longer than anything that is searched for, so that nothing is lost where two windows meet."""

Check = Callable[[str], bool]


class Sensitive(StrEnum):
    """The kinds of sensitive data that can be found."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    SECRET_KEY = "secret_key"
    NATIONAL_ID = "national_id"


@dataclass(frozen=True, slots=True)
class SensitivePattern:
    """A regular expression, and a further check of what it matches. With `lower`, case does not matter.

    (Searching the text in lower case is seven times as fast as ``re.IGNORECASE``.)
    """

    regex: re.Pattern[str]
    check: Check = bool
    lower: bool = False

    def is_in(self, text: str) -> bool:
        """Whether `text` holds it. A match that fails the check does not hide a true one that overlaps it."""
        text, at = text.lower() if self.lower else text, 0
        while (match := self.regex.search(text, at)) is not None:
            if self.check(match[0]):
                return True
            at = match.start() + 1
        return False


class Detector:
    """Finds data of `kinds`.

    Raises
    ------
    ModuleNotFoundError
        If one of them needs python-stdnum and it is not installed.
    """

    def __init__(self, kinds: Iterable[Sensitive]) -> None:
        self._patterns = [(kind, _PATTERNS[kind]()) for kind in dict.fromkeys(kinds)]

    def find(self, text: str) -> Sensitive | None:
        """The first of the kinds that `text` holds."""
        plain = normalised(text)
        return next(
            (kind for kind, patterns in self._patterns if any(pattern.is_in(plain) for pattern in patterns)), None
        )


def windows(text: str) -> Iterator[str]:
    """`text` in overlapping pieces, so that an event loop can do other work in between.

    >>> [len(window) for window in windows("a" * 10_000)]
    [8192, 2064]
    """
    for start in range(0, max(1, len(text) - OVERLAP_CHARS), WINDOW_CHARS - OVERLAP_CHARS):
        yield text[start : start + WINDOW_CHARS]


def normalised(text: str) -> str:
    r"""`text` in plain characters: full-width and non-Latin digits and letters normalised, invisible ones removed.

    >>> normalised("４１１１\u00a0٤١１\u200b1 ａ＠b.se")
    '4111 4111 a@b.se'
    """
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _FOREIGN_DIGIT.sub(lambda match: str(unicodedata.digit(match[0])), _DASH.sub("-", text))


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")


def _emails() -> list[SensitivePattern]:
    # Search for the rare @ and look back from there: the whole of a long word before it need not be read.
    return [SensitivePattern(re.compile(r"@(?<=[\w.!#$%&'*+/=?^`{|}~\"-]@)(?:[\w-]{1,63}\.){1,9}[^\W\d_]{2}"))]


_PHONE = r"""(?x)
    \+ [0-9] (?: [ ().\-/]{0,2} [0-9] ){7,14}  # +46 8 123 456 78
    | (?<![\w.,/:+-]) (?:
        00 [1-9] (?: [ ().\-/]{0,2} [0-9] ){7,13} (?!\w)  # 0046 8 123 456 78
        | \(? [2-9][0-9]{2} \)? [ .-]{1,2} [2-9][0-9]{2} [ .-] [0-9]{4} (?![\w-])  # (212) 555-0123
        | \(? 0 [1-9][0-9]{0,4} \)? [ /-]{1,3} [0-9]{2,8} (?: [ -]? [0-9]{2,4} ){0,3} (?![\w:])  # 08-123 456 78
        | 0 [1-9] [0-9]{8,9} (?!\w)
    )"""
PHONE_DIGITS = 9
"""Fewer digits after a leading 0 are a date."""


def _phones() -> list[SensitivePattern]:
    regex = re.compile(_PHONE)
    return [SensitivePattern(regex, lambda number: number[0] == "+" or len(_digits(number)) >= PHONE_DIGITS)]


_KEYS = (
    # Keys with a provider's prefix: OpenAI and Stripe, AWS, Google, GitHub, GitLab, Slack, Hugging Face, npm, PyPI …
    r"[srp]k[-_](?:[a-z]{2,12}[-_])?[A-Za-z0-9_-]{20}",
    r"A(?:KIA|SIA|Iza)[A-Za-z0-9_-]{16}",
    r"gh[pousr]_[A-Za-z0-9]{36}",
    r"github_pat_[A-Za-z0-9_]{22}",
    r"glpat-[A-Za-z0-9_-]{20}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10}",
    r"hf_[A-Za-z0-9]{30}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_-]{32}",
    r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16}",
    r"eyJ[A-Za-z0-9_-]{10,150}\.eyJ[A-Za-z0-9_-]{10}",  # a JSON web token
)
_NAMES = r"pass(?:word|wd|phrase)|passwort|kennwort|lösenord|(?:api|secret|private|access)[_ -]?(?:key|token)|secret"


def _keys() -> list[SensitivePattern]:
    return [
        SensitivePattern(re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_KEYS)})")),
        SensitivePattern(re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY")),
        # password = "hunter2hunter2"; a value without any digit is usually a variable's name
        SensitivePattern(
            re.compile(rf"(?:{_NAMES})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?=\S{{0,40}}[0-9])[^\s\"'<>(){{}}$]{{8}}"),
            lower=True,
        ),
    ]


def _cards() -> list[SensitivePattern]:
    luhn: Check = _validator("luhn")
    regex = (
        r"(?<![0-9])(?:[2-6][0-9]{3}([ .-])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
        r"|3[0-9]{3}([ .-])[0-9]{6}\2[0-9]{4,5}|[2-6][0-9]{12,18})(?![0-9])"
    )
    return [SensitivePattern(re.compile(regex), lambda number: luhn(_digits(number)))]


IBAN_CHARS = 15
"""Length of the shortest, Norway's."""


def _ibans() -> list[SensitivePattern]:
    iban, check_digits = import_module("stdnum.iban"), _validator("iso7064.mod_97_10")

    def is_iban(number: str) -> bool:
        # The cheap check first. A bank code that a country has not listed yet still counts.
        valid: bool = check_digits(number[4:] + number[:4]) and iban.is_valid(number, check_country=False)
        return valid

    def check(number: str) -> bool:
        """Words that follow may look like a part of the number, so try to end it after each group."""
        groups = re.split("[ -]", number.upper())
        starts = ("".join(groups[:n]) for n in range(len(groups), 0, -1))
        return any(len(start) >= IBAN_CHARS and is_iban(start) for start in starts)

    regex = (
        r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}"
        r"(?:[A-Za-z0-9]{11,30}|(?:[ -][A-Za-z0-9]{4}){2,7}(?:[ -][A-Za-z0-9]{1,4})?)(?![A-Za-z0-9])"
    )
    return [SensitivePattern(re.compile(regex), check)]


_NATIONAL_IDS = {
    # How it is written, and the stdnum modules that check it. Numbers with a single check digit are left out, since one
    # number in ten has the right one by chance, unless a letter, a date or separators make them recognisable.
    r"(?:19|20)?[0-9]{6}[-+]?[0-9]{4}": ("se.personnummer",),
    r"[0-9]{6}-[0-9]{4}": ("dk.cpr",),
    r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]": ("fi.hetu",),
    r"[0-9]{6} ?[0-9]{5}": ("no.fodselsnummer", "pl.pesel"),
    r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}": ("de.idnr",),
    r"[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}[ -]?[0-9]{3}[. ]?[0-9]{2}": ("be.nn",),
    r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}": ("br.cpf",),
    r"756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}": ("ch.ssn",),
    r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}": ("fr.nir",),
    r"[0-9]{8}-?[A-Z]": ("es.dni",),
    r"[XYZ]-?[0-9]{7}-?[A-Z]": ("es.nie",),
    r"[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]": ("it.codicefiscale",),
    r"[0-9]{3}-[0-9]{2}-[0-9]{4}": ("us.ssn",),
    r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}": ("gb.nhs",),
    r"[2-9][0-9]{3} ?[0-9]{4} ?[0-9]{4}": ("in_.aadhaar",),
    r"[0-9]{17}[0-9X]": ("cn.ric",),
}
_NINO = "[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
"""The United Kingdom's number, which has no check digit."""
_BSN = "(?:BSN|bsn|[Bb]urgerservicenummer)[^0-9]{1,12}[0-9]{9}(?![0-9])"
"""The Netherlands' number, recognised by the name before it."""


def _national_ids() -> list[SensitivePattern]:
    checks = {re.compile(regex + _END): _any_of(modules) for regex, modules in _NATIONAL_IDS.items()}

    def check(number: str) -> bool:
        return any((match := regex.match(number)) and is_valid(match[0]) for regex, is_valid in checks.items())

    # One search for all of them, then each of them on what was matched.
    anywhere = rf"(?<![A-Za-z0-9])(?=[0-9]|[A-Z][A-Z0-9])(?=(?:{'|'.join(_NATIONAL_IDS)}){_END})[0-9A-Z .+-]{{9,26}}"
    bsn = _validator("nl.bsn")
    return [
        SensitivePattern(re.compile(anywhere), check),
        SensitivePattern(re.compile(rf"(?<![A-Za-z0-9]){_NINO}{_END}")),
        SensitivePattern(re.compile(_BSN), lambda number: bsn(_digits(number))),
    ]


_END = "(?![A-Za-z0-9])"


def _any_of(modules: Iterable[str]) -> Check:
    checks = [_validator(module) for module in modules]
    return lambda number: any(check(number) for check in checks)


def _validator(module: str) -> Check:
    """python-stdnum's check of one kind of number, imported when needed."""
    is_valid: Check = import_module(f"stdnum.{module}").is_valid
    return is_valid


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


_PATTERNS: dict[Sensitive, Callable[[], list[SensitivePattern]]] = {
    Sensitive.EMAIL: _emails,
    Sensitive.PHONE: _phones,
    Sensitive.IBAN: _ibans,
    Sensitive.CARD: _cards,
    Sensitive.SECRET_KEY: _keys,
    Sensitive.NATIONAL_ID: _national_ids,
}
