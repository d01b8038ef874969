"""Finds sensitive data in a text: addresses, account and identity numbers, keys.

A detector cannot find everything: it misses names and stories. For texts that must not leave in any case, the caller or
the operator must say so. python-stdnum checks numbers with check digits. Each regular expression matches a bounded
number of characters from any position, so the time grows only linearly with the text.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from router.sensitive.accounts import cards, ibans
from router.sensitive.contacts import emails, phones
from router.sensitive.identity import national_ids
from router.sensitive.keys import secret_keys
from router.sensitive.pattern import SensitivePattern
from router.sensitive.plain import plain, readings, spaced


class Sensitive(StrEnum):
    """The kinds of sensitive data that can be found."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    SECRET_KEY = "secret_key"
    NATIONAL_ID = "national_id"


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
        """The first of the kinds that `text` holds, as it stands or once its escapes are decoded."""
        for reading in readings(plain(text)):
            with_spaces = spaced(reading)
            for kind, patterns in self._patterns:
                if any(pattern.is_in(with_spaces if pattern.spaced else reading) for pattern in patterns):
                    return kind
        return None


_PATTERNS: dict[Sensitive, Callable[[], list[SensitivePattern]]] = {
    Sensitive.EMAIL: emails,
    Sensitive.PHONE: phones,
    Sensitive.IBAN: ibans,
    Sensitive.CARD: cards,
    Sensitive.SECRET_KEY: secret_keys,
    Sensitive.NATIONAL_ID: national_ids,
}
