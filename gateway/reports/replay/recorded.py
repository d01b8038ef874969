"""Finds past requests in files: request bodies, batch files, logs with answers, and chat exports.

Each answer in a conversation is one request: the conversation up to it. A chat with three answers is three requests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from gateway.dialects.dialect import Dialect
from gateway.dispatch.model_names import AUTO
from gateway.reports.replay.exports import chatgpt_messages, sharegpt_messages
from models.usage.usage import Usage, usage_in
from models.wire.chat import ChatRequest, text_of
from models.wire.token_estimates import prompt_tokens_guess, text_tokens_guess

_ANTHROPIC_ONLY = ("system", "anthropic_version", "stop_sequences")
_KINDS = (
    "a request body with 'messages', 'input' or 'prompt', one under 'body' or 'request', or a chat export with "
    "'conversations' or 'mapping'"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A past request; `usage` and `answer` if they were recorded."""

    request: ChatRequest
    usage: Usage | None = None
    answer: str | None = None

    def tokens(self, answer_tokens: int) -> tuple[Usage, bool]:
        """The usage, and whether it was recorded. Else it is estimated from the texts.

        Without an answer, `answer_tokens` are assumed, or the request's own limit if that is lower.
        """
        if self.usage is not None:
            return self.usage, True
        if self.answer is not None:
            answered = text_tokens_guess(self.answer)
        else:
            answered = min(answer_tokens, self.request.max_tokens or answer_tokens)
        return Usage(prompt_tokens_guess(self.request), answered), False


def requests_in(value: Any) -> Iterator[Recorded]:
    """The requests in one JSON value of a file.

    Raises
    ------
    ValueError, RequestError
        Naming what is wrong.
    """
    if not isinstance(value, dict):
        raise ValueError("must be a JSON object")
    if isinstance(value.get("mapping"), dict):
        yield from _answers({}, chatgpt_messages(value))
    elif isinstance(value.get("conversations"), list):
        yield from _answers({}, sharegpt_messages(value["conversations"]))
    elif _ends_in_answer(value):
        yield from _answers(value, value["messages"])
    else:
        yield _single(value)


def _ends_in_answer(value: Mapping[str, Any]) -> bool:
    messages = value.get("messages")
    return isinstance(messages, list) and _role(messages[-1:]) == "assistant" and "response" not in value


def _role(messages: list[Any]) -> Any:
    return messages[0].get("role") if messages and isinstance(messages[0], dict) else None


def _answers(body: Mapping[str, Any], messages: list[Any]) -> Iterator[Recorded]:
    """A request for each answer in a conversation."""
    answered = [i for i in range(1, len(messages)) if _role(messages[i : i + 1]) == "assistant"]
    if not answered:
        raise ValueError("there is no answer in this conversation")
    for i in answered:
        request = _parse({**body, "messages": messages[:i]}, None)
        yield Recorded(request, answer=_answer_text(messages[i]))


def _single(value: Mapping[str, Any]) -> Recorded:
    body, url = value, value.get("url")
    for name in ("body", "request"):
        if isinstance(value.get(name), dict):
            body = value[name]
    response = value.get("response")
    if isinstance(response, dict) and isinstance(response.get("body"), dict):
        response = response["body"]
    answer = response if isinstance(response, dict) else value
    return Recorded(_parse(body, url), _usage(answer), _chat_answer(answer))


def _parse(body: Mapping[str, Any], url: Any) -> ChatRequest:
    return _dialect(body, url).request({**body, "model": body.get("model") or AUTO})


def _dialect(body: Mapping[str, Any], url: Any) -> Dialect:
    """The API shape of `body`: by the batch file's `url`, else by its fields."""
    if "embedding" in str(url) or ("messages" not in body and "embedding" in str(body.get("model"))):
        raise ValueError("embeddings are not routed")
    if isinstance(url, str) and url in _dialects():
        return _dialects()[url]
    if "messages" in body:
        anthropic = any(name in body for name in _ANTHROPIC_ONLY)
        return _dialects()["/v1/messages" if anthropic else "/v1/chat/completions"]
    if "input" in body:
        return _dialects()["/v1/responses"]
    if "prompt" in body:
        return _dialects()["/v1/completions"]
    raise ValueError(f"there is no request in it: expected {_KINDS}")


@cache
def _dialects() -> Mapping[str, Dialect]:
    from gateway.dialects.registry import DIALECTS  # slow to import

    return DIALECTS


def _usage(response: Mapping[str, Any]) -> Usage | None:
    """The usage in a recorded answer; None where it is missing or incomplete."""
    usage = usage_in(response)
    return None if usage is None or usage.uncounted else usage


def _chat_answer(response: Mapping[str, Any]) -> str | None:
    choices = response.get("choices")
    if not isinstance(choices, list):
        return None
    messages = [choice.get("message") for choice in choices if isinstance(choice, dict)]
    return "".join(_answer_text(message) for message in messages if isinstance(message, dict)) or None


def _answer_text(message: Mapping[str, Any]) -> str:
    calls = message.get("tool_calls")
    return text_of(message) + (orjson.dumps(calls).decode() if calls else "")
