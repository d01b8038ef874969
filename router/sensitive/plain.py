r"""Texts as the detector reads them: plain characters, escapes decoded, in pieces of bounded size."""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

WINDOW_CHARS = 8_192
"""Searched at a time, which takes one to three milliseconds."""

OVERLAP_CHARS = 256
"""Longer than anything that is searched for, so that nothing is lost where two windows meet."""


def windows(texts: Iterable[str]) -> Iterator[str]:
    r"""`texts`, one under the other, in plain characters and in overlapping pieces.

    An event loop can do other work between two pieces. Invisible characters go before the text is cut: however many of
    them are put into a number, it is not cut in two.

    >>> [len(window) for window in windows(["a" * 10_000])]
    [8192, 2065]
    >>> list(windows(["one", "\u00ad" * 9_000 + "two"]))
    ['one\ntwo\n']
    """
    held = ""
    for text in texts:
        for start in range(0, len(text), WINDOW_CHARS):
            held += plain(text[start : start + WINDOW_CHARS])
            while len(held) >= WINDOW_CHARS:
                yield held[:WINDOW_CHARS]
                held = held[WINDOW_CHARS - OVERLAP_CHARS :]
        held += "\n"
    yield held


def readings(window: str) -> Iterator[str]:
    r"""`window`, and what it says once its escapes are decoded, where it has any.

    >>> list(readings(r"anna\u0040example.se"))
    ['anna\\u0040example.se', 'anna@example.se']
    """
    yield window
    if (decoded := _decoded(window)) != window:
        yield plain(decoded)


def spaced(text: str) -> str:
    r"""`text` with a space for lines, tabs, underscores and slashes between digits: numbers have any of them.

    >>> spaced("4111_1111\t1111/1111")
    '4111 1111 1111 1111'
    """
    return _BETWEEN_DIGITS.sub(" ", text)


def plain(text: str) -> str:
    r"""`text` in plain characters: digits and letters of other widths and scripts normalised, invisible ones removed.

    >>> plain("４１１１\u00a0٤１１\u200b1 ａ＠b.se")
    '4111 4111 a@b.se'
    """
    if text.isascii():
        return text
    text = _visible(unicodedata.normalize("NFKD", _visible(text)))
    return _FOREIGN_DIGIT.sub(lambda match: str(unicodedata.digit(match[0])), _DASH.sub("-", text))


_UNSEEN = frozenset({"Cf", "Mn", "Me"})
"""Categories of characters that take no room of their own: format characters, accents, frames around a character."""

_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180e")
"""Letters and signs that show nothing."""


def _visible(text: str) -> str:
    return "".join(char for char in text if (char < "\u0300" and char != "\u00ad") or _is_visible(char))


def _is_visible(char: str) -> bool:
    return unicodedata.category(char) not in _UNSEEN and char not in _BLANK


_DASH = re.compile("[\u2010-\u2015\u2212]")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9)])(?:[\s_/\\|\u00b7\u2022*`>+]|<[a-z/]{1,5}>){1,6}(?=[0-9(+])")

_ESCAPE = re.compile(r"\\{1,8}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(/)|[nrt](?=\\{0,8}[0-9+]))")
MOST_ENCODINGS = 3
"""How often a text may have been encoded for a URL, one time over the other."""

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,8};")


def _decoded(text: str) -> str:
    """`text` without the escapes of JSON (in JSON, in JSON …), URLs and HTML."""
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
        if not text.isascii():  # two escapes for one character
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for _ in range(MOST_ENCODINGS):
        if not _PERCENT.search(text):
            break
        text = unquote(text)
    return html.unescape(text) if _ENTITY.search(text) else text


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else match[3] or " "
