"""Summaries of long conversations, which callers keep and send back as input items: sealed, and opened again."""

import base64
from typing import Any

import orjson

from gateway.conversations.cipher import Cipher, UnreadableError
from gateway.conversations.store import Item
from models.wire.errors import RequestError

COMPACTION = "compaction"
"""The type of the items."""

MARK = "slimgate:"
"""Begins the encrypted content of those that were made here; others are left to the cloud that made them."""

_INTRODUCTION = "Summary of the conversation until now:\n\n"


class Summaries:
    """Seals and opens summaries; each can be read only here, and for callers with the same key."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def seal(self, text: str, owner: str, private: str | None) -> str:
        """`text` as the encrypted content of an item; `private` says why it may not leave this machine, if so."""
        content = orjson.dumps({"text": text, "private": private})
        return MARK + base64.b64encode(self._cipher.seal(content, _place(owner))).decode()

    def open_all(self, body: dict[str, Any], owner: str) -> tuple[dict[str, Any], str | None]:
        """`body` with the messages that summaries in its input stand for, and why any of them may not leave.

        Raises
        ------
        RequestError
            If one cannot be read.
        """
        given = body.get("input")
        if not isinstance(given, list) or not any(map(_is_summary, given)):
            return body, None
        opened = {number: self._open(item, number, owner) for number, item in enumerate(given) if _is_summary(item)}
        items = [_message(opened[number]["text"]) if number in opened else item for number, item in enumerate(given)]
        private = next((one["private"] for one in opened.values() if one["private"] is not None), None)
        return {**body, "input": items}, private

    def _open(self, item: Item, number: int, owner: str) -> dict[str, Any]:
        try:
            sealed = base64.b64decode(item["encrypted_content"].removeprefix(MARK), validate=True)
            summary: dict[str, Any] = orjson.loads(self._cipher.open(sealed, _place(owner)))
        except (UnreadableError, ValueError):
            param = f"input[{number}].encrypted_content"
            raise RequestError(
                f"Field '{param}' cannot be read: it was made for another key, or changed since.",
                param=param,
                code="invalid_value",
            ) from None
        return summary


def _is_summary(item: Any) -> bool:
    if not isinstance(item, dict) or item.get("type") != COMPACTION:
        return False
    content = item.get("encrypted_content")
    return isinstance(content, str) and content.startswith(MARK)


def _message(text: str) -> Item:
    return {"type": "message", "role": "user", "content": _INTRODUCTION + text}


def _place(owner: str) -> str:
    return f"{owner}/{COMPACTION}"
