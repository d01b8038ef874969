"""From the JSON of a chat request to what the engine does about it. No field is ever silently left out of account.

A field is read here, or it is in `WITHOUT_EFFECT` because it could not change the answer of a local model, or it is
refused. Fields that OpenAI's API does not know are left alone: clients send hints of their own to other servers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.engine.grammar.json_schema import JSON_OBJECT_GRAMMAR, schema_grammar
from models.engine.prompt.call_format import CallFormat
from models.engine.prompt.tools import Toolbox, read_toolbox
from models.engine.request.sampling import SamplingParams
from models.wire.chat import ChatRequest, text_of
from models.wire.errors import RequestError
from models.wire.fields import Body, flag, number, refuse, strings, unsupported, whole, whole_or_none

MAX_STOPS = 16
MAX_N = 16
MAX_ALTERNATIVES = 20
MAX_SEED = 2**63 - 1

WITHOUT_EFFECT = frozenset({
    "metadata",
    "prediction",  # a draft that may speed things up
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",  # agents send it always; how long a model of this size thinks cannot be set
    "safety_identifier",
    "service_tier",
    "store",
    "user",
})  # fmt: skip
"""Fields about billing, caching, keeping and effort: without meaning here, and without influence on any answer."""

UNSUPPORTED = {
    "audio": "this engine makes text only",
    "function_call": "send 'tool_choice' instead",
    "functions": "send 'tools' instead",
    "moderation": "this engine does not moderate",
    "verbosity": "the local model has no such setting; say it in the prompt",
    "web_search_options": "this engine reaches no web",
}
"""Fields that would change the answer, and what to say about each."""

_NO_OPINION: dict[str, Sequence[Any]] = {
    "verbosity": ("medium",),
    "function_call": ("none", "auto"),
    "functions": ([],),
}
"""Values that ask for nothing out of the ordinary."""


@dataclass(frozen=True, slots=True)
class ChatJob:
    """A chat request, checked.

    Attributes
    ----------
    messages : sequence of mapping
        For the template: `content` is text, `developer` is called `system`.
    max_tokens : int, optional
        Most tokens of the answer; None lets it run to the end of the context.
    n : int
        How many answers.
    n_alternatives : int, optional
        How many of the likeliest tokens to report with each token; None reports no probabilities at all.
    format_rules : str, optional
        Grammar of the wanted format.
    toolbox : Toolbox, optional
        What the answer may call.
    """

    messages: Sequence[Mapping[str, Any]]
    sampling: SamplingParams
    stops: tuple[str, ...]
    max_tokens: int | None
    stream: bool
    include_usage: bool
    n: int = 1
    n_alternatives: int | None = None
    format_rules: str | None = None
    toolbox: Toolbox | None = None

    def rules(self, calls: CallFormat) -> str | None:
        """The grammar that the answer follows from its first character."""
        toolbox = self.toolbox
        return toolbox.grammar(calls, opened=False) if toolbox and toolbox.required else self.format_rules

    def call_rules(self, calls: CallFormat) -> str | None:
        """The grammar that begins when the answer opens a tool call of its own accord."""
        toolbox = self.toolbox
        return toolbox.grammar(calls, opened=True) if toolbox and not toolbox.required else None


def parse_chat(body: Any) -> ChatJob:
    """Check a decoded JSON body.

    Raises
    ------
    RequestError
        Naming the first field at fault, and the cure.
    """
    request = ChatRequest.parse(body)
    refuse_unsupported(request.body)
    toolbox = read_toolbox(request.body)
    format_rules = read_response_format(request.body)
    if toolbox is not None and format_rules is not None:
        raise unsupported("response_format", "Field 'response_format' cannot be promised beside 'tools'.")
    return ChatJob(
        messages=[_message(message, f"messages[{i}]") for i, message in enumerate(request.messages)],
        sampling=read_sampling(request.body),
        stops=strings(request.body, "stop", MAX_STOPS),
        max_tokens=request.max_tokens,
        stream=request.stream,
        include_usage=request.include_usage,
        n=whole(request.body, "n", 1, 1, MAX_N),
        n_alternatives=_alternatives(request.body),
        format_rules=format_rules,
        toolbox=toolbox,
    )


def read_sampling(body: Body) -> SamplingParams:
    """How tokens are chosen; what the request leaves open is `SamplingParams`' default."""
    default = SamplingParams()
    return SamplingParams(
        temperature=number(body, "temperature", default.temperature, 0, 2),
        top_k=whole(body, "top_k", default.top_k, 0, 1_000_000),
        top_p=number(body, "top_p", default.top_p, 0, 1),
        min_p=number(body, "min_p", default.min_p, 0, 1),
        presence_penalty=number(body, "presence_penalty", 0, -2, 2),
        frequency_penalty=number(body, "frequency_penalty", 0, -2, 2),
        repeat_penalty=number(body, "repeat_penalty", 1, 0.01, 10),
        seed=whole_or_none(body, "seed", -MAX_SEED, MAX_SEED),
        logit_bias=_logit_bias(body),
    )


def read_response_format(body: Body) -> str | None:
    """The grammar that ``response_format`` asks for, None where it asks for plain text.

    Raises
    ------
    RequestError
        Where it asks for what cannot be promised.
    """
    value = body.get("response_format")
    if value is None:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return JSON_OBJECT_GRAMMAR
    if kind == "json_schema":
        return schema_grammar(_unwrapped(value), "response_format.json_schema.schema")
    raise refuse(
        "response_format",
        'Field \'response_format\' must be an object whose \'type\' is "text", "json_object" or "json_schema".',
    )


def _unwrapped(value: Body) -> Mapping[str, Any]:
    """The schema within ``{"type": "json_schema", "json_schema": {"name", "strict", "schema"}}``."""
    envelope = value.get("json_schema")
    schema = envelope.get("schema") if isinstance(envelope, dict) else None
    if not isinstance(schema, dict):
        where = "response_format.json_schema.schema"
        raise RequestError(f"Field '{where}' must be a JSON schema.", param=where, code="missing_required_parameter")
    return schema


def _alternatives(body: Body) -> int | None:
    wanted = flag(body, "logprobs")
    n = whole_or_none(body, "top_logprobs", 0, MAX_ALTERNATIVES)
    if n and not wanted:
        raise refuse("top_logprobs", "Field 'top_logprobs' needs 'logprobs' to be true.")
    return (n or 0) if wanted else None


def _logit_bias(body: Body) -> Mapping[int, float]:
    given = body.get("logit_bias") or {}
    if not isinstance(given, dict):
        raise refuse("logit_bias", "Field 'logit_bias' must map token numbers to numbers from -100 to 100.")
    biases = {}
    for token, bias in given.items():
        if not token.isdecimal() or isinstance(bias, bool) or not isinstance(bias, int | float) or abs(bias) > 100:
            raise refuse(
                f"logit_bias.{token}", "Field 'logit_bias' must map token numbers to numbers from -100 to 100."
            )
        biases[int(token)] = float(bias)
    return biases


def refuse_unsupported(body: Body) -> None:
    """Raise for any field that asks for what is not served here."""
    for field, why in UNSUPPORTED.items():
        value = body.get(field)
        if value is not None and value not in _NO_OPINION.get(field, ()):
            raise unsupported(field, f"Field '{field}' is not supported by this model: {why}.")
    modalities = body.get("modalities")
    if modalities not in (None, ["text"], []):
        raise unsupported("modalities", f"Field 'modalities' may only be [\"text\"] here, got {modalities!r}.")


def _message(message: Mapping[str, Any], where: str) -> dict[str, Any]:
    _refuse_other_media(message, where)
    role = message["role"]
    cleaned = {name: value for name, value in message.items() if value is not None and name != "content"}
    return {**cleaned, "role": "system" if role == "developer" else role, "content": text_of(message)}


def _refuse_other_media(message: Mapping[str, Any], where: str) -> None:
    content = message.get("content")
    if not isinstance(content, list):
        return
    for index, part in enumerate(content):
        kind, here = part["type"], f"{where}.content[{index}]"
        if kind != "text":
            raise unsupported(here, f"{here} is of type '{kind}', and this model reads text only.")
        if not isinstance(part.get("text"), str):
            raise RequestError(f"{here}.text must be a string.", param=f"{here}.text", code="invalid_type")
