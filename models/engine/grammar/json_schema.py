"""From a JSON schema to a grammar that forces the model's output to match it.

The grammar may admit fewer documents than the schema (properties are in the schema's order, undeclared ones are left
out), never more. A keyword that a grammar cannot enforce is refused by name, not ignored.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.engine.grammar.gbnf import (
    MAX_GRAMMAR_CHARS,
    MAX_REPEATS,
    RuleBook,
    either,
    json_literal,
    repeat,
    separated,
)
from models.engine.grammar.pattern import PatternError, pattern_rule
from models.engine.grammar.ranges import integer_rule
from models.wire.errors import RequestError

Schema = Mapping[str, Any]

MAX_DEPTH = 64

_SILENT = frozenset({
    "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
    "deprecated", "readOnly", "writeOnly", "strict", "nullable", "contentMediaType", "contentEncoding", "discriminator",
})  # fmt: skip
"""Keywords that constrain nothing, or that are only reached by reference."""

_BY_TYPE = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset(),
    "boolean": frozenset(),
    "null": frozenset(),
}
"""The supported keywords of each type."""

_FORMATS = {
    "date": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    "time": r"^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$",
    "date-time": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
    r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$",
    "uuid": r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "email": r"^[a-zA-Z0-9._+-]{1,64}@[a-zA-Z0-9-]{1,63}(\.[a-zA-Z0-9-]{1,63}){1,4}$",
    "ipv4": r"^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$",
    "hostname": r"^[a-zA-Z0-9-]{1,63}(\.[a-zA-Z0-9-]{1,63}){0,8}$",
    "uri": r"^https?://[a-zA-Z0-9.-]{1,100}(/[a-zA-Z0-9._~%?#=&/+-]{0,200})?$",
}


class SchemaCompiler:
    """Turns one schema into rules of a `RuleBook`.

    Parameters
    ----------
    book : RuleBook
        Receives the rules.
    schema : mapping
        The schema; references are resolved within it.
    where : str
        Names the schema in messages, such as ``response_format.json_schema.schema``.
    lenient : bool
        Allow any value of the type where the schema is unsupported, instead of refusing it.

    Raises
    ------
    RequestError
        From `rule`, naming the keyword and its place, if the schema is unsupported.
    """

    def __init__(self, book: RuleBook, schema: Schema, where: str, *, lenient: bool = False) -> None:
        self._book = book
        self._lenient = lenient
        self._root = schema
        self._where = where
        self._references: dict[str, str] = {}

    def rule(self) -> str:
        """The name of the rule for the whole schema."""
        return self._named("schema", self._compile(self._root, self._where, 0))

    def _named(self, name: str, body: str) -> str:
        return self._book.add(name, body)

    def _refuse(self, place: str, message: str) -> RequestError:
        return RequestError(f"{place}: {message}.", param=place, code="unsupported_schema")

    def _compile(self, schema: Any, place: str, depth: int) -> str:
        try:
            return self._compile_strictly(schema, place, depth)
        except RequestError:
            if not self._lenient:
                raise
            stated = schema.get("type") if isinstance(schema, Mapping) else None
            return stated if isinstance(stated, str) and stated in _BY_TYPE else "value"

    def _compile_strictly(self, schema: Any, place: str, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise self._refuse(place, f"schemas are nested more than {MAX_DEPTH} deep")
        if schema is True or schema == {}:
            return "value"
        if not isinstance(schema, Mapping):
            raise self._refuse(place, "a schema must be an object")
        if "$ref" in schema:
            self._check_keywords(schema, {"$ref"}, place)
            return self._reference(schema["$ref"], place, depth)
        if "const" in schema:
            return json_literal(schema["const"])
        if "enum" in schema:
            return self._enum(schema["enum"], place)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._alternatives(schema, keyword, place, depth)
        if "allOf" in schema:
            return self._compile(self._merged(schema, place), place, depth + 1)
        return self._typed(schema, place, depth)

    def _check_keywords(self, schema: Schema, supported: set[str] | frozenset[str], place: str) -> None:
        for keyword in schema:
            if keyword not in supported and keyword not in _SILENT:
                raise self._refuse(f"{place}.{keyword}", "this keyword cannot be promised by the local model")

    def _reference(self, reference: Any, place: str, depth: int) -> str:
        if reference in self._references:
            return self._references[reference]
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise self._refuse(place, f"only references within the schema are followed, not {reference!r}")
        target: Any = self._root
        for step in filter(None, reference[1:].split("/")):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or step not in target:
                raise self._refuse(place, f"the reference {reference!r} leads nowhere")
            target = target[step]
        name = self._references[reference] = self._book.reserve(reference.rpartition("/")[2] or "whole")
        body = self._compile(target, place, depth + 1)
        if body == name:
            raise self._refuse(place, f"the reference {reference!r} leads to itself")
        self._book.fill(name, body)
        return name

    def _enum(self, values: Any, place: str) -> str:
        if not isinstance(values, list) or not values:
            raise self._refuse(place, "'enum' must be a non-empty array")
        return either(map(json_literal, values))

    def _alternatives(self, schema: Schema, keyword: str, place: str, depth: int) -> str:
        options = schema[keyword]
        if not isinstance(options, list) or not options:
            raise self._refuse(place, f"'{keyword}' must be a non-empty array")
        common = {name: value for name, value in schema.items() if name != keyword}
        merged = [self._merge(common, option, place) if isinstance(option, Mapping) else option for option in options]
        return either(self._compile(o, f"{place}.{keyword}[{i}]", depth + 1) for i, o in enumerate(merged))

    def _merged(self, schema: Schema, place: str) -> Schema:
        merged: Schema = {name: value for name, value in schema.items() if name != "allOf"}
        for index, part in enumerate(schema["allOf"]):
            here = f"{place}.allOf[{index}]"
            while isinstance(part, Mapping) and set(part) == {"$ref"}:
                part = self._target_of(part["$ref"], here)
            if not isinstance(part, Mapping):
                raise self._refuse(here, "a schema must be an object")
            merged = self._merge(merged, part, here)
        return merged

    def _target_of(self, reference: str, place: str) -> Any:
        target: Any = self._root
        for step in filter(None, str(reference).removeprefix("#").split("/")):
            if not isinstance(target, Mapping) or step not in target:
                raise self._refuse(place, f"the reference {reference!r} leads nowhere")
            target = target[step]
        return target

    def _merge(self, one: Schema, other: Schema, place: str) -> Schema:
        """One schema for both; refused if they set a keyword differently."""
        merged = {**one}
        for keyword, value in other.items():
            if keyword == "properties":
                merged[keyword] = {**one.get(keyword, {}), **value}
            elif keyword == "required":
                merged[keyword] = [*one.get(keyword, []), *value]
            elif keyword in _SILENT or keyword not in one or one[keyword] == value:
                merged[keyword] = value
            else:
                raise self._refuse(f"{place}.{keyword}", "it is set twice, differently")
        return merged

    def _typed(self, schema: Schema, place: str, depth: int) -> str:
        types = self._types(schema, place)
        supported = frozenset({"type"}).union(*(_BY_TYPE[t] for t in types))
        self._check_keywords(schema, supported, place)
        return (
            either(self._of_type(t, schema, place, depth) for t in types)
            if len(types) > 1
            else self._of_type(types[0], schema, place, depth)
        )

    def _types(self, schema: Schema, place: str) -> Sequence[str]:
        stated = schema.get("type")
        if stated is None:
            implied = [t for t, keywords in _BY_TYPE.items() if keywords & schema.keys()]
            return implied[:1] or list(_BY_TYPE)
        types = [stated] if isinstance(stated, str) else stated
        if not isinstance(types, list) or not types or not all(t in _BY_TYPE for t in types):
            raise self._refuse(f"{place}.type", f"it must be one or several of {', '.join(_BY_TYPE)}, got {stated!r}")
        return types

    def _of_type(self, kind: str, schema: Schema, place: str, depth: int) -> str:
        if kind == "object":
            return self._object(schema, place, depth)
        if kind == "array":
            return self._array(schema, place, depth)
        if kind == "string":
            return self._string(schema, place)
        if kind == "integer":
            return self._integer(schema, place)
        return kind

    def _object(self, schema: Schema, place: str, depth: int) -> str:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        extra = schema.get("additionalProperties")
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            raise self._refuse(place, "'properties' must be an object and 'required' an array")
        if unknown := [name for name in required if name not in properties]:
            raise self._refuse(f"{place}.required", f"{unknown[0]!r} is required and not declared in 'properties'")
        if not properties:
            # Declared to be empty, such as the parameters of a function without any: the model must not invent some.
            declared_empty = "properties" in schema and extra is None
            return self._map(False if declared_empty else extra, place, depth)
        members = []
        for name, inner in properties.items():
            value = self._named(name, self._compile(inner, f"{place}.properties.{name}", depth + 1))
            members.append((f'{json_literal(name)} space ":" space {value}', name in required))
        return f'"{{" space {self._members(members)} space "}}"'

    def _map(self, extra: Any, place: str, depth: int) -> str:
        """An object with any property names, and values of one schema."""
        if extra is False:
            return '"{" space "}"'
        if extra is None or extra is True:
            return "object"
        value = self._named("entry", self._compile(extra, f"{place}.additionalProperties", depth + 1))
        entry = self._named("pair", f'string space ":" space {value}')
        return f'"{{" space {separated(entry, 0, None)} space "}}"'

    def _members(self, members: Sequence[tuple[str, bool]]) -> str:
        """Members in their order, each optional one present or not; `after` is the rest once a comma is needed."""
        before, after = '""', '""'
        for pair, is_required in reversed(members):
            then = self._named("more", after) if after != '""' else '""'
            first, later = f"{pair} {then}", f'space "," space {pair} {then}'
            if not is_required:
                skipped = self._named("first", before) if before != '""' else '""'
                first, later = f"{first} | {skipped}", f"{later} | {then}"
            before, after = first, later
        return self._named("members", before)

    def _array(self, schema: Schema, place: str, depth: int) -> str:
        least, most = self._bounds(schema, "minItems", "maxItems", place)
        fixed = schema.get("prefixItems")
        if fixed is not None:
            if schema.get("items", False) is not False or schema.get("minItems", len(fixed)) > len(fixed):
                raise self._refuse(place, "beside 'prefixItems' no further items can be promised; set 'items' to false")
            parts = [self._compile(item, f"{place}.prefixItems[{i}]", depth + 1) for i, item in enumerate(fixed)]
            listed = ' space "," space '.join(self._named("item", part) for part in parts)
            return f'"[" space {listed} space "]"'
        item = self._named("item", self._compile(schema.get("items", True), f"{place}.items", depth + 1))
        return f'"[" space {separated(item, least, most)} space "]"'

    def _string(self, schema: Schema, place: str) -> str:
        pattern = schema.get("pattern") or _FORMATS.get(str(schema.get("format")))
        least, most = self._bounds(schema, "minLength", "maxLength", place)
        if "format" in schema and schema["format"] not in _FORMATS:
            raise self._refuse(f"{place}.format", f"the format {schema['format']!r} cannot be promised")
        if pattern is None:
            return "string" if (least, most) == (0, None) else f'"\\"" {repeat("char", least, most)} "\\""'
        if (least, most) != (0, None):
            raise self._refuse(place, "a length beside a pattern or format cannot be promised; put it into the pattern")
        try:
            return f'"\\"" {pattern_rule(pattern)} "\\""'
        except PatternError as exc:
            raise self._refuse(f"{place}.pattern", str(exc)) from exc

    def _integer(self, schema: Schema, place: str) -> str:
        low = max(self._limits(schema, place, minimum=0, exclusiveMinimum=1), default=None)
        high = min(self._limits(schema, place, maximum=0, exclusiveMaximum=-1), default=None)
        if low is None and high is None:
            return "integer"
        try:
            return integer_rule(low, high)
        except ValueError as exc:
            raise self._refuse(place, str(exc)) from exc

    def _limits(self, schema: Schema, place: str, **shifts: int) -> Iterator[int]:
        for keyword, shift in shifts.items():
            value = schema.get(keyword)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
                raise self._refuse(f"{place}.{keyword}", f"it must be a whole number, got {value!r}")
            yield int(value) + shift

    def _bounds(self, schema: Schema, low: str, high: str, place: str) -> tuple[int, int | None]:
        least, most = schema.get(low, 0), schema.get(high)
        for name, value in ((low, least), (high, 0 if most is None else most)):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_REPEATS:
                raise self._refuse(f"{place}.{name}", f"it must be a whole number from 0 to {MAX_REPEATS}")
        if most is not None and most < least:
            raise self._refuse(place, f"'{high}' is less than '{low}'")
        return least, most


def schema_grammar(schema: Schema, where: str) -> str:
    """The grammar for documents of `schema`, with no text before or after them.

    Raises
    ------
    RequestError
        If the schema is unsupported.
    """
    book = RuleBook()
    return bounded(book.text(SchemaCompiler(book, schema, where).rule()), where)


def bounded(grammar: str, where: str) -> str:
    """`grammar`; raises `RequestError` if it is larger than `MAX_GRAMMAR_CHARS`."""
    if len(grammar) > MAX_GRAMMAR_CHARS:
        raise RequestError(f"{where} is too large to be turned into a grammar.", param=where, code="unsupported_schema")
    return grammar


JSON_OBJECT_GRAMMAR = RuleBook().text("object")
"""The grammar of any JSON object."""
