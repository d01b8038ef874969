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
from time import monotonic

from models.engine.cells import CellPool
from models.engine.errors import EngineBusy, GenerationFailed
from models.engine.generation import Event, Failed, Finished, Generation
from models.engine.llama import Batch, Context, Decoded, Model
from models.engine.planning import ChunkSize, Portion, plan_step

logger = logging.getLogger(__name__)

HEADROOM = 256
"""Cells set aside for each answer's growth at admission, so that giving up cells stays the exception."""

MAX_FAILED_STEPS = 3

Delivery = Sequence[tuple[Generation, Event]]


class Scheduler:
    """Takes generations from any thread, steps them on its own.

    Parameters
    ----------
    deliver : callable
        Called on the scheduler's thread with all events of one step; must not block.
    on_fatal : callable
        Called when the context is beyond repair and the process had better start over.
    """

    def __init__(
        self,
        model: Model,
        context: Context,
        *,
        max_sequences: int,
        max_queue: int,
        deliver: Callable[[Delivery], None],
        on_fatal: Callable[[str], None],
    ) -> None:
        self._model, self._context = model, context
        self._pool = CellPool(context.n_ctx)
        self._batch = Batch(context.n_batch, context.n_sequences)
        self._chunk = ChunkSize(context.n_batch)
        self._deliver, self._on_fatal = deliver, on_fatal
        self._max_sequences, self._max_queue = max_sequences, max_queue
        self._free_slots = deque(range(max_sequences))
        self._queue: deque[Generation] = deque()
        self._running: list[Generation] = []
        self._inbox: list[Generation] = []
        self._outbox: list[tuple[Generation, Event]] = []
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

    def cancel(self, generations: Iterable[Generation]) -> None:
        """Nobody listens any more: free their places before the next step."""
        with self._wake:
            for generation in generations:
                generation.cancelled = True
            self._wake.notify()

    def _run(self) -> None:
        try:
            while self._take_inbox():
                self._drop_cancelled()
                self._admit()
                if self._running:
                    self._step()
                self._flush()
        except Exception as exc:
            logger.exception("the scheduler failed")
            self._on_fatal(f"{type(exc).__name__}: {exc}")
        self._abandon()

    def _take_inbox(self) -> bool:
        """Wait until there is something to do; false when it is time to end."""
        with self._wake:
            while not (self._stopping or self._inbox or self._queue or self._running):
                self._wake.wait()
            self._queue.extend(self._inbox)
            self._inbox.clear()
            return not self._stopping

    def _abandon(self) -> None:
        with self._wake:
            self._stopping = True
            self._queue.extend(self._inbox)
            self._inbox.clear()
        for generation in (*self._running, *self._queue):
            self._tell(generation, Failed(EngineBusy("the engine is stopping")))
        self._flush()

    def _drop_cancelled(self) -> None:
        for generation in [g for g in self._running if g.cancelled]:
            self._release(generation)
        if any(g.cancelled for g in self._queue):
            kept = deque(g for g in self._queue if not g.cancelled)
            self._n_waiting -= len(self._queue) - len(kept)
            self._queue = kept

    def _admit(self) -> None:
        """First come, first served: a large request is never overtaken for ever by small ones."""
        while self._queue and self._free_slots and self._fits(self._queue[0]):
            generation = self._queue.popleft()
            generation.slot = self._free_slots.popleft()
            generation.admitted_at = monotonic()
            self._running.append(generation)

    def _fits(self, generation: Generation) -> bool:
        promised = sum(_growth(g) for g in self._running)
        return not self._running or self._pool.free - promised >= _growth(generation)

    def _step(self) -> None:
        portions = self._plan()
        indices = self._fill(portions)
        started = monotonic()
        outcome = self._context.decode(self._batch)
        if outcome is Decoded.OK:
            self._chunk.learn(self._batch.n_tokens, monotonic() - started)
            self._advance(portions, indices)
        elif outcome is Decoded.NO_ROOM and len(self._running) > 1:
            self._preempt()
        else:
            self._fail_step(portions)

    def _plan(self) -> list[Portion]:
        """What to compute next, after making sure that there are cells for it."""
        while True:
            portions = plan_step(self._running, self._batch.capacity, self._chunk.tokens)
            if sum(p.n_tokens for p in portions) <= self._pool.free:
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
            self._pool.grow(generation.slot, portion.n_tokens)
            generation.n_computed += portion.n_tokens
            if generation.pending == 0 and not generation.cancelled:
                self._choose(generation, index)

    def _choose(self, generation: Generation, index: int) -> None:
        try:
            choice = generation.chooser.choose(self._context, index, self._model.ends)
        except GenerationFailed as exc:
            self._tell(generation, Failed(exc))
            self._release(generation)
            return
        generation.first_token_at = generation.first_token_at or monotonic()
        for event in generation.accept(choice, self._model):
            self._tell(generation, event)
            if isinstance(event, Finished):
                self._service_s += 0.1 * (monotonic() - generation.admitted_at - self._service_s)
                self._release(generation)

    def _fail_step(self, portions: Sequence[Portion]) -> None:
        """llama.cpp could not compute this step; what its cells hold now is unknown."""
        for portion in portions:
            self._tell(portion.generation, Failed(GenerationFailed("the model failed to compute a step")))
            self._release(portion.generation)
        self._failed_steps += 1
        if self._failed_steps >= MAX_FAILED_STEPS:
            self._on_fatal(f"{self._failed_steps} steps in a row failed")

    def _preempt(self) -> None:
        """Put the youngest back at the head of the queue; its tokens are kept and computed again."""
        generation = self._running[-1]
        logger.info("out of cells: one of %d answers has to wait", len(self._running))
        self._free(generation)
        generation.n_computed = 0
        self._queue.appendleft(generation)

    def _release(self, generation: Generation) -> None:
        self._free(generation)
        self._n_waiting -= 1

    def _free(self, generation: Generation) -> None:
        self._running.remove(generation)
        self._context.drop(generation.slot)
        self._pool.drop(generation.slot)
        self._free_slots.append(generation.slot)
        generation.slot = -1

    def _tell(self, generation: Generation, event: Event) -> None:
        if not generation.cancelled:
            self._outbox.append((generation, event))

    def _flush(self) -> None:
        if self._outbox:
            self._deliver(self._outbox)
            self._outbox = []


def _growth(generation: Generation) -> int:
    """Cells that a generation may still need soon."""
    return min(generation.most_tokens, len(generation.tokens) + HEADROOM) - generation.n_computed
