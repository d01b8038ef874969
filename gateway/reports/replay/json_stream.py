"""Reads JSON values from a file of any size, one at a time: a value a line, or one array (or value) over many lines.

A value that cannot be read is reported with its position. After a bad line, reading goes on at the next line; in an
array it stops, because the structure is lost.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

MOST_BYTES = 64 * 1024 * 1024
"""The longest value that is read: longer than any request that a gateway accepts."""

CHUNK_BYTES = 1024 * 1024
_BOM = codecs.BOM_UTF8
_BETWEEN = re.compile(r"[\s,]*")
_CUT_CHARS = 16
"""An error so near the end of the text may come from the text being cut off: `tru`, `-`, `\\u00`."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is not a JSON value, and why."""

    why: str


def read_values(file: io.BufferedReader) -> Iterator[tuple[str, Any]]:
    """Each value with its position, a suffix to the file's name; `Unreadable` for a value that cannot be read."""
    if file.peek(len(_BOM)).startswith(_BOM):
        file.read(len(_BOM))
    start = file.peek(CHUNK_BYTES).lstrip()
    over_many_lines = start[:1] == b"[" or start.partition(b"\n")[0].strip() == b"{"
    return _elements(file) if over_many_lines else _lines(file)


def _lines(file: io.BufferedReader) -> Iterator[tuple[str, Any]]:
    number = 0
    while line := file.readline(MOST_BYTES):
        number += 1
        if len(line) == MOST_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(MOST_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield f":{number}", Unreadable(f"longer than {MOST_BYTES // 2**20} MiB")
        elif line.strip():
            yield f":{number}", _value(line)


def _value(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        return Unreadable(f"not valid JSON: {exc.msg} at character {exc.pos + 1}")


def _elements(file: io.BufferedReader) -> Iterator[tuple[str, Any]]:
    window, number = _Window(file), 0
    in_array = window.skip("[")
    while not window.done:
        if in_array and window.skip("]"):
            return
        number += 1
        value = window.value()
        yield f", entry {number}", value
        if isinstance(value, Unreadable):
            return
    if in_array:
        yield f", entry {number + 1}", Unreadable("the file ends before its array does")


class _Window:
    """The part of a file that is being parsed, as text."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._scan = json.JSONDecoder().raw_decode
        self._text, self._at, self._ended = "", 0, False

    @property
    def done(self) -> bool:
        """Whether nothing is left but blanks and commas."""
        while (between := _BETWEEN.match(self._text, self._at)) and between.end() == len(self._text):
            if self._ended:
                return True
            self._at = between.end()
            self._more()
        self._at = between.end() if between else self._at
        return False

    def skip(self, char: str) -> bool:
        """Go past `char`, if it is next."""
        is_next = not self.done and self._text[self._at] == char
        self._at += is_next
        return is_next

    def value(self) -> Any:
        """The next value."""
        while True:
            try:
                value, self._at = self._scan(self._text, self._at)
                return value
            except RecursionError:
                return Unreadable("nested too deeply; the rest is not read")
            except json.JSONDecodeError as exc:
                cut = exc.msg.startswith("Unterminated string") or exc.pos >= len(self._text) - _CUT_CHARS
                if self._ended or not cut:
                    return Unreadable(f"not valid JSON ({exc.msg}); the rest is not read")
            except ValueError:  # Python turns no more than some thousand digits into a number
                return Unreadable("a number has too many digits; the rest is not read")
            if len(self._text) - self._at > MOST_BYTES:
                return Unreadable(f"longer than {MOST_BYTES // 2**20} MiB; the rest is not read")
            self._more()

    def _more(self) -> None:
        """Double the unread text at least, so that parsing a long value does not start over too often."""
        unread = self._text[self._at :]
        read = self._file.read(max(CHUNK_BYTES, len(unread)))
        self._text, self._at, self._ended = unread + self._decode(read, not read), 0, not read
