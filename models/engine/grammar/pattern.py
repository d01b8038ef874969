"""From a regular expression to a grammar for JSON strings that match it."""

import re
from collections.abc import Callable, Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from models.engine.grammar.gbnf import MAX_REPEATS, either, literal, repeat

_SHORTHAND = {
    sre.CATEGORY_DIGIT: "0-9",
    sre.CATEGORY_WORD: "a-zA-Z0-9_",
    sre.CATEGORY_SPACE: " ",  # other white space would have to be escaped in JSON
}
_ANYTHING = r'[^"\\\x7F\x00-\x1F]'
_NOT_PLAIN = r'"\\\x7F\x00-\x1F'
"""Characters that must be escaped in a JSON string."""


class PatternError(Exception):
    """The regular expression cannot be turned into a grammar."""


def pattern_rule(pattern: str) -> str:
    r"""A rule for the content of a JSON string that matches `pattern`.

    The whole string must match: JSON schema would accept a match of a part if `pattern` has no anchors.

    >>> pattern_rule(r"^[A-Z]{2}\d+$")
    '[A-Z]{2,2} [0-9]{1,}'
    """
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as exc:
        raise PatternError(f"it is not a regular expression: {exc}") from exc
    if parsed.state.flags & ~re.UNICODE:
        raise PatternError("flags cannot be turned into a grammar")
    return _sequence(list(parsed))


def _sequence(items: Sequence[Any]) -> str:
    parts = [part for item in items if (part := _item(*item))]
    return " ".join(parts) or '""'


def _item(kind: Any, value: Any) -> str:
    handler = _HANDLERS.get(kind)
    if handler is None:
        raise PatternError(f"{str(kind).lower()} cannot be turned into a grammar")
    return handler(value)


def _literal(code: int) -> str:
    return literal(_json_escaped(chr(code)))


def _json_escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char >= " " else f"\\u{ord(char):04x}"


def _not_literal(code: int) -> str:
    return f"[^{_class_char(code)}{_NOT_PLAIN}]"


def _at(where: Any) -> str:
    if where in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING, sre.AT_END, sre.AT_END_STRING):
        return ""
    raise PatternError("word boundaries cannot be turned into a grammar")


def _repeated(value: tuple[int, Any, Any]) -> str:
    least, most, items = value
    unbounded = most == sre.MAXREPEAT
    if least > MAX_REPEATS or (not unbounded and most > MAX_REPEATS):
        raise PatternError(f"more than {MAX_REPEATS} repetitions")
    inside = _sequence(list(items))
    return repeat(inside if len(items) == 1 and inside[0] == "[" else f"({inside})", least, None if unbounded else most)


def _group(value: tuple[Any, int, int, Any]) -> str:
    _name, added_flags, removed_flags, items = value
    if added_flags or removed_flags:
        raise PatternError("flags cannot be turned into a grammar")
    return f"({_sequence(list(items))})"


def _branch(value: tuple[Any, Sequence[Any]]) -> str:
    return either(_sequence(list(option)) for option in value[1])


def _class(items: Sequence[tuple[Any, Any]]) -> str:
    negated = bool(items) and items[0][0] is sre.NEGATE
    inside = "".join(_class_item(kind, value) for kind, value in (items[1:] if negated else items))
    return f"[^{inside}{_NOT_PLAIN}]" if negated else f"[{inside}]"


def _class_item(kind: Any, value: Any) -> str:
    if kind is sre.LITERAL:
        return _plain(value)
    if kind is sre.RANGE:
        return f"{_plain(value[0])}-{_plain(value[1])}"
    if kind is sre.CATEGORY and value in _SHORTHAND:
        return _SHORTHAND[value]
    raise PatternError("this character class cannot be turned into a grammar")


def _plain(code: int) -> str:
    if chr(code) in '"\\' or code < ord(" "):
        raise PatternError("quotes, backslashes and control characters in a class cannot be turned into a grammar")
    return _class_char(code)


def _class_char(code: int) -> str:
    return f"\\x{code:02X}" if chr(code) in '"\\]^-[' or code < ord(" ") else chr(code)


def _category(value: Any) -> str:
    return _class([(sre.CATEGORY, value)])


_HANDLERS: dict[Any, Callable[[Any], str]] = {
    sre.LITERAL: _literal,
    sre.NOT_LITERAL: _not_literal,
    sre.ANY: lambda _: _ANYTHING,
    sre.AT: _at,
    sre.MAX_REPEAT: _repeated,
    sre.MIN_REPEAT: _repeated,
    sre.SUBPATTERN: _group,
    sre.BRANCH: _branch,
    sre.IN: _class,
    sre.CATEGORY: _category,
}
