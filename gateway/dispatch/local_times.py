"""How long the local model would take for a request: from what its server says of its speed, or what is seen of it.

An estimate is plain arithmetic over what is known already. Nobody is asked for it.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any, TypeVar

from gateway.dispatch.kept_prefixes import KeptPrefixes
from gateway.dispatch.local_load import MOST_PROMPTS, LocalLoad
from gateway.dispatch.prompt_outline import PromptOutline
from models.engine.scheduling.forecast import Pace, wait_for_place_s
from models.usage.running_rate import RunningRate
from models.usage.usage import Usage
from models.wire.backend import Completion
from models.wire.chat import CUT_SHORT, ChatRequest
from models.wire.stream import ChatStream
from router.decision import LocalEstimate

T = TypeVar("T", Completion, ChatStream)

START_ANSWER_TOKENS = 200.0
"""The length of an answer, until the model has given some."""

ANSWER_WEIGHT = 0.1
"""How much one more answer moves the mean of their lengths."""

USUAL_ROOM = 8192
"""Tokens that a server is thought to keep for prompts with the same beginning, where it does not say."""

LEAST_READ, LEAST_WRITTEN = 32, 8
"""Fewer tokens say nothing about a server's speed: other things take longer."""


@dataclass(slots=True, eq=False)
class _InHand:
    """One request at the local side; it is read until its first token has come."""

    n_unread: int
    alone: bool
    began: float
    ends_at: float
    first_token_at: float | None = None


class LocalTimes:
    """Estimates for one local side; it takes note of everything that this process sends there.

    Parameters
    ----------
    load : callable
        What the side says of its load; None where it says nothing.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, load: Callable[[], LocalLoad | None], clock: Callable[[], float] = monotonic) -> None:
        self._load = load
        self._clock = clock
        self._kept = KeptPrefixes()
        self._created = 0
        self._in_hand: set[_InHand] = set()
        self._read: deque[tuple[float, float]] = deque(maxlen=MOST_PROMPTS)
        self._answered_at = -inf
        self._answer_tokens = START_ANSWER_TOKENS
        self._tokens_per_guess = RunningRate(5000, start=1, start_tokens=200, clock=clock)
        self._reading = RunningRate(2000, clock=clock)
        self._writing = RunningRate(500, clock=clock)

    @property
    def pace(self) -> Pace | None:
        """As its server measures them, or else as they look from here; None where nothing is known."""
        load = self._load()
        if load is not None and load.pace is not None:
            return load.pace
        reads, writes = self._reading.value, self._writing.value
        return Pace(reads, writes) if reads and writes else None

    def estimate(self, request: ChatRequest, counted: int | None = None) -> LocalEstimate | None:
        """How long it would take for `request`; None where its speed is not known.

        Parameters
        ----------
        counted : int, optional
            The tokens of its prompt, where they have been counted.
        """
        pace = self.pace
        if pace is None:
            return None
        n_unread = self._n_unread(PromptOutline.of(request), counted)
        queue = self._queue(n_unread, pace.reads_per_s)
        return estimate_of(pace, n_unread, request.max_tokens, queue=queue, answer_tokens=self._answer_tokens)

    async def watch(self, request: ChatRequest, work: Awaitable[T]) -> T:
        """The result of `work`, which has the local model answer `request`, and take note of how long it takes."""
        outline = PromptOutline.of(request)
        in_hand = self._begin(request, outline)
        try:
            answer = await work
        except BaseException:
            self._in_hand.discard(in_hand)
            raise
        if isinstance(answer, ChatStream):
            stream = answer
            self._first_token(in_hand)
            reasons = stream.finish_reasons
            stream.when_closed(lambda: self._end(in_hand, outline, stream.usage, tuple(reasons.values())))
        else:
            self._end(in_hand, outline, answer.usage, answer.finish_reasons)
        return answer

    def share_unread(self, request: ChatRequest) -> float:
        """Which share of its prompt the model would have to read, as far as is known."""
        outline = PromptOutline.of(request)
        return min(1.0, outline.n_unread(self._kept.n_known(outline.chain)) / outline.n_tokens)

    def note_kept(self, request: ChatRequest) -> None:
        """The model has read `request`, though it was not watched here."""
        outline, load = PromptOutline.of(request), self._load()
        self._kept.keep(outline.chain, self._n_unread(outline, None) + round(self._answer_tokens), _room(load))

    def to_json(self) -> dict[str, Any]:
        """The figures for ``/v1/status``."""
        pace = self.pace
        return {
            "reading_tokens_per_s": None if pace is None else pace.reads_per_s,
            "writing_tokens_per_s": None if pace is None else pace.writes_per_s,
            "usual_answer_tokens": round(self._answer_tokens),
        }

    def _n_unread(self, outline: PromptOutline, counted: int | None) -> int:
        self._forget_if_new()
        n_guess = outline.n_unread(self._kept.n_known(outline.chain))
        rate = self._tokens_per_guess.value if counted is None else counted / outline.n_tokens
        return max(1, round(n_guess * rate))

    def _forget_if_new(self) -> None:
        load = self._load()
        if load is not None and load.created != self._created:
            self._created = load.created
            self._kept.forget()

    def _queue(self, n_unread: int, reads_per_s: float) -> "Queue":
        told, now = self._load(), self._clock()
        load = told if told is not None and told.tells_prompts else None
        asked_at = -inf if load is None else load.asked_at
        since = [other for other in self._in_hand if other.began > asked_at]
        ahead = [other.n_unread for other in since if other.first_token_at is None]
        if load is None:
            queue = Queue.of(n_unread, ahead, reads_per_s)
            return Queue(max(queue.wait_s, self._wait_in_line_s(told)), queue.later_s)
        elapsed_s = max(0.0, now - asked_at)
        # Prompts that it had in hand when it was asked, and has read meanwhile: it is not stuck, and they are done.
        n_read = sum(1 for began, read_at in self._read if began <= asked_at < read_at)
        queue = Queue.of(n_unread, [*load.unread_tokens[n_read:], *ahead], reads_per_s, elapsed_s)
        ends_in_s = [*(end - elapsed_s for end in load.ends_in_s), *(other.ends_at - now for other in since)]
        place_s = wait_for_place_s(ends_in_s, load.max_sequences)
        stalled_s = load.stalled_s if self._answered_at <= asked_at else 0.0
        return Queue(stalled_s + max(place_s, queue.wait_s), queue.later_s)

    def _wait_in_line_s(self, told: LocalLoad | None) -> float:
        """How long a request waits at a server that tells only how many run and wait.

        By Little's law its places become free one by one, each of them after about one answer.
        """
        pace = self.pace
        if told is None or pace is None:
            return 0.0
        n_since = sum(1 for other in self._in_hand if other.began > told.asked_at)
        n_ahead = told.running + told.queued + n_since + 1 - told.max_sequences
        return max(0, n_ahead) * self._answer_tokens / pace.writes_per_s / told.max_sequences

    def _begin(self, request: ChatRequest, outline: PromptOutline) -> _InHand:
        n_unread, load, now = self._n_unread(outline, None), self._load(), self._clock()
        estimate = self.estimate(request)
        in_hand = _InHand(n_unread, not self._in_hand, now, now + (estimate.answer_s if estimate else 0.0))
        self._in_hand.add(in_hand)
        self._kept.keep(outline.chain, n_unread + round(self._answer_tokens), _room(load))
        return in_hand

    def _first_token(self, in_hand: _InHand) -> None:
        in_hand.first_token_at = self._answered_at = self._clock()
        self._read.append((in_hand.began, in_hand.first_token_at))
        if in_hand.alone and in_hand.n_unread >= LEAST_READ:
            self._reading.observe(in_hand.n_unread, in_hand.first_token_at - in_hand.began)

    def _end(self, in_hand: _InHand, outline: PromptOutline, usage: Usage | None, reasons: Sequence[str]) -> None:
        self._in_hand.discard(in_hand)
        if usage is None:
            return
        self._answered_at = self._clock()
        if in_hand.first_token_at is None:
            self._read.append((in_hand.began, self._answered_at))
        if usage.prompt_tokens:
            self._tokens_per_guess.observe(usage.prompt_tokens, outline.n_tokens)
        n_written = usage.completion_tokens or 0
        if in_hand.first_token_at is not None and n_written >= LEAST_WRITTEN:
            self._writing.observe(n_written - 1, self._clock() - in_hand.first_token_at)
        was_cut = not reasons or any(reason in CUT_SHORT for reason in reasons)
        if n_written and (not was_cut or n_written > self._answer_tokens):
            self._answer_tokens += ANSWER_WEIGHT * (n_written / max(1, len(reasons)) - self._answer_tokens)


def _room(load: LocalLoad | None) -> int:
    return USUAL_ROOM if load is None or not load.tells_prompts else load.n_kept_tokens


@dataclass(frozen=True, slots=True)
class Queue:
    """How long others keep a prompt waiting, and for how long they are read while its answer is written, in seconds."""

    wait_s: float = 0.0
    later_s: float = 0.0

    @classmethod
    def of(cls, n_unread: int, ahead: Sequence[int], reads_per_s: float, elapsed_s: float = 0.0) -> "Queue":
        """For a prompt of `n_unread` tokens behind prompts that had so many left to read `elapsed_s` ago."""
        n_before = n_read_before(n_unread, ahead)
        wait_s = n_before / reads_per_s
        later_s = (sum(ahead) - n_before) / reads_per_s
        return cls(max(0.0, wait_s - elapsed_s), max(0.0, later_s - max(0.0, elapsed_s - wait_s)))


EMPTY = Queue()


def estimate_of(
    pace: Pace,
    n_unread: int,
    max_tokens: int | None,
    *,
    queue: Queue = EMPTY,
    answer_tokens: float = START_ANSWER_TOKENS,
) -> LocalEstimate:
    """The estimate for a prompt of which `n_unread` tokens are to be read.

    One step more than the prompt takes: the one that is in progress when it comes, or its first token.
    """
    first_token_s = queue.wait_s + n_unread / pace.reads_per_s + 1 / pace.writes_per_s
    n_written = answer_tokens if max_tokens is None else min(max_tokens, answer_tokens)
    return LocalEstimate(first_token_s, first_token_s + pace.writing_s(max(0.0, n_written - 1), queue.later_s))


def n_read_before(n_unread: int, ahead: Sequence[int]) -> int:
    """Tokens of others that are read before a prompt of `n_unread` tokens has been.

    The engine gives half of each step to the oldest prompt and the rest to the shortest, so a long one delays a short
    one by no more than its own length.

    >>> n_read_before(100, [30, 5000]), n_read_before(5000, [30, 100])
    (160, 130)
    """
    shorter = sum(n for n in ahead if n <= n_unread)
    longer = sum(ahead) - shorter
    return shorter + min(longer, n_unread + shorter)
