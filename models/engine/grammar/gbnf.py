"""Builds grammars in llama.cpp's notation (GBNF)."""

import json
import re
from collections.abc import Iterable

MAX_REPEATS = 1000
"""llama.cpp expands repetitions and refuses very large ones."""

MAX_GRAMMAR_CHARS = 200_000

_LITERAL_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

JSON_RULES = {
    # Limited: without a limit, a model sometimes generates nothing but space.
    "space": r'| " " | "\n" [ \t]{0,20}',
    "char": r'[^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4})',
    "string": r'"\"" char* "\""',
    "integral": r'"-"? ("0" | [1-9] [0-9]{0,15})',
    "integer": "integral",
    "number": r'integral ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "value": "object | array | string | number | boolean | null",
    "member": 'string space ":" space value',
    "object": '"{" space (member (space "," space member)* space)? "}"',
    "array": '"[" space (value (space "," space value)* space)? "]"',
}
"""Rules for any JSON value."""


def literal(text: str) -> str:
    r"""Matches exactly `text`.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    return '"' + "".join(_LITERAL_ESCAPES.get(c, c) if c >= " " else f"\\x{ord(c):02X}" for c in text) + '"'


def json_literal(value: object) -> str:
    """Matches exactly `value`, written as JSON."""
    return literal(json.dumps(value, ensure_ascii=False))


def either(options: Iterable[str]) -> str:
    """Matches one of `options`."""
    return "(" + " | ".join(options) + ")"


def repeat(item: str, least: int, most: int | None) -> str:
    """Matches `item` from `least` to `most` times; None for no upper limit."""
    if (least, most) == (1, 1):
        return item
    return f"{item}{{{least},{'' if most is None else most}}}"


def separated(item: str, least: int, most: int | None) -> str:
    """As `repeat`, with commas between the items."""
    if most == 0:
        return '""'
    more = repeat(f'(space "," space {item})', max(0, least - 1), None if most is None else most - 1)
    listed = item if most == 1 else f"{item} {more}"
    return f"({listed})?" if least == 0 else listed


class RuleBook:
    """Collects named rules, beginning with those for JSON."""

    def __init__(self) -> None:
        self._rules = dict(JSON_RULES)

    def add(self, name: str, body: str) -> str:
        """Add a rule; return its name, which gets a number if another rule has it already."""
        name = re.sub(r"[^a-zA-Z0-9-]+", "-", name).strip("-")[:40] or "rule"
        unique, number = name, 1
        while self._rules.get(unique, body) != body:
            number += 1
            unique = f"{name}-{number}"
        self._rules[unique] = body
        return unique

    def reserve(self, name: str) -> str:
        """Reserve a name whose rule is added later by `fill`, for rules that refer to themselves."""
        return self.add(name, f"reserved {len(self._rules)}")

    def fill(self, name: str, body: str) -> None:
        """Add the rule for a reserved name."""
        self._rules[name] = body

    def text(self, root: str) -> str:
        """The whole grammar, starting at `root`."""
        return "\n".join(f"{name} ::= {body}" for name, body in {"root": root, **self._rules}.items())
