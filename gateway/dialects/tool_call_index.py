"""Which tool call a piece of a streamed chat answer belongs to."""

from collections.abc import Mapping
from typing import Any


class CallNumbers:
    """Numbers the calls of one answer in the order in which they begin.

    Providers tell calls apart by `index`; some number every call 0, or none, and tell them apart by id alone.

    >>> numbers = CallNumbers()
    >>> [numbers.of({"index": 0, "id": "a"}, 0), numbers.of({"index": 0}, 0), numbers.of({"index": 0, "id": "b"}, 0)]
    [0, 0, 1]
    """

    def __init__(self) -> None:
        self._known: dict[Any, tuple[int, str]] = {}
        self._count = 0

    def of(self, piece: Mapping[str, Any], position: int) -> int:
        """The number of the call that `piece` belongs to; `position` is its place among those that came with it."""
        index, call_id = piece.get("index", position), str(piece.get("id") or "")
        number, known_id = self._known.get(index, (None, ""))
        if number is None or (call_id and known_id and call_id != known_id):
            number = self._count
            self._count += 1
        self._known[index] = number, call_id or known_id
        return number
