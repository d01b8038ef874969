"""A request body read piece by piece: each piece knows where it stands, so that errors name the field at fault."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from models.wire.errors import RequestError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON value of a request, and its path in OpenAI's notation.

    Where there is a list of `refusals`, `refuse` adds to it instead of raising: somebody else may serve the request.

    >>> list(Node({"input": [{"type": "message"}]})["input"].each())[0]["type"].path
    'input[0].type'
    """

    value: Any
    path: str = ""
    refusals: list[RequestError] | None = None

    @property
    def given(self) -> bool:
        """Whether it is there at all; null says the same as leaving it out."""
        return self.value is not None

    def __getitem__(self, name: str) -> "Node":
        return Node(self.object().get(name), f"{self.path}.{name}" if self.path else name, self.refusals)

    def each(self) -> Iterator["Node"]:
        """The elements of an array."""
        if not isinstance(self.value, list):
            raise self.wrong("an array")
        return (Node(value, f"{self.path}[{index}]", self.refusals) for index, value in enumerate(self.value))

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

    def optional_text(self) -> str | None:
        """A string, or None where it is not given."""
        return self.text() if self.given else None

    def one_of(self, known: Mapping[str, T]) -> T:
        """What `known` has under this name."""
        name = self.text()
        if name not in known:
            raise self.unknown(known)
        return known[name]

    def wrong(self, expected: str) -> RequestError:
        """The error for a value of another type than `expected`."""
        if not self.path:
            return RequestError(f"The request body must be {expected}.", code="invalid_type")
        if not self.given:
            return RequestError(
                f"Field '{self.path}' is missing; it must be {expected}.",
                param=self.path,
                code="missing_required_parameter",
            )
        return RequestError(f"Field '{self.path}' must be {expected}.", param=self.path, code="invalid_type")

    def unknown(self, known: Iterable[str]) -> RequestError:
        """The error for a name that is none of those `known`."""
        message = f"Field '{self.path}' must be one of {', '.join(sorted(known))}; got {self.value!r:.100}."
        return RequestError(message, param=self.path, code="invalid_value")

    def refuse(self, why: str) -> None:
        """Raise or note the error for what is understood and not served."""
        if self.refusals is None:
            raise self.refused(why)
        self.refusals.append(self.refused(why))

    def refused(self, why: str) -> RequestError:
        """The error for what is understood and not served; `why` says what to do instead."""
        message = f"Field '{self.path}' is not supported here: {why}."
        return RequestError(message, param=self.path, code="unsupported_parameter")
