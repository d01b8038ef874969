"""What a server says of a failure, made fit to be passed on.

Its words may hold whatever was sent to it: the prompt, the key. They are cut, put on one line and freed of keys here,
where they enter, and go to the caller whose request it was; only what says which kind of failure it is goes further.
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
"""Kept of a message."""

MAX_NAME_CHARS = 200
"""Kept of a model's name."""

_READ_CHARS = 4 * MAX_WORDS_CHARS
"""Looked through for keys: what is left out makes a text shorter."""

_UNREADABLE_CHARS = 200
"""Kept of a body that is no error object: a page, say."""

_CODE = re.compile(r"[A-Za-z0-9_.:/$\[\]-]{1,100}")


@dataclass(frozen=True, slots=True)
class ServerWords:
    """An error object of OpenAI's shape. `message` is empty where there was none.

    `code`, `type` and `param` are identifiers, or None: what is none might be anything.
    """

    message: str = ""
    type: str | None = None
    param: str | None = None
    code: str | None = None

    @classmethod
    def of(cls, error: Any) -> "ServerWords":
        """Read an error object, or what stands in its place."""
        if not isinstance(error, Mapping):
            return cls("" if error is None else clean_words(str(error)))
        message = error.get("message")
        return cls(
            "" if message is None else clean_words(str(message)),
            identifier(error.get("type")),
            identifier(error.get("param")),
            identifier(error.get("code")),
        )

    @classmethod
    def of_body(cls, body: bytes) -> "ServerWords":
        """Read the body of an answer that is an error."""
        try:
            told = orjson.loads(body)
            return cls.of(told["error"] if "message" not in told else told)  # vLLM leaves the envelope out
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return cls(clean_words(body[:_READ_CHARS].decode("utf-8", "replace"), _UNREADABLE_CHARS))

    @property
    def kind(self) -> str:
        """Which failure it is, in identifiers alone: ``, code rate_limit_exceeded, type requests``; may be empty."""
        facts = {"code": self.code, "type": self.type}
        return "".join(f", {name} {fact}" for name, fact in facts.items() if fact)


NO_WORDS = ServerWords()


def clean_words(text: str, max_chars: int = MAX_WORDS_CHARS) -> str:
    """Somebody else's words on one line, without keys."""
    return plain_text(mask_all(text[:_READ_CHARS]), max_chars).strip()


def clean_name(value: Any) -> str:
    r"""A model's name as its server writes it, fit for a header and a row.

    >>> clean_name("gpt-4.1\r\nset-cookie: x"), clean_name(None)
    ('gpt-4.1  set-cookie: x', '')
    """
    return "" if value is None else _clean_name(str(value)[: 2 * MAX_NAME_CHARS])


@lru_cache(maxsize=256)  # few names come again and again
def _clean_name(name: str) -> str:
    return plain_text(mask(name), MAX_NAME_CHARS)


def identifier(value: Any) -> str | None:
    """A machine-readable word, such as ``context_length_exceeded``; None where it is anything else.

    >>> identifier("messages[0].role"), identifier(4001), identifier("You asked: what is"), identifier(None)
    ('messages[0].role', '4001', None, None)
    """
    text = mask_all(str(value)[:_READ_CHARS])
    return text if value is not None and _CODE.fullmatch(text) else None
