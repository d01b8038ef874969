"""Bodies that a server compressed although it was asked not to: gateways in front of it do so with errors above all."""

import zlib
from collections.abc import AsyncIterator, Callable, Iterator

import brotli
import zstandard

from models.wire.errors import InvalidResponse

MAX_PIECE_BYTES = 256 * 1024
"""A few bytes may inflate to gigabytes: no more than this is inflated before the last piece has been taken."""

ZSTD_SLICE_BYTES = 64
"""zstd has no limit on its output. A block of it takes 4 bytes or more, and is at most 128 KiB (RFC 8878)."""

MAX_WINDOW_BYTES = 8 * 1024 * 1024
"""The largest window that zstd may ask for in HTTP (RFC 9659)."""

Chunks = AsyncIterator[bytes]
Inflate = Callable[[bytes], Iterator[bytes]]
"""From the next bytes of a compressed body to pieces of the plain one."""


def reader_of(backend: str, encoding: str | None) -> Callable[[Chunks], Chunks] | None:
    """What makes plain bytes of a body's chunks; None where they are plain already.

    Raises
    ------
    InvalidResponse
        If `encoding`, the header Content-Encoding, is one that cannot be read here.
    """
    name = (encoding or "").strip().lower()
    if name in ("", "identity"):
        return None
    if name not in _CODINGS:
        raise InvalidResponse(
            backend, "the body is compressed in an unknown way although that was not asked for; switch it off there"
        )
    return lambda chunks: _inflated(backend, chunks, _CODINGS[name]())


async def _inflated(backend: str, chunks: Chunks, inflate: Inflate) -> Chunks:
    async for chunk in chunks:
        try:
            for piece in inflate(chunk):
                yield piece
        except (zlib.error, brotli.error, zstandard.ZstdError):
            raise InvalidResponse(backend, "the compressed body is damaged") from None


def _gzip() -> Inflate:
    return _zlib(16 + zlib.MAX_WBITS, begun=True)


def _deflate() -> Inflate:
    return _zlib(zlib.MAX_WBITS, begun=False)


def _zlib(window: int, *, begun: bool) -> Inflate:
    inflater = zlib.decompressobj(window)

    def inflate(chunk: bytes) -> Iterator[bytes]:
        nonlocal inflater, begun
        more = True
        while more and not inflater.eof:
            try:
                piece = inflater.decompress(chunk, MAX_PIECE_BYTES)
            except zlib.error:
                if begun:
                    raise
                inflater, begun = zlib.decompressobj(-zlib.MAX_WBITS), True  # "deflate" without its header
                continue
            begun = True
            if piece:
                yield piece
            chunk = inflater.unconsumed_tail
            more = bool(chunk) or len(piece) == MAX_PIECE_BYTES

    return inflate


def _brotli() -> Inflate:
    stream = brotli.Decompressor()

    def inflate(chunk: bytes) -> Iterator[bytes]:
        if stream.is_finished():
            return
        piece = stream.process(chunk, output_buffer_limit=MAX_PIECE_BYTES)
        while piece:  # it may hold back output even while it could take more input
            yield piece
            piece = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=MAX_PIECE_BYTES)

    return inflate


def _zstd() -> Inflate:
    stream = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES).decompressobj()

    def inflate(chunk: bytes) -> Iterator[bytes]:
        for start in range(0, len(chunk), ZSTD_SLICE_BYTES):
            if stream.eof:
                return
            yield stream.decompress(chunk[start : start + ZSTD_SLICE_BYTES])

    return inflate


_CODINGS: dict[str, Callable[[], Inflate]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
