"""When answers in hand end, and what the engine says of its speed."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from models.engine.options import EngineOptions, FlashAttention
from models.engine.process.tuning import Setting, Trial, with_trial
from models.engine.scheduling.forecast import Pace, Remaining, ends_in_s
from tests.live import wait_for
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.tiny import NEVER_ENDS, tiny_model

LONG = "The harbour lay quiet in the morning, and the gulls walked up and down the wall. " * 18


def test_prompts_are_read_before_their_answers_are_written() -> None:
    works = [Remaining(100, 20, is_admitted=True), Remaining(0, 5, is_admitted=True)]
    assert ends_in_s(works, 2, Pace(100, 10, 0.5)) == [3.0, pytest.approx(1.3)]


def test_who_waits_follows_in_the_first_free_place() -> None:
    works = [*(Remaining(0, n, is_admitted=True) for n in (10, 30)), *(Remaining(0, 10, is_admitted=False),) * 3]
    assert ends_in_s(works, 2, Pace(100, 10, 0.5)) == [1.0, 3.0, 2.0, 3.0, 4.0]


def test_the_speed_of_a_trial_is_what_the_engine_begins_with() -> None:
    trial = Trial(Setting(False, FlashAttention.ON, 128, 2), reads=21.0, writes=8.5)
    options = with_trial(EngineOptions(Path("m.gguf")), trial)
    assert (options.reads_per_s, options.writes_per_s, options.n_ubatch) == (21.0, 8.5, 128)


@pytest.mark.engine
def test_before_any_request_the_speeds_are_those_of_tuning_or_of_the_self_test(tmp_path: Path) -> None:
    with running_engine(tmp_path) as engine:
        engine.ready()
        health = engine.health()
    assert health["reading_tokens_per_s"] > 0
    assert health["writing_tokens_per_s"] > 0
    assert (health["unread_tokens"], health["ends_in_s"], health["expected_wait_s"]) == ([], [], 0)
    with running_engine(tmp_path, reads_per_s=21.0, writes_per_s=8.5) as engine:
        engine.ready()
        told = engine.health()
    assert (told["reading_tokens_per_s"], told["writing_tokens_per_s"]) == (21.0, 8.5)


@pytest.mark.engine
def test_the_speeds_are_measured_while_it_serves(tmp_path: Path) -> None:
    with running_engine(tmp_path, reads_per_s=1.0, writes_per_s=0.5) as engine:
        engine.ready()
        body = {"model": "local", "prompt": LONG[:800], "max_tokens": 20, **NEVER_ENDS}
        assert engine.post(body, "/v1/completions").status_code == 200
        health = engine.health()
        assert health["reading_tokens_per_s"] > 5
        assert health["writing_tokens_per_s"] > 1
        assert engine.metrics("reading_tokens_per_second") == pytest.approx(health["reading_tokens_per_s"], rel=0.2)
        assert engine.metrics("writing_tokens_per_second") == pytest.approx(health["writing_tokens_per_s"], rel=0.2)


@pytest.mark.engine
def test_what_is_unread_and_when_places_become_free(tmp_path: Path) -> None:
    with running_engine(tmp_path, max_sequences=1, model_path=tiny_model()) as engine:
        engine.ready()
        begun = [_begin(engine, f"{word} {LONG}") for word in ("one", "two", "three")]
        wait_for(lambda: engine.health()["running"] + engine.health()["queued"] == 3, 30)
        health = engine.health()
        assert sum(health["unread_tokens"]) > 1000  # of the two that wait at least
        assert len(health["ends_in_s"]) == 3
        assert health["expected_wait_s"] >= max(health["ends_in_s"]) * 0.9
        assert engine.metrics("unread_tokens") > 1000
        for thread in begun:
            thread.join(60)
        wait_for(lambda: engine.health()["unread_tokens"] == [], 30)


@pytest.mark.engine
def test_what_waits_for_the_same_beginning_is_not_read_twice(tmp_path: Path) -> None:
    with running_engine(tmp_path, max_sequences=1) as engine:
        engine.ready()
        begun = [_begin(engine, LONG, max_tokens=600), _begin(engine, f"{LONG} and")]
        wait_for(lambda: engine.health()["queued"] == 1, 30)
        wait_for(lambda: sum(engine.health()["unread_tokens"]) < 100, 30)
        assert engine.health()["queued"] == 1
        for thread in begun:
            thread.join(60)


def _begin(engine: LiveEngine, prompt: str, max_tokens: int = 60) -> threading.Thread:
    body = {"model": "local", "prompt": prompt, "max_tokens": max_tokens, **NEVER_ENDS}
    thread = threading.Thread(target=lambda: httpx.post(f"{engine.url}/v1/completions", json=body, timeout=110))
    thread.start()
    time.sleep(0.02)  # in this order
    return thread
