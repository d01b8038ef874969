"""Server-sent events as the OpenAI API uses them: ``data: {json}`` blocks, ended by ``data: [DONE]``."""

import re
from typing import Any

import orjson

DONE = b"data: [DONE]\n\n"

BOM = b"\xef\xbb\xbf"
"""A stream may begin with it (HTML standard, "Server-sent events", parsing)."""

_EVENT_END = re.compile(rb"\r?\n\r?\n|\r\r")

# An event that never ends must not fill the memory.
MAX_EVENT_BYTES = 16 * 1024 * 1024


class EventTooLarge(ValueError):
    """An event exceeds `MAX_EVENT_BYTES`."""


def encode_event(payload: Any) -> bytes:
    """One event carrying `payload` as JSON."""
    return b"data: " + orjson.dumps(payload) + b"\n\n"


def with_data(event: bytes, payload: Any) -> bytes:
    r"""`event` under its name, carrying `payload` instead.

    >>> with_data(b'event: a\ndata: {"b": 1}\n\n', {"b": 2})
    b'event: a\ndata: {"b":2}\n\n'
    """
    names = (line.strip() + b"\n" for line in event.splitlines() if line.startswith(b"event:"))
    return b"".join(names) + encode_event(payload)


def event_data(event: bytes) -> bytes:
    r"""The content of an event's `data` lines; empty for comments and other fields.

    >>> event_data(b'data: {"a": 1}\n\n')
    b'{"a": 1}'
    >>> event_data(b': keep-alive\n\n')
    b''
    """
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2:  # fast path for nearly all servers
        return event[6:-2]
    lines = (line for line in event.splitlines() if line.startswith(b"data:"))
    return b"\n".join(line[5:].strip() for line in lines)


def reported_error(event: bytes) -> Any:
    r"""The error that an event tells of by its name or without ``data``; None if there is none.

    Servers that fail in mid-stream forget what a stream looks like. JSON is decoded, anything else is a text.

    >>> reported_error(b'event: error\ndata: {"message": "overloaded"}\n\n')
    {'message': 'overloaded'}
    >>> reported_error(b'{"error": {"message": "overloaded"}}\n\n')
    {'message': 'overloaded'}
    >>> reported_error(b'error: out of memory\n\n')
    'out of memory'
    >>> reported_error(b': error\n\n') is reported_error(b'{"choices": []}\n\n') is None
    True
    """
    for line in event.splitlines():
        field, _, value = line.partition(b":")
        if field == b"event" and value.strip() == b"error":
            return _error_in(event_data(event))
        if field == b"error":
            return _error_in(value.strip())
    bare = _decoded(event) if event.startswith(b"{") else None
    return (bare.get("error") or None) if isinstance(bare, dict) else None


def _error_in(text: bytes) -> Any:
    """The error object in `text`, or else what it says."""
    told = _decoded(text)
    return (told.get("error") or told) if isinstance(told, dict) else str(told)


def _decoded(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.decode("utf-8", "replace")


class EventSplitter:
    r"""Splits a byte stream into whole events, however the network splits the bytes.

    Events keep their bytes, including the blank line at the end, so that they can be passed on unchanged.

    >>> splitter = EventSplitter()
    >>> splitter.feed(b'data: 1\n')
    []
    >>> splitter.feed(b'\ndata: 2\n\nda')
    [b'data: 1\n\n', b'data: 2\n\n']
    >>> splitter.rest
    b'da'
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._at_start = True

    @property
    def rest(self) -> bytes:
        """Bytes of an event that has not ended yet."""
        return self._buffer

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return the events that they complete.

        Raises
        ------
        EventTooLarge
            If an event grows beyond `MAX_EVENT_BYTES`.
        """
        buffer = self._buffer + data
        if self._at_start:
            if BOM.startswith(buffer):
                self._buffer = buffer
                return []
            buffer, self._at_start = buffer.removeprefix(BOM), False
        if b"\r" not in buffer:  # fast path for nearly all servers
            *events, self._buffer = [event + b"\n\n" for event in buffer.split(b"\n\n")]
            self._buffer = self._buffer[:-2]
            self._check_size()
            return events
        events = []
        start = 0
        for match in _EVENT_END.finditer(buffer):
            events.append(buffer[start : match.end()])
            start = match.end()
        self._buffer = buffer[start:]
        self._check_size()
        return events

    def finish(self) -> list[bytes]:
        r"""The last event, where a server ended the stream without the blank line; call it once no more comes.

        >>> splitter = EventSplitter()
        >>> splitter.feed(b'data: 1\n'), splitter.finish(), splitter.finish()
        ([], [b'data: 1\n\n'], [])
        """
        rest, self._buffer = self._buffer.strip(b"\r\n"), b""
        return [rest + b"\n\n"] if rest else []

    def _check_size(self) -> None:
        if len(self._buffer) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"an event of the stream exceeds {MAX_EVENT_BYTES} bytes")
