"""From token bytes to the text that a caller may see: whole characters only, and nothing of a stop string."""

import codecs
from collections.abc import Sequence


class Utf8Stream:
    r"""Turns bytes, cut anywhere, into whole characters. What never becomes one is shown as U+FFFD.

    >>> stream = Utf8Stream()
    >>> stream.feed("é".encode()[:1]), stream.feed("é".encode()[1:])
    ('', 'é')
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> str:
        """Take the next bytes, return the characters they complete. An unfinished last one is never shown."""
        return self._decoder.decode(data)


class StopMatcher:
    """Finds the first stop string to be completed, wherever the text is cut, and holds back what might begin one.

    >>> matcher = StopMatcher(["END"])
    >>> matcher.feed("the E"), matcher.feed("N"), matcher.feed("DING")
    ('the ', '', '')
    >>> matcher.matched
    True
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.matched = False

    def feed(self, text: str) -> str:
        """Take the next text, return what is certain to lie outside a stop string; nothing once one has matched."""
        if not self._stops or self.matched:
            return "" if self.matched else text
        text = self._held + text
        start = self._first_match(text)
        if start is not None:
            self.matched = True
            self._held = ""
            return text[:start]
        kept = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def finish(self) -> str:
        """What was held back, now that no more text comes."""
        held, self._held = self._held, ""
        return held

    def _first_match(self, text: str) -> int | None:
        """Where the stop string begins that ends first (of several, the longest): as if read letter by letter."""
        found = ((start + len(stop), start) for stop in self._stops if (start := text.find(stop)) >= 0)
        return min(found, default=(0, None))[1]


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that begins `stop` without being all of it."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
