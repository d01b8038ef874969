"""JSON of a request, read field by field: the right type and range, or an error that names the field at fault."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from models.wire.errors import LeftOut, RequestError

T = TypeVar("T")

TEXT_OR_ARRAY = "a string or an array"

SHOWN_CHARS = 100

MAX_DEPTH = 200
"""Arrays and objects within each other that a body may have. Translated to another API shape it gets some more."""

_ORJSON_DEPTH = 254


def parse_json(body: bytes) -> Any:
    """Decode a request body.

    Raises
    ------
    RequestError
        If it is not JSON, or nested deeper than `MAX_DEPTH`.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise RequestError(f"The request body is not valid JSON: {exc}", code="invalid_json") from exc
    # What has no more brackets cannot be deeper: a search for bytes costs next to nothing.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise RequestError(
            f"The request body is nested too deeply: at most {MAX_DEPTH} arrays and objects may lie within each other.",
            code="invalid_json",
        )
    return value


def is_too_deep(value: Any) -> bool:
    """Whether more than `MAX_DEPTH` arrays and objects lie within each other in a decoded value.

    orjson writes 254 levels and no more, and finds that out a hundred times faster than a walk in Python.
    """
    for _ in range(_ORJSON_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return True
    return False


@dataclass(slots=True)  # frozen, it would take three times as long to make, for every field of every request
class JsonReader:
    """One JSON value of a request, and its path in OpenAI's notation.

    Where there is a list of `refusals`, `refuse` adds to it instead of raising: somebody else may serve the request.

    >>> list(JsonReader({"input": [{"type": "message"}]})["input"].each())[0]["type"].path
    'input[0].type'
    """

    value: Any
    path: str = ""
    refusals: list[RequestError] | None = None

    @property
    def given(self) -> bool:
        """Whether it is there at all; null says the same as leaving it out."""
        return self.value is not None

    def __getitem__(self, name: str) -> "JsonReader":
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return JsonReader(self.value.get(name), f"{self.path}.{name}" if self.path else name, self.refusals)

    def each(self, expected: str = "an array") -> Iterator["JsonReader"]:
        """The elements of an array; `expected` says what else it might have been."""
        if not isinstance(self.value, list):
            raise self.wrong(expected)
        return map(self.element, range(len(self.value)))

    def element(self, index: int) -> "JsonReader":
        """One element of what is an array."""
        return JsonReader(self.value[index], f"{self.path}[{index}]", self.refusals)

    def object(self) -> Mapping[str, Any]:
        """An object's fields."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def optional_text(self) -> str | None:
        """A string, or None where it is not given."""
        return self.text() if self.given else None

    def texts(self, most: int) -> tuple[str, ...]:
        """One string or an array of up to `most` of them, none of them empty; none where it is not given."""
        if not self.given:
            return ()
        values = [self.value] if isinstance(self.value, str) else self.value
        if not isinstance(values, list) or len(values) > most or not all(isinstance(v, str) and v for v in values):
            raise self.must_be(f"a non-empty string or an array of up to {most} of them", "invalid_value")
        return tuple(values)

    def flag(self) -> bool:
        """True or false; false where it is not given."""
        if self.given and not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return bool(self.value)

    def positive(self) -> int:
        """A whole number above 0."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 1:
            raise self.wrong("a positive integer")
        return self.value

    def number(self, default: float, low: float, high: float) -> float:
        """A number in [low, high]; `default` where it is not given."""
        value = self.value
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.invalid(f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, default: int, low: int, high: int) -> int:
        """A whole number in [low, high]; `default` where it is not given."""
        value = self.optional_whole(low, high)
        return default if value is None else value

    def optional_whole(self, low: int, high: int) -> int | None:
        """A whole number in [low, high], or None where it is not given."""
        value = self.value
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.invalid(f"a whole number from {low} to {high}")
        return value

    def one_of(self, values: Mapping[str, T]) -> T:
        """What `values` has under this name."""
        name = self.text()
        if name not in values:
            raise self.unknown(values)
        return values[name]

    def wrong(self, expected: str) -> RequestError:
        """The error for a value that is missing, or of another type than `expected`."""
        return self.must_be(expected) if self.given or not self.path else self.missing(f"it must be {expected}")

    def missing(self, cure: str) -> RequestError:
        """The error for a value that is not given."""
        return self.error(f"is missing or null; {cure}", "missing_required_parameter")

    def must_be(self, expected: str, code: str = "invalid_type") -> RequestError:
        """The error for a value other than `expected`."""
        return self.error(f"must be {expected}", code)

    def invalid(self, expected: str) -> RequestError:
        """The error for a value outside of what is `expected`; it shows the value's beginning."""
        return self.error(f"must be {expected}; got {shown(self.value)}", "invalid_value")

    def unknown(self, values: Iterable[str]) -> RequestError:
        """The error for a name that is none of `values`."""
        return self.invalid(f"one of {', '.join(sorted(values))}")

    def refuse(self, why: str) -> None:
        """Raise or note the error for what is understood and not served."""
        if self.refusals is None:
            raise self.refused(why)
        self.refusals.append(self.refused(why))

    def leave_out(self, what: str, why: str) -> None:
        """Raise or note that `what`, which is understood, is not served, and may be left out."""
        refused = self.refused(why)
        if self.refusals is None:
            raise refused
        self.refusals.append(LeftOut(refused.message, param=refused.param, what=what))

    def refused(self, why: str) -> RequestError:
        """The error for what is understood and not served; `why` says what to do instead."""
        return self.error(f"is not supported here: {why}", "unsupported_parameter")

    def error(self, predicate: str, code: str) -> RequestError:
        """The error that says `predicate` of the value."""
        subject = f"Field '{self.path}'" if self.path else "The request body"
        return RequestError(f"{subject} {predicate}.", param=self.path or None, code=code)


def shown(value: Any) -> str:
    """A decoded value as its sender wrote it, cut short; of an array or object only what it is.

    >>> shown(None), shown(True), shown("a"), shown([1])
    ('null', 'true', '"a"', 'an array')
    """
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "an object"
    return json.dumps(value[:SHOWN_CHARS] if isinstance(value, str) else value, ensure_ascii=False)[:SHOWN_CHARS]
