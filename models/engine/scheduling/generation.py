"""One answer in the making: its tokens, its text, and what ends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Protocol

import numpy as np

from models.engine.native.samplers import Grammar
from models.engine.prompt.tool_calls import CallArguments, CallStart, Text, ToolCallReader
from models.engine.scheduling.prefix_cache import TokenArray
from models.engine.scheduling.text import StopMatcher, Utf8Stream
from models.engine.scheduling.token_selection import Choice, Chooser
from models.usage.usage import Usage


class Vocabulary(Protocol):
    """What an answer needs to know of the model."""

    def piece(self, token: int, *, first: bool = False) -> bytes: ...

    def ends(self, token: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """The next text of an answer, and the choices that it came from where probabilities were asked for."""

    text: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole: `reason` is OpenAI's finish reason."""

    reason: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer broke off."""

    error: Exception


Event = Piece | CallStart | CallArguments | Finished | Failed
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
    slot : int
        The sequence that holds its cells, -1 for none.
    begun : bool
        Whether it has taken over what there was of its prompt and computes the rest.
    n_computed : int
        How many of `tokens` the model has computed.
    n_cached : int
        How many of the prompt's tokens were taken over from elsewhere.
    deadline : float
        On the monotonic clock; past it the answer is broken off.
    reader : ToolCallReader, optional
        Finds tool calls in the answer.
    call_grammar : Grammar, optional
        Rules that begin when the answer opens a tool call of its own accord.
    """

    prompt: Sequence[int]
    max_new: int
    chooser: Chooser
    listener: Listener = field(default=lambda _event: None)
    stops: Sequence[str] = ()
    reader: ToolCallReader | None = None
    call_grammar: Grammar | None = None
    deadline: float = inf
    cancelled: bool = False
    slot: int = -1
    begun: bool = False
    prompt_array: TokenArray = field(init=False)
    tokens: list[int] = field(init=False)
    n_computed: int = 0
    n_cached: int = 0
    queued_at: float = field(default_factory=monotonic)
    admitted_at: float = 0.0
    first_token_at: float = 0.0
    _utf8: Utf8Stream = field(default_factory=Utf8Stream)
    _matcher: StopMatcher = field(init=False)
    _n_new: int = 0
    _unreported: list[Choice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prompt_array = np.array(self.prompt, np.int32)
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

    def accept(self, choice: Choice, vocabulary: Vocabulary) -> list[Event]:
        """Take the token that was chosen next; say what that means to the listener."""
        if vocabulary.ends(choice.token):
            return self._finish("stop")
        data = vocabulary.piece(choice.token, first=self._n_new == 0)
        self.tokens.append(choice.token)
        self._n_new += 1
        if choice.score is not None:
            self._unreported.append(choice)
        events = self._read(self._matcher.feed(self._utf8.feed(data)))
        if self._matcher.matched:
            return [*events, *self._last_words(), Finished("stop", self.usage)]
        if self._n_new >= self.max_new:
            return [*events, *self._finish("length")]
        self._mind_calls()
        return events

    def watch_for_calls(self, vocabulary: Vocabulary) -> None:
        """Keep the model from opening a tool call in the middle of a token, where no rules could begin."""
        reader = self.reader
        if reader is not None and self.call_grammar is not None:
            self.chooser.veto = lambda token: reader.overshoots(vocabulary.piece(token).decode("utf-8", "ignore"))

    def _mind_calls(self) -> None:
        if self.call_grammar is not None and self.reader is not None and self.reader.awaits_call:
            self.chooser.grammar, self.call_grammar, self.chooser.veto = self.call_grammar, None, None

    def _read(self, text: str) -> list[Event]:
        if not text:
            return []
        if self.reader is None:
            return [self._piece(text)]
        return [self._piece(part.text) if isinstance(part, Text) else part for part in self.reader.feed(text)]

    def _piece(self, text: str) -> Piece:
        choices, self._unreported = tuple(self._unreported), []
        return Piece(text, choices)

    def _finish(self, reason: str) -> list[Event]:
        events = self._read(self._matcher.finish())
        if self.reader is not None and self.reader.n_complete and not self.reader.inside:
            reason = "tool_calls"
        return [*events, *self._last_words(), Finished(reason, self.usage)]

    def _last_words(self) -> list[Event]:
        if self.reader is None:
            return []
        return [self._piece(part.text) for part in self.reader.finish() if isinstance(part, Text)]
