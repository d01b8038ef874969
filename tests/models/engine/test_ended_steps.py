"""A long step that only reads ends as soon as somebody arrives or hangs up, and nothing of the answer is lost."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.live import wait_for
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.test_supervisor import BODY, engine_that

pytestmark = pytest.mark.engine

SLOW_READING = """
    import time
    from models.engine.native.llama import Context
    from models.engine.scheduling import step_batching
    step_batching.ALONE_S = 0.0
    real = Context.abort_when
    def abort_when(self, wanted):
        def slowly():
            time.sleep(0.01)
            return wanted()
        real(self, wanted and slowly)
    Context.abort_when = abort_when
"""
"""Steps that read more than a few tokens take seconds, unless they are ended."""

LONG = {**BODY, "messages": [{"role": "user", "content": "the sea " * 40}], "max_tokens": 8, "temperature": 0}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    folder = tmp_path_factory.mktemp("slow")
    with running_engine(folder / "state", command=engine_that(folder, SLOW_READING), prefix_cache=False) as engine:
        engine.ready()
        wait_for(lambda: engine.health()["running"] == 0)
        yield engine


def test_who_arrives_does_not_wait_for_a_long_prompt(engine: LiveEngine, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(engine.post, LONG)
        wait_for(lambda: engine.health()["running"] == 1)
        time.sleep(0.3)  # in the middle of the step
        assert engine.post({**BODY, "max_tokens": 1}).status_code == 200
        assert not long.done()
        disturbed = long.result().json()["choices"]
    with running_engine(tmp_path, prefix_cache=False) as usual:
        usual.ready()
        assert usual.post(LONG).json()["choices"] == disturbed


def test_who_hangs_up_frees_the_engine_at_once(engine: LiveEngine) -> None:
    with contextlib.suppress(httpx.ReadTimeout):
        httpx.post(f"{engine.url}/v1/chat/completions", json=LONG, timeout=0.5)
    wait_for(lambda: engine.health()["running"] == 0, 2)
