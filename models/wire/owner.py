"""For whom a request is sent: places that are scarce are shared evenly among the owners of requests."""

import hashlib
from contextvars import ContextVar
from functools import lru_cache

OWNER: ContextVar[str] = ContextVar("owner", default="")
"""The owner of the current task's requests; empty for nobody in particular, who is one owner too."""

OWNER_HEADER = "x-slimgate-owner"
"""Tells the engine the owner. No other server is told."""

MOST_CHARS = 64
"""Of a name of an owner; the rest is ignored."""


@lru_cache(maxsize=4096)
def opaque_owner(key_id: str) -> str:
    """A short name for the owner of a key, which does not give the key's id away; empty for none.

    >>> opaque_owner(""), len(opaque_owner("key_1"))
    ('', 16)
    """
    return hashlib.blake2b(key_id.encode(), digest_size=8).hexdigest() if key_id else ""
