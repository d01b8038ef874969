"""Personal identity numbers."""

import re
from collections.abc import Iterable

from router.sensitive.pattern import END, START, Check, SensitivePattern, digits, validator

_NUMBERS = {
    # How it is written, and the stdnum modules that check it. Numbers with a single check digit are left out, since one
    # number in ten has the right one by chance, unless a letter, a date or separators make them recognisable.
    r"(?:19|20)?[0-9]{6}[-+ ]?[0-9]{4}": ("se.personnummer",),
    r"[0-9]{6}-[0-9]{4}": ("dk.cpr",),
    r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]": ("fi.hetu",),
    r"[0-9]{6}[ .-]?[0-9]{5}": ("no.fodselsnummer", "pl.pesel"),
    r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}": ("de.idnr",),
    r"[0-9]{2}[. -]?[0-9]{2}[. -]?[0-9]{2}[ .-]?[0-9]{3}[. -]?[0-9]{2}": ("be.nn",),
    r"[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[- ]?[0-9]{2}": ("br.cpf",),
    r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}": ("ch.ssn",),
    r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}": ("fr.nir",),
    r"[0-9]{8}[- ]?[A-Z]": ("es.dni",),
    r"[XYZ][- ]?[0-9]{7}[- ]?[A-Z]": ("es.nie",),
    r"[A-Z]{6} ?[0-9]{2} ?[A-Z][0-9]{2} ?[A-Z][0-9]{3} ?[A-Z]": ("it.codicefiscale",),
    r"[0-9]{3} [0-9]{2} [0-9]{4}": ("us.ssn",),
    r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}": ("gb.nhs",),
    r"[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}": ("in_.aadhaar",),
    # China; stdnum's own check fails on districts that do not exist any more.
    r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]": ("iso7064.mod_11_2",),
}
_BY_FORM = (
    "(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",  # United Kingdom, QQ in examples
    "[0-9]{3}-[0-9]{2}-[0-9]{4}",  # United States
)
"""Numbers without check digits, which their form alone makes recognisable."""

_NAMED = {
    # Without separators or with any: only beside their name.
    r"(?:bsn|burgerservicenummer)": ("nl.bsn", 9),
    r"(?:ssn|social security)": ("us.ssn", 9),
    r"(?:nhs)": ("gb.nhs", 10),
    r"(?:aadhaar|aadhar|uidai)": ("in_.aadhaar", 12),
}


def national_ids() -> list[SensitivePattern]:
    """Numbers of the countries that docs/privacy.md lists."""
    checks = {re.compile(regex + END): _any_of(modules) for regex, modules in _NUMBERS.items()}

    def check(number: str) -> bool:
        return any((match := regex.match(number)) and is_valid(match[0]) for regex, is_valid in checks.items())

    # One search for all of them, then each of them on what was matched.
    anywhere = rf"{START}(?=[0-9]|[A-Z][A-Z0-9 -])(?=(?:{'|'.join(_NUMBERS)}){END})[0-9A-Z .+-]{{9,26}}"
    return [
        SensitivePattern(re.compile(anywhere), check, spaced=True),
        SensitivePattern(re.compile(rf"{START}(?:{'|'.join(_BY_FORM)}){END}"), spaced=True),
        *(_named(name, module, n_digits) for name, (module, n_digits) in _NAMED.items()),
    ]


def _named(name: str, module: str, n_digits: int) -> SensitivePattern:
    regex = re.compile(rf"{name}[^0-9]{{1,20}}[0-9](?:[ .-]?[0-9]){{{n_digits - 1}}}(?![0-9])")
    is_valid = validator(module)
    return SensitivePattern(regex, lambda text: is_valid(digits(text)), lower=True, spaced=True)


def _any_of(modules: Iterable[str]) -> Check:
    checks = [validator(module) for module in modules]
    return lambda number: any(check(number) for check in checks)
