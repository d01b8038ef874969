"""Finished sequences that are copied out of their cells come back as they were."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.catalogue.bundled import bundled_model_path
from models.engine.native.llama import Context, DecodeStatus, Model, StepBatch
from models.engine.options import FlashAttention
from models.engine.scheduling.generation import Generation
from models.engine.scheduling.kv_cache import KvCache
from models.engine.scheduling.parked import ParkedSequences, Parking
from models.engine.scheduling.prefix_cache import TokenArray
from models.engine.scheduling.token_selection import TokenSelector
from tests.models.engine.live import running_engine
from tests.models.engine.test_prefix import ask
from tests.models.engine.tiny import tiny_model

N_CELLS = 512
PROMPT = [100 + n % 50 for n in range(200)]
OTHER = [200 + n % 30 for n in range(200)]
ROUNDING = 0.05
"""Of a logit; those of unlike prompts differ by one and more."""

FLASH_OFF: dict[str, Any] = {"flash_attention": FlashAttention.OFF}
PARKING = Parking(max_bytes=10_000_000, token_bytes=1, min_tokens=16, max_idle_cells=0)


def array(*tokens: int) -> TokenArray:
    return np.array(tokens, np.int32)


def test_the_least_recently_used_make_room() -> None:
    parked = ParkedSequences(max_bytes=10)
    parked.add(array(*range(1, 11)), np.zeros(4, np.uint8))
    parked.add(array(*range(21, 31)), np.zeros(4, np.uint8))
    assert parked.longest_prefix(array(*range(1, 11))).n_tokens == 10  # now the other one is the older
    parked.add(array(*range(41, 51)), np.zeros(4, np.uint8))
    assert parked.n_bytes == 8
    assert parked.longest_prefix(array(*range(1, 11))).n_tokens == 10
    assert parked.longest_prefix(array(*range(21, 31))).n_tokens == 0


def test_a_continuation_takes_the_place_of_its_beginning() -> None:
    parked = ParkedSequences(max_bytes=10)
    parked.add(array(*range(1, 11)), np.zeros(4, np.uint8))
    parked.add(array(*range(1, 21)), np.zeros(8, np.uint8))
    assert parked.n_bytes == 8
    assert not parked.would_gain(array(*range(1, 15)), 4)
    assert not parked.would_gain(array(*range(1, 31)), 11)


@pytest.fixture(scope="module", params=[FlashAttention.OFF, FlashAttention.ON])
def context(request: pytest.FixtureRequest) -> Iterator[Context]:
    model = Model(tiny_model(), n_gpu_layers=0, use_extra_bufts=False)
    context = Context(
        model,
        n_ctx=N_CELLS,
        n_sequences=6,
        n_batch=N_CELLS,
        n_ubatch=64,
        n_threads=1,
        flash_attention=request.param,
    )
    yield context
    context.close()
    model.close()


@pytest.fixture
def cache(context: Context) -> KvCache:
    context.clear()
    return KvCache(context, n_kept=4, parking=PARKING)


def begin(cache: KvCache, tokens: Sequence[int], running: list[Generation]) -> Generation:
    """A generation with its sequence, and what could be taken over."""
    generation = Generation(tokens, 1, TokenSelector.__new__(TokenSelector))
    cache.assign_sequence(generation)
    running.append(generation)
    generation.started = cache.reuse_prefix(generation, running)
    cache.park_idle(running)
    return generation


def compute(context: Context, cache: KvCache, generation: Generation) -> np.ndarray:
    """What the model says after the generation's tokens."""
    batch = StepBatch(N_CELLS, 6)
    index = batch.add(
        generation.sequence, generation.tokens[generation.n_computed :], generation.n_computed, wants_output=True
    )
    assert cache.make_room(batch.n_tokens)
    assert context.decode(batch) is DecodeStatus.OK
    cache.record_computed(generation, batch.n_tokens)
    return context.logits(index).copy()


def finish(cache: KvCache, generation: Generation, running: list[Generation]) -> None:
    running.remove(generation)
    cache.release(generation, keep=True)


@pytest.mark.engine
def test_what_is_idle_beside_a_running_answer_is_parked_and_comes_back(context: Context, cache: KvCache) -> None:
    running: list[Generation] = []
    first = begin(cache, PROMPT, running)
    expected = compute(context, cache, first)
    finish(cache, first, running)
    assert (cache.n_parked_bytes, cache.n_free) == (0, N_CELLS - len(PROMPT))  # nobody is slowed by it

    other = begin(cache, OTHER, running)
    assert (other.n_computed, cache.n_free) == (0, N_CELLS)
    assert cache.n_parked_bytes > 0
    compute(context, cache, other)
    finish(cache, other, running)

    again = begin(cache, PROMPT, running)
    assert again.n_computed == again.n_cached == len(PROMPT) - 1
    assert np.allclose(compute(context, cache, again), expected, atol=ROUNDING)


@pytest.mark.engine
def test_a_part_of_what_is_parked_can_be_taken_over(context: Context, cache: KvCache) -> None:
    running: list[Generation] = []
    tokens = [*PROMPT[:100], *OTHER[:40]]
    fresh = begin(cache, tokens, running)
    expected = compute(context, cache, fresh)
    running.remove(fresh)
    cache.release(fresh, keep=False)

    for each in (PROMPT, OTHER):
        generation = begin(cache, each, running)
        compute(context, cache, generation)
        finish(cache, generation, running)
    mixed = begin(cache, tokens, running)
    assert mixed.n_computed == 100
    assert np.allclose(compute(context, cache, mixed), expected, atol=ROUNDING)


@pytest.mark.engine
def test_what_needs_the_cells_parks_others_and_short_ones_are_dropped(context: Context) -> None:
    context.clear()
    cache = KvCache(context, n_kept=4, parking=Parking(max_bytes=10_000_000, min_tokens=150))
    running: list[Generation] = []
    for tokens in (PROMPT[:100], OTHER, PROMPT[50:]):
        generation = begin(cache, tokens, running)
        compute(context, cache, generation)
        finish(cache, generation, running)
    assert cache.n_parked_bytes == 0
    large = begin(cache, [150 + n % 40 for n in range(400)], running)
    compute(context, cache, large)
    finish(cache, large, running)
    assert begin(cache, OTHER, running).n_computed == len(OTHER) - 1
    assert begin(cache, PROMPT[:100], running).n_computed < 16


@pytest.mark.engine
def test_memory_for_nothing_parks_nothing(context: Context) -> None:
    context.clear()
    cache = KvCache(context, n_kept=4, parking=Parking(max_idle_cells=0))
    running: list[Generation] = []
    first = begin(cache, PROMPT, running)
    compute(context, cache, first)
    finish(cache, first, running)
    begin(cache, OTHER, running)
    assert (cache.n_parked_bytes, cache.n_free) == (0, N_CELLS)


@pytest.mark.engine
def test_two_conversations_in_a_context_for_one_are_each_computed_once(tmp_path: Path) -> None:
    with running_engine(tmp_path, model_path=bundled_model_path(), n_ctx=1024, n_cells=1024, **FLASH_OFF) as engine:
        engine.ready()
        talks = [[{"role": "user", "content": f"{word} is a word. " * 130}] for word in ("Boat", "Hill")]
        alone = [ask(engine, talk, max_tokens=2) for talk in talks]
        assert all(n_prompt > 600 and n_cached < 50 for _, n_prompt, n_cached in alone)
        assert engine.metrics("parked_bytes") > 10_000_000
        for talk, (text, n_prompt, _) in zip(talks, alone, strict=True):
            assert ask(engine, talk, max_tokens=2) == (text, n_prompt, n_prompt - 1)
