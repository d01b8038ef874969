"""llama.cpp's samplers, as a request's fields configure them."""

from typing import Any

import numpy as np
import pytest

from models.engine.native.samplers import Sampler
from models.engine.request.sampling import SamplingParams, build_sampler

A, B, C = 5, 7, 9
N_VOCAB = 10


def chosen(sampler: Sampler, scores: dict[int, float]) -> int:
    logits = np.full(N_VOCAB, -np.inf, np.float32)
    logits[list(scores)] = list(scores.values())
    return sampler.choose(logits)


@pytest.mark.parametrize(
    ("fields", "seen", "expected"),
    [
        ({}, [A, A], A),
        ({"presence_penalty": 2.0}, [], A),
        ({"presence_penalty": 2.0}, [A], B),
        ({"frequency_penalty": 0.6}, [A], A),
        ({"frequency_penalty": 0.6}, [A, A], B),
        ({"repeat_penalty": 2.0}, [A], B),
        ({"presence_penalty": -2.0}, [B], B),
        ({"logit_bias": {A: -100.0}}, [], B),
        ({"logit_bias": {C: 5.0}}, [], C),
    ],
)
def test_penalties_and_biases(fields: dict[str, Any], seen: list[int], expected: int) -> None:
    sampler = build_sampler(SamplingParams(temperature=0, **fields), N_VOCAB, 100)
    for token in seen:
        sampler.accept(token)
    assert chosen(sampler, {A: 5.0, B: 4.0, C: 1.0}) == expected


@pytest.mark.parametrize("fields", [{"top_k": 1}, {"top_p": 0.0}, {"min_p": 1.0}, {"temperature": 0.01}])
def test_top_k_top_p_and_min_p_keep_the_likeliest(fields: dict[str, Any]) -> None:
    wide = {"temperature": 2.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
    for seed in range(20):
        sampler = build_sampler(SamplingParams(seed=seed, **{**wide, **fields}), N_VOCAB, 100)
        assert chosen(sampler, {A: 1.0, B: 1.3, C: 0.9}) == B


def test_equal_seeds_give_equal_draws() -> None:
    wide: dict[str, Any] = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}

    def draw(seed: int | None) -> tuple[int, ...]:
        sampler = build_sampler(SamplingParams(seed=seed, **wide), N_VOCAB, 100)
        return tuple(chosen(sampler, {A: 1.0, B: 1.0, C: 1.0}) for _ in range(12))

    assert draw(1) == draw(1) != draw(2)
    assert draw(-1) == draw(-1) == draw(2**32 - 1)
    assert draw(None) != draw(None)


@pytest.mark.parametrize("temperature", [1e-9 / 2, 1e-37, 1e-40, 1e-46, 5e-324])
def test_the_lowest_temperatures_are_greedy(temperature: float) -> None:
    for seed in range(20):
        sampler = build_sampler(SamplingParams(temperature=temperature, top_k=0, seed=seed), N_VOCAB, 100)
        assert chosen(sampler, {A: 20.0, B: 20.1, C: -19.0}) == B
