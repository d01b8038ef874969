"""JSON schemas as grammars: they admit only valid documents, and what they cannot promise is refused by name."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from models.catalogue.bundled import bundled_model_path
from models.engine.grammar.schema import MAX_DEPTH, check_schema
from models.engine.grammar.source import SchemaPart, json_object_source, schema_source
from models.engine.native import guidance
from models.engine.native.guidance import CompiledGrammar, Grammar, GrammarCompiler, compile_threads
from models.engine.native.llama import Model
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    model = Model(bundled_model_path())
    yield model
    model.close()


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with compile_threads() as threads:
        yield threads


Compile = Callable[[Any], CompiledGrammar]


@pytest.fixture(scope="module")
def compiled(model: Model, threads: ThreadPoolExecutor) -> Compile:
    """Checks and compiles a schema as the engine does."""
    compiler = GrammarCompiler(model)

    def compiled(schema: Any) -> CompiledGrammar:
        check_schema(JsonReader(schema, "schema"))
        return threads.submit(compiler.compile, schema_source(SchemaPart(schema, "schema"))).result(60)

    return compiled


def admits(model: Model, grammar: Grammar, text: str) -> bool:
    """Whether the grammar allows all of `text` and the end after it. It may prefer other tokens than the tokenizer."""
    rest = text.encode()
    while rest:
        allowed = grammar.allowed()
        tokens = model.tokenize(rest.decode("utf-8", "ignore"), add_special=False, parse_special=False)[:1]
        if not tokens or not allowed[tokens[0]]:
            tokens = [t for t in np.flatnonzero(allowed).tolist() if model.piece(t) and rest.startswith(model.piece(t))]
        if not tokens:
            return False
        token = max(tokens, key=lambda t: len(model.piece(t)))
        grammar.accept(token)
        rest = rest[len(model.piece(token)) :]
    return bool(grammar.allowed()[model.eos])


def walk(model: Model, grammar: Grammar, seed: int, most: int = 200) -> str | None:
    """A document that the grammar allows, token by token at random; None if it is not complete after `most` tokens."""
    rng, text = random.Random(seed), b""
    short = np.array([0 < len(model.piece(t)) <= 3 or model.is_end_token(t) for t in range(model.n_vocab)])
    for _ in range(most):
        allowed = grammar.allowed()
        possible = np.flatnonzero(allowed & short if (allowed & short).any() else allowed).tolist()
        closing = [t for t in possible if model.piece(t)[:1] in (b'"', b"}", b"]", b",") or model.is_end_token(t)]
        token = rng.choice(closing if closing and rng.random() < 0.5 else possible)
        if model.is_end_token(token):
            return text.decode()
        grammar.accept(token)
        text += model.piece(token)
    return None


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
INHERITED = {
    "$defs": {"base": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}},
    "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"name": {"type": "string"}}, "required": ["name"]}],
}
TAGGED = {
    "oneOf": [
        {"type": "object", "properties": {"kind": {"const": kind}, "size": {"type": "integer"}}, "required": ["kind"]}
        for kind in ("cat", "dog")
    ],
    "discriminator": {"propertyName": "kind"},
}
NAMED_ROOT = {"type": "object", "properties": {"root": {"$ref": "#/$defs/root"}}, "$defs": {"root": {"maximum": 9}}}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (OBJECT, ['{"b": "x"}', '{"a": 1, "b": "x", "c": true}', '{"a":1,"b":""}', '{\n  "b": "x",\n  "c": false\n}'],
         ["{}", '{"a": 1}', '{"b": 1}', '{"b": "x", "d": 1}', '{"b": "x",}', '{"b": "x"} ', '{"a": 01, "b": ""}', "x"]),
        ({"type": "object", "properties": {"x": NULL}}, ["{}", '{"x": null}'], ['{"x": 1}', '{, "x": null}']),
        ({"type": "object", "properties": {}}, ["{}"], ['{"a": 1}']),
        ({"type": "object"}, ["{}", '{"a": 1}'], ["[]"]),
        ({"type": "object", "required": ["a"]}, ['{"a": 1}'], ["{}"]),
        ({"type": "object", "additionalProperties": {"type": "number"}}, ["{}", '{"k": 1.5e3, "l": -2}'],
         ['{"k": ""}']),
        ({"type": "object", "patternProperties": {"^x": NULL}, "additionalProperties": False}, ['{"x1": null}'],
         ['{"y": null}', '{"x": 1}']),
        ({"type": "array", "items": {"enum": ["a", 1, None]}, "minItems": 1, "maxItems": 2},
         ['["a"]', "[1, null]"], ["[]", '["b"]', "[1,1,1]"]),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False, "minItems": 2},
         ['["a", 1]'], ['["a"]', '["a", 1, 2]']),
        ({"type": "array", "prefixItems": [NULL, NULL], "maxItems": 1}, ["[]", "[null]"], ["[null, null]"]),
        ({"type": "integer", "minimum": -3, "exclusiveMaximum": 12}, ["-3", "0", "11"], ["-4", "12", "007"]),
        ({"type": "number", "minimum": 0, "maximum": 1}, ["0", "0.5", "1"], ["-0.1", "1.5", "2"]),
        ({"type": "integer", "multipleOf": 3}, ["0", "9", "12"], ["1", "10"]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"é\\""', '"abc"'], ['"a"', '"abcd"']),
        ({"type": "string", "maxLength": 1000000}, ['"ab"'], ["1"]),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}, ['"AB-1"', '"ZZ-007"'], ['"AB-"', '"ab-1"']),
        ({"type": "string", "format": "date"}, ['"2026-11-23"'], ['"2026-13-23"', '"today"']),
        ({"type": "integer", "format": "int32"}, ["5"], ['"5"']),
        ({"const": {"a": [1]}}, ['{"a": [1]}'], ['{"a": [2]}']),
        ({"type": ["string", "null"]}, ['"x"', "null"], ["1"]),
        ({"type": "integer", "enum": [1, "x"]}, ["1"], ['"x"', "2"]),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, ["1", "true"], ['"x"', "null"]),
        ({"type": "object", "properties": {"a": NULL, "b": NULL}, "required": ["b"],
          "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, ['{"b": null}', '{"a": null, "b": null}'],
         ["{}", '{"a": null}']),
        ({"$defs": {"s": {"type": "string"}}, "$ref": "#/$defs/s", "minLength": 2}, ['"ab"'], ['"a"', "1"]),
        (INHERITED, ['{"id": 1, "name": "x"}'], ['{"id": 1}', '{"name": "x"}', '{"id": "x", "name": "x"}']),
        (TAGGED, ['{"kind": "cat", "size": 1}', '{"kind": "dog"}'], ['{"kind": "cow"}', '{"size": 1}']),
        (TREE, ['{"next": null}', '{"next": {"next": {}}}'], ['{"next": 1}', '{"next": {"next": 2}}']),
        (NAMED_ROOT, ['{"root": 3}'], ['{"root": 10}', "3", "root"]),
        ({}, ["1", '{"a": [true, "x", null]}'], ["", "nul", '{"a"}']),
    ],
)  # fmt: skip
def test_a_grammar_admits_what_the_schema_does(
    model: Model, compiled: Compile, schema: Any, good: list[str], bad: list[str]
) -> None:
    grammar = compiled(schema)
    assert [text for text in good if not admits(model, grammar.begin(), text)] == []
    assert [text for text in bad if admits(model, grammar.begin(), text)] == []
    validator = Draft202012Validator(schema)
    assert [text for text in good if not validator.is_valid(json.loads(text))] == []
    documents = filter(None, (walk(model, grammar.begin(), seed) for seed in range(4)))
    assert [text for text in documents if not validator.is_valid(json.loads(text))] == []


@pytest.mark.parametrize("text", ['{"a": {"b": [1, 2.5, "x\\n", true, null]}}', "{}"])
def test_any_json_object(model: Model, threads: ThreadPoolExecutor, text: str) -> None:
    grammar = threads.submit(GrammarCompiler(model).compile, json_object_source("response_format")).result(60)
    assert admits(model, grammar.begin(), text)
    assert not admits(model, grammar.begin(), f"[{text}]")


@pytest.mark.parametrize(
    ("schema", "param", "words"),
    [
        ({"not": {}}, "schema.not", "not"),
        ({"properties": {"a": {"type": "array", "uniqueItems": True}}}, "schema.properties.a.uniqueItems", "unique"),
        ({"type": "string", "if": {}}, "schema.if", "if"),
        ({"type": "string", "pattern": "(?=x)"}, "schema.pattern", "look-around"),
        ({"type": "string", "format": "iri"}, "schema.format", "iri"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "schema.oneOf", "oneOf"),
        ({"$ref": "http://elsewhere/schema"}, "schema", "elsewhere"),
        ({"$ref": "#/$defs/none"}, "schema", "none"),
        ({"$ref": "#"}, "schema", "no text fits"),
        ({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}, "schema", "no text fits"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "schema", "minimum"),
        ({"enum": ["x" * 1000] * 600}, "schema", "characters"),
    ],
)  # fmt: skip
def test_what_a_grammar_cannot_promise_is_refused_by_name(
    compiled: Compile, schema: Any, param: str, words: str
) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        compiled(schema)
    assert (caught.value.param, caught.value.code) == (param, "unsupported_schema")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("schema", "param"),
    [
        ({"type": 5}, "schema.type"),
        ({"type": "any"}, "schema.type"),
        ({"type": []}, "schema.type"),
        ({"type": [["string"]]}, "schema.type"),
        ({"properties": []}, "schema.properties"),
        ({"properties": {"a": 5}}, "schema.properties.a"),
        ({"properties": {"a": None}}, "schema.properties.a"),
        ({"items": "x"}, "schema.items"),
        ({"enum": "x"}, "schema.enum"),
        ({"enum": []}, "schema.enum"),
        ({"required": "a"}, "schema.required"),
        ({"required": [1]}, "schema.required"),
        ({"$ref": 7}, "schema.$ref"),
        ({"$defs": [1], "type": "string"}, "schema.$defs"),
        ({"anyOf": {}}, "schema.anyOf"),
        ({"allOf": []}, "schema.allOf"),
        ({"oneOf": [1]}, "schema.oneOf[0]"),
        ({"pattern": 1}, "schema.pattern"),
        ({"minLength": -1}, "schema.minLength"),
        ({"maxItems": 1.5}, "schema.maxItems"),
        ({"minimum": "0"}, "schema.minimum"),
        ({"multipleOf": 0}, "schema.multipleOf"),
        ({"uniqueItems": "yes"}, "schema.uniqueItems"),
        ({"additionalProperties": "no"}, "schema.additionalProperties"),
    ],
)  # fmt: skip
def test_values_of_a_wrong_type_are_named(schema: Any, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_schema(JsonReader(schema, "schema"))
    assert caught.value.param == param
    assert caught.value.code != "unsupported_schema"


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


def test_a_deep_schema_is_refused(model: Model, compiled: Compile) -> None:
    assert admits(model, compiled(nested(MAX_DEPTH)).begin(), "[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)
    with pytest.raises(RequestError, match="nested") as caught:
        compiled(nested(5000))
    assert caught.value.code == "unsupported_schema"


def chain(length: int, link: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """A schema of references that lead from one to the next."""
    links = {str(i): link({"$ref": f"#/$defs/{i + 1}"}) for i in range(length)}
    return {"$defs": {**links, str(length): {"type": "string"}}, "$ref": "#/$defs/0"}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(chain(9000, lambda ref: ref), id="references"),
        pytest.param(chain(9000, lambda ref: {"items": ref}), id="arrays"),
        pytest.param(chain(6000, lambda ref: {"allOf": [ref, {"minLength": 1}]}), id="allOf"),
        pytest.param({"allOf": [{"anyOf": [{"properties": {f"{k}{i}": {}}} for k in "ab"]} for i in range(24)]},
                     id="combinations"),
        pytest.param({"properties": {f"{i}": {} for i in range(5000)}}, id="properties"),
        pytest.param({"type": "string", "pattern": "(" * 50_000 + ")" * 50_000}, id="parentheses"),
        pytest.param({"type": "string", "pattern": "((a{1,1000}){1,1000}){1,1000}"}, id="repetitions"),
        pytest.param({"type": "integer", "multipleOf": 999_999_937}, id="multiples"),
    ],
)  # fmt: skip
def test_no_schema_takes_for_ever_or_ends_the_process(compiled: Compile, schema: Any) -> None:
    started = monotonic()
    with suppress(RequestError):
        compiled(schema)
    assert monotonic() - started < 20


def test_a_recursive_choice_of_lists_is_followed_in_time(model: Model, compiled: Compile) -> None:
    lists = [{"type": "array", "prefixItems": [{"$ref": "#/$defs/x"}] * n} for n in (1, 2, 3)]
    grammar = compiled({"$defs": {"x": {"anyOf": [*lists, {"type": "integer"}]}}, "$ref": "#/$defs/x"}).begin()
    token = model.tokenize("[", add_special=False)[0]
    started = monotonic()
    for _ in range(300):
        assert grammar.allowed()[token]
        grammar.accept(token)
    assert monotonic() - started < 5


def test_an_answer_beyond_the_limits_fails_alone(
    model: Model, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What answers find out about a grammar is shared: once it has used up its limit, it is compiled anew."""
    compiler = GrammarCompiler(model)
    source = schema_source(SchemaPart({"type": "string", "pattern": "^(.*a.{40})$"}, "schema"))
    monkeypatch.setattr(guidance, "MAX_LEXER_STATES", 3000)
    for _ in range(2):
        grammar = threads.submit(compiler.compile, source).result(60).begin()
        with pytest.raises(RequestError, match="too many states") as caught:
            walk(model, grammar, seed=0, most=4000)
        assert caught.value.code == "unsupported_schema"
    monkeypatch.setattr(guidance, "TIME_LIMIT_S", 0.0)
    with pytest.raises(RequestError, match="more than 0 s"):
        threads.submit(compiler.compile, source).result(60).begin().allowed()


def test_grammars_are_kept_for_the_next_request(
    model: Model, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guidance, "MAX_CACHED", 2)
    compiler = GrammarCompiler(model)

    def matcher(number: int) -> Any:
        source = schema_source(SchemaPart({"const": number}, "schema"))
        return threads.submit(compiler.compile, source).result(60).matcher

    first, second = matcher(1), matcher(2)
    assert matcher(1) is first
    matcher(3)
    assert matcher(1) is first
    assert matcher(2) is not second


def test_a_compilation_in_progress_is_seen(model: Model, threads: ThreadPoolExecutor) -> None:
    compiler = GrammarCompiler(model)
    schema: dict[str, Any] = {"properties": {f"{i}": {} for i in range(2000)}}
    running = threads.submit(compiler.compile, schema_source(SchemaPart(schema, "schema")))
    seen = threading.Event()
    while not running.done():
        if compiler.busy_since is not None:
            seen.set()
    assert seen.is_set()
    assert compiler.busy_since is None
