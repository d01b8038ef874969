"""The API's features beyond text, with the real model."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.live import wait_for
from tests.models.engine.live import LiveEngine
from tests.models.engine.test_server import GREEDY, content, events

pytestmark = pytest.mark.engine

WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
TIME: Any = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}
CALLING: dict[str, Any] = {**GREEDY, "messages": WEATHER, "max_tokens": 80}


def ask(engine: LiveEngine, **fields: Any) -> Any:
    return engine.client().chat.completions.create(**{**GREEDY, "max_tokens": 48, **fields})


def test_a_json_object_with_a_schema_follows_it(engine: LiveEngine) -> None:
    schema = {"type": "object", "properties": {"n": {"enum": [7]}}, "required": ["n"], "additionalProperties": False}
    answer = ask(engine, response_format={"type": "json_object", "schema": schema}, max_tokens=30)
    assert json.loads(answer.choices[0].message.content or "") == {"n": 7}


def test_json_objects(engine: LiveEngine) -> None:
    answer = ask(
        engine,
        messages=[{"role": "user", "content": 'Return a JSON object with the key "ok" set to true.'}],
        response_format={"type": "json_object"},
    )
    assert isinstance(json.loads(content(answer)), dict)


def test_a_schema_is_followed_and_its_envelope_unwrapped(engine: LiveEngine) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "colour": {"enum": ["red", "green"]},
        },
        "required": ["name", "age", "colour"],
        "additionalProperties": False,
    }
    envelope = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": schema}}
    body = {
        **GREEDY,
        "messages": [{"role": "user", "content": "Describe somebody."}],
        "max_tokens": 60,
        "temperature": 1,
    }
    for seed in range(4):
        answer = ask(engine, **{**body, "response_format": envelope, "seed": seed})
        person = json.loads(content(answer))
        assert Draft202012Validator(schema).is_valid(person)
        assert list(person) == ["name", "age", "colour"]
        assert 0 <= person["age"] <= 120
        assert person["colour"] in ("red", "green")
        assert answer.choices[0].finish_reason == "stop"


BASE = {"type": "object", "properties": {"id": {"type": "integer", "maximum": 99}}, "required": ["id"]}
SHORT = {"type": "string", "maxLength": 8}
STRICT = {
    "inherited": {"$defs": {"base": BASE}, "allOf": [{"$ref": "#/$defs/base"},
                  {"properties": {"name": SHORT}, "required": ["name"], "maxProperties": 2}]},
    "one of": {"oneOf": [{"type": "object", "properties": {"kind": {"const": kind}, "size": SHORT},
                          "required": ["kind"], "additionalProperties": False} for kind in ("cat", "dog")]},
    "beside a choice": {"type": "integer", "enum": [1, "x", None]},
    "beside a reference": {"$defs": {"s": SHORT}, "$ref": "#/$defs/s", "minLength": 3},
    "short list": {"type": "array", "prefixItems": [{"type": "boolean"}] * 3, "maxItems": 2, "minItems": 1},
    "numbers": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "maxItems": 3},
}  # fmt: skip


@pytest.mark.parametrize("schema", STRICT.values(), ids=STRICT)
def test_random_answers_are_valid(engine: LiveEngine, schema: Any) -> None:
    envelope: Any = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    answer = ask(engine, response_format=envelope, n=4, temperature=2, seed=1, max_tokens=200)
    finished = [choice.message.content for choice in answer.choices if choice.finish_reason == "stop"]
    assert finished
    assert [text for text in finished if not Draft202012Validator(schema).is_valid(json.loads(text))] == []


def test_an_answer_ends_where_nothing_may_follow(engine: LiveEngine) -> None:
    """Without a token for the end, which a limit on tokens would cut off."""
    envelope: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"const": True}}}
    answer = ask(engine, response_format=envelope, max_tokens=1)
    assert (content(answer), answer.choices[0].finish_reason) == ("true", "stop")


def test_an_unsupported_schema_is_a_400(engine: LiveEngine) -> None:
    envelope = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array", "uniqueItems": True}}}
    response = engine.post({**GREEDY, "response_format": envelope})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "response_format.json_schema.schema.uniqueItems"


@pytest.mark.parametrize(
    ("choice", "names"),
    [("required", {"get_weather", "get_time"}), ({"type": "function", "function": {"name": "get_time"}}, {"get_time"})],
)
def test_a_call_can_be_required(engine: LiveEngine, choice: Any, names: set[str]) -> None:
    answer: Any = engine.client().chat.completions.create(**CALLING, tools=[TOOL, TIME], tool_choice=choice)
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name in names
    assert isinstance(json.loads(call.function.arguments), dict)
    assert answer.choices[0].message.content is None


def test_arguments_follow_their_schema(engine: LiveEngine) -> None:
    answer = engine.client().chat.completions.create(
        **CALLING, tools=[TOOL], tool_choice="required", parallel_tool_calls=False
    )
    (call,) = answer.choices[0].message.tool_calls
    assert set(json.loads(call.function.arguments)) == {"city"}


def test_a_streamed_call_has_the_shape_that_clients_need(engine: LiveEngine) -> None:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    body = {**CALLING, "tools": [TOOL], "tool_choice": choice}
    chunks = events(engine.post({**body, "stream": True}))
    assert chunks[-1] == "[DONE]"
    role, first, *later, last = (chunk["choices"][0] for chunk in chunks[:-1])
    assert role["delta"] == {"role": "assistant", "content": ""}
    (start,) = first["delta"]["tool_calls"]
    assert start == {
        "index": 0,
        "id": start["id"],
        "type": "function",
        "function": {"name": "get_weather", "arguments": ""},
    }
    pieces = [choice["delta"]["tool_calls"][0] for choice in later]
    assert all(set(piece) == {"index", "function"} and set(piece["function"]) == {"arguments"} for piece in pieces)
    assert len(pieces) > 3
    assert set(json.loads("".join(piece["function"]["arguments"] for piece in pieces))) == {"city"}
    assert (last["delta"], last["finish_reason"]) == ({}, "tool_calls")


def test_with_tool_choice_none_the_tools_cost_nothing(engine: LiveEngine) -> None:
    without, hidden = (
        ask(engine, messages=WEATHER, max_tokens=4, **f) for f in ({}, {"tools": [TOOL], "tool_choice": "none"})
    )
    assert hidden.usage.prompt_tokens == without.usage.prompt_tokens
    assert hidden.choices[0].message.tool_calls is None


def test_a_call_that_the_model_opens_itself_follows_the_grammar(engine: LiveEngine) -> None:
    """SmolLM2 opens none by itself; a bias towards the characters of the opening tag makes it open one."""
    tokens = tokens_of(engine, "<tool_call>")
    answer = ask(
        engine,
        messages=[{"role": "user", "content": "What is the weather in Paris? Write <tool_call>"}],
        tools=[TOOL],
        max_tokens=120,
        logit_bias=dict.fromkeys(map(str, tokens), 4),
        temperature=0,
    )
    for call in answer.choices[0].message.tool_calls or []:
        assert call.function.name == "get_weather"
        assert set(json.loads(call.function.arguments)) == {"city"}


def test_a_finished_tool_loop_is_accepted(engine: LiveEngine) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    messages = [
        *WEATHER,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "It is 11 degrees and raining."},
    ]
    answer = ask(engine, messages=messages, tools=[TOOL])
    assert content(answer)


def test_probabilities(engine: LiveEngine) -> None:
    answer = ask(engine, max_tokens=6, logprobs=True, top_logprobs=3)
    scored = answer.choices[0].logprobs.content
    assert "".join(item.token for item in scored) == content(answer)
    for item in scored:
        top = [other.logprob for other in item.top_logprobs]
        assert len(top) == 3
        assert top == sorted(top, reverse=True)
        assert item.logprob == top[0] <= 0  # greedy takes the likeliest
        assert bytes(item.bytes).decode() == item.token


def test_probabilities_in_a_stream(engine: LiveEngine) -> None:
    chunks = events(engine.post({**GREEDY, "max_tokens": 6, "stream": True, "logprobs": True, "top_logprobs": 1}))
    scored = [item for c in chunks[:-1] for item in (c["choices"][0]["logprobs"] or {"content": []})["content"]]
    assert len(scored) == 6


def scored_in(answer: Any) -> list[Any]:
    """The tokens with probabilities of an unstreamed answer, or of all chunks of a streamed one."""
    found = [choice["logprobs"] for part in answer for choice in part["choices"] if choice["logprobs"]]
    return [item for logprobs in found for item in logprobs["content"]]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "fields",
    [
        {"stop": "days of", "max_tokens": 12},
        {"tools": [TOOL], "tool_choice": "required", "max_tokens": 40},
        {"tools": [TOOL], "tool_choice": "required", "max_tokens": 4},  # cut within the markup
    ],
)
def test_probabilities_follow_tokens_and_not_what_is_seen_of_them(
    engine: LiveEngine, fields: dict[str, Any], stream: bool
) -> None:
    body = {**GREEDY, "logprobs": True, "top_logprobs": 1, **fields, "stream": stream}
    response = engine.post({**body, "stream_options": {"include_usage": True}} if stream else body)
    answer = [chunk for chunk in events(response) if chunk != "[DONE]"] if stream else [response.json()]
    assert len(scored_in(answer)) == answer[-1]["usage"]["completion_tokens"] > 0


def test_probabilities_of_a_split_character(engine: LiveEngine) -> None:
    """Each of its tokens has its own bytes, and all of them the place of the character."""
    emoji = tokens_of(engine, "🫠")
    assert len(emoji) > 1
    schema = {"type": "json_schema", "json_schema": {"name": "only", "schema": {"const": "a🫠b"}}}
    scored = scored_in([engine.post({**GREEDY, "logprobs": True, "response_format": schema}).json()])
    assert bytes(byte for item in scored for byte in item["bytes"]).decode() == '"a🫠b"'
    assert sum(item["token"].startswith("\\x") for item in scored) >= 2
    bias = {str(token): 100 for token in emoji[:1]}
    body = {"model": "local", "prompt": "hi", "max_tokens": 3, "temperature": 0, "logprobs": 1, "logit_bias": bias}
    choice = engine.post(body, "/v1/completions").json()["choices"][0]
    assert choice["logprobs"]["tokens"][0].startswith("bytes:\\x")
    assert len(choice["logprobs"]["tokens"]) == 3
    streamed = events(engine.post({**body, "stream": True, "logit_bias": {}, "max_tokens": 6}, "/v1/completions"))
    offsets = [o for c in streamed[:-1] if (found := c["choices"][0]["logprobs"]) for o in found["text_offset"]]
    whole = engine.post({**body, "logit_bias": {}, "max_tokens": 6}, "/v1/completions").json()["choices"][0]
    assert offsets == whole["logprobs"]["text_offset"] == sorted(offsets)
    assert len(set(offsets)) == 6


def test_several_choices(engine: LiveEngine) -> None:
    answer = ask(engine, n=3, temperature=1.5, seed=1, max_tokens=12)
    texts = [choice.message.content for choice in answer.choices]
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len(set(texts)) == 3
    assert 24 < answer.usage.completion_tokens <= 36
    chunks = events(engine.post({**GREEDY, "n": 3, "temperature": 1.5, "seed": 1, "max_tokens": 12, "stream": True}))
    assert chunks[-1] == "[DONE]"
    streamed = ["", "", ""]
    for chunk in chunks[:-1]:
        (choice,) = chunk["choices"]
        streamed[choice["index"]] += choice["delta"].get("content", "")
    assert all(streamed)
    assert sum(c["choices"][0]["finish_reason"] is not None for c in chunks[:-1]) == 3


def tokens_of(engine: LiveEngine, text: str) -> list[int]:
    from models.catalogue.bundled import bundled_model_path
    from models.engine.native.llama import Model

    model = Model(bundled_model_path())
    try:
        return model.tokenize(text, add_special=False, parse_special=False)
    finally:
        model.close()


def test_a_bias_forbids_and_forces(engine: LiveEngine) -> None:
    (first, *_) = tokens_of(engine, "The")
    assert content(ask(engine, max_tokens=4)).startswith("The")
    assert not content(ask(engine, max_tokens=4, logit_bias={str(first): -100})).startswith("The")
    assert content(ask(engine, max_tokens=3, logit_bias={str(first): 100})) == "TheTheThe"
    assert engine.post({**GREEDY, "logit_bias": {"49152": 1}}).json()["error"]["param"] == "logit_bias"


@pytest.mark.parametrize("penalty", [{"presence_penalty": 2, "frequency_penalty": 2}, {"repeat_penalty": 2}])
def test_penalties_reach_the_model(engine: LiveEngine, penalty: dict[str, float]) -> None:
    """The days of the week repeat after Sunday, unless repetition is penalised."""
    plain, penalised = ask(engine, max_tokens=24), engine.post({**GREEDY, "max_tokens": 24, **penalty}).json()
    assert content(plain).count("Monday") == 2
    assert penalised["choices"][0]["message"]["content"] != content(plain)


@pytest.mark.parametrize("only", [{"top_k": 1}, {"top_p": 0.0}, {"min_p": 1.0}])
def test_sampling_from_one_token_is_greedy(engine: LiveEngine, only: dict[str, float]) -> None:
    body = {**GREEDY, "max_tokens": 8}
    narrowed = engine.post({**body, "temperature": 2, **only}).json()
    assert narrowed["choices"][0]["message"]["content"] == content(ask(engine, max_tokens=8))


def test_only_features_that_worked_are_advertised(engine: LiveEngine) -> None:
    wait_for(lambda: engine.ready().probed, 60)
    info = engine.ready()
    assert {"completions", "json_object", "json_schema", "logprobs", "logit_bias", "several_choices"} <= info.features
    assert "tools" not in info.features  # a model of 135M never turns to a tool by itself
    (item,) = engine.client().models.list().data
    assert item.model_extra["features"] == sorted(info.features)  # type: ignore[index]
