"""What placement needs to know of a prompt: keyed hashes of its blocks, and about how long it is. No text is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from models.wire.chat import text_of
from models.wire.token_estimates import BYTES_PER_TOKEN

BLOCK_BYTES = 64
"""About 16 tokens: a shorter prefix is sooner read again than looked for."""

HASH_BYTES = 8
MOST_BLOCKS = 2048
"""Of one prompt, from its beginning: memory and time are bounded, whatever callers send."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A prompt as numbers.

    Attributes
    ----------
    blocks : tuple of bytes
        For each whole block of its text, a keyed hash of the text up to the block's end.
    n_tokens : int
        About how many tokens it is.
    """

    blocks: tuple[bytes, ...]
    n_tokens: int

    def n_unread(self, n_known: int) -> int:
        """About how many tokens are left for a model that has read the first `n_known` blocks."""
        return max(1, self.n_tokens - n_known * BLOCK_BYTES // BYTES_PER_TOKEN)


def outline_of(body: Any, key: bytes) -> Outline:
    """The outline of a request's decoded JSON, in the chat or the completion format.

    It is only looked at: what is no request at all has an empty outline, and is refused by the engine.

    Parameters
    ----------
    key : bytes
        The same wherever outlines are compared; from a hash alone nobody can find out what was said.
    """
    text = b"".join(_parts(body)) if isinstance(body, Mapping) else b""
    whole = min(len(text) // BLOCK_BYTES, MOST_BLOCKS) * BLOCK_BYTES
    blocks, last = [], b""
    for start in range(0, whole, BLOCK_BYTES):
        last = blake2b(last + text[start : start + BLOCK_BYTES], digest_size=HASH_BYTES, key=key).digest()
        blocks.append(last)
    return Outline(tuple(blocks), max(1, len(text) // BYTES_PER_TOKEN))


def _parts(body: Mapping[str, Any]) -> Iterator[bytes]:
    """The prompt's text in the order in which the model reads it: tools stand before the conversation."""
    if tools := body.get("tools"):
        yield _as_bytes(tools)
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, Mapping):
            yield f"\n{message.get('role')}\n{text_of(message)}".encode("utf-8", "replace")
            if calls := message.get("tool_calls"):
                yield _as_bytes(calls)
    if prompt := body.get("prompt"):
        yield prompt.encode("utf-8", "replace") if isinstance(prompt, str) else _as_bytes(prompt)


def _as_bytes(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a number of more than 64 bits, or half a character
        return repr(value).encode("utf-8", "replace")
