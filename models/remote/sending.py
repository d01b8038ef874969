"""What is about to be sent to a server: told to whoever keeps the record before the first byte leaves."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LARGE_BYTES = 512 * 1024
"""A larger body is hashed in a thread: it takes a millisecond or more, in which nobody else would be served."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request as it is handed to the connection.

    Attributes
    ----------
    host : str
        The server's host and port, also where a proxy stands before it.
    call : str
        Method and path, without the query.
    n_bytes : int
        Size of the body.
    sha256 : str
        Of exactly these bytes, 64 hexadecimal digits.
    via_proxy : bool
        Whether a proxy of the environment passes it on.
    """

    host: str
    call: str
    n_bytes: int
    sha256: str
    via_proxy: bool


OnSend = Callable[[Sending], Awaitable[None]]
"""Called before the first byte leaves, with each attempt anew. What it raises keeps the request here."""


async def digest(content: bytes) -> str:
    """The SHA-256 of `content`, in hexadecimal digits."""
    if len(content) < LARGE_BYTES:
        return hashlib.sha256(content).hexdigest()
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
