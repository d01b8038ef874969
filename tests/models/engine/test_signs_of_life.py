"""A caller who waits for the engine hears that it makes progress, and nothing while it does not."""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.engine.http.asgi import BLANKS_HEADER
from tests.live import wait_for
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.slow_reader import long_prompt, slow_reader
from tests.models.engine.tiny import NEVER_ENDS

pytestmark = pytest.mark.engine

TAKES_BLANKS = {BLANKS_HEADER: "1"}
LIMIT = {"x-slimgate-timeout-s": "0.8"}
READING = re.compile(r": reading (\d+) of (\d+)")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveEngine, Path]]:
    """An engine that reads slowly, one prompt at a time, and the file that stops it."""
    folder = tmp_path_factory.mktemp("slow")
    script, flag = slow_reader(folder)
    with running_engine(folder, command=[sys.executable, str(script), "engine"], max_sequences=1) as engine:
        engine.ready()
        yield engine, flag


CASES: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "chat": ("/v1/chat/completions", lambda text: {"messages": [{"role": "user", "content": text}]}),
    "completion": ("/v1/completions", lambda text: {"prompt": text}),
    "embedding": ("/v1/embeddings", lambda text: {"input": text}),
}


def ask(engine: LiveEngine, case: str, headers: Any = None, **fields: Any) -> httpx.Response:
    path, body = CASES[case]
    asked = {"model": "local", "max_tokens": 2, **NEVER_ENDS, **body(long_prompt()), **fields}
    if case == "embedding":
        asked = {"model": "local", "input": asked["input"]}
    return httpx.post(engine.url + path, json=asked, headers=headers, timeout=60)


@pytest.mark.parametrize("case", ["chat", "completion"])
def test_a_stream_tells_how_far_its_prompt_is_read(slow: tuple[LiveEngine, Path], case: str) -> None:
    answer = ask(slow[0], case, stream=True)
    before, _, rest = answer.text.partition("data: ")
    read = [(int(n), int(of)) for n, of in READING.findall(before)]
    assert len(read) >= 3
    assert read == sorted(set(read))
    assert {of for _, of in read} == {read[-1][1]}
    assert ": reading" not in rest
    assert rest.endswith("data: [DONE]\n\n")


def test_who_waits_for_others_hears_that_the_engine_gets_on(slow: tuple[LiveEngine, Path]) -> None:
    engine, _ = slow
    first = threading.Thread(target=ask, args=(engine, "chat"))
    first.start()
    wait_for(lambda: engine.health()["running"] == 1)
    answer = ask(engine, "chat", stream=True)
    first.join()
    assert answer.text.startswith(": waiting\n\n")
    assert answer.text.index(": waiting") < answer.text.index(": reading") < answer.text.index("data: ")


@pytest.mark.parametrize("case", CASES)
def test_blanks_precede_a_whole_answer_only_where_they_are_taken(slow: tuple[LiveEngine, Path], case: str) -> None:
    answer = ask(slow[0], case, TAKES_BLANKS)
    assert len(answer.text) - len(answer.text.lstrip()) >= 3
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["object"]
    plain = ask(slow[0], case)
    assert (plain.text[0], "content-length" in plain.headers) == ("{", True)


@pytest.mark.parametrize("stream", [False, True])
def test_a_late_failure_names_the_status_that_it_would_have_been(slow: tuple[LiveEngine, Path], stream: bool) -> None:
    late = ask(slow[0], "chat", {**TAKES_BLANKS, **LIMIT}, stream=stream)
    assert late.status_code == 200
    error = json.loads(late.text.rpartition("data: ")[2])["error"]
    assert (error["code"], error["status"]) == ("deadline_exceeded", 504)
    early = ask(slow[0], "chat", LIMIT)
    assert (early.status_code, early.json()["error"].get("status")) == (504, None)


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_without_progress_says_nothing(slow: tuple[LiveEngine, Path], stream: bool) -> None:
    engine, flag = slow
    flag.touch()
    body = {"model": "local", "messages": [{"role": "user", "content": long_prompt()}], "stream": stream}
    try:
        with pytest.raises(httpx.ReadTimeout):  # no head, nor anything else, for a second
            httpx.post(f"{engine.url}/v1/chat/completions", json=body, headers=TAKES_BLANKS, timeout=1)
    finally:
        flag.unlink()
    wait_for(lambda: engine.health()["running"] == 0)


@pytest.mark.parametrize("case", ["chat", "completion"])
@pytest.mark.parametrize("stream", [False, True])
def test_who_hangs_up_meanwhile_ends_the_reading(slow: tuple[LiveEngine, Path], case: str, stream: bool) -> None:
    engine, _ = slow
    path, body = CASES[case]
    asked = {"model": "local", "stream": stream, **body(long_prompt(2.5))}
    with httpx.stream("POST", engine.url + path, json=asked, headers=TAKES_BLANKS, timeout=10) as answer:
        next(answer.iter_raw())  # a sign of life
        assert engine.health()["running"] == 1
    gone = time.monotonic()
    wait_for(lambda: engine.health()["running"] == 0)
    assert time.monotonic() - gone < 1.5  # all of it takes more than twice as long
