"""A shared prefix is computed once, and that changes no answer."""

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.catalogue.bundled import bundled_model_path
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.tiny import NEVER_ENDS

pytestmark = pytest.mark.engine

MANNERS = "You are a careful assistant for a bookshop. Answer briefly and politely. "
SYSTEM = {"role": "system", "content": MANNERS * 6}
SHORT_SYSTEM = {"role": "system", "content": MANNERS * 2}
QUESTIONS = [
    "Which books about sailing do you have?",
    "What is a good gift for a child of six?",
    "Do you ship to Norway?",
    "Write one sentence about the sea.",
]

MARKS = 10
"""Tokens that the template puts around a question, and some to spare."""

ROUNDING = 0.6
"""Of a token's log-probability; those of two unlike prompts differ by several."""


def ask(engine: LiveEngine, messages: list[dict[str, str]], **fields: Any) -> tuple[str, int, int]:
    """The answer, the prompt's tokens, and how many of them were taken over."""
    answer = engine.post(asking(messages, **fields)).json()
    usage = answer["usage"]
    return texts(answer)[0], usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[LiveEngine]:
    """Of the tiny model, to which most letters are a token."""
    with running_engine(tmp_path) as engine:
        engine.ready()
        yield engine


@pytest.fixture
def real_ones(tmp_path: Path, engine: LiveEngine) -> Iterator[tuple[LiveEngine, LiveEngine]]:
    """Two of the bundled model, the second without a cache."""
    with running_engine(tmp_path, model_path=bundled_model_path(), prefix_cache=False) as forgetful:
        forgetful.ready()
        yield engine, forgetful


def test_reuse_changes_no_answer_beyond_rounding(real_ones: tuple[LiveEngine, LiveEngine]) -> None:
    """llama.cpp's rounding depends on the cells' places and the tokens in a step: only near ties may change.

    A prefix that was not the prompt's own would be seen in the first token's probabilities already.
    """
    reused = compared = 0
    for question in QUESTIONS[:2]:
        messages = [SHORT_SYSTEM, {"role": "user", "content": question}]
        for turn in range(2):
            asked = asking(messages, logprobs=True, top_logprobs=5, max_tokens=20)
            with_cache, without = (engine.post(asked).json() for engine in real_ones)
            assert without["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
            reused += with_cache["usage"]["prompt_tokens_details"]["cached_tokens"]
            compared += same_but_for_rounding(with_cache, without, (question, turn))
            answer = {"role": "assistant", "content": texts(without)[0]}
            messages += [answer, {"role": "user", "content": "Tell me more."}]
    assert reused > 150
    assert compared > 40


def same_but_for_rounding(one: Any, other: Any, where: Any) -> int:
    """How many tokens were compared: all of them, or those before the first near tie that fell otherwise."""
    pairs = list(zip(*(answer["choices"][0]["logprobs"]["content"] for answer in (one, other)), strict=False))
    for number, (here, there) in enumerate(pairs, 1):
        likely = {each["token"]: each["logprob"] for each in there["top_logprobs"]}
        assert here["token"] in likely, (where, number)
        assert abs(here["logprob"] - likely[here["token"]]) < ROUNDING, (where, number)
        if here["token"] != there["token"]:
            assert there["logprob"] - likely[here["token"]] < ROUNDING, (where, number)
            return number
    return len(pairs)


def asking(messages: list[dict[str, str]], **fields: Any) -> dict[str, Any]:
    return {"model": "local", "messages": messages, "temperature": 0, "max_tokens": 24, **fields}


def texts(answer: Any) -> list[str]:
    return [choice["message"]["content"] for choice in answer["choices"]]


def test_a_shared_system_prompt_is_computed_once(fresh: LiveEngine) -> None:
    first, *later = [ask(fresh, [SYSTEM, {"role": "user", "content": question}]) for question in QUESTIONS]
    assert first[2] < 30  # what the template has in common with the probes at start
    own = (len(question) + MARKS for question in QUESTIONS[1:])
    assert all(cached >= n_prompt - n_own for n_own, (_, n_prompt, cached) in zip(own, later, strict=True))


def test_a_growing_conversation_is_computed_once(fresh: LiveEngine) -> None:
    messages = [SYSTEM, {"role": "user", "content": QUESTIONS[0]}]
    for _ in range(3):
        text, n_before, _ = ask(fresh, messages)
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": "And then?"}]
        assert ask(fresh, messages, max_tokens=1)[2] >= n_before


def test_concurrent_requests_share_a_prefix(fresh: LiveEngine) -> None:
    def one(question: str) -> tuple[str, int, int]:
        return ask(fresh, [SYSTEM, {"role": "user", "content": question}])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, QUESTIONS))
    own = (len(question) + MARKS for question in QUESTIONS)
    fully = [cached >= n_prompt - n_own for n_own, (_, n_prompt, cached) in zip(own, answers, strict=True)]
    assert sum(fully) == 3


def test_several_choices_share_one_prompt(fresh: LiveEngine) -> None:
    names = ("prompt_tokens_total", "cached_tokens_total")
    before = [fresh.metrics(name) for name in names]
    _, n_prompt, cached = ask(fresh, [SYSTEM, {"role": "user", "content": QUESTIONS[0]}], n=4)
    n_counted, n_cached = (fresh.metrics(name) - b for name, b in zip(names, before, strict=True))
    assert cached < n_prompt - len(QUESTIONS[0]) - MARKS
    assert n_counted == 4 * n_prompt
    assert n_cached == cached + 3 * (n_prompt - 1)


def test_cached_sequences_are_evicted_for_running_ones(tmp_path: Path) -> None:
    """Ten different long prompts in a cache that holds two: the oldest are evicted, and all are answered."""
    with running_engine(tmp_path, n_ctx=512, n_cells=1024, max_sequences=2) as engine:
        engine.ready()
        prompts = [[{"role": "user", "content": f"Number {n}. " + f"word{n} " * 45}] for n in range(10)]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda messages: ask(engine, messages, **NEVER_ENDS), prompts))
        assert all(text for text, _, _ in answers)
        assert ask(engine, prompts[-1])[2] > 200
        assert ask(engine, prompts[0])[2] < 60
