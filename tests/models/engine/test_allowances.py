"""What a request may cost beside the model's own steps, and what becomes of one that costs more."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.live import wait_for
from tests.models.engine.live import READY_S, LiveEngine, running_engine
from tests.models.engine.test_supervisor import BODY, answers, engine_that

pytestmark = pytest.mark.engine

COSTLY_TOKENS = """
    import time
    from models.engine.scheduling import allowance
    from models.engine.scheduling.token_selection import TokenSelector
    allowance.FIXED_S, allowance.PER_TOKEN_S = 0.2, 0.01
    real = TokenSelector.select
    def select(self, *arguments):
        if self._n_alternatives == 7:
            began = time.thread_time()
            while time.thread_time() - began < 0.05:
                pass
        return real(self, *arguments)
    TokenSelector.select = select
"""


def test_an_answer_whose_tokens_cost_too_much_ends_and_the_others_go_on(tmp_path: Path) -> None:
    with running_engine(tmp_path, command=engine_that(tmp_path, COSTLY_TOKENS)) as engine:
        engine.ready()
        with ThreadPoolExecutor(2) as pool:
            other = pool.submit(engine.post, {**BODY, "max_tokens": 40})
            costly = engine.post({**BODY, "max_tokens": 400, "logprobs": True, "top_logprobs": 7})
        assert (costly.status_code, costly.json()["error"]["code"]) == (400, "unsupported_value")
        assert "took 0." in costly.json()["error"]["message"]
        assert other.result().json()["usage"]["completion_tokens"] == 40
        assert engine.health()["running"] == 0


SLOW_PREPARATIONS = """
    import time
    from models.engine.engine import Engine
    from models.engine.request import preparations
    preparations.LIMIT_S, preparations.USUAL_S = 0.6, 0.1
    real = Engine.prompt_tokens
    def prompt_tokens(self, job):
        if "hang" in job.messages[-1]["content"]:
            time.sleep({seconds})
        return real(self, job)
    Engine.prompt_tokens = prompt_tokens
"""
HANG = {**BODY, "messages": [{"role": "user", "content": "hang"}], "max_tokens": 2}


def hang(engine: LiveEngine, n: int) -> list[threading.Thread]:
    """Callers whose requests hang."""

    def ask() -> None:
        with httpx.Client() as client:
            try:
                client.post(f"{engine.url}/v1/chat/completions", json=HANG, timeout=30)
            except httpx.TransportError:
                return

    threads = [threading.Thread(target=ask) for _ in range(n)]
    for thread in threads:
        thread.start()
    return threads


def test_a_preparation_has_a_time_limit_and_shows_in_the_expected_wait(tmp_path: Path) -> None:
    with running_engine(tmp_path, command=engine_that(tmp_path, SLOW_PREPARATIONS.format(seconds=1.5))) as engine:
        engine.ready()
        late = engine.post(HANG)
        assert (late.status_code, late.json()["error"]["code"]) == (504, "deadline_exceeded")
        assert engine.health()["expected_wait_s"] == 0  # the other threads are free
        threads = hang(engine, 6)
        wait_for(lambda: engine.health()["expected_wait_s"] > 0.2)
        for thread in threads:
            thread.join()
        wait_for(lambda: answers(engine))  # those who went away left the queue: two would have slept for 1.5 s more
        assert engine.supervisor.state == "ready"


def test_a_preparation_that_never_ends_costs_a_restart(tmp_path: Path) -> None:
    command = engine_that(tmp_path, SLOW_PREPARATIONS.format(seconds=600))
    with running_engine(tmp_path, command=command, step_timeout_s=1.5) as engine:
        engine.ready()
        restarts = engine.supervisor.restarts
        assert engine.post(HANG).status_code == 504
        wait_for(lambda: engine.supervisor.restarts == restarts + 1)
        assert "the preparation of a request has not returned for 1.5 s" in str(engine.supervisor.last_error)
        wait_for(lambda: answers(engine), READY_S)


STUCK_STEPS = """
    import os, time
    from models.engine.native.llama import Context
    from models.engine.scheduling import scheduler
    scheduler.USUAL_ROUND_S = 0.1
    real = Context.decode
    def decode(self, batch):
        while os.path.exists({flag!r}):
            time.sleep(0.02)
        return real(self, batch)
    Context.decode = decode
"""


def test_a_stuck_step_makes_the_wait_grow_and_those_who_go_away_leave_their_places(tmp_path: Path) -> None:
    flag = tmp_path / "stuck"
    command = engine_that(tmp_path, STUCK_STEPS.format(flag=str(flag)))
    with running_engine(tmp_path / "state", command=command, max_sequences=1, max_queue=1) as engine:
        engine.ready()
        assert engine.health()["stalled_s"] == 0
        flag.touch()
        for _ in range(4):  # more than there are places
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{engine.url}/v1/chat/completions", json={**BODY, "max_tokens": 2}, timeout=0.4)
        wait_for(lambda: engine.health()["queued"] == 0)
        first = engine.health()["expected_wait_s"]
        wait_for(lambda: engine.health()["expected_wait_s"] > first + 0.3)
        assert engine.health()["stalled_s"] > 0.3
        flag.unlink()
        wait_for(lambda: engine.health()["running"] == 0)
        assert engine.health()["stalled_s"] == 0
        assert engine.post({**BODY, "max_tokens": 2}).status_code == 200
