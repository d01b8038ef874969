"""Characters that a server cut in two: their halves come in two deltas, as lone surrogates or as broken UTF-8.

orjson reads neither. So this is the slow way, for the chunks that orjson refuses and those that follow them.
"""

import codecs
import json
import re
from typing import Any

_RAW = 0x10FF00
"""A byte that is no UTF-8 is kept as the character at this place plus its value, which no text contains."""

_BROKEN = "slimgate-broken-utf-8"

_RAW_BYTES = re.compile("[\U0010ff80-\U0010ffff]+")

_CONTINUED = "[\U0010ff80-\U0010ffbf]"

_HALF_AT_END = re.compile(
    "(?:[\ud800-\udbff]"
    "|[\U0010ffc2-\U0010ffdf]"
    f"|[\U0010ffe0-\U0010ffef]{_CONTINUED}?"
    f"|[\U0010fff0-\U0010fff4]{_CONTINUED}{{0,2}})\\Z"
)
"""The first half of a surrogate pair, or the first bytes of a character."""

_MOST_HALVES = 256

Place = tuple[Any, ...]


class CharacterMender:
    r"""Reads the chunks of one stream, and joins the characters that are cut between them.

    A half whose other half never comes is left out at the end of a text, and becomes U+FFFD within one.

    >>> mender = CharacterMender()
    >>> [mender.loads(chunk)["content"] for chunk in (rb'{"content": "a\ud83d"}', rb'{"content": "\ude00b"}')]
    ['a', '😀b']
    """

    def __init__(self) -> None:
        self._halves: dict[Place, str] = {}

    @property
    def waiting(self) -> bool:
        """Whether a character has begun: the next chunk must be read here too."""
        return bool(self._halves)

    def loads(self, payload: bytes) -> Any:
        """Decode one chunk.

        Raises
        ------
        ValueError
            If it is not JSON.
        """
        chunk = _decode(payload)
        where = tuple(chunk.get(name) for name in ("item_id", "content_index")) if isinstance(chunk, dict) else ()
        return self._mend(chunk, where)

    def _mend(self, value: Any, place: Place) -> Any:
        if isinstance(value, str):
            return self._join(value, place)
        if isinstance(value, dict):
            return {_whole(name): self._mend(inner, (*place, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._mend(inner, (*place, _number(inner, position))) for position, inner in enumerate(value)]
        return value

    def _join(self, text: str, place: Place) -> str:
        text = self._halves.pop(place, "") + text
        if (half := _HALF_AT_END.search(text)) and len(self._halves) < _MOST_HALVES:
            self._halves[place] = half.group()
            text = text[: half.start()]
        return _whole(text)


def loads_whole(payload: bytes) -> Any:
    r"""Decode JSON in which halves of characters may stand; each becomes U+FFFD.

    Raises
    ------
    ValueError
        If it is not JSON.

    >>> loads_whole(rb'["\ud83d\ude00", "\ud83d"]')
    ['😀', '�']
    """
    return _replace(_decode(payload))


def _replace(value: Any) -> Any:
    if isinstance(value, dict):
        return {_whole(name): _replace(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return list(map(_replace, value))
    return _whole(value) if isinstance(value, str) else value


def _decode(payload: bytes) -> Any:
    try:
        return json.loads(payload.decode("utf-8", _BROKEN), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _whole(text: str) -> str:
    """Pairs of halves as one character, and U+FFFD for any other half."""
    text = _RAW_BYTES.sub(lambda raw: bytes(ord(char) - _RAW for char in raw.group()).decode("utf-8", "replace"), text)
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _number(element: Any, position: int) -> Any:
    """What tells an element of an array apart in all chunks: choices and tool calls have a number of their own."""
    number = element.get("index") if isinstance(element, dict) else None
    return position if number is None else ("index", number)


def _keep_raw(exc: UnicodeError) -> tuple[str, int]:
    assert isinstance(exc, UnicodeDecodeError)
    return "".join(chr(_RAW + byte) for byte in exc.object[exc.start : exc.end]), exc.end


codecs.register_error(_BROKEN, _keep_raw)
