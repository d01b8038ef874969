"""How a step is divided."""

from collections.abc import Sequence

import pytest

from models.engine.scheduling.step_batching import MIN_CHUNK, ChunkSize, plan_step


class Waiting:
    """A generation, as far as planning looks."""

    def __init__(self, pending: int) -> None:
        self.pending = pending
        self.begun = True


@pytest.mark.parametrize(
    ("pending", "capacity", "chunk", "expected"),
    [
        ([1, 1, 1], 512, 64, [1, 1, 1]),
        ([400], 512, 512, [400]),
        ([4000], 512, 64, [64]),
        ([4000, 1], 512, 64, [64, 1]),  # beside an answer: one chunk, not more
        ([4000, 30, 1], 512, 64, [34, 30, 1]),  # a short prompt gets by beside a long one
        ([4000, 50, 50], 512, 512, [412, 50, 50]),
        ([300, 300, 300], 512, 512, [300, 212]),  # the oldest first
        ([4000, 100, 200, 1], 512, 64, [32, 32, 1]),
    ],
)
def test_shares(pending: Sequence[int], capacity: int, chunk: int, expected: list[int]) -> None:
    running = [Waiting(n) for n in pending]
    portions = plan_step(running, capacity, chunk)  # type: ignore[arg-type]
    by_generation = {id(p.generation): p.n_tokens for p in portions}
    assert [by_generation[id(g)] for g in running if id(g) in by_generation] == expected


def test_nobody_who_answers_is_left_out_and_the_oldest_prompt_moves_on() -> None:
    running = [Waiting(5000), *(Waiting(1) for _ in range(20)), *(Waiting(40) for _ in range(9))]
    portions = plan_step(running, 512, MIN_CHUNK)  # type: ignore[arg-type]
    answering = [p for p in portions if p.generation.pending == 1]
    assert len(answering) == 20
    assert next(p.n_tokens for p in portions if p.generation is running[0]) >= MIN_CHUNK // 2  # type: ignore[comparison-overlap]
    assert sum(p.n_tokens for p in portions) <= 20 + MIN_CHUNK


def test_a_slow_model_reads_in_smaller_pieces() -> None:
    chunk = ChunkSize(512)
    for _ in range(30):
        chunk.learn(512, 0.1)
    assert chunk.tokens == 512
    for _ in range(30):
        chunk.learn(64, 10.0)
    assert chunk.tokens == MIN_CHUNK
