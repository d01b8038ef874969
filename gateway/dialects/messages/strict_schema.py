"""Whether OpenAI's strict mode takes a schema. Anthropic's takes more, and a provider refuses what does not qualify."""

from collections.abc import Mapping
from typing import Any

_KEYWORDS = frozenset(
    {
        "$defs", "$ref", "additionalProperties", "anyOf", "const", "definitions", "description", "enum",
        "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maximum", "minItems", "minimum",
        "multipleOf", "pattern", "properties", "required", "title", "type",
    }
)  # fmt: skip

_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})

MAX_DEPTH = 10
"""OpenAI's limit on nesting, in objects and arrays of the schema."""


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether `schema` is an object whose every object names all its properties, and has no keyword out of bounds.

    >>> is_strict({"type": "object", "properties": {}, "required": [], "additionalProperties": False})
    True
    >>> is_strict({"type": "object", "properties": {"city": {"type": "string"}}})
    False
    """
    return schema.get("type") == "object" and "anyOf" not in schema and _qualifies(schema, MAX_DEPTH)


def _qualifies(schema: Any, depth: int) -> bool:
    if not isinstance(schema, Mapping) or depth < 0 or not schema.keys() <= _KEYWORDS:
        return False
    if schema.get("format", "date") not in _FORMATS:
        return False
    if ("properties" in schema or _is_object(schema.get("type"))) and not _is_closed(schema):
        return False
    return all(_qualifies(inner, depth - 1) for inner in _inner(schema))


def _is_object(kind: Any) -> bool:
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _is_closed(schema: Mapping[str, Any]) -> bool:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return False
    return schema.get("additionalProperties") is False and properties.keys() == {
        name for name in required if isinstance(name, str)
    }


def _inner(schema: Mapping[str, Any]) -> list[Any]:
    named = [schema[name] for name in ("properties", "$defs", "definitions") if isinstance(schema.get(name), Mapping)]
    found = [inner for group in named for inner in group.values()]
    found += schema["anyOf"] if isinstance(schema.get("anyOf"), list) else []
    return [*found, schema["items"]] if "items" in schema else found
