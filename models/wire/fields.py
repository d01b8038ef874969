"""Reading single fields of a request: the right type and range, or an error that says what was expected."""

from collections.abc import Mapping
from typing import Any

from models.wire.errors import RequestError

Body = Mapping[str, Any]


def refuse(field: str, message: str, code: str = "invalid_value") -> RequestError:
    """The error for one field."""
    return RequestError(message, param=field, code=code)


def unsupported(field: str, message: str) -> RequestError:
    """The error for a field that this engine does not serve."""
    return RequestError(message, param=field, code="unsupported_parameter")


def number(body: Body, field: str, default: float, low: float, high: float) -> float:
    """A number in [low, high]."""
    value = body.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise refuse(field, f"Field '{field}' must be a number from {low:g} to {high:g}, got {value!r}.")
    return float(value)


def whole(body: Body, field: str, default: int, low: int, high: int) -> int:
    """A whole number in [low, high]."""
    value = whole_or_none(body, field, low, high)
    return default if value is None else value


def whole_or_none(body: Body, field: str, low: int, high: int) -> int | None:
    """A whole number in [low, high], or None where the field is not set."""
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise refuse(field, f"Field '{field}' must be a whole number from {low} to {high}, got {value!r}.")
    return value


def flag(body: Body, field: str) -> bool:
    """True or false; false where the field is not set."""
    value = body.get(field)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise refuse(field, f"Field '{field}' must be true or false, got {value!r}.", "invalid_type")
    return value


def strings(body: Body, field: str, most: int) -> tuple[str, ...]:
    """One string or an array of up to `most` of them, none of them empty."""
    value = body.get(field)
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > most or not all(isinstance(v, str) and v for v in values):
        raise refuse(field, f"Field '{field}' must be a non-empty string or an array of up to {most} of them.")
    return tuple(values)
