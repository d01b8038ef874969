"""Reading a request's JSON: what fits is returned, what does not names the field and has OpenAI's code."""

from collections.abc import Callable
from typing import Any

import pytest

from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader, parse_json

Read = Callable[[JsonReader], Any]


def field(value: Any) -> JsonReader:
    """A field as it is found in a body."""
    return JsonReader({"tools": [{"n": value}]})["tools"].element(0)["n"]


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (JsonReader.text, "a", "a"),
        (JsonReader.optional_text, None, None),
        (JsonReader.flag, None, False),
        (JsonReader.flag, True, True),
        (JsonReader.positive, 3, 3),
        (lambda it: it.number(0.7, 0, 2), None, 0.7),
        (lambda it: it.number(0.7, 0, 2), 2, 2.0),
        (lambda it: it.whole(5, 0, 9), None, 5),
        (lambda it: it.optional_whole(0, 9), 9, 9),
        (lambda it: it.optional_whole(0, 9), None, None),
        (lambda it: it.texts(2), None, ()),
        (lambda it: it.texts(2), "a", ("a",)),
        (lambda it: it.texts(2), ["a", "b"], ("a", "b")),
        (lambda it: it.one_of({"a": 1}), "a", 1),
        (lambda it: [one.path for one in it.each()], [1, 2], ["tools[0].n[0]", "tools[0].n[1]"]),
    ],
)
def test_what_fits_is_returned(read: Read, value: Any, result: Any) -> None:
    assert read(field(value)) == result


@pytest.mark.parametrize(
    ("read", "value", "code"),
    [
        (JsonReader.text, 3, "invalid_type"),
        (JsonReader.text, None, "missing_required_parameter"),
        (JsonReader.flag, 1, "invalid_type"),
        (JsonReader.positive, True, "invalid_type"),
        (JsonReader.positive, 0, "invalid_type"),
        (JsonReader.object, [], "invalid_type"),
        (JsonReader.each, {}, "invalid_type"),
        (lambda it: it.number(0.7, 0, 2), 2.1, "invalid_value"),
        (lambda it: it.number(0.7, 0, 2), True, "invalid_value"),
        (lambda it: it.number(0.7, 0, 2), float("nan"), "invalid_value"),
        (lambda it: it.whole(5, 0, 9), 2.0, "invalid_value"),
        (lambda it: it.optional_whole(0, 9), 10, "invalid_value"),
        (lambda it: it.texts(2), ["a", ""], "invalid_value"),
        (lambda it: it.texts(2), ["a", "b", "c"], "invalid_value"),
        (lambda it: it.one_of({"a": 1}), "b", "invalid_value"),
        (lambda it: it.refuse("leave it out"), 1, "unsupported_parameter"),
    ],
)
def test_what_does_not_fit_names_the_field(read: Read, value: Any, code: str) -> None:
    with pytest.raises(RequestError, match=r"Field 'tools\[0\]\.n' ") as no:
        read(field(value))
    assert (no.value.param, no.value.code) == ("tools[0].n", code)


def test_a_body_that_is_no_object_has_no_field() -> None:
    with pytest.raises(RequestError, match=r"The request body must be an object\.") as no:
        JsonReader([]).object()
    assert (no.value.param, no.value.code) == (None, "invalid_type")


def test_refusals_are_noted_where_somebody_else_may_serve_it() -> None:
    refusals: list[RequestError] = []
    JsonReader({"a": {"b": 1}}, refusals=refusals)["a"]["b"].refuse("leave it out")
    assert [refusal.param for refusal in refusals] == ["a.b"]


def test_what_is_no_json_says_so() -> None:
    assert parse_json(b'{"a": 1}') == {"a": 1}
    with pytest.raises(RequestError) as no:
        parse_json(b'{"a": NaN}')
    assert no.value.code == "invalid_json"
