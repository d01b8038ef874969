"""From token bytes to text for the caller: whole characters only, and no part of a stop string."""

import codecs
from collections.abc import Sequence


class Utf8Stream:
    r"""Turns bytes, cut anywhere, into whole characters. Invalid bytes become U+FFFD.

    >>> stream = Utf8Stream()
    >>> stream.feed("é".encode()[:1]), stream.feed("é".encode()[1:])
    ('', 'é')
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> str:
        """Take the next bytes, return the characters they complete. An incomplete last one is dropped."""
        return self._decoder.decode(data)


class StopMatcher:
    """Finds the first complete stop string, wherever the text is cut; holds back text that might begin one.

    >>> matcher = StopMatcher(["END"])
    >>> matcher.feed("the E"), matcher.feed("N"), matcher.feed("DING")
    ('the ', '', '')
    >>> matcher.matched, matcher.found
    (True, 'END')
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.found: str | None = None

    @property
    def matched(self) -> bool:
        """Whether a stop string was complete; `found` is that string."""
        return self.found is not None

    def feed(self, text: str) -> str:
        """Take the next text, return the text that cannot be part of a stop string; empty once one has matched."""
        if not self._stops or self.matched:
            return "" if self.matched else text
        text = self._held + text
        if (match := self._first_match(text)) is not None:
            start, self.found = match
            self._held = ""
            return text[:start]
        n_held = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - n_held :]
        return text[: len(text) - n_held]

    def finish(self) -> str:
        """The text that was held back; call it when no more text comes."""
        held, self._held = self._held, ""
        return held

    def _first_match(self, text: str) -> tuple[int, str] | None:
        """Start and text of the stop string that ends first (of several, the longest), as if text came by letters."""
        matches = ((start + len(stop), start, stop) for stop in self._stops if (start := text.find(stop)) >= 0)
        first = min(matches, default=None)
        return None if first is None else first[1:]


def _overlap(text: str, stop: str) -> int:
    """The length of the longest suffix of `text` that is a proper prefix of `stop`."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
