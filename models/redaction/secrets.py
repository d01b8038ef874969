"""Masks keys in texts: a provider's error message may quote the key that it was sent.

A connection that carries a key registers it here first. Texts are searched for registered keys (as they are,
URL-encoded and in Base64), for the parts of them that providers like to quote, and for anything that has the form of a
key.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"

_MIN_CHARS = 4
"""Anything shorter is no key: it could be part of any word."""

_WORD_CHARS = 8
"""A shorter key is only masked as a whole word."""

_PART_CHARS = 8
"""A part of a key of this length is masked, from anywhere in the key."""

_END_CHARS = 4
"""The length of a key's beginning or end that is masked next to an ellipsis or asterisks."""

_LEFT_OUT = r"(?:\*{2,}+|\.{2,}+|…++|•{2,}+)"

_FORMS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|sg)-[\w-]{0,200}+" + _LEFT_OUT + r"[\w-]{0,200}"  # sk-abc***wxyz
    r"|(?:sk|pk|rk)-[\w-]{16,}"  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"|sg-[\w-]{43,}"  # the gateway's own keys
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
    """Register `keys`, so that `mask` and `mask_all` mask them from now on."""
    global _whole, _parts, _ends
    unregistered = {key.strip() for key in keys if key} - _keys
    new = {key for key in unregistered if len(key) >= _MIN_CHARS}
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
    """`text` with `MASK` in place of whole keys. It is fast, for texts that are mostly our own.

    >>> mask("no answer from http://me:hunter2@10.0.0.1/v1?key=abc")
    'no answer from http://***@10.0.0.1/v1?key=***'
    """
    return _FORMS.sub(_MASKED, _whole.sub(MASK, text))


def mask_all(text: str) -> str:
    """`text` with `MASK` in place of keys and parts of keys, for texts that somebody else wrote.

    >>> mask_all("Incorrect API key provided: sk-abc***********wxyz.")
    'Incorrect API key provided: ***.'
    """
    text = _ends.sub(MASK, _whole.sub(MASK, text))
    return _FORMS.sub(_MASKED, _without_parts(text))


def _encoded(key: str) -> Iterable[str]:
    """The key as it is, URL-encoded, and in Base64."""
    return dict.fromkeys((key, quote(key, safe=""), b64encode(key.encode()).decode().rstrip("=")))


def _without_parts(text: str) -> str:
    """`text` with `MASK` in place of every part that is also a part of a key."""
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
    """A pattern for an abbreviated key: "sk-abc...wxyz", or only its end."""
    begin, end = re.escape(key[:_END_CHARS]), re.escape(key[-_END_CHARS:])
    return rf"{begin}[\w-]*+{_LEFT_OUT}[\w-]*|{_LEFT_OUT}[\w-]{{0,4}}{end}(?!\w)"
