"""The body of an answer in one piece, read to the end of its JSON rather than to the end of the connection."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp

from models.wire.stream import GRACE_S
from models.wire.whole_characters import loads_whole

_ENDS = (b"}", b"]")


async def read_json(chunks: AsyncIterator[bytes]) -> bytes:
    """All bytes of a body. A server that hangs up or lingers after a whole JSON value has sent everything.

    Raises
    ------
    aiohttp.ClientError
        If the body breaks off before.
    """
    parts: list[bytes] = []
    try:
        while (part := await _next(chunks, parts)) is not None:
            if parts or not part.isspace():  # a server may send blanks first, to show that it is still there
                parts.append(part)
    except aiohttp.ClientError:
        if not _is_whole(parts):
            raise
    return b"".join(parts)


async def _next(chunks: AsyncIterator[bytes], parts: Sequence[bytes]) -> bytes | None:
    """The next bytes; None at the end of the body, or if nothing comes for a while and nothing is missing."""
    if not parts or not (parts[-1].rstrip() or b"}").endswith(_ENDS):
        return await anext(chunks, None)
    coming = asyncio.ensure_future(_anext(chunks))
    try:
        await asyncio.wait({coming}, timeout=GRACE_S)
        return None if not coming.done() and _is_whole(parts) else await coming
    finally:
        coming.cancel()


async def _anext(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


def _is_whole(parts: Sequence[bytes]) -> bool:
    try:
        loads_whole(b"".join(parts))
    except ValueError:
        return False
    return True
