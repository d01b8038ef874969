"""One answer in the making: its tokens, its text, and what ends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from models.chat import Usage
from models.engine.llama import Sampler
from models.engine.text import StopMatcher, Utf8Stream


class Vocabulary(Protocol):
    """What an answer needs to know of the model."""

    def piece(self, token: int, *, first: bool = False) -> bytes: ...

    def ends(self, token: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """The next text of an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole: `reason` is OpenAI's finish reason."""

    reason: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer broke off."""

    error: Exception


Event = Piece | Finished | Failed
Listener = Callable[[Event], None]


@dataclass(slots=True, eq=False)
class Generation:
    """State of one answer. Belongs to the scheduler's thread, but for `cancelled`, which anyone may set.

    Attributes
    ----------
    prompt : sequence of int
        Tokens that came with the request, at least one.
    max_new : int
        Most tokens of the answer.
    listener : callable
        Takes the events, on the thread of whoever listens.
    tokens : list of int
        Prompt and answer so far.
    n_computed : int
        How many of `tokens` the model has computed; their cells are held by `slot`.
    n_cached : int
        How many of the prompt's tokens were taken over from elsewhere.
    """

    prompt: Sequence[int]
    max_new: int
    sampler: Sampler
    listener: Listener
    stops: Sequence[str] = ()
    cancelled: bool = False
    slot: int = -1
    tokens: list[int] = field(default_factory=list)
    n_computed: int = 0
    n_cached: int = 0
    queued_at: float = field(default_factory=monotonic)
    admitted_at: float = 0.0
    first_token_at: float = 0.0
    _utf8: Utf8Stream = field(default_factory=Utf8Stream)
    _matcher: StopMatcher = field(init=False)
    _n_new: int = 0

    def __post_init__(self) -> None:
        self.tokens = list(self.prompt)
        self._matcher = StopMatcher(self.stops)

    @property
    def pending(self) -> int:
        """Tokens still to be computed before the next one can be chosen."""
        return len(self.tokens) - self.n_computed

    @property
    def most_tokens(self) -> int:
        """Tokens that prompt and answer may come to."""
        return len(self.prompt) + self.max_new

    @property
    def usage(self) -> Usage:
        """What it took so far."""
        return Usage(len(self.prompt), self._n_new, self.n_cached)

    def accept(self, token: int, vocabulary: Vocabulary) -> list[Event]:
        """Take the token that was chosen next; say what that means to the listener."""
        if vocabulary.ends(token):
            return self._finish("stop")
        data = vocabulary.piece(token, first=self._n_new == 0)
        self.tokens.append(token)
        self._n_new += 1
        text = self._matcher.feed(self._utf8.feed(data))
        events: list[Event] = [Piece(text)] if text else []
        if self._matcher.matched:
            return [*events, Finished("stop", self.usage)]
        if self._n_new >= self.max_new:
            return [*events, *self._finish("length")]
        return events

    def _finish(self, reason: str) -> list[Event]:
        held = self._matcher.finish()
        return [*([Piece(held)] if held else []), Finished(reason, self.usage)]
