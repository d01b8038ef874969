"""One thread that owns the model's context and steps it for everyone at once.

Requests join and leave between steps. Each step computes one token for every running answer and a bounded piece of the
prompts that are still being read (`planning`). What does not fit the context's cells waits its turn; should running
answers outgrow the cells nevertheless, the youngest gives its cells up, waits at the head of the queue, and is computed
again: its caller sees a pause and nothing else.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import TypeVar

from models.engine.errors import DeadlineExceeded, EngineBusy, GenerationFailed
from models.engine.native.llama import Batch, Context, Decoded, Model
from models.engine.scheduling.generation import Event, Failed, Finished, Generation
from models.engine.scheduling.memory import Memory
from models.engine.scheduling.metrics import EngineMetrics
from models.engine.scheduling.step_batching import ChunkSize, Portion, plan_step
from models.engine.scheduling.threads import ThreadGovernor

logger = logging.getLogger(__name__)

MAX_FAILED_STEPS = 3

T = TypeVar("T")
Delivery = Sequence[tuple[Generation, Event]]


class Scheduler:
    """Takes generations from any thread, steps them on its own.

    Parameters
    ----------
    deliver : callable
        Called on the scheduler's thread with all events of one step; must not block.
    on_fatal : callable
        Called when the context is beyond repair and the process had better start over.

    Attributes
    ----------
    step_started : float or None
        When the step in progress began, on the monotonic clock; None between steps.
    """

    def __init__(
        self,
        model: Model,
        context: Context,
        *,
        max_sequences: int,
        max_queue: int,
        metrics: EngineMetrics,
        deliver: Callable[[Delivery], None],
        on_fatal: Callable[[str], None],
    ) -> None:
        self._model, self._context = model, context
        self._memory = Memory(context, n_kept=context.n_sequences - max_sequences)
        self._batch = Batch(context.n_batch, context.n_sequences)
        self._threads = ThreadGovernor(context, context.n_threads)
        self._chunk = ChunkSize(context.n_batch)
        self._deliver, self._on_fatal, self._metrics = deliver, on_fatal, metrics
        self.step_started: float | None = None
        self._max_sequences, self._max_queue = max_sequences, max_queue
        self._queue: deque[Generation] = deque()
        self._running: list[Generation] = []
        self._inbox: list[Generation] = []
        self._outbox: list[tuple[Generation, Event]] = []
        self._errands: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._n_waiting = 0
        self._stopping = False
        self._failed_steps = 0
        self._service_s = 1.0
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin stepping."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current step; whoever still waits is told."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    @property
    def n_queued(self) -> int:
        """Generations that wait for a place."""
        return max(0, self._n_waiting - len(self._running))

    @property
    def n_running(self) -> int:
        """Generations in progress."""
        return len(self._running)

    @property
    def expected_wait_s(self) -> float:
        """How long a request that came now would probably wait for its place."""
        ahead = self._n_waiting - self._max_sequences + 1
        return max(0, ahead) * self._service_s / self._max_sequences

    def measure(self) -> None:
        """Bring the gauges up to date."""
        self._metrics.queued.set(self.n_queued)
        self._metrics.running.set(self.n_running)
        self._metrics.expected_wait.set(self.expected_wait_s)
        self._metrics.threads.set(self._threads.n_threads)
        self._metrics.free_cells.set(self._memory.n_free)

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue the answers of one request, all of them or none.

        Raises
        ------
        EngineBusy
            If the queue has no room, or the engine is stopping.
        """
        with self._wake:
            if self._stopping:
                raise EngineBusy("the engine is stopping")
            if self._n_waiting + len(generations) > self._max_sequences + self._max_queue:
                wait_s = max(1, round(self.expected_wait_s))
                raise EngineBusy(f"{self.n_queued} requests are waiting already", retry_after_s=wait_s)
            self._n_waiting += len(generations)
            self._inbox.extend(generations)
            self._wake.notify()

    def call(self, function: Callable[[], T]) -> "Future[T]":
        """Let the scheduler's thread do something short between two steps: all that computes does so there."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function())
            except Exception as exc:
                future.set_exception(exc)

        with self._wake:
            if self._stopping:
                raise EngineBusy("the engine is stopping")
            self._errands.append(run)
            self._wake.notify()
        return future

    def cancel(self, generations: Iterable[Generation]) -> None:
        """Nobody listens any more: free their places before the next step."""
        with self._wake:
            for generation in generations:
                generation.cancelled = True
            self._wake.notify()

    def _run(self) -> None:
        try:
            while self._take_inbox():
                self._run_errand()
                self._drop_overdue()
                self._drop_cancelled()
                self._admit()
                if self._running:
                    self._step()
                self._flush()
        except Exception as exc:
            logger.exception("the scheduler failed")
            self._on_fatal(type(exc).__name__)
        self._abandon()

    def _take_inbox(self) -> bool:
        """Wait until there is something to do; false when it is time to end."""
        with self._wake:
            while not (self._stopping or self._inbox or self._queue or self._running or self._errands):
                self._wake.wait()
            self._queue.extend(self._inbox)
            self._inbox.clear()
            return not self._stopping

    def _run_errand(self) -> None:
        with self._wake:
            errand = self._errands.popleft() if self._errands else None
        if errand is not None:
            errand()

    def _abandon(self) -> None:
        with self._wake:
            self._stopping = True
            self._queue.extend(self._inbox)
            self._inbox.clear()
            errands, self._errands = self._errands, deque()
        for errand in errands:
            errand()
        for generation in (*self._running, *self._queue):
            self._tell(generation, Failed(EngineBusy("the engine is stopping")))
        self._flush()

    def _drop_overdue(self) -> None:
        now = monotonic()
        for generation in (*self._running, *self._queue):
            if now > generation.deadline and not generation.cancelled:
                self._tell(generation, Failed(DeadlineExceeded("the time that was set for this answer is over")))
                self._metrics.finished.labels("deadline").inc()
                self._remove(generation)

    def _drop_cancelled(self) -> None:
        for generation in [g for g in (*self._running, *self._queue) if g.cancelled]:
            self._metrics.finished.labels("cancelled").inc()
            self._remove(generation)

    def _remove(self, generation: Generation) -> None:
        if generation.slot >= 0:
            self._release(generation, keep=True)
        else:
            self._queue.remove(generation)
            self._n_waiting -= 1

    def _admit(self) -> None:
        """First come, first served: a large request is never overtaken for ever by small ones."""
        while self._queue and len(self._running) < self._max_sequences:
            if not self._memory.fits(self._queue[0], self._running):
                break
            generation = self._queue.popleft()
            generation.admitted_at = monotonic()
            self._memory.enter(generation)
            self._running.append(generation)
        for generation in self._running:
            if not generation.begun:
                generation.begun = self._memory.begin(generation, self._running)

    def _step(self) -> None:
        portions = self._plan()
        indices = self._fill(portions)
        self.step_started = started = monotonic()
        outcome = self._context.decode(self._batch)
        self.step_started = None
        step_s = monotonic() - started
        self._metrics.step.observe(step_s)
        self._threads.observe(step_s)
        if outcome is Decoded.OK:
            self._chunk.learn(self._batch.n_tokens, step_s)
            self._advance(portions, indices)
        elif outcome is Decoded.NO_ROOM and len(self._running) > 1:
            self._preempt()
        else:
            self._fail_step(portions)

    def _plan(self) -> list[Portion]:
        """What to compute next, after making sure that there are cells for it."""
        while True:
            portions = plan_step(self._running, self._batch.capacity, self._chunk.tokens)
            if self._memory.make_room(sum(p.n_tokens for p in portions)):
                return portions
            if len(self._running) == 1:
                raise GenerationFailed("one request outgrew the whole context")  # admission makes this impossible
            self._preempt()

    def _fill(self, portions: Sequence[Portion]) -> list[int]:
        self._batch.clear()
        indices = []
        for portion in portions:
            generation, start = portion.generation, portion.generation.n_computed
            tokens = generation.tokens[start : start + portion.n_tokens]
            wanted = portion.n_tokens == generation.pending
            indices.append(self._batch.add(generation.slot, tokens, start, wanted=wanted))
        return indices

    def _advance(self, portions: Sequence[Portion], indices: Sequence[int]) -> None:
        self._failed_steps = 0
        for portion, index in zip(portions, indices, strict=True):
            generation = portion.generation
            self._memory.grow(generation, portion.n_tokens)
            if generation.pending == 0 and not generation.cancelled:
                self._choose(generation, index)

    def _choose(self, generation: Generation, index: int) -> None:
        try:
            choice = generation.chooser.choose(self._context, index, self._model.ends)
        except GenerationFailed as exc:
            self._tell(generation, Failed(exc))
            self._release(generation, keep=False)
            return
        if not generation.first_token_at:
            generation.first_token_at = monotonic()
            self._metrics.first_token.observe(generation.first_token_at - generation.queued_at)
        for event in generation.accept(choice, self._model):
            self._tell(generation, event)
            if isinstance(event, Finished):
                self._metrics.count(event.reason, event.usage)
                self._service_s += 0.1 * (monotonic() - generation.admitted_at - self._service_s)
                self._release(generation, keep=True)

    def _fail_step(self, portions: Sequence[Portion]) -> None:
        """llama.cpp could not compute this step; what its cells hold now is unknown."""
        for portion in portions:
            self._metrics.finished.labels("failed").inc()
            self._tell(portion.generation, Failed(GenerationFailed("the model failed to compute a step")))
            self._release(portion.generation, keep=False)
        self._failed_steps += 1
        if self._failed_steps >= MAX_FAILED_STEPS:
            self._on_fatal(f"{self._failed_steps} steps in a row failed")

    def _preempt(self) -> None:
        """Put the youngest back at the head of the queue; its tokens are kept and computed again."""
        generation = self._running[-1]
        logger.debug("out of cells: one of %d answers has to wait", len(self._running))
        self._metrics.preempted.inc()
        self._running.remove(generation)
        self._memory.leave(generation, keep=False)
        generation.n_computed, generation.begun = 0, False
        self._queue.appendleft(generation)

    def _release(self, generation: Generation, *, keep: bool) -> None:
        self._running.remove(generation)
        self._memory.leave(generation, keep=keep)
        self._n_waiting -= 1

    def _tell(self, generation: Generation, event: Event) -> None:
        if not generation.cancelled:
            self._outbox.append((generation, event))

    def _flush(self) -> None:
        if self._outbox:
            self._deliver(self._outbox)
            self._outbox = []
