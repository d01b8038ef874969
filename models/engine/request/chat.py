"""From the JSON of a chat request to what the engine does about it. No field is ever silently left out of account.

A field is read here, or it is in `WITHOUT_EFFECT` because it could not change the answer of a local model, or it is
refused. Fields that OpenAI's API does not know are left alone: clients send hints of their own to other servers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.engine.grammar.schema import check_schema
from models.engine.grammar.source import GrammarSource, SchemaPart, json_object_source, schema_source
from models.engine.prompt.call_format import CallFormat
from models.engine.prompt.tools import Toolbox, read_toolbox
from models.engine.request.sampling import SamplingParams
from models.engine.request.template_variables import read_template_variables
from models.wire.chat import ChatRequest, text_of
from models.wire.json_reader import TEXT_OR_ARRAY, JsonReader

MAX_STOPS = 16
MAX_N = 16
"""Choices that the engine makes of one request."""

API_MAX_N = 128
"""Choices that the OpenAI API allows."""
MAX_ALTERNATIVES = 20
MAX_SEED = 2**63 - 1

WITHOUT_EFFECT = frozenset({
    "metadata",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",  # agents send it always; how long a model of this size thinks cannot be set
    "safety_identifier",
    "service_tier",
    "store",
    "user",
    "verbosity",  # a hint, as effort is: no reason to send a request elsewhere
})  # fmt: skip
"""Fields about billing, caching, keeping and effort: without meaning here, and without influence on any answer."""

UNSUPPORTED = {
    "audio": "this engine makes text only",
    "function_call": "send 'tool_choice' instead",
    "functions": "send 'tools' instead",
    "moderation": "this engine does not moderate",
    "web_search_options": "this engine reaches no web",
}
"""Fields that would change the answer, and what to say about each."""

_NO_OPINION: dict[str, Sequence[Any]] = {
    "function_call": ("none", "auto"),
    "functions": ([],),
}
"""Values that ask for nothing out of the ordinary."""

_SCHEMA = "json_schema.schema"

_BIASES = "an object that maps token numbers to numbers from -100 to 100"


Tag = Callable[[str], str]
"""From the text of a tag around tool calls to the grammar that matches it."""


@dataclass(frozen=True, slots=True)
class ChatJob:
    """A chat request, checked.

    Attributes
    ----------
    messages : sequence of mapping
        For the template: `content` is text, `developer` is called `system`.
    max_tokens : int, optional
        Most tokens of the answer; None lets it run to the end of the context.
    early_usage : bool
        Whether the first chunk of a stream tells the prompt's tokens.
    n : int
        How many answers.
    n_alternatives : int, optional
        How many of the likeliest tokens to report with each token; None reports no probabilities at all.
    format_rules : GrammarSource, optional
        Grammar of the wanted format.
    toolbox : Toolbox, optional
        What the answer may call.
    template_variables : mapping
        Variables of the caller's own for the chat template.
    prediction : str
        What the answer will probably say, empty if the request does not tell: a match is faster to write.
    """

    messages: Sequence[Mapping[str, Any]]
    sampling: SamplingParams
    stops: tuple[str, ...]
    max_tokens: int | None
    stream: bool
    include_usage: bool
    early_usage: bool = False
    n: int = 1
    n_alternatives: int | None = None
    format_rules: GrammarSource | None = None
    toolbox: Toolbox | None = None
    template_variables: Mapping[str, Any] = field(default_factory=dict)
    prediction: str = ""

    def rules(self, calls: CallFormat, tag: Tag) -> GrammarSource | None:
        """The grammar of the wanted format, or of tool calls: from the answer's beginning only if one is required."""
        return self.format_rules if self.toolbox is None else self.toolbox.grammar(calls, tag)


def _early_usage(options: JsonReader) -> bool:
    """VLLM's and SGLang's option: they tell the usage so far with every chunk."""
    return options.given and options["continuous_usage_stats"].flag()


def parse_chat(body: Any) -> ChatJob:
    """Check a decoded JSON body.

    Raises
    ------
    RequestError
        Naming the first field at fault, and the cure.
    """
    request = ChatRequest.parse(body)
    reader = JsonReader(body)
    refuse_unsupported(reader)
    toolbox = read_toolbox(reader)
    format_rules = read_response_format(reader["response_format"])
    if toolbox is not None and format_rules is not None:
        raise reader["response_format"].refused("it cannot be promised beside 'tools'")
    return ChatJob(
        messages=[_message(message) for message in reader["messages"].each()],
        sampling=read_sampling(reader),
        stops=reader["stop"].texts(MAX_STOPS),
        max_tokens=request.max_tokens,
        stream=request.stream,
        include_usage=request.include_usage,
        early_usage=_early_usage(reader["stream_options"]),
        n=read_n(reader["n"]),
        n_alternatives=_alternatives(reader),
        format_rules=format_rules,
        toolbox=toolbox,
        template_variables=read_template_variables(reader["chat_template_kwargs"]),
        prediction=_prediction(reader["prediction"]),
    )


def read_sampling(body: JsonReader) -> SamplingParams:
    """How tokens are chosen; what the request leaves open is `SamplingParams`' default."""
    default = SamplingParams()
    return SamplingParams(
        temperature=body["temperature"].number(default.temperature, 0, 2),
        top_k=body["top_k"].whole(default.top_k, 0, 1_000_000),
        top_p=body["top_p"].number(default.top_p, 0, 1),
        min_p=body["min_p"].number(default.min_p, 0, 1),
        presence_penalty=body["presence_penalty"].number(0, -2, 2),
        frequency_penalty=body["frequency_penalty"].number(0, -2, 2),
        repeat_penalty=body["repeat_penalty"].number(1, 0.01, 10),
        seed=body["seed"].optional_whole(-MAX_SEED, MAX_SEED),
        logit_bias=_logit_bias(body["logit_bias"]),
    )


def read_response_format(wanted: JsonReader) -> GrammarSource | None:
    """The grammar that ``response_format`` asks for, None where it asks for plain text.

    Raises
    ------
    RequestError
        Where it is malformed.
    """
    if not wanted.given:
        return None
    kind = wanted.value.get("type") if isinstance(wanted.value, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":  # with a schema beside it, as llama.cpp's server has it
        schema = wanted["schema"]
        return schema_source(_checked(schema)) if schema.given else json_object_source(wanted.path)
    if kind == "json_schema":
        envelope = wanted["json_schema"].value
        given = envelope.get("schema") if isinstance(envelope, dict) else None
        return schema_source(_checked(JsonReader(given, f"{wanted.path}.{_SCHEMA}")))
    raise wanted.must_be('an object whose \'type\' is "text", "json_object" or "json_schema"', "invalid_value")


def _checked(schema: JsonReader) -> SchemaPart:
    if not isinstance(schema.value, dict):
        raise schema.wrong("a JSON schema")
    check_schema(schema)
    return SchemaPart(schema.value, schema.path)


def _alternatives(body: JsonReader) -> int | None:
    wanted = body["logprobs"].flag()
    n = body["top_logprobs"].optional_whole(0, MAX_ALTERNATIVES)
    if n and not wanted:
        raise body["top_logprobs"].must_be("sent beside a 'logprobs' that is true", "invalid_value")
    return (n or 0) if wanted else None


def read_n(n: JsonReader) -> int:
    """The number of choices. More than the engine makes is no fault of the request: another server may do it."""
    wanted = n.whole(1, 1, API_MAX_N)
    if wanted > MAX_N:
        raise n.refused(f"the local model gives at most {MAX_N} choices")
    return wanted


def _prediction(prediction: JsonReader) -> str:
    """The text of OpenAI's predicted output, in one piece or in parts."""
    if not prediction.given:
        return ""
    kind, content = prediction["type"], prediction["content"]
    if kind.value != "content":
        raise kind.must_be('"content"', "invalid_value")
    if isinstance(content.value, str):
        return content.value
    return "".join(part["text"].text() for part in content.each(TEXT_OR_ARRAY))


def _logit_bias(biases: JsonReader) -> Mapping[int, float]:
    if not biases.value:
        return {}
    if not isinstance(biases.value, dict):
        raise biases.must_be(_BIASES, "invalid_value")
    for token, bias in biases.value.items():
        if not token.isdecimal() or isinstance(bias, bool) or not isinstance(bias, int | float) or abs(bias) > 100:
            raise biases[token].must_be(f"left out: 'logit_bias' must be {_BIASES}", "invalid_value")
    return {int(token): float(bias) for token, bias in biases.value.items()}


def refuse_unsupported(body: JsonReader) -> None:
    """Raise for any field that asks for what is not served here."""
    for name, why in UNSUPPORTED.items():
        value = body.value.get(name)
        if value is not None and value not in _NO_OPINION.get(name, ()):
            raise body[name].refused(why)
    if body["modalities"].value not in (None, ["text"], []):
        raise body["modalities"].refused('this engine makes text only; send ["text"], or leave it out')


def _message(message: JsonReader) -> dict[str, Any]:
    fields = message.object()
    if isinstance(fields.get("content"), list):
        _refuse_other_media(message["content"])
    role = fields["role"]
    cleaned = {name: value for name, value in fields.items() if value is not None and name != "content"}
    return {**cleaned, "role": "system" if role == "developer" else role, "content": text_of(fields)}


def _refuse_other_media(content: JsonReader) -> None:
    for part in content.each():
        kind, text = part.value["type"], part["text"]
        if kind != "text":
            raise part.refused(f"this model reads text only, and it is of type '{kind}'")
        if not isinstance(text.value, str):
            raise text.must_be("a string")
