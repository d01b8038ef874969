"""Payment cards and bank accounts."""

import re
from collections.abc import Iterator

from router.sensitive.pattern import END, START, SensitivePattern, digits, validator

# The numbers that card networks give out, with their lengths (ISO/IEC 7812; the networks' published ranges).
_NETWORKS = re.compile(
    r"4[0-9]{15}(?:[0-9]{3})?"  # Visa
    r"|5[1-5][0-9]{14}|(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}|(?:2131|1800)[0-9]{11}"  # JCB
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}|60[0-9]{14}"  # Discover, RuPay
    r"|62[0-9]{14,17}"  # UnionPay
    r"|(?:50[0-9]{2}|5[6-8][0-9]{2}|6304|67[0-9]{2})[0-9]{8,15}"  # Maestro
)
_CARD = r"(?<![0-9])[1-6][0-9]{3,18}(?:[ .-]{1,3}[0-9]{3,13}){0,4}"
_DIGIT_BY_DIGIT = r"(?<![0-9])(?<![0-9][ .-])[2-6](?:[ .-]{1,3}[0-9]){12,18}(?![ .-]{0,3}[0-9])"
_GROUPS = frozenset({(4, 6, 5), (4, 6, 4), (8, 8), (4, 4, 8), (6, 10), (6, 13), (4, 4, 4, 4), (4, 4, 4, 4, 3)})
"""How many digits stand together on a card or in a form, if not all of them."""


def cards() -> list[SensitivePattern]:
    """Numbers of a known network, in a usual grouping, with a valid check digit."""
    luhn = validator("luhn")
    return [
        SensitivePattern(re.compile(_CARD), lambda text: any(map(luhn, _card_numbers(text))), spaced=True),
        SensitivePattern(
            re.compile(_DIGIT_BY_DIGIT),
            lambda text: _NETWORKS.fullmatch(digits(text)) is not None and luhn(digits(text)),
            spaced=True,
        ),
    ]


def _card_numbers(text: str) -> Iterator[str]:
    """What may be a card number at the start of `text`. Other digits may follow, such as the date of expiry."""
    groups = re.findall("[0-9]+", text)
    for size in range(1, len(groups) + 1):
        number = "".join(groups[:size])
        if (size == 1 or tuple(map(len, groups[:size])) in _GROUPS) and _NETWORKS.fullmatch(number):
            yield number


IBAN_CHARS = 15
"""Length of the shortest, Norway's."""


def ibans() -> list[SensitivePattern]:
    """International bank account numbers with valid check digits."""
    # A bank code that a country has not listed yet still counts.
    check_digits, is_iban = validator("iso7064.mod_97_10"), validator("iban", check_country=False)

    def check(number: str) -> bool:
        """Words that follow may look like a part of the number, so try to end it after each group."""
        groups = re.split("[ .-]", number.upper())
        starts = ("".join(groups[:n]) for n in range(len(groups), 0, -1))
        # The cheap check first.
        return any(
            len(start) >= IBAN_CHARS and check_digits(start[4:] + start[:4]) and is_iban(start) for start in starts
        )

    regex = (
        rf"{START}[A-Za-z]{{2}}[ .-]?[0-9]{{2}}"
        rf"(?:[A-Za-z0-9]{{11,30}}|(?:[ .-][A-Za-z0-9]{{4}}){{2,7}}(?:[ .-][A-Za-z0-9]{{1,4}})?){END}"
    )
    return [SensitivePattern(re.compile(regex), check, spaced=True)]
