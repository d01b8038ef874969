"""The call formats of several model families: detected by template, enforced by grammar, parsed from answers."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue.bundled import bundled_model_path
from models.engine.grammar.source import literal
from models.engine.native.guidance import GrammarCompiler
from models.engine.native.llama import Model
from models.engine.prompt.call_format import HERMES, LLAMA, MISTRAL, PHI, CallFormat, detect_call_format
from models.engine.prompt.prompter import Prompter
from models.engine.prompt.template import ChatTemplate
from models.engine.prompt.tool_calls import CallArguments, CallStart, Text, ToolCallReader
from models.engine.prompt.tools import Toolbox
from models.engine.request.chat import parse_chat
from models.wire.errors import RequestError
from tests.models.engine.live import running_engine
from tests.models.engine.test_features import CALLING, TIME, TOOL
from tests.models.engine.test_schema import admits
from tests.models.engine.test_server import events
from tests.models.engine.tiny import CONTROLS, token_of, write_phi3

# In the manner of each family: what is told of the tools, and how a call of an earlier turn is printed.
QWEN_LIKE = """{% if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}{{ '<tool_call>' }} is how to call.<|im_end|>
{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% for call in m.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}<|im_start|>assistant
"""
MISTRAL_LIKE = """{% for m in messages %}{% if m.role == 'user' %}{% if tools and loop.last -%}
[AVAILABLE_TOOLS] {{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}[INST] {{ m.content }}[/INST]{% elif m.tool_calls -%}
[TOOL_CALLS] [
{%- for call in m.tool_calls %}{% if call.id | length != 9 %}{{ raise_exception('ids have 9 characters') }}{% endif %}
{{- (call.function | tojson)[:-1] }}, "id": "{{ call.id }}"}{% if not loop.last %}, {% endif %}{% endfor %}]
{%- elif m.role == 'tool' %}[TOOL_RESULTS] {"content": {{ m.content | tojson }}, "call_id": "{{ m.tool_call_id }}"}
{%- else %}{{ m.content }}{% endif %}{% endfor %}"""
LLAMA_LIKE = """{% for m in messages %}<|im_start|>{{ m.role }}
{% if tools and loop.first %}Respond with {"name": function name, "parameters": its arguments}. {{ tools | tojson }}
{% endif %}{% if m.tool_calls %}{% if m.tool_calls | length > 1 %}{{ raise_exception('only one') }}{% endif -%}
{"name": "{{ m.tool_calls[0].function.name }}", "parameters": {{ m.tool_calls[0].function.arguments | tojson }}}
{%- else %}{{ m.content }}{% endif %}<|im_end|>
{% endfor %}<|im_start|>assistant
"""
PHI_LIKE = """{% for m in messages %}{% if m.role == 'system' and m.tools %}
{{- '<|system|>' + m.content + '<|tool|>' + m.tools + '<|/tool|>' + '<|end|>' }}{% else %}
{{- '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endif %}{% endfor %}<|assistant|>"""

XML_LIKE = """{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% for call in m.tool_calls or [] %}<tool_call>
<function={{ call.function.name }}>
</function>
</tool_call>{% endfor %}<|im_end|>
{% endfor %}<|im_start|>assistant
"""

LIKE = {HERMES: QWEN_LIKE, MISTRAL: MISTRAL_LIKE, LLAMA: LLAMA_LIKE, PHI: PHI_LIKE}
ALL = pytest.mark.parametrize("calls", list(LIKE), ids=["hermes", "mistral", "llama", "phi"])

CONVERSATION: list[dict[str, Any]] = [
    {"role": "user", "content": "What is the weather in Paris?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_0123456789abcdef",
                "type": "function",
                "function": {"arguments": '{"city": "Paris"}', "name": "get_weather"},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_0123456789abcdef", "content": "11 degrees"},
]


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    model = Model(bundled_model_path(), use_extra_bufts=False)
    yield model
    model.close()


@pytest.fixture(scope="module")
def compiler(model: Model) -> GrammarCompiler:
    return GrammarCompiler(model)


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>")


def test_calls_in_xml_between_the_tags_of_json_are_another_format() -> None:
    assert detect_call_format(template(XML_LIKE)) is None


@ALL
def test_the_call_format_is_detected_by_the_template(calls: CallFormat) -> None:
    assert detect_call_format(template(LIKE[calls])) is calls


def test_a_template_without_tools_has_no_call_format(model: Model) -> None:
    assert model.chat_template is not None
    assert detect_call_format(template(model.chat_template)) is None
    assert Prompter(model, template(model.chat_template)).calls is HERMES


@pytest.mark.parametrize(
    ("calls", "printed"),
    [
        (HERMES, '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'),
        (MISTRAL, '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "'),
        (LLAMA, '{"name": "get_weather", "parameters": {"city": "Paris"}}'),
        (PHI, '<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris"}}]<|/tool_call|><|end|><|tool_resp'),
    ],
    ids=["hermes", "mistral", "llama", "phi"],
)
def test_a_finished_tool_loop_is_rendered_in_the_models_format(model: Model, calls: CallFormat, printed: str) -> None:
    job = parse_chat({"model": "local", "messages": CONVERSATION, "tools": [TOOL]})
    tokens = Prompter(model, template(LIKE[calls])).chat_tokens(job.messages, job.toolbox)
    prompt = b"".join(model.piece(token) or model.text_of_special(token).encode() for token in tokens).decode()
    assert printed in prompt
    assert "11 degrees" in prompt
    if calls is not MISTRAL:  # whose template tells of tools in the last turn, and only where that is a user's
        assert "Get the weather of a city." in prompt


ARGUMENTS = '{"a": "}{\\"]</tool_call>", "b": [1, {}]}'
ONE = {
    HERMES: f'<tool_call>\n{{"name": "f", "arguments": {ARGUMENTS}}}\n</tool_call>',
    MISTRAL: f'[TOOL_CALLS] [{{"name": "f", "arguments": {ARGUMENTS}}}]',
    LLAMA: f'\n{{"name": "f", "parameters": {ARGUMENTS}}}',
    PHI: f'<|tool_call|>[{{"name": "f", "arguments": {ARGUMENTS}}}]<|/tool_call|>',
}
TWO = {
    HERMES: ONE[HERMES] + '<tool_call>{"name": "g", "arguments": {}}</tool_call>',
    MISTRAL: ONE[MISTRAL][:-1] + ', {"name": "g", "arguments": {}}]',
    PHI: ONE[PHI].replace("]<|/", ',\n{"name": "g", "arguments": {}}]<|/'),
}


def read(calls: CallFormat, pieces: list[str]) -> tuple[str, list[str], list[str], int]:
    reader = ToolCallReader(calls)
    parts = [part for piece in pieces for part in reader.feed(piece)] + reader.finish()
    text = "".join(p.text for p in parts if isinstance(p, Text))
    names = [p.name for p in parts if isinstance(p, CallStart)]
    given = ["".join(p.text for p in parts if isinstance(p, CallArguments) and p.index == i) for i in range(len(names))]
    assert not reader.inside or not reader.n_complete
    return text, names, given, reader.n_complete


@ALL
@given(cuts=st.lists(st.integers(0, 200), max_size=8))
def test_calls_are_found_wherever_the_text_is_split(calls: CallFormat, cuts: list[int]) -> None:
    cases = [(ONE[calls], ("", ["f"], [ARGUMENTS], 1)), ("Just text: {} [].", ("Just text: {} [].", [], [], 0))]
    if calls in TWO:
        cases.append((TWO[calls], ("", ["f", "g"], [ARGUMENTS, "{}"], 2)))
    for whole, expected in cases:
        places = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
        assert read(calls, [whole[a:b] for a, b in pairwise(places)]) == expected
        assert read(calls, list(whole)) == expected


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('Here: {"name": "f", "parameters": {}}', 'Here: {"name": "f", "parameters": {}}'),
        ('{"nam', ""),  # cut within the markup of a call
        ('{"name": "f', ""),
        ("{", "{"),
    ],
)
def test_a_bare_call_counts_only_as_the_whole_answer(text: str, seen: str) -> None:
    assert read(LLAMA, list(text)) == (seen, [], [], 0)


def allowed_tools(choice: str, *tools: Any) -> Toolbox:
    body = {"model": "local", "messages": CONVERSATION[:1], "tools": list(tools), "tool_choice": choice}
    toolbox = parse_chat(body).toolbox
    assert toolbox is not None
    return toolbox


@ALL
def test_the_grammar_follows_the_call_format(model: Model, compiler: GrammarCompiler, calls: CallFormat) -> None:
    one = calls.to_text([{"name": "get_weather", "arguments": {"city": "Paris"}}])
    for choice in ("required", "auto"):
        grammar = compiler.compile(allowed_tools(choice, TOOL, TIME).grammar(calls, literal))
        begin = one.index(calls.opening) + len(calls.opening) if choice == "auto" else 0
        assert admits(model, grammar.begin(), one[begin:])
        assert not admits(model, grammar.begin(), one[begin:-1])
        assert not admits(model, grammar.begin(), one[begin:].replace("get_weather", "get_money"))
        assert not admits(model, grammar.begin(), one[begin:].replace("city", "town"))
        several = calls.to_text([{"name": "get_time", "arguments": {}}] * 2)
        assert admits(model, grammar.begin(), several[begin:]) is not calls.bare


@ALL
@pytest.mark.parametrize(
    "name", ["root", "start", "a b", 'say "hi"', "back\\slash", "%json", "//", "é😀", "two\nlines"]
)
def test_names_may_hold_any_characters(model: Model, compiler: GrammarCompiler, calls: CallFormat, name: str) -> None:
    parameters = {"type": "object", "properties": {name: {"type": "integer"}}, "required": [name]}
    tool = {"type": "function", "function": {"name": name, "parameters": parameters}}
    grammar = compiler.compile(allowed_tools("required", tool).grammar(calls, literal))
    text = calls.to_text([{"name": name, "arguments": {name: 1}}])
    assert admits(model, grammar.begin(), text)
    assert read(calls, [text])[1:] == ([name], [json.dumps({name: 1}, ensure_ascii=False)], 1)


def test_a_tag_is_one_token_where_the_model_has_one(model: Model) -> None:
    tag = Prompter(model, None).tag
    assert tag("<|im_start|>") == f"<[{model.token_named('<|im_start|>')}]>"
    assert tag("<tool_call>") == '"<tool_call>"'


def test_a_tool_that_is_not_strict_is_followed_as_far_as_possible(model: Model, compiler: GrammarCompiler) -> None:
    """Keywords beyond a grammar are left out; a schema that makes no sense to it allows any object."""
    unique = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}, "required": ["a"]}
    odd = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)"}}}
    for parameters, good, bad in ((unique, '{"a": [1, 1]}', '{"b": 1}'), (odd, '{"b": [1]}', "[1]")):
        function = {"name": "f", "parameters": parameters}
        toolbox = allowed_tools("required", {"type": "function", "function": function}, TIME)
        grammar = compiler.compile(toolbox.grammar(HERMES, literal))
        text = HERMES.to_text([{"name": "f", "arguments": {}}])
        assert admits(model, grammar.begin(), text.replace("{}", good))
        assert not admits(model, grammar.begin(), text.replace("{}", bad))
        toolbox = allowed_tools("required", {"type": "function", "function": {**function, "strict": True}}, TIME)
        with pytest.raises(RequestError) as caught:
            compiler.compile(toolbox.grammar(HERMES, literal))
        assert caught.value.code == "unsupported_schema"
        assert str(caught.value.param).startswith("tools[0].function.parameters.properties.a.")


@pytest.mark.engine
@pytest.mark.parametrize("calls", [MISTRAL, LLAMA, PHI], ids=["mistral", "llama", "phi"])
def test_the_engine_calls_in_the_models_own_format(tmp_path: Path, calls: CallFormat) -> None:
    path = tmp_path / "template.jinja"
    path.write_text(LIKE[calls])
    # The bias ends the name of the city, of which the tiny model knows no end.
    body = {**CALLING, "tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False}
    body["logit_bias"] = {str(token_of('"')): 100}
    with running_engine(tmp_path, chat_template=path) as engine:
        engine.ready()
        whole = engine.post(body).json()["choices"][0]
        chunks = events(engine.post({**body, "stream": True}))
    (call,) = whole["message"]["tool_calls"]
    assert (whole["finish_reason"], whole["message"]["content"]) == ("tool_calls", None)
    assert set(json.loads(call["function"]["arguments"])) == {"city"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    pieces = [call["function"] for delta in deltas for call in delta.get("tool_calls", [])]
    assert pieces[0] == {"name": "get_weather", "arguments": ""}
    assert set(json.loads("".join(piece["arguments"] for piece in pieces))) == {"city"}
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert not any(delta.get("content") for delta in deltas)


@pytest.mark.engine
def test_tags_that_are_control_tokens_are_parsed_as_tags(tmp_path: Path) -> None:
    """As Phi-4's are: what is hidden from the reader of an answer otherwise.

    The bias makes the model open a call of its own accord too, and from there on it is held to the rules.
    """
    path = write_phi3(tmp_path / "tiny.gguf", template=PHI_LIKE)
    bias = {str(CONTROLS.index(tag)): 100 for tag in (PHI.opening, PHI.closing)}
    body = {**CALLING, "tools": [TIME], "parallel_tool_calls": False, "logit_bias": bias}
    with running_engine(tmp_path, model_path=path) as engine:
        engine.ready()
        answers = [engine.post({**body, "tool_choice": choice}).json()["choices"][0] for choice in ("required", "auto")]
        plain = engine.post({**body, "tools": None, "max_tokens": 2}).json()["choices"][0]
    for answer in answers:
        (call,) = answer["message"]["tool_calls"]
        assert (call["function"]["name"], answer["finish_reason"]) == ("get_time", "tool_calls")
        assert json.loads(call["function"]["arguments"]) == {}
        assert answer["message"]["content"] is None
    assert plain["message"]["content"] in (PHI.opening * 2, PHI.closing * 2)  # the token itself, not its letters
