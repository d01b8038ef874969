"""How fast the model reads and writes, measured while it serves, and how much there is to read."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.engine.scheduling.generation import Generation
from models.engine.scheduling.step_batching import MIN_PREFILL_TOKENS, Chunk
from models.usage.running_rate import RunningRate

READING_HALF_LIFE, WRITING_HALF_LIFE = 2000, 200
"""In tokens: of prompts, and of one answer."""

READING_START_TOKENS, WRITING_START_TOKENS = 64, 8
"""What the first values weigh, in tokens: about as many as they were measured with."""


@dataclass(frozen=True, slots=True)
class StepWork:
    """What one step is about to compute.

    Attributes
    ----------
    n_tokens, n_read : int
        All its tokens, and those that belong to prompts.
    writers : tuple
        The answers that it continues, each with its length so far.
    is_awaited : bool
        Whether a token is chosen from its result. On a GPU, the computation has surely ended only then.
    """

    n_tokens: int
    n_read: int
    writers: tuple[tuple[Generation, int], ...]
    is_awaited: bool

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> "StepWork":
        """Take note before the step."""
        return cls(
            sum(chunk.n_tokens for chunk in chunks),
            sum(chunk.n_tokens for chunk in chunks if chunk.generation.reads_prompt),
            tuple((c.generation, len(c.generation.tokens)) for c in chunks if not c.generation.reads_prompt),
            any(chunk.n_tokens == chunk.generation.n_pending for chunk in chunks),
        )


class Speeds:
    """Running estimates of both speeds, in tokens a second. Written on the scheduler's thread, read on any.

    Parameters
    ----------
    reads, writes : float
        What to begin with, from tuning or the self-test; 0 where that is not known.

    Attributes
    ----------
    reading : RunningRate
        Of all tokens in steps that read prompts: what the machine does, however many answers are written meanwhile.
    writing : RunningRate
        Of one answer at the load of late, with everything that is computed beside it.
    """

    def __init__(self, reads: float, writes: float) -> None:
        self.reading = RunningRate(READING_HALF_LIFE, start=reads, start_tokens=READING_START_TOKENS)
        self.writing = RunningRate(WRITING_HALF_LIFE, start=writes, start_tokens=WRITING_START_TOKENS)
        self._tokens = self._n_read = 0
        self._seconds = 0.0

    def observe(self, work: StepWork, seconds: float) -> None:
        """Take the measure of a step, from its beginning until all tokens are chosen."""
        if work.n_read or self._n_read:
            self._observe_reading(work, seconds)
        if work.writers:
            n_written = sum(max(1, len(generation.tokens) - length) for generation, length in work.writers)
            self.writing.observe(n_written / len(work.writers), seconds)

    def _observe_reading(self, work: StepWork, seconds: float) -> None:
        """Join steps until one is awaited; few tokens say little about the speed with which many are read."""
        self._tokens += work.n_tokens
        self._n_read += work.n_read
        self._seconds += seconds
        if work.is_awaited:
            if self._n_read >= MIN_PREFILL_TOKENS:
                self.reading.observe(self._tokens, self._seconds)
            self._tokens = self._n_read = 0
            self._seconds = 0.0
