"""How a step is divided among prefill and decode."""

from collections.abc import Sequence

import pytest

from models.engine.scheduling.step_batching import MIN_PREFILL_TOKENS, PrefillBudget, plan_step_batch


class Pending:
    """The part of a generation that step batching reads."""

    def __init__(self, n_pending: int) -> None:
        self.n_pending = n_pending
        self.started = True


@pytest.mark.parametrize(
    ("n_pending", "capacity", "max_prefill", "expected"),
    [
        ([1, 1, 1], 512, 64, [1, 1, 1]),
        ([400], 512, 512, [400]),
        ([4000], 512, 64, [64]),
        ([4000, 1], 512, 64, [64, 1]),  # beside decode: one chunk, not more
        ([4000, 30, 1], 512, 64, [34, 30, 1]),  # a short prompt passes a long one
        ([4000, 50, 50], 512, 512, [412, 50, 50]),
        ([300, 300, 300], 512, 512, [300, 212]),  # the oldest first
        ([4000, 100, 200, 1], 512, 64, [32, 32, 1]),
    ],
)
def test_chunk_sizes(n_pending: Sequence[int], capacity: int, max_prefill: int, expected: list[int]) -> None:
    running = [Pending(n) for n in n_pending]
    chunks = plan_step_batch(running, capacity, max_prefill)  # type: ignore[arg-type]
    by_generation = {id(c.generation): c.n_tokens for c in chunks}
    assert [by_generation[id(g)] for g in running if id(g) in by_generation] == expected


def test_every_answer_decodes_and_the_oldest_prompt_moves_on() -> None:
    running = [Pending(5000), *(Pending(1) for _ in range(20)), *(Pending(40) for _ in range(9))]
    chunks = plan_step_batch(running, 512, MIN_PREFILL_TOKENS)  # type: ignore[arg-type]
    assert len([c for c in chunks if c.generation.n_pending == 1]) == 20
    oldest = next(c.n_tokens for c in chunks if c.generation is running[0])  # type: ignore[comparison-overlap]
    assert oldest >= MIN_PREFILL_TOKENS // 2
    assert sum(c.n_tokens for c in chunks) <= 20 + MIN_PREFILL_TOKENS


def learnt(*, reads: float, max_gap_s: float = 1.0) -> PrefillBudget:
    """What is planned after many steps of 100 prompt tokens at that speed."""
    budget = PrefillBudget(512, max_gap_s, tokens_per_s=640)
    for _ in range(30):
        budget.observe(100, 100, 100 / reads)
    return budget


@pytest.mark.parametrize(
    ("reads", "max_gap_s", "n_decoding", "seconds"),
    [
        (100, 1.0, 0, 1.0),  # nobody else: as much as a hang-up or an arrival may wait for
        (100, 0.5, 0, 1.0),
        (100, 1.0, 4, 1.0),  # the answers' tokens take part of the promised time
        (100, 0.5, 4, 0.5),
        (200, 2.0, 8, 2.0),
    ],
)
def test_a_chunk_lasts_as_long_as_others_may_wait(
    reads: float, max_gap_s: float, n_decoding: int, seconds: float
) -> None:
    n_tokens = learnt(reads=reads, max_gap_s=max_gap_s).tokens(n_decoding) + n_decoding
    assert 0.8 * seconds <= n_tokens / reads <= seconds


def test_a_chunk_that_can_be_ended_is_longer() -> None:
    assert learnt(reads=100).tokens(0, abortable=True) == 270
    assert learnt(reads=100).tokens(4, abortable=True) == learnt(reads=100).tokens(4)


def test_chunks_stay_between_a_minimum_and_the_step() -> None:
    assert learnt(reads=5000).tokens(0) == 512
    assert learnt(reads=6).tokens(0) == MIN_PREFILL_TOKENS
    assert learnt(reads=100, max_gap_s=0.05).tokens(4) == MIN_PREFILL_TOKENS


def test_steps_that_only_decode_say_nothing_about_reading() -> None:
    budget = learnt(reads=400)
    for _ in range(30):
        budget.observe(0, 32, 0.5)
    assert budget.tokens(0) == learnt(reads=400).tokens(0)
