"""How many requests of a key are in progress, in the memory of this process."""

from collections import Counter
from typing import Protocol


class Places(Protocol):
    """Gives out places of keys."""

    async def take(self, key_id: str, most: int) -> str | None:
        """Take a place, unless `most` are taken; what `give_back` needs, or None."""
        ...

    async def give_back(self, key_id: str, place: str, /) -> None:
        """Give a place back."""
        ...


class MemoryPlaces:
    """Counts in this process."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    async def take(self, key_id: str, most: int) -> str | None:
        if self._taken[key_id] >= most:
            return None
        self._taken[key_id] += 1
        return key_id

    async def give_back(self, key_id: str, _place: str) -> None:
        self._taken[key_id] -= 1
        if not self._taken[key_id]:
            del self._taken[key_id]
