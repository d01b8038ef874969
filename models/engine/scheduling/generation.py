"""The state of one answer while it is generated: its tokens, its text, and what ends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic
from typing import Protocol

import numpy as np

from models.engine.native.guidance import Grammar
from models.engine.prompt.tool_calls import CallArguments, CallStart, Text, ToolCallReader
from models.engine.scheduling.allowance import SelectionAllowance
from models.engine.scheduling.prefix_cache import TokenArray
from models.engine.scheduling.prompt_lookup import NO_PROPOSALS, CopyLookup, ProposalCounts
from models.engine.scheduling.text import StopMatcher, Utf8Stream
from models.engine.scheduling.token_selection import SelectedToken, TokenSelector
from models.usage.usage import Usage
from models.wire.first_tokens import FIRST_TOKENS, FirstTokens, TokenSignals


class Vocabulary(Protocol):
    """The part of the model's vocabulary that a generation uses."""

    def piece(self, token: int, *, first: bool = False) -> bytes:
        """The bytes that `token` stands for."""
        ...

    def is_end_token(self, token: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next text of an answer, and its tokens if the request asked for their probabilities.

    Each token comes when it has been chosen, with or without text: that may follow with later tokens, or never.
    """

    text: str
    tokens: tuple[SelectedToken, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete: `reason` is OpenAI's finish reason, `stop` the stop string that was met."""

    reason: str
    usage: Usage
    stop: str | None = None
    proposals: ProposalCounts = NO_PROPOSALS


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ended with an error."""

    error: Exception


Event = TextDelta | CallStart | CallArguments | Finished | Failed
Listener = Callable[[Event], None]


@dataclass(slots=True, eq=False)
class Generation:
    """State of one answer. It belongs to the scheduler's thread, except what any thread may set.

    Attributes
    ----------
    prompt : sequence of int
        Tokens that came with the request, at least one.
    cancelled : bool
        Whether nobody listens any more; any thread may set it, as `displaced`.
    max_new : int
        Most tokens of the answer.
    listener : callable
        Takes the events, on the event loop's thread.
    tokens : list of int
        Prompt and answer so far.
    sequence : int
        The number under which it holds KV cells, -1 for none.
    started : bool
        Whether prefill has begun: prefix reuse is decided, and the rest of the prompt is being computed.
    n_computed : int
        How many of `tokens` the model has computed.
    n_cached : int
        How many of the prompt's tokens were reused from another sequence.
    deadline : float
        On the monotonic clock; past it the generation fails.
    reader : ToolCallReader, optional
        Finds tool calls in the answer.
    call_grammar : Grammar, optional
        Takes effect when the model itself opens a tool call.
    lookup : CopyLookup, optional
        Guesses its next tokens; None where guesses are not wanted or cannot be taken back.
    gives_way : bool
        Whether it is ended as soon as a caller comes: a probe or an item of the exam, for which nobody waits.
    owner : str
        For whom it is: owners share the places. Empty for nobody in particular.
    displaced : bool
        Whether it lost its place in the queue to an owner who had fewer.
    siblings : sequence of Generation
        All generations of its request, where there are several.
    allowance : SelectionAllowance
        The processor time that the choice of its tokens may take.
    first_tokens : FirstTokens or None
        How sure the model was of them: set with the last of them, or with the end of an answer that has fewer. None
        until then, and where a grammar holds from the first token on.
    """

    prompt: Sequence[int]
    max_new: int
    selector: TokenSelector
    listener: Listener = field(default=lambda _event: None)
    stops: Sequence[str] = ()
    reader: ToolCallReader | None = None
    call_grammar: Grammar | None = None
    lookup: CopyLookup | None = None
    deadline: float = inf
    cancelled: bool = False
    gives_way: bool = False
    owner: str = ""
    displaced: bool = False
    siblings: Sequence["Generation"] = ()
    sequence: int = -1
    started: bool = False
    prompt_array: TokenArray = field(init=False)
    tokens: list[int] = field(init=False)
    n_computed: int = 0
    n_cached: int = 0
    allowance: SelectionAllowance = field(default_factory=SelectionAllowance)
    queued_at: float = field(default_factory=monotonic)
    first_token_at: float = 0.0
    first_tokens: FirstTokens | None = None
    _signals: list[TokenSignals] = field(default_factory=list)
    _utf8: Utf8Stream = field(default_factory=Utf8Stream)
    _matcher: StopMatcher = field(init=False)
    _n_new: int = 0
    _n_chars: int = 0

    def __post_init__(self) -> None:
        self.prompt_array = np.array(self.prompt, np.int32)
        self.tokens = list(self.prompt)
        self._matcher = StopMatcher(self.stops)

    @property
    def n_pending(self) -> int:
        """Tokens to compute before the next one can be selected: 1 in decode, more in prefill."""
        return len(self.tokens) - self.n_computed

    @property
    def reads_prompt(self) -> bool:
        """Whether part of its prompt is still to be computed."""
        return self.n_computed < len(self.prompt)

    @property
    def has_begun(self) -> bool:
        """Whether any answer of its request has a place, or had one."""
        return any(g.sequence >= 0 or g.n_written > 0 for g in self.siblings or (self,))

    @property
    def n_written(self) -> int:
        """Tokens of the answer so far."""
        return self._n_new

    @property
    def max_tokens(self) -> int:
        """Most tokens of prompt and answer together."""
        return len(self.prompt) + self.max_new

    @property
    def usage(self) -> Usage:
        """Tokens used so far."""
        return Usage(len(self.prompt), self._n_new, self.n_cached)

    @property
    def proposals(self) -> ProposalCounts:
        """Tokens guessed so far."""
        return NO_PROPOSALS if self.lookup is None else self.lookup.counts

    def accept(self, selected: SelectedToken, vocabulary: Vocabulary) -> list[Event]:
        """Append the selected token; return the events that follow from it."""
        if vocabulary.is_end_token(selected.token):
            return self._finish("stop")
        data = vocabulary.piece(selected.token, first=self._n_new == 0)
        self.tokens.append(selected.token)
        if self.lookup is not None:
            self.lookup.add(selected.token)
        self._n_new += 1
        if selected.signals is not None:
            self._signals.append(selected.signals)
            if len(self._signals) == FIRST_TOKENS:
                self.first_tokens = FirstTokens.of(self._signals)
        selected = replace(selected, text_offset=self._n_chars)
        text = self._utf8.feed(data)
        self._n_chars += len(text)
        events = self._read(self._matcher.feed(text))
        if selected.logprob is not None:
            events = _with_token(events, selected)
        if self._matcher.matched:
            return [*events, *self._remaining_text(), self._finished("stop", self._matcher.found)]
        if self.selector.complete:
            return [*events, *self._finish("stop")]
        if self._n_new >= self.max_new:
            return [*events, *self._finish("length")]
        self._start_call_grammar()
        return events

    def veto_split_openings(self, vocabulary: Vocabulary) -> None:
        """Forbid tokens in the middle of which a tool call would open: `call_grammar` can only start between tokens."""
        reader = self.reader
        if reader is not None and self.call_grammar is not None:
            self.selector.veto = lambda token: reader.overshoots(vocabulary.piece(token).decode("utf-8", "ignore"))

    def _start_call_grammar(self) -> None:
        if self.call_grammar is not None and self.reader is not None and self.reader.awaits_call:
            self.selector.grammar, self.call_grammar, self.selector.veto = self.call_grammar, None, None

    def _read(self, text: str) -> list[Event]:
        if not text:
            return []
        if self.reader is None:
            return [TextDelta(text)]
        return [TextDelta(part.text) if isinstance(part, Text) else part for part in self.reader.feed(text)]

    def _finish(self, reason: str) -> list[Event]:
        events = self._read(self._matcher.finish())
        if self.reader is not None and self.reader.n_complete and not self.reader.inside:
            reason = "tool_calls"
        return [*events, *self._remaining_text(), self._finished(reason)]

    def _finished(self, reason: str, stop: str | None = None) -> Finished:
        self.first_tokens = FirstTokens.of(self._signals)
        return Finished(reason, self.usage, stop, self.proposals)

    def _remaining_text(self) -> list[Event]:
        if self.reader is None:
            return []
        return [TextDelta(part.text) for part in self.reader.finish() if isinstance(part, Text)]


def _with_token(events: list[Event], selected: SelectedToken) -> list[Event]:
    """`events` that follow from one token, with the token."""
    if events and isinstance(events[0], TextDelta):
        return [TextDelta(events[0].text, (selected,)), *events[1:]]
    return [TextDelta("", (selected,)), *events]
