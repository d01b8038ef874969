"""What the detector can read of a request, in all API shapes, and whether there is anything that it cannot read."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

TEXT_PARTS = frozenset({
    "text", "input_text", "output_text", "summary_text", "reasoning_text", "refusal", "thinking",
    "redacted_thinking", "reasoning", "message", "function", "custom", "function_call", "function_call_output",
    "custom_tool_call", "custom_tool_call_output", "tool_call", "tool_use", "tool_result", "tool_reference",
    "server_tool_use", "mcp_tool_use", "mcp_tool_result", "mcp_call", "mcp_list_tools", "mcp_approval_request",
    "mcp_approval_response", "local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output",
    "apply_patch_call", "apply_patch_call_output", "web_search_call", "file_search_call", "code_interpreter_call",
    "search_result", "item_reference", "additional_tools", "compaction",
})  # fmt: skip
"""Types of content parts that hold their text as text, in all API shapes. Any other may be a picture or a sound."""

CONTENT_FIELDS = frozenset({"content", "input", "output"})
"""Fields whose lists hold content parts."""

MEDIA_DATA = re.compile(
    r"data:[\w.+-]{1,80}/[\w.+-]{1,80}(?:;[\w=.+-]{1,80}){0,4};base64,[A-Za-z0-9+/=_\s-]*", re.ASCII
)
ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{1024}", re.ASCII)
"""So long a run of such characters is a file in Base64, whatever the part around it is called."""

OPAQUE_FIELDS = frozenset({"encrypted_content", "signature", "thought_signature", "data"})
"""What a provider has encrypted comes back to it in these: no text, but nothing that it does not have. In a part that
holds media, `data` is the file itself; the part's type tells."""

MAX_EXACT = 2**63


@dataclass(slots=True)
class Unread:
    """Whether something was found that holds no text for the detector."""

    found: bool = False


def texts_of(bodies: Iterable[Mapping[str, Any]], unread: Unread) -> Iterator[str]:
    """Every text in `bodies`, names of fields and numbers included, each once; `unread` says what else there is.

    Without recursion, so that deep nesting costs no more than its length; lists and objects without text give an empty
    one, so that whoever reads gets a turn there as well. Texts that stand side by side in a list come once more in one
    piece: a number may be split over the parts of a message.
    """
    seen: set[str] = set()
    for body in bodies:
        given = body.get("prompt") or body.get("input")
        if isinstance(given, list) and any(isinstance(part, int | list) for part in given):
            unread.found = True  # numbers of tokens
        for text in _texts(body, unread):
            if text not in seen:
                seen.add(text)
                yield text
            elif not text:
                yield text


def _texts(body: Any, unread: Unread) -> Iterator[str]:
    waiting: deque[tuple[Any, str, bool]] = deque([(body, "", False)])
    while waiting:
        value, name, is_part = waiting.popleft()
        if isinstance(value, str):
            yield from _text(value, name, unread)
        elif isinstance(value, dict):
            unread.found = unread.found or (is_part and _is_media(value))
            yield from value or ("",)
            waiting.extend((item, name, False) for name, item in value.items())
        elif isinstance(value, list):
            yield _in_one_piece(value)
            waiting.extend((item, name, name in CONTENT_FIELDS) for item in value)
        elif (number := _written(value)) is not None:
            yield number


def _text(value: str, name: str, unread: Unread) -> Iterator[str]:
    if MEDIA_DATA.fullmatch(value):
        unread.found = True
        return
    unread.found = unread.found or (name not in OPAQUE_FIELDS and ENCODED.search(value) is not None)
    yield value


def _is_media(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    return isinstance(kind, str) and kind not in TEXT_PARTS


def _digits(number: float) -> str:
    """`number` as a caller would write it: a card's number may come as a float."""
    whole = isinstance(number, float) and number.is_integer() and abs(number) < MAX_EXACT
    return str(int(number) if whole else number)


def _in_one_piece(values: list[Any]) -> str:
    """The texts of a list without anything between them, then with spaces if digits would run together."""
    given = (value.get("text") if isinstance(value, dict) else value for value in values)
    texts = [written for value in given if (written := _written(value)) is not None]
    if len(texts) < 2:
        return ""
    digits_meet = any(left[-1:].isdigit() and right[:1].isdigit() for left, right in pairwise(texts))
    return "\n".join(["".join(texts), *([" ".join(texts)] if digits_meet else [])])


def _written(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return _digits(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
