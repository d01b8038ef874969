"""JSON schemas as grammars: they admit only valid documents, and unsupported keywords are refused by name."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue.bundled import bundled_model_path
from models.engine.grammar.json_schema import JSON_OBJECT_GRAMMAR, schema_grammar
from models.engine.grammar.pattern import PatternError, pattern_rule
from models.engine.grammar.ranges import integer_rule
from models.engine.native.llama import Model
from models.engine.native.samplers import Candidates, Grammar
from models.wire.errors import RequestError


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    model = Model(bundled_model_path())
    yield model
    model.close()


def admits(model: Model, source: str, text: str) -> bool:
    """Whether llama.cpp, with this grammar, allows all of `text` and the end after it."""
    grammar = Grammar(model, source)
    for token in model.tokenize(text, add_special=False, parse_special=False):
        if not grammar.allows(token):
            return False
        grammar.accept(token)
    return grammar.allows(model.eos)


OBJECT = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "boolean"}},
    "required": ["b"],
    "additionalProperties": False,
}
NULL = {"type": "null"}
TREE = {
    "$defs": {
        "node": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (OBJECT, ['{"b": "x"}', '{"a": 1, "b": "x", "c": true}', '{"a":1,"b":""}', '{\n  "b": "x",\n  "c": false\n}'],
         ["{}", '{"a": 1}', '{"b": 1}', '{"b": "x", "d": 1}', '{"b": "x",}', '{"b": "x"} ', '{"a": 01, "b": ""}', "x"]),
        ({"type": "object", "properties": {"x": NULL}}, ["{}", '{"x": null}'], ['{"x": 1}', '{, "x": null}']),
        ({"type": "object", "properties": {}}, ["{}"], ['{"a": 1}']),
        ({"type": "object"}, ["{}", '{"a": 1}'], ["[]"]),
        ({"additionalProperties": {"type": "number"}}, ["{}", '{"k": 1.5e3, "l": -2}'], ['{"k": ""}']),
        ({"type": "array", "items": {"enum": ["a", 1, None]}, "minItems": 1, "maxItems": 2},
         ['["a"]', "[1, null]"], ["[]", '["b"]', "[1,1,1]"]),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
         ['["a", 1]'], ['["a"]', '["a", 1, 2]']),
        ({"type": "integer", "minimum": -3, "exclusiveMaximum": 12}, ["-3", "0", "11"], ["-4", "12", "1.0", "007"]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"é\\""', '"abc"'], ['"a"', '"abcd"']),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}, ['"AB-1"', '"ZZ-007"'], ['"AB-"', '"ab-1"']),
        ({"type": "string", "format": "date"}, ['"2026-11-23"'], ['"2026-13-23"', '"today"']),
        ({"const": {"a": [1]}}, ['{"a": [1]}'], ['{"a": [2]}']),
        ({"type": ["string", "null"]}, ['"x"', "null"], ["1"]),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, ["1", "true"], ['"x"', "null"]),
        ({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                    {"properties": {"b": {"type": "integer"}}, "required": ["b"]}]},
         ['{"a": 1, "b": 2}'], ['{"a": 1}', '{"b": 2}']),
        (TREE, ['{"next": null}', '{"next": {"next": {}}}'], ['{"next": 1}', '{"next": {"next": 2}}']),
        ({}, ["1", '{"a": [true, "x", null]}'], ["", "nul", '{"a"}']),
    ],
)  # fmt: skip
def test_a_grammar_admits_what_the_schema_does(model: Model, schema: Any, good: list[str], bad: list[str]) -> None:
    source = schema_grammar(schema, "schema")
    assert [text for text in good if not admits(model, source, text)] == []
    assert [text for text in bad if admits(model, source, text)] == []


@pytest.mark.parametrize("text", ['{"a": {"b": [1, 2.5, "x\\n", true, null]}}', "{}"])
def test_any_json_object(model: Model, text: str) -> None:
    assert admits(model, JSON_OBJECT_GRAMMAR, text)
    assert not admits(model, JSON_OBJECT_GRAMMAR, f"[{text}]")


def test_random_output_of_a_grammar_matches_the_schema(model: Model) -> None:
    """A random walk through the grammar, token by token, ends in valid JSON with the right names and types."""
    source = schema_grammar(OBJECT, "schema")
    rng = random.Random(0)
    shortest = np.array(
        [t for t in range(model.n_vocab) if 0 < len(model.piece(t)) <= 2 or model.is_end_token(t)], np.int32
    )
    for _ in range(20):
        grammar, text = Grammar(model, source), ""
        while True:
            candidates = Candidates(shortest, np.zeros(len(shortest), np.float32))
            grammar.filter(candidates)
            possible = candidates.tokens[candidates.possible].tolist()
            closing = [t for t in possible if model.piece(t) in (b'"', b"}", b'"}') or model.is_end_token(t)]
            token = rng.choice(closing if closing and rng.random() < 0.5 else possible)
            if model.is_end_token(token):
                break
            grammar.accept(token)
            text += model.piece(token).decode("utf-8", "replace")
        value = json.loads(text)
        assert "b" in value
        assert set(value) <= {"a", "b", "c"}


@pytest.mark.parametrize(
    ("schema", "param"),
    [
        ({"not": {}}, "schema.not"),
        ({"properties": {"a": {"type": "number", "multipleOf": 2}}}, "schema.properties.a.multipleOf"),
        ({"type": "array", "uniqueItems": True}, "schema.uniqueItems"),
        ({"type": "object", "patternProperties": {"x": {}}}, "schema.patternProperties"),
        ({"type": "number", "minimum": 0}, "schema.minimum"),
        ({"type": "string", "pattern": "(?=x)"}, "schema.pattern"),
        ({"type": "string", "pattern": "("}, "schema.pattern"),
        ({"type": "string", "format": "iri"}, "schema.format"),
        ({"type": "any"}, "schema.type"),
        ({"type": "object", "required": ["a"]}, "schema.required"),
        ({"$ref": "http://elsewhere/schema"}, "schema"),
        ({"$ref": "#/$defs/none"}, "schema"),
        ({"$ref": "#"}, "schema"),
        ({"type": "array", "maxItems": 10**9}, "schema.maxItems"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "schema"),
        ({"enum": []}, "schema"),
        ({"type": "string", "if": {}}, "schema.if"),
    ],
)  # fmt: skip
def test_unsupported_keywords_are_refused_by_name(schema: Any, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        schema_grammar(schema, "schema")
    assert (caught.value.param, caught.value.code) == (param, "unsupported_schema")


def test_a_schema_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    inner = schema
    for _ in range(200):
        inner.update({"type": "array", "items": {}})
        inner = inner["items"]
    with pytest.raises(RequestError, match="nested"):
        schema_grammar(schema, "schema")


def as_regex(rule: str) -> str:
    """The rule of an integer as a regular expression."""
    return "".join(part.strip('"') for part in re.findall(r'"[^"]*"|\[[^\]]*\]|[(|)]', rule))


@given(st.integers(-2000, 2000), st.integers(0, 1500), st.lists(st.integers(-3000, 4000), max_size=20))
def test_integers_between_bounds(low: int, width: int, others: list[int]) -> None:
    rule = re.compile(as_regex(integer_rule(low, low + width)))
    for value in [low - 1, low, low + width, low + width + 1, 0, *others]:
        assert bool(rule.fullmatch(str(value))) == (low <= value <= low + width)


@pytest.mark.parametrize("pattern", [r"\bx", r"(a)\1", r"(?i)a", r"x{1,5000}"])
def test_patterns_beyond_a_grammar(pattern: str) -> None:
    with pytest.raises(PatternError):
        pattern_rule(pattern)
