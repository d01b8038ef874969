"""Finds tool calls in an answer's text, such as ``<tool_call>{"name": …, "arguments": {…}}</tool_call>``.

The grammar makes sure that the text after the opening is well formed. Calls are parsed while the text is generated, so
that arguments can be streamed.
"""

import json
import re
from dataclasses import dataclass
from secrets import token_hex

from models.engine.prompt.call_format import HERMES, CallFormat

CALL_ID_PREFIX = "call_local_"
"""Marks calls of the local model: when the result of one comes back, the conversation stays local."""

MIN_CUT_CHARS = 2
"""A single ``<`` at the end of an answer is text; more of an opening is taken for one."""

_NAME = r'\s*:\s*"((?:[^"\\]|\\.)*)"\s*,\s*'
_CALL_END = re.compile(r"\s*\}")
_ITEM_END = re.compile(r"\s*\}\s*([,\]])")


@dataclass(frozen=True, slots=True)
class Text:
    """Text outside of calls."""

    text: str


@dataclass(frozen=True, slots=True)
class CallStart:
    """The beginning of a call; `index` counts the calls of the answer."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """The next part of a call's arguments: JSON, split anywhere."""

    index: int
    text: str


Part = Text | CallStart | CallArguments


class ToolCallReader:
    """Splits an answer into text and calls, however its text is split.

    >>> reader = ToolCallReader()
    >>> reader.feed('Well.<tool_'), reader.feed('call>{"name": "f", "arguments": {"a"')
    ([Text(text='Well.')], [CallStart(index=0, id='...', name='f'), CallArguments(index=0, text='{"a"')])
    >>> reader.feed(': 1}}</tool_call>'), reader.n_complete
    ([CallArguments(index=0, text=': 1}')], 1)
    """

    def __init__(self, format_: CallFormat = HERMES) -> None:
        self._format = format_
        begin = "" if format_.bare else r'\s*\[?\s*\{\s*"name"'
        self._head = re.compile(rf'{begin}{_NAME}"{format_.arguments}"\s*:\s*')
        self._buffer = ""
        self._has_text = False
        self._state = _OUTSIDE
        self._arguments = _JsonEnd()
        self.n_started = 0
        self.n_complete = 0

    @property
    def awaits_call(self) -> bool:
        """Whether an opening tag was read, and only space after it."""
        return self._state is _HEADING and not self._buffer.strip()

    @property
    def inside(self) -> bool:
        """Whether a call is open."""
        return self._state is not _OUTSIDE

    def overshoots(self, text: str) -> bool:
        """Whether `text`, if it came next, would contain an opening tag and a part of the call."""
        if self._state is not _OUTSIDE:
            return False
        _, tag, rest = self._at_opening(self._buffer + text)
        return bool(tag and rest.strip())

    def feed(self, text: str) -> list[Part]:
        """Take the next text, return the parts that are certain."""
        self._buffer += text
        parts: list[Part] = []
        while True:
            before = self._state
            parts += _STEPS[self._state](self)
            if self._state is before:
                return parts

    def finish(self) -> list[Part]:
        """The text that was held back; call it when no more text comes. What was cut of a call is never text."""
        held, self._buffer = self._buffer, ""
        if self.n_started or self._state is not _OUTSIDE:
            return []
        opening = self._format.opening
        is_cut = any(held.endswith(opening[:n]) for n in range(MIN_CUT_CHARS, len(opening)))
        return [Text(held)] if held and not is_cut else []

    def _at_opening(self, text: str) -> tuple[str, str, str]:
        """`text` split at the first opening; a bare call counts only at the beginning of the answer."""
        parts = text.partition(self._format.opening)
        return (text, "", "") if self._format.bare and (self._has_text or parts[0].strip()) else parts

    def _read_outside(self) -> list[Part]:
        before, tag, after = self._at_opening(self._buffer)
        if tag:
            self._state, self._buffer = _HEADING, after
            return self._shown(before.rstrip())
        opening = self._format.opening
        part = max((n for n in range(1, len(opening)) if before.endswith(opening[:n])), default=0)
        if self._format.bare and (self._has_text or before[: len(before) - part].strip()):
            part = 0  # a bare call can no longer begin
        shown = before[: len(before) - part].rstrip()  # space before a call is dropped
        self._buffer = before[len(shown) :]
        return self._shown(shown)

    def _shown(self, text: str) -> list[Part]:
        self._has_text = self._has_text or bool(text)
        return [Text(text)] if text else []

    def _read_heading(self) -> list[Part]:
        head = self._head.match(self._buffer)
        if head is None:
            return []
        self._buffer = self._buffer[head.end() :]
        self._state, self._arguments = _ARGUMENTS, _JsonEnd()
        self.n_started += 1
        return [CallStart(self.n_started - 1, f"{CALL_ID_PREFIX}{token_hex(12)}", _unescaped(head.group(1)))]

    def _read_arguments(self) -> list[Part]:
        if not self._arguments.begun:
            self._buffer = self._buffer.lstrip()
        end = self._arguments.find(self._buffer)
        text, self._buffer = (self._buffer, "") if end is None else (self._buffer[:end], self._buffer[end:])
        if end is not None:
            self._state = _END
        return [CallArguments(self.n_started - 1, text)] if text else []

    def _read_end(self) -> list[Part]:
        end = (_ITEM_END if self._format.array else _CALL_END).match(self._buffer)
        if end is not None:
            self._buffer = self._buffer[end.end() :]
            self._state = _HEADING if end.group().endswith(",") else _CLOSING
            self.n_complete += 1
        return []

    def _read_closing(self) -> list[Part]:
        closing = self._format.closing
        _, tag, after = self._buffer.partition(closing) if closing else ("", "", self._buffer)
        if tag or not closing:
            self._state, self._buffer = _OUTSIDE, after
        return []


_OUTSIDE, _HEADING, _ARGUMENTS, _END, _CLOSING = "outside", "heading", "arguments", "end", "closing"

_STEPS = {
    _OUTSIDE: ToolCallReader._read_outside,
    _HEADING: ToolCallReader._read_heading,
    _ARGUMENTS: ToolCallReader._read_arguments,
    _END: ToolCallReader._read_end,
    _CLOSING: ToolCallReader._read_closing,
}


def _unescaped(name: str) -> str:
    """A name without JSON's escapes; as it stands where they are wrong."""
    try:
        return str(json.loads(f'"{name}"', strict=False))
    except ValueError:
        return name


class _JsonEnd:
    """Finds the end of a JSON object in text that is split anywhere."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False

    @property
    def begun(self) -> bool:
        """Whether the object has been opened."""
        return self._depth > 0

    def find(self, text: str) -> int | None:
        """The index in `text` after the object's end; None if it does not end in `text`."""
        for index, char in enumerate(text):
            if self._in_string:
                if self._escaped:
                    self._escaped = False
                elif char == "\\":
                    self._escaped = True
                elif char == '"':
                    self._in_string = False
            elif char == '"':
                self._in_string = True
            elif char in "{[":
                self._depth += 1
            elif char in "}]":
                self._depth -= 1
                if self._depth == 0:
                    return index + 1
        return None
