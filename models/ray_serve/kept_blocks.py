"""The blocks of prompts that one replica has probably kept in its prefix cache: the longest unused are forgotten."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice

from models.ray_serve.outline import BLOCK_BYTES, HASH_BYTES
from models.wire.token_estimates import BYTES_PER_TOKEN

USUAL_ROOM_TOKENS = 8192
"""What an engine is thought to keep until it says so."""

MOST_KEPT = 32_768
"""Blocks that are remembered of one replica, whatever its room: 2 MB of text, in a few megabytes of memory."""

MOST_TOLD = 2048
"""Blocks that a replica tells others, those used last: 16 KB."""


class KeptBlocks:
    """Hashes only, and no more of them than the engine has room for.

    >>> kept = KeptBlocks()
    >>> kept.keep((b"a", b"b", b"c"), room_tokens=48)
    >>> kept.keep((b"a", b"x"), room_tokens=48)
    >>> kept.n_known((b"a", b"b", b"c")), kept.n_known((b"a", b"x", b"y"))
    (2, 2)
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def n_known(self, blocks: Sequence[bytes]) -> int:
        """How many of a prompt's `blocks` are kept, from the beginning on."""
        return next((n for n, block in enumerate(blocks) if block not in self._kept), len(blocks))

    def keep(self, blocks: Sequence[bytes], room_tokens: int = USUAL_ROOM_TOKENS) -> None:
        """The replica has read a prompt of these `blocks`, and keeps `room_tokens` in all."""
        for block in reversed(blocks):  # its end is forgotten before its beginning, which others may share
            self._kept[block] = None
            self._kept.move_to_end(block)
        most = min(MOST_KEPT, room_tokens * BYTES_PER_TOKEN // BLOCK_BYTES)
        while len(self._kept) > most:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Its engine was started anew."""
        self._kept.clear()

    def told(self) -> bytes:
        """The blocks used last, one after the other, for `from_told`."""
        return b"".join(islice(reversed(self._kept), MOST_TOLD))


def from_told(told: bytes) -> tuple[bytes, ...]:
    """The blocks that a replica told, the last used first.

    >>> from_told(b"12345678abcdefgh")
    (b'12345678', b'abcdefgh')
    """
    return tuple(told[start : start + HASH_BYTES] for start in range(0, len(told), HASH_BYTES))
