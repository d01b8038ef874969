"""One thread that owns the model's context and runs its steps for all answers together.

Requests join and leave between steps. Each step computes one token for every answer in decode and a bounded number of
prompt tokens for those in prefill (`step_batching`). Where an answer seems to copy, and it pays, a step also computes
the tokens that would follow (`prompt_lookup`, `speculation`): those that the answer's own sampler chooses too are kept,
and the cells of the others are freed. Requests whose cells do not fit wait; those begin first whose owner has the
fewest running (`shares`), and of one owner the oldest. If the running answers outgrow the cells all the same, the
youngest is preempted: it gives up its cells, waits at the head of the queue and is computed again. Its caller sees a
pause and nothing else.

Generations that give way (`Generation.gives_way`) are computed only while no caller is here. One who comes ends them at
once, in the middle of a step; until the last one has gone, new ones are refused. So a step computes either callers'
answers or others, and what is told of load and speed is about callers' alone.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from models.engine.errors import DeadlineExceeded, EngineBusy, GaveWay, GenerationFailed
from models.engine.native.llama import Context, DecodeStatus, Model, StepBatch
from models.engine.scheduling.forecast import (
    START_ANSWER_TOKENS,
    Pace,
    Remaining,
    ends_in_s,
    unwritten,
    wait_for_place_s,
)
from models.engine.scheduling.generation import Event, Failed, Finished, Generation
from models.engine.scheduling.kv_cache import KvCache
from models.engine.scheduling.metrics import EngineMetrics
from models.engine.scheduling.parked import Parking
from models.engine.scheduling.shares import Turns, to_displace
from models.engine.scheduling.speculation import Speculation
from models.engine.scheduling.speeds import Speeds, StepWork
from models.engine.scheduling.step_batching import Chunk, PrefillBudget, plan_step_batch
from models.engine.scheduling.threads import ThreadGovernor
from models.wire.errors import RequestError

logger = logging.getLogger(__name__)

MAX_FAILED_STEPS = 3
_NO_TOKEN = -1
USUAL_ROUND_S = 4.0
"""What a round may take before the engine counts as stalled."""

T = TypeVar("T")
SchedulerOutput = Sequence[tuple[Generation, Event]]


class Scheduler:
    """Takes generations from any thread and computes them on its own.

    Parameters
    ----------
    max_gap_s : float
        Longest that an answer may wait for its next token while prompts are read, in seconds.
    reading_tokens_per_s : float
        How fast prompts are read, to begin with; then it is measured.
    speeds : Speeds
        What is measured of reading and writing.
    deliver : callable
        Called on the scheduler's thread with all events of one step; must not block.
    on_fatal : callable
        Called when the context is unusable and the process should be restarted.

    Attributes
    ----------
    busy_since : float or None
        When the round in progress began, on the monotonic clock: a step of the model, and the choice of a token for
        every answer. None while there is nothing to do.
    progress : int
        Grows with each step that the model has computed.
    """

    def __init__(
        self,
        model: Model,
        context: Context,
        *,
        max_sequences: int,
        max_queue: int,
        max_gap_s: float,
        reading_tokens_per_s: float,
        parking: Parking,
        speeds: Speeds,
        metrics: EngineMetrics,
        deliver: Callable[[SchedulerOutput], None],
        on_fatal: Callable[[str], None],
    ) -> None:
        self._model, self._context = model, context
        self._kv_cache = KvCache(context, n_kept=context.n_sequences - max_sequences, parking=parking)
        self._batch = StepBatch(context.n_batch, context.n_sequences)
        self._threads = ThreadGovernor(context, context.n_threads)
        self._prefill_budget = PrefillBudget(context.n_batch, max_gap_s, reading_tokens_per_s)
        self._speculation = Speculation()
        self._deliver, self._on_fatal, self._metrics = deliver, on_fatal, metrics
        self.speeds = speeds
        self.busy_since: float | None = None
        self.progress = 0
        self._max_sequences, self._max_queue = max_sequences, max_queue
        self._waiting: deque[Generation] = deque()
        self._turns = Turns()
        self._running: list[Generation] = []
        self._submitted: list[Generation] = []
        self._output: list[tuple[Generation, Event]] = []
        self._callbacks: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._places: set[Generation] = set()
        self._n_other_callers = 0
        self._stopping = False
        self._may_abort = True
        self._failed_steps = 0
        self._usual_tokens = START_ANSWER_TOKENS
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current step; unfinished generations fail."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    @property
    def n_waiting(self) -> int:
        """Callers' generations that are not admitted yet."""
        return max(0, len(self._callers()) - self.n_running)

    @property
    def n_running(self) -> int:
        """Callers' generations in prefill or decode."""
        return sum(not generation.gives_way for generation in self._running.copy())

    @property
    def has_callers(self) -> bool:
        """Whether anybody waits for something that is in the queue or in progress."""
        return self._n_other_callers > 0 or bool(self._callers())

    def _callers(self) -> list[Generation]:
        """Generations in the queue and in progress that somebody waits for."""
        with self._wake:
            return [generation for generation in self._places if not generation.gives_way]

    @property
    def stalled_s(self) -> float:
        """For how long the round in progress has run, beyond what a round usually takes."""
        since = self.busy_since
        return 0.0 if since is None else max(0.0, monotonic() - since - USUAL_ROUND_S)

    @property
    def expected_wait_s(self) -> float:
        """How long a request that arrives now would probably wait to be admitted.

        A round that has not ended for long will probably not end soon either: it may take as long again.
        """
        return wait_for_place_s(self.ends_in_s, self._max_sequences) + self.stalled_s

    @property
    def max_sequences(self) -> int:
        """Answers in progress at the same time."""
        return self._max_sequences

    @property
    def n_kept_tokens(self) -> int:
        """Most tokens that finished and running answers keep for prompts with the same beginning."""
        return self._context.n_ctx + self._kv_cache.n_parkable_tokens if self._kv_cache.reuses_prefixes else 0

    @property
    def unread_tokens(self) -> list[int]:
        """For each prompt in the queue and in progress, about how many of its tokens are still to be read."""
        return [work.n_unread for work in self._in_hand() if work.n_unread > 0]

    @property
    def ends_in_s(self) -> list[float]:
        """For each answer in hand, in about how many seconds it will end."""
        reads, writes = self.reading_tokens_per_s, self.speeds.writing.value
        pace = Pace(reads, writes, self.reading_step_s)
        return ends_in_s(self._in_hand(), self._max_sequences, pace) if reads and writes else []

    @property
    def reading_step_s(self) -> float:
        """How long a step takes that reads prompts beside answers, and so the pause between two tokens of those."""
        speed = self.speeds.reading.value
        return self._prefill_budget.tokens(1) / speed if speed else 0.0

    def _in_hand(self) -> list[Remaining]:
        """What is left to do, in the order in which it came; may be called on any thread."""
        in_hand = sorted(self._callers(), key=lambda generation: generation.queued_at)
        return [
            Remaining(
                self._kv_cache.unread_tokens(generation, in_hand),
                unwritten(generation.n_written, generation.max_new, self._usual_tokens),
                generation.sequence >= 0,
            )
            for generation in in_hand
        ]

    @property
    def reading_tokens_per_s(self) -> float:
        """How fast prompts are read now: the answers in decode take their share of each step."""
        n_decoding = sum(not (g.reads_prompt or g.gives_way) for g in self._running.copy())
        n_prefill = self._prefill_budget.tokens(n_decoding)
        return self.speeds.reading.value * n_prefill / (n_prefill + n_decoding)

    def update_gauges(self) -> None:
        """Bring the gauges up to date."""
        self._metrics.queued.set(self.n_waiting)
        self._metrics.running.set(self.n_running)
        self._metrics.expected_wait.set(self.expected_wait_s)
        self._metrics.reading_speed.set(self.reading_tokens_per_s)
        self._metrics.writing_speed.set(self.speeds.writing.value)
        self._metrics.unread.set(sum(self.unread_tokens))
        self._metrics.threads.set(self._threads.n_threads)
        self._metrics.free_cells.set(self._kv_cache.n_free)
        self._metrics.parked_bytes.set(self._kv_cache.n_parked_bytes)

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue the generations of one request, all of them or none.

        Raises
        ------
        EngineBusy
            If the queue has no room, or the engine is stopping.
        GaveWay
            If they give way, and callers are here.
        """
        gives_way = any(generation.gives_way for generation in generations)
        with self._wake:
            if self._stopping:
                raise EngineBusy("the engine is stopping")
            if gives_way and self.has_callers:
                raise GaveWay
            n_before = len(self._places if gives_way else self._callers())
            n_over = n_before + len(generations) - self._max_sequences - self._max_queue
            if n_over > 0 and not self._displace(generations[0].owner, n_over):
                raise self._too_many()
            if len(generations) > 1:
                for generation in generations:
                    generation.siblings = generations
            self._places.update(generations)
            self._submitted.extend(generations)
            self._wake.notify()

    def _displace(self, owner: str, n: int) -> bool:
        """Take `n` places in the queue from the owner who has most of them, for `owner`; false if that is not fair."""
        displaced = to_displace([g for g in self._callers() if not g.has_begun], owner, n)
        for generation in displaced:
            generation.displaced = True
            self._places.discard(generation)
        return bool(displaced)

    def _too_many(self) -> EngineBusy:
        wait_s = max(1, round(self.expected_wait_s))
        return EngineBusy(f"{self.n_waiting} requests are waiting already", retry_after_s=wait_s)

    def call(self, function: Callable[[], T]) -> "Future[T]":
        """Run a short function on the scheduler's thread between two steps, since only that thread may compute."""
        future: Future[T] = Future()

        def callback() -> None:
            try:
                future.set_result(function())
            except Exception as exc:
                future.set_exception(exc)

        with self._wake:
            if self._stopping:
                raise EngineBusy("the engine is stopping")
            self._callbacks.append(callback)
            self._wake.notify()
        return future

    @contextmanager
    def caller(self) -> Iterator[None]:
        """Count as a caller somebody who needs several calls of `call`."""
        with self._wake:
            self._n_other_callers += 1
        try:
            yield
        finally:
            with self._wake:
                self._n_other_callers -= 1

    def cancel(self, generations: Iterable[Generation]) -> None:
        """Drop generations before the next step: nobody listens to them any more. Their places are free at once."""
        with self._wake:
            for generation in generations:
                generation.cancelled = True
                self._places.discard(generation)
            self._wake.notify()

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self.busy_since = monotonic()
                self._run_callback()
                self._fail_overdue()
                self._drop_cancelled()
                self._drop_displaced()
                if self.has_callers:
                    self._give_way()
                self._admit()
                if self._running:
                    self._step()
                self._flush()
                self.busy_since = None
        except Exception as exc:
            logger.exception("the scheduler failed")
            self._on_fatal(type(exc).__name__)
        self._fail_unfinished()

    def _wait_for_work(self) -> bool:
        """Wait until there is something to do; false if the scheduler should stop."""
        with self._wake:
            while not (self._stopping or self._submitted or self._waiting or self._running or self._callbacks):
                self._wake.wait()
            self._waiting.extend(self._submitted)
            self._submitted.clear()
            return not self._stopping

    def _run_callback(self) -> None:
        with self._wake:
            callback = self._callbacks.popleft() if self._callbacks else None
        if callback is not None:
            callback()
            self.progress += 1

    def _fail_unfinished(self) -> None:
        with self._wake:
            self._stopping = True
            self._waiting.extend(self._submitted)
            self._submitted.clear()
            callbacks, self._callbacks = self._callbacks, deque()
        for callback in callbacks:
            callback()
        for generation in (*self._running, *self._waiting):
            self._emit(generation, Failed(EngineBusy("the engine is stopping")))
        self._flush()

    def _fail_overdue(self) -> None:
        now = monotonic()
        for generation in (*self._running, *self._waiting):
            if now > generation.deadline and not generation.cancelled:
                self._emit(generation, Failed(DeadlineExceeded("the time limit of this answer is exceeded")))
                self._metrics.finished.labels("deadline").inc()
                self._remove(generation)

    def _drop_cancelled(self) -> None:
        for generation in [g for g in (*self._running, *self._waiting) if g.cancelled]:
            self._metrics.finished.labels("cancelled").inc()
            self._remove(generation)

    def _drop_displaced(self) -> None:
        """End what lost its place in the queue; what has begun by now goes on."""
        for generation in [g for g in self._waiting if g.displaced and not g.has_begun]:
            self._emit(generation, Failed(self._too_many()))
            self._metrics.finished.labels("displaced").inc()
            self._remove(generation)

    def _give_way(self) -> None:
        """End what gives way to callers. What was read of it stays for the next time."""
        for generation in [g for g in (*self._running, *self._waiting) if g.gives_way]:
            self._emit(generation, Failed(GaveWay()))
            self._metrics.finished.labels("gave_way").inc()
            self._remove(generation)

    def _remove(self, generation: Generation) -> None:
        if generation.sequence >= 0:
            self._release(generation, keep=True)
        else:
            self._waiting.remove(generation)
            self._leave(generation)

    def _admit(self) -> None:
        """Of each owner, first come, first served: small requests cannot overtake a large one for ever."""
        while self._waiting and len(self._running) < self._max_sequences:
            generation = self._turns.next_to_begin(self._waiting, self._running)
            if not self._kv_cache.has_room(generation, self._running):
                break
            self._waiting.remove(generation)
            self._turns.had(generation.owner)
            self._kv_cache.assign_sequence(generation)
            self._running.append(generation)
        for generation in self._running:
            if not generation.started:
                generation.started = self._kv_cache.reuse_prefix(generation, self._running)
        self._kv_cache.park_idle(self._running)

    def _step(self) -> None:
        chunks = self._schedule()
        indices, work = self._fill_batch(chunks), StepWork.of(chunks)
        started = monotonic()
        status = self._decode(chunks)
        step_s = monotonic() - started
        self._metrics.step.observe(step_s)
        self._threads.observe(step_s)
        if status is DecodeStatus.OK:
            self.progress += 1
            n_read = sum(chunk.n_tokens for chunk in chunks if chunk.n_tokens > 1)
            self._prefill_budget.observe(n_read, self._batch.n_tokens, step_s)
            self._speculation.observe(chunks, step_s)
            self._advance(chunks, indices)
            if not _gives_way(chunks):
                self.speeds.observe(work, monotonic() - started)
        elif status is DecodeStatus.ABORTED:
            for generation in (chunk.generation for chunk in chunks):
                self._context.cut(generation.sequence, generation.n_computed)
        elif status is DecodeStatus.NO_ROOM and len(self._running) > 1:
            self._preempt()
        else:
            self._fail_step(chunks)

    def _schedule(self) -> list[Chunk]:
        """The chunks of the next step, with free cells for all of them."""
        while True:
            n_decoding = sum(1 for g in self._running if g.started and g.n_pending == 1)
            n_prefill = self._prefill_budget.tokens(n_decoding, abortable=self._may_abort and len(self._running) == 1)
            chunks = plan_step_batch(self._running, self._batch.capacity, n_prefill)
            n_tokens = sum(chunk.n_tokens for chunk in chunks)
            if self._kv_cache.make_room(n_tokens):
                room = min(self._batch.capacity, self._kv_cache.n_free) - n_tokens
                return self._speculation.extend(chunks, min(room, self._context.n_outputs - len(chunks)))
            if len(self._running) == 1:
                raise GenerationFailed("one request outgrew the whole context")  # admission makes this impossible
            self._preempt()

    def _decode(self, chunks: Sequence[Chunk]) -> DecodeStatus:
        """Compute the batch; end it for somebody who arrives or hangs up, if it takes long and only reads.

        Not twice in a row: many who come and go must not keep a prompt from being read. What gives way is ended in any
        step, but only for a caller, since then it is not computed again.
        """
        gives_way = _gives_way(chunks)
        is_long = self._batch.n_tokens > self._prefill_budget.tokens(0)
        if not gives_way and (not is_long or any(chunk.n_tokens == 1 for chunk in chunks)):
            self._may_abort = True
            return self._context.decode(self._batch)
        self._context.abort_when((lambda: self.has_callers) if gives_way else self._is_wanted)
        status = self._context.decode(self._batch)
        self._context.abort_when(None)
        self._may_abort = gives_way or status is not DecodeStatus.ABORTED
        return status

    def _is_wanted(self) -> bool:
        """Whether there is something to do that does not wait for the end of a step."""
        return bool(self._submitted or self._callbacks or self._stopping or any(g.cancelled for g in self._running))

    def _fill_batch(self, chunks: Sequence[Chunk]) -> list[int]:
        self._batch.clear()
        indices = []
        for chunk in chunks:
            generation, start = chunk.generation, chunk.generation.n_computed
            tokens = [*generation.tokens[start : start + chunk.n_tokens], *chunk.proposal]
            is_last, n_outputs = chunk.n_tokens == generation.n_pending, 1 + len(chunk.proposal)
            last = self._batch.add(generation.sequence, tokens, start, wants_output=is_last, n_outputs=n_outputs)
            indices.append(last - len(chunk.proposal))
        return indices

    def _advance(self, chunks: Sequence[Chunk], indices: Sequence[int]) -> None:
        self._failed_steps = 0
        for chunk, index in zip(chunks, indices, strict=True):
            generation = chunk.generation
            self._kv_cache.record_computed(generation, chunk.n_tokens, len(chunk.proposal))
            if generation.n_pending == 0 and not generation.cancelled:
                self._select_tokens(generation, chunk.proposal, index)

    def _select_tokens(self, generation: Generation, proposal: Sequence[int], index: int) -> None:
        """Select one token, and a further one after each that was proposed and is now selected.

        Every token is drawn as if nothing had been proposed, from the model's output after all those before it and by
        samplers that know those. So proposals change no probability: a proposed token comes as often as without.
        """
        for offset, proposed in enumerate((*proposal, _NO_TOKEN)):
            self._select_token(generation, index + offset)
            if generation.sequence < 0 or generation.tokens[-1] != proposed:
                break
            generation.n_computed += 1
        if generation.sequence >= 0:
            self._kv_cache.cut(generation)

    def _select_token(self, generation: Generation, index: int) -> None:
        try:
            with generation.allowance:
                selected = generation.selector.select(self._context, index)
                events = generation.accept(selected, self._model)
        except RequestError as exc:
            self._metrics.finished.labels("failed").inc()
            self._emit(generation, Failed(exc))
            self._release(generation, keep=False)
            return
        if not (generation.first_token_at or generation.gives_way):
            generation.first_token_at = monotonic()
            self._metrics.first_token.observe(generation.first_token_at - generation.queued_at)
        for event in events:
            self._emit(generation, event)
            if isinstance(event, Finished):
                self._metrics.count(event.reason, event.usage, event.proposals)
                if not generation.gives_way:
                    self._usual_tokens += 0.1 * (generation.n_written - self._usual_tokens)
                self._release(generation, keep=True)

    def _fail_step(self, chunks: Sequence[Chunk]) -> None:
        """Fail all generations of a step that llama.cpp could not compute: the content of their cells is unknown."""
        for chunk in chunks:
            self._metrics.finished.labels("failed").inc()
            self._emit(chunk.generation, Failed(GenerationFailed("the model failed to compute a step")))
            self._release(chunk.generation, keep=False)
        self._failed_steps += 1
        if self._failed_steps >= MAX_FAILED_STEPS:
            self._on_fatal(f"{self._failed_steps} steps in a row failed")

    def _preempt(self) -> None:
        """Put the youngest back at the head of the queue; its tokens are kept and computed again."""
        generation = self._running[-1]
        logger.debug("out of KV cells: one of %d answers is preempted", len(self._running))
        self._metrics.preempted.inc()
        self._running.remove(generation)
        self._kv_cache.release(generation, keep=False)
        generation.n_computed, generation.started = 0, False
        self._waiting.appendleft(generation)

    def _release(self, generation: Generation, *, keep: bool) -> None:
        self._running.remove(generation)
        self._turns.had(generation.owner)
        self._kv_cache.release(generation, keep=keep)
        self._leave(generation)

    def _leave(self, generation: Generation) -> None:
        with self._wake:
            self._places.discard(generation)

    def _emit(self, generation: Generation, event: Event) -> None:
        if not generation.cancelled:
            self._output.append((generation, event))

    def _flush(self) -> None:
        if self._output:
            self._deliver(self._output)
            self._output = []


def _gives_way(chunks: Sequence[Chunk]) -> bool:
    """Whether a step is of generations that give way; all are, or none."""
    return any(chunk.generation.gives_way for chunk in chunks)
