"""Where an answer seems to copy from, and so which tokens may come next: it costs no second model.

Summaries, extractions, corrections and JSON repeat much of their prompt. When the last tokens of an answer stand in the
prompt, or earlier in the answer, what follows there is a good guess at what follows here. The model can check several
guessed tokens in one step for less than it takes to write them one by one.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

MIN_MATCH = 3
"""Tokens that must agree before a place is followed: two agree by chance too often."""

MAX_MATCH = 16
"""Tokens that are compared; of places that agree in as many, the latest is followed."""

RESYNC_TOKENS = 8
"""How far after a token that differs from the source the answer may go on copying."""

MAX_MISSES = 4
"""So many tokens in a row that differ end the search near the place that was followed."""

LEARNING_RATE = 0.1

_CHANCES = (0.15, 0.35, 0.45, 0.65, 0.78, 0.9)
"""How often the next token agrees after so many that did, to begin with: after 0, 1, 2 to 3, 4 to 7, 8 to 15, more."""

_PREDICTED_RUN = 4
"""A prediction that came with the request is followed as if so many tokens had agreed."""

_BARRIER = -1
"""Stands between texts: no token, so that nothing is followed from one into the next."""

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class ProposalCounts:
    """How many tokens were proposed, and how many of them the model chose itself."""

    proposed: int = 0
    accepted: int = 0

    def __add__(self, other: "ProposalCounts") -> "ProposalCounts":
        return ProposalCounts(self.proposed + other.proposed, self.accepted + other.accepted)


NO_PROPOSALS = ProposalCounts()


class CopyLookup:
    """Follows one answer, and knows what would come next if it went on copying.

    Every token of the answer is compared with the guess, whether or not the guess was computed. So the chances are
    learnt at no cost, also while proposing does not pay.

    The text is searched by numpy, in microseconds, and only where the answer left what it followed; an index would take
    more memory than it saves time.

    Parameters
    ----------
    prompt : sequence of int
        Tokens that the answer may copy.
    max_new : int
        Most tokens of the answer.
    prediction : sequence of int
        What the request expects as the answer; empty if it does not say.
    never : collection of int
        Tokens that are not proposed: those that end an answer.

    Examples
    --------
    >>> lookup = CopyLookup([5, 6, 7, 8, 9], 10)
    >>> for token in (5, 6, 7):
    ...     lookup.add(token)
    >>> lookup.propose(2)
    (8, 9)
    """

    def __init__(
        self, prompt: Sequence[int], max_new: int, prediction: Sequence[int] = (), never: Collection[int] = ()
    ) -> None:
        beginning = [*prompt, _BARRIER, *prediction, _BARRIER] if prediction else prompt
        self._text = np.empty(len(beginning) + max_new, np.int32)
        self._text[: len(beginning)] = beginning
        self._length = len(beginning)
        self._never = frozenset((*never, _BARRIER))
        self._next = len(prompt) + 1 if prediction else _NOWHERE
        self._run = _PREDICTED_RUN if prediction else 0
        self._misses = 0
        self._chances = list(_CHANCES)
        self._pending: deque[int] = deque()
        self._n_proposed = self._n_accepted = 0

    @property
    def counts(self) -> ProposalCounts:
        """The tokens proposed so far."""
        return ProposalCounts(self._n_proposed, self._n_accepted)

    def outlook(self, limit: int) -> list[float]:
        """Of each token that might be proposed, the chance that it and all before it are right; at most `limit`."""
        chances, chance = [], 1.0
        for number in range(len(self._guess(limit))):
            chance *= self._chances[_level(self._run + number)]
            chances.append(chance)
        return chances

    def propose(self, n_tokens: int) -> tuple[int, ...]:
        """The next `n_tokens`, or fewer. They count as proposed: `add` says what came instead."""
        self._pending = deque(self._guess(n_tokens))
        self._n_proposed += len(self._pending)
        return tuple(self._pending)

    def add(self, token: int) -> None:
        """Take the next token of the answer."""
        followed = self._next
        hit = followed != _NOWHERE and int(self._text[followed]) == token
        if followed != _NOWHERE and int(self._text[followed]) not in self._never:
            self._learn(hit)
        self._count(token)
        self._text[self._length] = token
        self._length += 1
        if hit:
            self._run, self._misses, self._next = self._run + 1, 0, followed + 1
        else:
            self._find(followed)

    def _guess(self, limit: int) -> list[int]:
        if self._next == _NOWHERE:
            return []
        guess: list[int] = []
        for token in self._text[self._next : min(self._next + limit, self._length)].tolist():
            if token in self._never:
                break
            guess.append(token)
        return guess

    def _learn(self, hit: bool) -> None:
        level = _level(self._run)
        self._chances[level] += LEARNING_RATE * (hit - self._chances[level])

    def _count(self, token: int) -> None:
        if self._pending and self._pending.popleft() == token:
            self._n_accepted += 1
        else:
            self._pending.clear()

    def _find(self, left: int) -> None:
        """Find the place to follow from now on; the answer has just left the one at `left`."""
        place, self._run = self._longest_match()
        if self._run >= MIN_MATCH:
            self._next, self._misses = place, 0
        elif left == _NOWHERE or self._misses >= MAX_MISSES:
            self._next, self._misses = _NOWHERE, 0
        else:
            self._misses += 1
            self._resync(left)

    def _longest_match(self) -> tuple[int, int]:
        """Where the last tokens stood before (the index after them), and how many of them agree."""
        text, end = self._text, self._length - 1
        places = np.flatnonzero(text[:end] == text[end])
        run = 0
        while len(places) and run < MAX_MATCH:
            latest, run = int(places[-1]), run + 1
            places = places[places >= run]
            places = places[text[places - run] == text[end - run]] if run <= end else places[:0]
        return (latest + 1, run) if run else (_NOWHERE, 0)

    def _resync(self, left: int) -> None:
        """Go on near the place that was left: after the same token, else as if one token had been replaced."""
        window = self._text[left : min(left + RESYNC_TOKENS, self._length - 1)]
        found = np.flatnonzero(window == self._text[self._length - 1])
        self._next, self._run = (left + int(found[0]) + 1, 1) if len(found) else (left + 1, 0)


def _level(run: int) -> int:
    """Which of the chances applies after a run of that many tokens.

    >>> [_level(run) for run in (0, 1, 2, 3, 4, 8, 16, 500)]
    [0, 1, 2, 2, 3, 4, 5, 5]
    """
    return min(run.bit_length(), len(_CHANCES) - 1)
