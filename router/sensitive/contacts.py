"""E-mail addresses and phone numbers."""

import re

from router.sensitive.pattern import END, SensitivePattern, digits

# Search for the rare @ and look back from there: the whole of a long word before it need not be read.
_EMAIL = r"@(?<=[\w.!#$%&'*+/=?^`{|}~\"-]@)(?:[\w-]{1,63}\.){1,9}[^\W\d_]{2}"
# anna (at) example (dot) se
_SPELT_EMAIL = (
    r"\w\s?[\[({]\s?(?:at|@)\s?[\])}]\s?(?:[\w-]{1,63}\s?(?:\.|[\[({]\s?(?:dot|\.)\s?[\])}])\s?){1,9}[a-z]{2}"
)

# A country's code, then 6 to 14 digits: +46 8 123 456 78, (+46) 8-123, +46(0)8 123 456
_COUNTRY = (
    r"(?:1|7|2[07]|2[1-69]\d|3[0-469]|3[578]\d|4[013-9]|42\d|5[1-8]|5[09]\d|6[0-6]|6[7-9]\d|8[1246]|8[05-9]\d"
    r"|9[0-58]|9[679]\d)"
)
_PHONE = rf"""(?x)
    \+ {_COUNTRY} (?: [ ().\-/]{{0,3}} [0-9] ){{6,13}} (?![0-9])
    | (?<![A-Za-z0-9.,/:+-]) (?:
        # 0046 8 123 456 78
        00 {_COUNTRY} (?: [ ().\-/]{{0,3}} [0-9] ){{6,13}} {END}
        # (212) 555-0123, 1-800-555-0199
        | (?: 1 [ .-] )? \(? [2-9][0-9]{{2}} (?: \) | \)?[ .-]{{1,2}} ) [2-9][0-9]{{2}} [ .-]{{1,2}} [0-9]{{4}}
            (?:x[0-9]{{1,6}})? (?![A-Za-z0-9-])
        # (11) 91234-5678
        | \( 0? [1-9][0-9]{{1,4}} \) [ -]? 9? [ ]? [0-9]{{3,8}} (?: [ -] [0-9]{{2,4}} ){{0,3}} (?![A-Za-z0-9:])
        # 08-123 456 78, 06.12.34.56.78
        | 0 [1-9][0-9]{{0,4}} [ /.-]{{1,3}} [0-9]{{2,8}} (?: [ .-]? [0-9]{{2,4}} ){{0,4}} (?![A-Za-z0-9:])
        | 0 [1-9] [0-9]{{8,9}} {END}
        # 98765 43210 (India), 138 0013 8000 (China)
        | [6-9][0-9]{{4}} [ -] [0-9]{{5}} (?![A-Za-z0-9-])
        | 1[3-9][0-9] [ -] [0-9]{{4}} [ -] [0-9]{{4}} (?![A-Za-z0-9-])
    )"""
# Other digits are a phone number beside a word for it.
_NAMED_PHONE = (
    r"(?<![a-z])(?:(?:phone|tel|telephone|telefon|telefonnummer|telefono|mobile|mobil|cell|cellphone|fax|whatsapp)"
    r"(?: ?(?:number|no|nr))?(?: is)?|(?:call|ring|text|phone) (?:me|us|him|her|them)(?: (?:at|on|back|under))?)"
    r"[ .:#=\"'(]{1,6}[1-9](?:[ ().-]{0,2}[0-9]){6,13}(?![A-Za-z0-9])"
)
_DATE = re.compile(r"0[0-9][ /.-][0-3]?[0-9][ /.-](?:(?:19|20)[0-9]{2}(?![0-9])|[0-9]{2}(?![ .-]?[0-9]))")

PHONE_DIGITS = 8
"""Fewer digits after a leading 0 are something else."""


def emails() -> list[SensitivePattern]:
    """Addresses, also with the sign spelt out."""
    return [SensitivePattern(re.compile(_EMAIL)), SensitivePattern(re.compile(_SPELT_EMAIL), lower=True)]


def phones() -> list[SensitivePattern]:
    """Numbers with a country code, with a leading 0, in a country's usual groups, or beside a word for them."""
    return [
        SensitivePattern(re.compile(_PHONE), _is_phone, spaced=True),
        SensitivePattern(re.compile(_NAMED_PHONE), lower=True, spaced=True),
    ]


def _is_phone(number: str) -> bool:
    return number[0] == "+" or (len(digits(number)) >= PHONE_DIGITS and not _DATE.match(number))
