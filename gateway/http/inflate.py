"""Compressed request bodies (``Content-Encoding``), read as if they had been sent as they are.

A few bytes may inflate to gigabytes. So every step gives its output in small pieces, and stops at the limit that holds
for the body itself; also a step whose output is only the next one's input.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

import brotli
import zstandard

from gateway.http.errors import ACCEPTED_CODINGS, UnknownCodingError
from models.redaction.plain_text import plain_text
from models.wire.asgi import BodyTooLarge, Receive, Scope, Send
from models.wire.errors import RequestError

PIECE_BYTES = 256 * 1024
MOST_CODINGS = 4
SHOWN_CHARS = 100

MAX_WINDOW_BYTES = 8 * 1024 * 1024
"""The largest window that zstd may ask for in HTTP (RFC 9659)."""

Pieces = Iterator[bytes]


class _BrokenBody(Exception):
    """The body is not what its coding says."""


def inflate(body: bytes, codings: Sequence[str], max_bytes: int) -> bytes:
    """`body` without `codings`, which were applied in this order.

    Raises
    ------
    BodyTooLarge
        If it, or any step on the way to it, has more than `max_bytes`.
    RequestError
        If the body is damaged, or not compressed in this way.
    """
    pieces: Pieces = iter((body,))
    for coding in reversed(codings):
        pieces = _limited(CODINGS[coding](pieces), max_bytes)
    try:
        return b"".join(pieces)
    except (_BrokenBody, zlib.error, brotli.error, zstandard.ZstdError):
        raise RequestError(
            f"The request body cannot be decompressed as its header 'content-encoding: {', '.join(codings)}' says: "
            "it is damaged, cut off, or compressed in another way.",
            code="invalid_content_encoding",
        ) from None


def _limited(pieces: Pieces, max_bytes: int) -> Pieces:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise BodyTooLarge(f"The request body exceeds {max_bytes} bytes when it is decompressed.")
        yield piece


def _gzip(pieces: Pieces) -> Pieces:
    return _zlib(pieces, 16 + zlib.MAX_WBITS)


def _deflate(pieces: Pieces) -> Pieces:
    """By the standard in zlib's format; some senders leave that away."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= 2:
            break
    has_header = len(first) >= 2 and first[0] & 15 == zlib.DEFLATED and (first[0] << 8 | first[1]) % 31 == 0
    return _zlib(_chained(first, pieces), zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


def _chained(first: bytes, rest: Pieces) -> Pieces:
    yield first
    yield from rest


def _zlib(pieces: Pieces, window_bits: int) -> Pieces:
    """One or more members, one after the other."""
    member, ended = zlib.decompressobj(window_bits), False
    for piece in pieces:
        while piece:
            if ended:
                member = zlib.decompressobj(window_bits)
            yield member.decompress(piece, PIECE_BYTES)
            ended = member.eof
            piece = member.unused_data if ended else member.unconsumed_tail
    while not ended:  # what zlib still holds back
        if not (held := member.decompress(b"", PIECE_BYTES)) and not member.eof:
            raise _BrokenBody
        yield held
        ended = member.eof


def _brotli(pieces: Pieces) -> Pieces:
    stream = brotli.Decompressor()
    for piece in pieces:
        if stream.is_finished() and piece:
            raise _BrokenBody
        plain = stream.process(piece, output_buffer_limit=PIECE_BYTES)
        while plain:  # it may hold back output even while it could take more input
            yield plain
            plain = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=PIECE_BYTES)
    if not stream.is_finished():
        raise _BrokenBody


class _Source:
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def _zstd(pieces: Pieces) -> Pieces:
    """One or more frames, one after the other."""
    source: Any = _Source(pieces)
    context = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    with context.stream_reader(source, read_across_frames=True) as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


CODINGS: dict[str, Callable[[Pieces], Pieces]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
"""What is understood, by the name in the header."""


class InflateBodies:
    """Lets the endpoints behind it see compressed bodies as they were before.

    Parameters
    ----------
    max_bytes : int
        The most that a body may have, compressed or not.
    """

    def __init__(self, app: Callable[..., Any], max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (codings := _codings(scope)):
            receive = _Inflated(receive, codings, self._max_bytes).receive
        await self._app(scope, receive, send)


def _codings(scope: Scope) -> list[str]:
    """The codings that the header names, in the order in which they were applied."""
    values = [value for name, value in scope["headers"] if name == b"content-encoding"]
    if not values:
        return []
    names = b",".join(values).decode("latin-1").lower().split(",")
    return [name for name in map(str.strip, names) if name not in ("", "identity")]


class _Inflated:
    """A caller's body on its way in. It fails where it is read, so that the endpoint tells of it in its own shape."""

    def __init__(self, receive: Receive, codings: Sequence[str], max_bytes: int) -> None:
        self._receive = receive
        self._codings = codings
        self._max_bytes = max_bytes
        self._body = bytearray()
        self._done = False

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._done:
            self._check_codings()
        message = await self._receive()
        if self._done or message["type"] != "http.request":
            return message
        self._body += message.get("body", b"")
        if len(self._body) > self._max_bytes:
            raise BodyTooLarge(f"The request body exceeds {self._max_bytes} bytes.")
        if message.get("more_body"):
            return {"type": "http.request", "body": b"", "more_body": True}
        self._done = True
        body = await asyncio.to_thread(inflate, bytes(self._body), self._codings, self._max_bytes)
        self._body.clear()
        return {"type": "http.request", "body": body, "more_body": False}

    def _check_codings(self) -> None:
        known = all(coding in CODINGS for coding in self._codings)
        if known and len(self._codings) <= MOST_CODINGS:
            return
        raise UnknownCodingError(
            f"Send the body with one of these in the header 'content-encoding', or without it: {ACCEPTED_CODINGS}; "
            f"it has {plain_text(', '.join(self._codings), SHOWN_CHARS)!r}."
        )
