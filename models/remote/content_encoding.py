"""Bodies that a server compressed although it was asked not to: gateways in front of it do so with errors above all."""

import zlib
from collections.abc import AsyncIterator, Callable

from models.wire.errors import InvalidResponse

MAX_PIECE_BYTES = 256 * 1024
"""A few bytes may inflate to gigabytes: no more than this is inflated before the last piece has been taken."""

_ANY_WINDOW = 32 + zlib.MAX_WBITS  # gzip and zlib alike
_WINDOWS = {"gzip": _ANY_WINDOW, "x-gzip": _ANY_WINDOW, "deflate": _ANY_WINDOW}

Chunks = AsyncIterator[bytes]


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
    if name not in _WINDOWS:
        known = name if name in ("br", "zstd", "compress") else "an unknown encoding"
        raise InvalidResponse(
            backend, f"the body is compressed ({known}) although that was not asked for; switch it off at the server"
        )
    return lambda chunks: _inflated(backend, chunks, _WINDOWS[name])


async def _inflated(backend: str, chunks: Chunks, window: int) -> Chunks:
    inflater = zlib.decompressobj(window)
    begun = False
    async for chunk in chunks:
        more = True
        while more and not inflater.eof:
            try:
                piece = inflater.decompress(chunk, MAX_PIECE_BYTES)
            except zlib.error:
                if begun:
                    raise InvalidResponse(backend, "the compressed body is damaged") from None
                inflater, begun = zlib.decompressobj(-zlib.MAX_WBITS), True  # "deflate" without its header
                continue
            begun = True
            if piece:
                yield piece
            chunk = inflater.unconsumed_tail
            more = bool(chunk) or len(piece) == MAX_PIECE_BYTES
