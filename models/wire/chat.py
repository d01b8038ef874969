"""The chat wire types: what a caller asks, in the OpenAI format.

A request keeps the caller's JSON as it came: fields this project does not know still reach the cloud unchanged.
Only what is needed to route and to account for it is read, and checked, here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.wire.errors import LeftOut, RequestError
from models.wire.json_reader import JsonReader

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Where servers put a model's reasoning: DeepSeek, llama-server and vLLM; OpenRouter and newer vLLM."""

COMPLETIONS = "completions"
"""Where text completions are sent, after the base URL."""

CUT_SHORT = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length"})
"""Finish reasons that mean that the answer reached a limit: OpenAI's, and what proxies pass on of others."""

BROKEN_OFF = frozenset({"error", "abort", "aborted", "insufficient_system_resource"})
"""Finish reasons of answers that are not whole: OpenRouter's and Mistral's, vLLM's and SGLang's, DeepSeek's."""

ROLES = frozenset({"developer", "system", "user", "assistant", "tool", "function"})

_TYPES: tuple[tuple[str, type | tuple[type, ...], str], ...] = (
    *((name, str, "a string") for name in ("user", "safety_identifier", "prompt_cache_key", "service_tier")),
    *((name, str, "a string") for name in ("reasoning_effort", "verbosity", "prompt_cache_retention")),
    *((name, dict, "an object") for name in ("metadata", "prediction", "logit_bias", "prompt_cache_options")),
    *((name, list, "an array") for name in ("tools", "functions", "modalities")),
    ("tool_choice", (str, dict), "a string or an object"),
    ("response_format", dict, "an object"),
    ("store", bool, "true or false"),
)


@dataclass(frozen=True, slots=True)
class Native:
    """A request in an API shape of its own, for servers that take that.

    Attributes
    ----------
    path : str
        Where it is sent, after the base URL.
    body : mapping
        The caller's JSON as it came.
    untranslatable : RequestError or None
        Why the chat format cannot say the same; None where it can.
    left_out : sequence of LeftOut
        What the translation leaves out, where it is sent.
    """

    path: str
    body: Mapping[str, Any]
    untranslatable: RequestError | None = None
    left_out: Sequence[LeftOut] = ()

    @classmethod
    def translated(cls, path: str, body: Mapping[str, Any], refusals: Sequence[RequestError]) -> "Native":
        """A request in whose translation these `refusals` came up; `LeftOut` alone do not make it impossible."""
        hard = next((refusal for refusal in refusals if not isinstance(refusal, LeftOut)), None)
        return cls(path, body, hard, tuple(refusal for refusal in refusals if isinstance(refusal, LeftOut)))

    @property
    def whole(self) -> "Native":
        """The same, to be answered by nobody who leaves something out."""
        return replace(self, untranslatable=self.untranslatable or next(iter(self.left_out), None))


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat completion request: the caller's `body`, and the few fields of it that everyone here reads.

    `max_tokens` is the limit on the answer from ``max_completion_tokens`` or ``max_tokens``, None where there is none.
    `include_usage` says whether the caller asked for the usage chunk at the end of a stream.
    `original` is the body in the API shape that the caller speaks; the same as `body` where that is this one.
    `native` is set where some servers take the caller's own shape.
    `sub_requests` are requests to answer one by one, and to tell as one answer; this request is then about all of them.
    `private` says why the request may not leave this machine; None where it may.
    `began` is the side, ``local`` or ``cloud``, that has to go on with what it began; None where that is open.
    `local_only` names fields of `body` that clouds refuse, and local servers take.
    `early_usage` says that the prompt's tokens are wanted with the first chunk of a stream, where a server can.
    `hide_logprobs` says that the tokens' probabilities, which `body` asks for, are the gateway's and not the caller's.
    """

    body: Mapping[str, Any]
    model: str
    messages: Sequence[Mapping[str, Any]]
    stream: bool
    include_usage: bool
    max_tokens: int | None
    original: Mapping[str, Any]
    native: Native | None = None
    sub_requests: Sequence["ChatRequest"] = ()
    private: str | None = None
    began: str | None = None
    local_only: frozenset[str] = frozenset()
    early_usage: bool = False
    hide_logprobs: bool = False

    @classmethod
    def parse(
        cls,
        body: Any,
        *,
        original: Mapping[str, Any] | None = None,
        native: Native | None = None,
        sub_requests: Sequence["ChatRequest"] = (),
        local_only: frozenset[str] = frozenset(),
    ) -> "ChatRequest":
        """Check a decoded JSON body far enough to route it.

        Raises
        ------
        RequestError
            Naming the field and what it should have been.
        """
        if not isinstance(body, dict):
            raise JsonReader(body).must_be("a JSON object")
        _check_types(body)
        return cls(
            body=body,
            model=_model(body),
            messages=_messages(body),
            stream=_flag(body, "stream"),
            include_usage=_include_usage(body),
            max_tokens=_max_tokens(body),
            original=body if original is None else original,
            native=native,
            sub_requests=sub_requests,
            local_only=local_only & body.keys(),
        )


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    if isinstance(model, str) and model:
        return model
    reader = JsonReader(model, "model")
    if model is None:
        raise reader.missing('send "auto" to let the gateway choose, or the name of a model')
    raise reader.must_be("a non-empty string")


def _messages(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise JsonReader(messages, "messages").wrong("a non-empty array")
    for index, message in enumerate(messages):
        _check_message(message, index)
    return messages


def _check_message(message: Any, index: int) -> None:
    """Every request passes here: a reader is made only where there is something to refuse."""
    if not isinstance(message, dict):
        raise JsonReader(message, f"messages[{index}]").must_be("an object with 'role' and 'content'")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise JsonReader(message, f"messages[{index}]")["role"].unknown(ROLES)
    if role in ("tool", "assistant"):
        _check_calls(message, index)
    content = message.get("content")
    if isinstance(content, str) or (content is None and role == "assistant"):  # a turn of nothing but tool calls
        return
    if not isinstance(content, list):
        raise JsonReader(content, f"messages[{index}].content").must_be("a string or an array of content parts")
    for place, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise JsonReader(part, f"messages[{index}].content[{place}]").must_be("an object with a 'type'")


def _check_types(body: Mapping[str, Any]) -> None:
    """Refuse what every server that keeps to OpenAI's API refuses, and one that has no use for the field might not."""
    for name, kinds, expected in _TYPES:
        value = body.get(name)
        if value is not None and not isinstance(value, kinds):
            raise JsonReader(value, name).must_be(expected)
    for index, tool in enumerate(body.get("tools") or ()):
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            where = f"tools[{index}].type" if isinstance(tool, dict) else f"tools[{index}]"
            expected = "the kind of tool, such as 'function'" if isinstance(tool, dict) else "an object"
            raise JsonReader(tool.get("type") if isinstance(tool, dict) else tool, where).wrong(expected)


def _check_calls(message: Mapping[str, Any], index: int) -> None:
    """What belongs to tool calls: the calls, or the name of the one that is answered."""
    where = f"messages[{index}]"
    if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise JsonReader(message.get("tool_call_id"), f"{where}.tool_call_id").wrong("the id of the call it answers")
    calls = message.get("tool_calls")
    if calls is None:
        return
    if not isinstance(calls, list):
        raise JsonReader(calls, f"{where}.tool_calls").must_be("an array")
    for place, call in enumerate(calls):
        if not isinstance(call, dict):
            raise JsonReader(call, f"{where}.tool_calls[{place}]").must_be("an object")


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    return value is True or JsonReader(value, name).flag() if value is not None else False


def _include_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    return options is not None and JsonReader(options, "stream_options")["include_usage"].flag()


def _max_tokens(body: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise JsonReader(value, name).must_be("a positive integer", "invalid_value")
        return value
    return None


def text_of(message: Mapping[str, Any]) -> str:
    """The text of one message, its text parts joined by line breaks; other parts carry no text."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
    return "\n".join(part for part in parts if isinstance(part, str))


def reasoning_of(message: Mapping[str, Any]) -> str:
    """The reasoning that one message (or one delta of it) shows; empty where there is none."""
    for field in REASONING_FIELDS:
        text = message.get(field)
        if isinstance(text, str) and text:
            return text
    content = message.get("content")
    return "".join(map(_thinking, content)) if isinstance(content, list) else ""


def _thinking(part: Any) -> str:
    """The text of a content part in which a model thinks, as Mistral's do: a text, or text parts once more."""
    thought = part.get("thinking") if isinstance(part, dict) and part.get("type") == "thinking" else None
    if isinstance(thought, list):
        return "".join(text_of({"content": [inner]}) for inner in thought)
    return thought if isinstance(thought, str) else ""
