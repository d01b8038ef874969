"""A server's error message, made safe to pass on.

It may quote anything that was sent to the server: the prompt, the key. It is shortened, put on one line and freed of
keys as soon as it is read, and passed on only to the caller whose request it was. Logs get only the identifiers that
say which kind of failure it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from models.redaction.plain_text import plain_text
from models.redaction.secrets import mask, mask_all

MAX_WORDS_CHARS = 1000
"""Longest message that is kept."""

MAX_NAME_CHARS = 200
"""Longest model name that is kept."""

_READ_CHARS = 4 * MAX_WORDS_CHARS
"""How much of a text is searched for keys; more than is kept, since masking shortens it."""

_UNREADABLE_CHARS = 200
"""How much is kept of a body that is no error object, such as an HTML page."""

CONTEXT_LENGTH = "context_length_exceeded"
"""OpenAI's code for a prompt that does not fit; every server's own way of saying so becomes this one."""

_CONTEXT_TYPES = frozenset({CONTEXT_LENGTH, "exceed_context_size_error"})  # the second is llama-server's

_CONTEXT_MESSAGE = re.compile(
    r"maximum context length|context (length|size|window|limit)|prompt is too long|too many tokens|"
    r"input (token count|length|is too long)|tokens? .{0,40}exceed|longer than the model|"
    r"reduce the length of the (messages|prompt|input)",
    re.IGNORECASE,
)
"""vLLM, SGLang, llama-server, Ollama, Mistral, Gemini, Anthropic, Groq, Together: none has a code for it."""

_CODE = re.compile(r"[A-Za-z0-9_.:/$\[\]-]{1,100}")


@dataclass(frozen=True, slots=True)
class ServerWords:
    """An error object in OpenAI's shape. `message` is empty if there was none.

    `code`, `type` and `param` are identifiers; any other value might quote the request and becomes None.
    """

    message: str = ""
    type: str | None = None
    param: str | None = None
    code: str | None = None

    @classmethod
    def from_error(cls, error: Any) -> "ServerWords":
        """Read an error object, or any other value in its place."""
        if not isinstance(error, Mapping):
            return cls(clean_words(_message_text(error)))
        message = clean_words(_message_text(error.get("message")))
        kind, code = identifier(error.get("type") or error.get("status")), error.get("code")
        if is_about_context(message, kind):
            code = CONTEXT_LENGTH
        elif str(code).isdecimal():  # the status once more: it names no kind of failure
            code = None
        return cls(message, kind, identifier(error.get("param")), identifier(code))

    @classmethod
    def from_body(cls, body: bytes) -> "ServerWords":
        """Read the body of a response with an error status: OpenAI's envelope, or none, or a list around it."""
        try:
            error = orjson.loads(body)
        except orjson.JSONDecodeError:
            return cls(clean_words(body[:_READ_CHARS].decode("utf-8", "replace"), _UNREADABLE_CHARS))
        if isinstance(error, list) and error:  # Gemini's compatible endpoint
            error = error[0]
        if isinstance(error, Mapping):
            inner = error.get("error")
            if isinstance(inner, Mapping):
                error = inner
            elif "message" not in error:  # FastAPI and Ollama have a text only
                error = {**error, "message": inner if inner is not None else error.get("detail")}
        return cls.from_error(error)

    @property
    def kind(self) -> str:
        """The kind of failure, in identifiers only: ``, code rate_limit_exceeded, type requests``; may be empty."""
        identifiers = {"code": self.code, "type": self.type}
        return "".join(f", {name} {value}" for name, value in identifiers.items() if value)


def is_about_context(message: str, kind: str | None = None) -> bool:
    """Whether an error says that prompt and answer do not fit into the context.

    >>> is_about_context("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).")
    True
    >>> is_about_context("max_tokens must be at least 1")
    False
    """
    return kind in _CONTEXT_TYPES or _CONTEXT_MESSAGE.search(message) is not None


def _message_text(message: Any) -> str:
    """A message as text: some servers send an object or a list of faults in its place."""
    if isinstance(message, list):
        return "; ".join(map(_message_text, message[:5]))
    if isinstance(message, Mapping):
        inner = message.get("message") or message.get("detail") or message.get("msg")
        return str(message) if inner is None else _place(message.get("loc")) + _message_text(inner)
    return "" if message is None else str(message)


def _place(location: Any) -> str:
    """The field at fault as pydantic tells it, which FastAPI's and Mistral's errors are full of: a list of names."""
    names = location[1:] if isinstance(location, list) and location[:1] == ["body"] else location
    return f"{'.'.join(map(str, names[:20]))}: " if isinstance(names, list) and names else ""


NO_WORDS = ServerWords()


def clean_words(text: str, max_chars: int = MAX_WORDS_CHARS) -> str:
    """A text that somebody else wrote, on one line and without keys."""
    return plain_text(mask_all(text[:_READ_CHARS]), max_chars).strip()


def clean_name(value: Any) -> str:
    r"""A model's name from a server, made safe for a header and a ledger row.

    >>> clean_name("gpt-4.1\r\nset-cookie: x"), clean_name(None)
    ('gpt-4.1  set-cookie: x', '')
    """
    return "" if value is None else _clean_name(str(value)[: 2 * MAX_NAME_CHARS])


@lru_cache(maxsize=256)  # the same few names come again and again
def _clean_name(name: str) -> str:
    return plain_text(mask(name), MAX_NAME_CHARS)


def identifier(value: Any) -> str | None:
    """A machine-readable identifier, such as ``context_length_exceeded``; None for anything else.

    >>> identifier("messages[0].role"), identifier(4001), identifier("You asked: what is"), identifier(None)
    ('messages[0].role', '4001', None, None)
    """
    text = mask_all(str(value)[:_READ_CHARS])
    return text if value is not None and _CODE.fullmatch(text) else None
