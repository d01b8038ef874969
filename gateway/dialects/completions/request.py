"""From a completion request to a chat request: the text to go on from becomes the user's message.

A server that takes completions itself gets the request as it came. For the others it is translated, as far as the chat
format can say it.
"""

from typing import Any

from models.wire.chat import COMPLETIONS, ChatRequest, Native
from models.wire.errors import RequestError
from models.wire.json_reader import JsonReader

DEFAULT_MAX_TOKENS = 16
"""OpenAI's own: a caller who relies on it must not get an endless answer."""

_ONLY_HERE = ("prompt", "max_tokens", "echo", "suffix", "best_of", "logprobs")

MOST_PROMPTS = 256

_PROMPTS = "a string, or a non-empty array of strings, of tokens, or of arrays of tokens"

_NATIVE_ONLY = "the chat model that would answer cannot do it; ask for a model that takes completions itself ('local')"

NAMES_HERE = {"max_completion_tokens": "max_tokens", "messages": "prompt"}
"""What a field of the chat request is called here, for errors that come from behind."""


def read_request(body: Any) -> ChatRequest:
    """The request in both forms.

    Raises
    ------
    RequestError
        For a field that is malformed.
    """
    reader = JsonReader(body)
    chat = {name: value for name, value in reader.object().items() if name not in _ONLY_HERE and value is not None}
    texts = _texts(reader["prompt"])
    chat["messages"] = [{"role": "user", "content": "\n\n".join(texts)}]
    limit = reader["max_tokens"]
    _check_limit(limit)
    chat["max_completion_tokens"] = limit.value or DEFAULT_MAX_TOKENS
    each = [{**chat, "messages": [{"role": "user", "content": text}]} for text in texts] if len(texts) > 1 else []
    native = Native(COMPLETIONS, body, _untranslatable(reader))
    return ChatRequest.parse(chat, original=body, native=native, sub_requests=[ChatRequest.parse(one) for one in each])


def _texts(prompt: JsonReader) -> list[str]:
    """The prompts' texts, for the router and for a chat model; tokens have none that anybody here could read."""
    given = prompt.value
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given:
        raise prompt.wrong(_PROMPTS)
    if _is_tokens(given) or all(map(_is_tokens, given)):
        return []
    if not all(isinstance(part, str) for part in given):
        raise prompt.wrong(_PROMPTS)
    if len(given) > MOST_PROMPTS:
        raise prompt.wrong(f"an array of at most {MOST_PROMPTS}")
    return given


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(token, int) and not isinstance(token, bool) for token in value)


def _check_limit(limit: JsonReader) -> None:
    if limit.given and (limit.value != 0 or isinstance(limit.value, bool)):
        limit.positive()


def _untranslatable(body: JsonReader) -> RequestError | None:
    """Why the chat format cannot say it; None where it can."""
    prompt = body["prompt"].value
    if isinstance(prompt, list) and not isinstance(prompt[0], str):
        return body["prompt"].refused("a chat model takes no tokens; send the text")
    if isinstance(prompt, list) and len(prompt) > 1 and body["stream"].flag():
        return body["prompt"].refused("a chat model streams one answer; send one string, or do not stream")
    for name, usual in (("echo", (False,)), ("suffix", ("",)), ("best_of", (1, body["n"].value)), ("logprobs", ())):
        if body[name].given and body[name].value not in usual:
            return body[name].refused(_NATIVE_ONLY)
    return body["max_tokens"].refused(_NATIVE_ONLY) if body["max_tokens"].value == 0 else None
