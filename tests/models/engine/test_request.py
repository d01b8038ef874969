"""Every field of a chat request is read or refused by name, never ignored silently."""

from typing import Any

import pytest
from openai.types.chat import completion_create_params

from models.engine.request.chat import UNSUPPORTED, WITHOUT_EFFECT, parse_chat
from models.wire.errors import RequestError

MESSAGES = [{"role": "user", "content": "hi"}]
BODY = {"model": "local", "messages": MESSAGES}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def with_parameters(parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", "parameters": parameters}}


NO_SCHEMAS: list[Any] = ["x", 5, [], [1], False, ""]

READ = frozenset({
    "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop", "temperature",
    "top_p", "presence_penalty", "frequency_penalty", "seed", "n", "logprobs", "top_logprobs", "logit_bias",
    "response_format", "tools", "tool_choice", "parallel_tool_calls", "modalities", "prediction",
})  # fmt: skip


def test_every_field_of_the_official_client_has_its_place() -> None:
    fields = set(completion_create_params.CompletionCreateParamsBase.__annotations__) | {"stream"}
    assert fields - READ - WITHOUT_EFFECT - set(UNSUPPORTED) == set()


@pytest.mark.parametrize("field", sorted(UNSUPPORTED))
def test_unsupported_fields_are_refused_by_name(field: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_chat({**BODY, field: [{"anything": True}] if field == "functions" else {"anything": True}})
    assert (caught.value.param, caught.value.code) == (field, "unsupported_parameter")
    assert field in caught.value.message


@pytest.mark.parametrize("field", sorted(WITHOUT_EFFECT))
def test_fields_without_effect_are_accepted(field: str) -> None:
    values: dict[str, Any] = {"metadata": {"a": "b"}, "prompt_cache_options": {}, "store": True}
    assert parse_chat({**BODY, field: values.get(field, "x")}) == parse_chat(BODY)


def test_unknown_fields_are_accepted() -> None:
    assert parse_chat({**BODY, "hint_for_another_server": 1}) == parse_chat(BODY)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"top_k": 1.5}, "top_k"),
        ({"min_p": 2}, "min_p"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"repeat_penalty": 0}, "repeat_penalty"),
        ({"seed": "x"}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"n": 0}, "n"),
        ({"n": 17}, "n"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a"] * 17}, "stop"),
        ({"stop": [1]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": 1}, "stream_options"),
        ({"logprobs": 1}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"logit_bias": {"x": 1}}, "logit_bias.x"),
        ({"logit_bias": {"1": 101}}, "logit_bias.1"),
        ({"logit_bias": [1]}, "logit_bias"),
        ({"logit_bias": []}, "logit_bias"),
        ({"prediction": "x"}, "prediction"),
        ({"prediction": {}}, "prediction.type"),
        ({"prediction": {"type": "text", "content": "x"}}, "prediction.type"),
        ({"prediction": {"type": "content"}}, "prediction.content"),
        ({"prediction": {"type": "content", "content": 5}}, "prediction.content"),
        ({"prediction": {"type": "content", "content": [{"type": "text"}]}}, "prediction.content[0].text"),
        ({"user": 5}, "user"),
        ({"metadata": "x"}, "metadata"),
        ({"stream_options": {"include_usage": "x"}}, "stream_options.include_usage"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": "x"}]}, "messages[0].tool_calls"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "json_schema", "schema": {}}}, "response_format.json_schema.schema"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": [1]}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": 5}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": ["f"]}}]}, "tools[0].function.name"),
        *(({"tools": [with_parameters(wrong)]}, "tools[0].function.parameters") for wrong in NO_SCHEMAS),
        ({"tools": [with_parameters({"type": 5})]}, "tools[0].function.parameters.type"),
        ({"tools": [with_parameters({"properties": []})]}, "tools[0].function.parameters.properties"),
        ({"tools": [with_parameters({"required": "a"})]}, "tools[0].function.parameters.required"),
        ({"tools": [{"type": "function", "function": {"name": "f", "strict": "yes"}}]}, "tools[0].function.strict"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "function", "function": "f"}}, "tool_choice.function"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": 1}}},
         "tool_choice.function.name"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "allowed_tools", "allowed_tools": [1]}},
         "tool_choice.allowed_tools"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"tools": 5}}},
         "tool_choice.allowed_tools.tools"),
        ({"tools": [FUNCTION],
          "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": 5, "tools": [FUNCTION]}}},
         "tool_choice.allowed_tools.mode"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_schema", "json_schema": [1]}}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": "x"}}},
         "response_format.json_schema.schema"),
        ({"tools": "f"}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [FUNCTION], "tool_choice": "sometimes"}, "tool_choice"),
        ({"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": "g"}}},
         "tool_choice.function.name"),
        ({"tools": [FUNCTION], "parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"tools": [FUNCTION], "response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
         "messages[0].content[0]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": []}, "messages"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_chat({**BODY, **fields})
    assert caught.value.param == param


@pytest.mark.parametrize("content", ["one two", [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]])
def test_a_prediction_is_read(content: Any) -> None:
    job = parse_chat({**BODY, "prediction": {"type": "content", "content": content}})
    assert job.prediction == "one two"
    assert parse_chat({**BODY, "prediction": None}).prediction == ""


def test_content_parts_are_joined_and_developers_are_the_system() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    job = parse_chat({**BODY, "messages": [{"role": "developer", "content": parts}]})
    assert job.messages == [{"role": "system", "content": "one\ntwo"}]


@pytest.mark.parametrize(
    ("choice", "required", "names"),
    [
        (None, False, ["f", "g"]),
        ("auto", False, ["f", "g"]),
        ("required", True, ["f", "g"]),
        ({"type": "function", "function": {"name": "g"}}, True, ["g"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [FUNCTION]}}, True, ["f"]),
    ],
)
def test_tool_choice(choice: Any, required: bool, names: list[str]) -> None:
    other = {"type": "function", "function": {"name": "g"}}
    toolbox = parse_chat({**BODY, "tools": [FUNCTION, other], "tool_choice": choice}).toolbox
    assert toolbox is not None
    assert (toolbox.required, [tool.name for tool in toolbox.tools]) == (required, names)


def test_tool_choice_none_hides_the_tools() -> None:
    assert parse_chat({**BODY, "tools": [FUNCTION], "tool_choice": "none"}).toolbox is None


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ([], "an object"),
        ({"messages": []}, "messages"),
        ({"raise_exception": 1}, "from the request itself"),
        ({"_x": 1}, "letters, digits and underscores"),
        ({"a b": 1}, "letters, digits and underscores"),
        ({"x": "y" * 20_000}, "bytes of JSON"),
        ({f"v{n}": n for n in range(40)}, "up to 32 variables"),
    ],
)
def test_variables_for_the_template_are_bounded_and_replace_nothing(variables: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        parse_chat({**BODY, "chat_template_kwargs": variables})
    assert str(caught.value.param).startswith("chat_template_kwargs")


def test_variables_for_the_template_are_taken() -> None:
    wanted = {"enable_thinking": False, "documents": [{"title": "a"}]}
    assert parse_chat({**BODY, "chat_template_kwargs": wanted}).template_variables == wanted
    assert parse_chat({**BODY, "chat_template_kwargs": None}).template_variables == {}
