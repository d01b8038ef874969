"""What the text of an answer must follow, in llguidance's notation: Lark, with JSON schemas in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.engine.grammar.schema import Schema, closed

SPACE = r" |\n[ \t]{0,20}"
"""White space in JSON. Limited: without a limit, a model sometimes generates nothing else."""

OBJECT: Schema = {"type": "object"}

_SPACE_RULES = f"space: SPACE?\nSPACE: /{SPACE}/"


@dataclass(frozen=True, slots=True)
class SchemaPart:
    """A JSON schema within a grammar.

    Attributes
    ----------
    schema : mapping
        Checked by `check_schema`.
    where : str
        Names the schema in messages, such as ``response_format.json_schema.schema``.
    lenient : bool
        Leave out what a grammar cannot enforce, instead of refusing it.
    """

    schema: Schema
    where: str
    lenient: bool = False

    @property
    def rule(self) -> str:
        """The body of a rule."""
        options = {"whitespace_pattern": SPACE, "lenient": self.lenient, "coerce_one_of": self.lenient}
        return f"%json {json.dumps({**closed(self.schema), 'x-guidance': options})}"


@dataclass(frozen=True, slots=True)
class GrammarSource:
    """A grammar, not yet compiled.

    Attributes
    ----------
    frame : str
        The rule `start`. It refers to the parts as `schema_0`, `schema_1` and so on, and to white space as `space`.
    parts : sequence of SchemaPart
        The schemas.
    where : str
        The field of the request that asks for it.
    """

    frame: str
    parts: Sequence[SchemaPart]
    where: str

    @property
    def text(self) -> str:
        """The whole grammar."""
        rules = [f"schema_{index}: {part.rule}" for index, part in enumerate(self.parts)]
        return "\n".join((self.frame, _SPACE_RULES, *rules))

    def with_parts(self, parts: Sequence[SchemaPart]) -> "GrammarSource":
        """The same frame around other schemas."""
        return replace(self, parts=parts)


def schema_source(part: SchemaPart) -> GrammarSource:
    """The grammar of documents that match one schema, with no text before or after them."""
    return GrammarSource("start: schema_0", (part,), part.where)


def json_object_source(where: str) -> GrammarSource:
    """The grammar of any JSON object."""
    return schema_source(SchemaPart(OBJECT, where))


def literal(text: str) -> str:
    r"""Matches exactly `text`, which may hold any characters.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    return json.dumps(text)


def json_literal(value: object) -> str:
    """Matches exactly `value`, written as JSON."""
    return literal(json.dumps(value, ensure_ascii=False))


def token_literal(token: int) -> str:
    """Matches exactly one token, whatever its text."""
    return f"<[{token}]>"
