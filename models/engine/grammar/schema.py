"""JSON schemas as callers send them: checked for their form, and closed where that is meant."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader

Schema = Mapping[str, Any]

MAX_DEPTH = 64
"""Most schemas within schemas."""

MAX_SCHEMAS = 20_000
"""Most schemas in one, itself included."""

UNSUPPORTED = "unsupported_schema"
"""The code of errors about schemas that are right, and beyond the local model: the gateway may ask a cloud model."""

_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = (
    *("items", "additionalItems", "contains", "unevaluatedItems", "additionalProperties", "propertyNames"),
    *("unevaluatedProperties", "not", "if", "then", "else"),
)
_WITHIN = frozenset((*_MAPS, *_LISTS, *_SINGLE))
"""Keywords whose values hold schemas."""

_COMBINING = frozenset(("allOf", "anyOf", "oneOf", "$ref"))
_OF_OBJECTS = frozenset((
    *("properties", "patternProperties", "additionalProperties", "required", "enum", "const"),
    *("unevaluatedProperties", "propertyNames", "minProperties", "maxProperties"),
))  # fmt: skip


def _is_count(value: Any) -> bool:
    return _is_number(value) and value == int(value) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) != float("inf")


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _are_types(value: Any) -> bool:
    return value in _TYPES if isinstance(value, str) else bool(value) and _are_names(value) and {*value} <= {*_TYPES}


_FORMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "type": (_are_types, f"one or several of {', '.join(_TYPES)}"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a non-empty array"),
    "required": (_are_names, "an array of strings"),
    **dict.fromkeys(
        ("$ref", "$dynamicRef", "pattern", "format"), (lambda value: isinstance(value, str), "a string")
    ),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
         "maxContains"),
        (_is_count, "a whole number from 0 on"),
    ),
    **dict.fromkeys(("minimum", "maximum"), (_is_number, "a number")),
    **dict.fromkeys(  # true and false are draft 4's form of these two
        ("exclusiveMinimum", "exclusiveMaximum"),
        (lambda value: isinstance(value, bool) or _is_number(value), "a number"),
    ),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
}  # fmt: skip
"""What the values of keywords must be."""


def check_schema(schema: JsonReader) -> None:
    """Check the form of a JSON schema: the types of its keywords' values, its depth and its size.

    Raises
    ------
    RequestError
        Naming the keyword at fault. The code is `UNSUPPORTED` if the schema is only too deep or too large.
    """
    for number, (place, depth) in enumerate(_walk(schema), start=1):
        if depth > MAX_DEPTH:
            raise unsupported(place.path, f"schemas are nested more than {MAX_DEPTH} deep")
        if number > MAX_SCHEMAS:
            raise unsupported(schema.path, f"it holds more than {MAX_SCHEMAS} schemas")
        _check_keywords(place)


def closed(schema: Schema) -> Schema:
    """The schema without undeclared properties, which nobody asked the model to invent.

    An object that declares properties and says nothing of others gets ``additionalProperties: false``. A schema that
    combines several for one value (`allOf`, keywords beside a `$ref`) stays as it is: each part would forbid the
    properties of the others.
    """
    if any(_combines(place.value) for place, _ in _walk(JsonReader(schema))):
        return schema
    closed_schema: Schema = _closed(schema)
    return closed_schema


def place_of(schema: Schema, keyword: str, path: str) -> str:
    """Where `keyword` is first used in the schema at `path`; `path` itself if it is nowhere."""
    places = (f"{place.path}.{keyword}" for place, _ in _walk(JsonReader(schema, path)) if keyword in place.value)
    return next(places, path)


def unsupported(where: str, reason: str) -> RequestError:
    """The error for a schema that is right, and that the local model cannot follow."""
    return RequestError(f"{where}: the local model cannot promise this: {reason}.", param=where, code=UNSUPPORTED)


def _walk(schema: JsonReader) -> Iterator[tuple[JsonReader, int]]:
    """Every schema within `schema` that is an object, with its depth. It is not recursive: callers choose the depth."""
    waiting = [(schema, 0)]
    while waiting:
        place, depth = waiting.pop()
        if isinstance(place.value, bool):
            continue
        place.object()
        yield place, depth
        waiting += [
            (inner, depth + 1) for keyword in place.value if keyword in _WITHIN for inner in _inner(place, keyword)
        ]


def _inner(place: JsonReader, keyword: str) -> Iterator[JsonReader]:
    inner = place[keyword]
    if keyword in _MAPS:
        yield from (inner[name] for name in inner.object())
    elif keyword in _LISTS or (keyword == "items" and isinstance(inner.value, list)):
        yield from inner.each()
    else:
        yield inner


def _check_keywords(schema: JsonReader) -> None:
    for keyword, value in schema.value.items():
        if keyword in _FORMS and not _FORMS[keyword][0](value):
            raise schema[keyword].must_be(_FORMS[keyword][1], "invalid_value")
        if keyword in _LISTS and value == []:
            raise schema[keyword].must_be("a non-empty array", "invalid_value")


def _combines(schema: Schema) -> bool:
    """Whether several parts of one schema speak of the same object."""
    combining = _COMBINING & schema.keys()
    return (
        len(combining) > 1
        or (bool(combining) and not _OF_OBJECTS.isdisjoint(schema))
        or len(schema.get("allOf", ())) > 1
    )


def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    inner = {keyword: _closed_within(keyword, value) for keyword, value in schema.items()}
    declared = schema.get("properties")
    is_open = "additionalProperties" not in schema and "unevaluatedProperties" not in schema
    if isinstance(declared, dict) and is_open and {*schema.get("required", ())} <= declared.keys():
        inner["additionalProperties"] = False
    return inner


def _closed_within(keyword: str, value: Any) -> Any:
    if keyword in _MAPS:
        return {name: _closed(inner) for name, inner in value.items()}
    if keyword in _WITHIN and isinstance(value, list):
        return [_closed(inner) for inner in value]
    return _closed(value) if keyword in _WITHIN else value
