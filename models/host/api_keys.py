"""Keys as they come from the environment: cleaned of what surrounds them, and refused where they can be none."""

import os

CURE = "keep it in a variable without quotes, spaces or line breaks"


def clean_key(value: str) -> str:
    """A key without the whitespace around it: the newline at the end of a file, above all.

    Raises
    ------
    ValueError
        If nothing is left, or what no header can carry; the message does not say the key.

    >>> clean_key("sk-1" + chr(10))
    'sk-1'
    """
    key = value.strip()
    if not key:
        raise ValueError("is empty: set the key, or unset the variable")
    for number, char in enumerate(key, 1):
        if not "!" <= char <= "~":
            raise ValueError(f"is no key: character {number} of {len(key)} is {_kind(char)}; {CURE}")
    return key


def _kind(char: str) -> str:
    if char.isspace():
        return "a space or line break"
    return "a control character" if char.isascii() else "not ASCII"


def key_from_environment(variable: str) -> str | None:
    """The key in `variable`; None where there is no such variable.

    Raises
    ------
    ValueError
        Naming the variable, if there is no key in it.
    """
    value = os.environ.get(variable)
    if value is None:
        return None
    try:
        return clean_key(value)
    except ValueError as exc:
        raise ValueError(f"the environment variable {variable} {exc}") from None
