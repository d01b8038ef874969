"""Keys, and text without them: what a provider says of a failure may quote the key that it was sent.

Keys that this process holds are remembered here as soon as a connection is made that carries them. They are looked for
as they are, encoded for an address, and in the parts that providers like to quote; beside them whatever has the form of
a key, whoever it belongs to.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"

_LEAST_CHARS = 4
"""What is shorter is no key, and could be part of any word."""

_WORD_CHARS = 8
"""What is shorter is only a key where it stands alone."""

_PART_CHARS = 8
"""So much of a key is too much, wherever in it."""

_END_CHARS = 4
"""The beginning or end of a key, beside what stands for the rest of it."""

_LEFT_OUT = r"(?:\*{2,}+|\.{2,}+|…++|•{2,}+)"

_FORMS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk)-[\w-]{0,200}+" + _LEFT_OUT + r"[\w-]{0,200}"  # sk-abc***wxyz
    r"|(?:sk|pk|rk)-[\w-]{16,}"  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"|(?:sk|rk)_(?:live|test)_\w{16,}"
    r"|AIza[\w-]{30,}|ya29\.[\w-]{16,}"  # Google
    r"|A[KS]IA[0-9A-Z]{16}"  # AWS
    r"|(?:gsk|hf|r8|tgp|fw)_\w{20,}|(?:xai|nvapi|pplx|csk|glpat|xox[abprs])-[\w-]{16,}"
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?"  # a JSON web token
    r")"
    r"|(?P<scheme>\b(?i:bearer|basic) +)[\w.~+/=-]{8,}"
    r"|(?P<before>://)[^/\s@]{1,400}(?=@)"  # user and password in an address
    r"|(?P<name>(?i:[?&](?:[\w-]{0,40}?(?:key|token|secret|signature|password)|sig)=))[^&\s\"'<>]+"
)
_MASKED = rf"\g<scheme>\g<before>\g<name>{MASK}"

_SECRET_NAMES = re.compile(r"(?i)auth|key|token|secret|pass|pwd|cookie|credential|signature|odbc_connect|^sig$|^code$")

_keys: set[str] = set()
_whole = re.compile(r"(?!)")
_parts: frozenset[str] = frozenset()
_ends = re.compile(r"(?!)")


def keep_secret(keys: Iterable[str | None]) -> None:
    """Never show any of `keys` from here on."""
    global _whole, _parts, _ends
    found = {key.strip() for key in keys if key} - _keys
    new = {key for key in found if len(key) >= _LEAST_CHARS}
    if not new:
        return
    _keys.update(new)
    long = sorted((key for key in _keys if len(key) >= _WORD_CHARS), key=len, reverse=True)
    _whole = _any_of(form for key in long for form in _encoded(key))
    _parts = frozenset(key[at : at + _PART_CHARS] for key in long for at in range(len(key) - _PART_CHARS + 1))
    short = [rf"(?<!\w){re.escape(key)}(?!\w)" for key in _keys if len(key) < _WORD_CHARS]
    _ends = re.compile("|".join([*short, *(_quoted(key) for key in long)]))


def is_secret_name(name: str) -> bool:
    """Whether a header or a query parameter of that name carries a key.

    >>> is_secret_name("Api-Key"), is_secret_name("api-version")
    (True, False)
    """
    return _SECRET_NAMES.search(name) is not None


def mask(text: str) -> str:
    """`text` with `MASK` in place of whole keys: for what is written often and is mostly our own.

    >>> mask("no answer from http://me:hunter2@10.0.0.1/v1?key=abc")
    'no answer from http://***@10.0.0.1/v1?key=***'
    """
    return _FORMS.sub(_MASKED, _whole.sub(MASK, text))


def mask_all(text: str) -> str:
    """`text` with `MASK` also in place of parts of keys: for what somebody else wrote.

    >>> mask_all("Incorrect API key provided: sk-abc***********wxyz.")
    'Incorrect API key provided: ***.'
    """
    text = _ends.sub(MASK, _whole.sub(MASK, text))
    return _FORMS.sub(_MASKED, _without_parts(text))


def _encoded(key: str) -> Iterable[str]:
    """The key as it is, in an address, and in Base64."""
    return dict.fromkeys((key, quote(key, safe=""), b64encode(key.encode()).decode().rstrip("=")))


def _without_parts(text: str) -> str:
    """Every stretch of `text` that is a part of a key is left out."""
    kept: list[str] = []
    at = covered = 0
    while at < len(text):
        if text[at : at + _PART_CHARS] in _parts:
            if at >= covered:
                kept.append(MASK)
            covered = at + _PART_CHARS
        if at >= covered:
            kept.append(text[at])
        at += 1
    return "".join(kept)


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(text) for text in texts) or "(?!)", re.IGNORECASE)


def _quoted(key: str) -> str:
    """A key as "sk-abc...wxyz", or as nothing but its end."""
    begin, end = re.escape(key[:_END_CHARS]), re.escape(key[-_END_CHARS:])
    return rf"{begin}[\w-]*+{_LEFT_OUT}[\w-]*|{_LEFT_OUT}[\w-]{{0,4}}{end}(?!\w)"
