"""Reads API keys from the environment: strips whitespace, and refuses values that cannot be a key."""

import os

from models.host.secret_files import secret_in_file

HINT = "keep it in a variable without quotes, spaces or line breaks"


def clean_key(value: str) -> str:
    """A key without surrounding whitespace, such as the newline at the end of a file.

    Raises
    ------
    ValueError
        If the key is empty, or has characters that no header can carry. The message does not contain the key.

    >>> clean_key("sk-1" + chr(10))
    'sk-1'
    """
    key = value.strip()
    if not key:
        raise ValueError("is empty: set the key, or unset the variable")
    for number, char in enumerate(key, 1):
        if not "!" <= char <= "~":
            raise ValueError(f"is no key: character {number} of {len(key)} is {_kind(char)}; {HINT}")
    return key


def _kind(char: str) -> str:
    if char.isspace():
        return "a space or line break"
    return "a control character" if char.isascii() else "not ASCII"


def key_from_environment(variable: str) -> str | None:
    """The key in `variable`, or in the file that ``variable_FILE`` names; None if neither is set.

    Raises
    ------
    ValueError
        Naming the variable, if its value cannot be a key, or the file cannot be read.
    """
    value = os.environ.get(variable)
    if value is None:
        value = secret_in_file(variable)
    if value is None:
        return None
    try:
        return clean_key(value)
    except ValueError as exc:
        raise ValueError(f"the environment variable {variable} {exc}") from None
