"""Requests that give way: a caller who comes ends them before the next step, and meanwhile none is begun."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import pytest

from models.engine.errors import GaveWay
from models.engine.http.asgi import BACKGROUND_HEADER
from models.engine.native.llama import Context, DecodeStatus
from models.engine.scheduling import scheduler as scheduling
from models.engine.scheduling.generation import Failed
from models.engine.scheduling.step_batching import plan_step_batch
from tests.live import wait_for
from tests.models.engine.live import LiveEngine, running_engine
from tests.models.engine.scheduled import ANSWER_S, Answer, Scheduled, scheduled
from tests.models.engine.test_supervisor import engine_that
from tests.models.engine.tiny import NEVER_ENDS, tiny_model, token_of

pytestmark = pytest.mark.engine

PROMPT = [1, *map(token_of, "thesea" * 40)]
OTHER = [1, *map(token_of, "ships" * 6)]
LONG = 1000


SLOW = """
    import time
    from models.engine.native.llama import Context
    real = Context.decode
    def decode(self, batch):
        time.sleep(0.005)
        return real(self, batch)
    Context.decode = decode
"""
"""Steps take so long that a long answer takes seconds, and who comes meanwhile comes in time."""


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scheduled]:
    real = Context.decode

    def decode(self: Context, batch: Any) -> DecodeStatus:
        time.sleep(0.005)
        return real(self, batch)

    monkeypatch.setattr(Context, "decode", decode)
    with scheduled(tiny_model(), n_ctx=4096, max_sequences=4) as running:
        yield running


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[list[bool]]:
    """For each step, whether its generations give way."""
    seen: list[list[bool]] = []
    real = plan_step_batch

    def plan(running: Sequence[Any], *limits: int) -> Any:
        chunks = real(running, *limits)
        seen.append([chunk.generation.gives_way for chunk in chunks])
        return chunks

    monkeypatch.setattr(scheduling, "plan_step_batch", plan)
    return seen


def gave_way(answer: Answer) -> bool:
    assert answer.ended.wait(ANSWER_S)
    last = answer.events[-1]
    return isinstance(last, Failed) and isinstance(last.error, GaveWay)


def test_a_caller_ends_them_before_the_first_step(tiny: Scheduled, steps: list[list[bool]]) -> None:
    background = tiny.start(PROMPT, LONG, gives_way=True)
    wait_for(lambda: background.generation.n_written > 2)
    n_before = len(steps)
    caller = tiny.write(OTHER, 5)
    assert caller.finished.usage.completion_tokens > 0
    assert gave_way(background)
    first = steps.index([False])
    assert first <= n_before + 2  # at most the step in progress and one that was being planned
    assert all(step == [True] for step in steps[:first])
    assert all(step == [False] for step in steps[first:])


def test_what_was_read_is_kept(tiny: Scheduled) -> None:
    background = tiny.start(PROMPT, LONG, gives_way=True)
    wait_for(lambda: background.generation.n_written > 2)
    tiny.write(OTHER, 2)
    assert gave_way(background)
    again = tiny.write(PROMPT, 2, gives_way=True)
    assert again.generation.n_cached == len(PROMPT) - 1


def test_while_a_caller_is_here_they_are_refused(tiny: Scheduled) -> None:
    caller = tiny.start(PROMPT, LONG)
    with pytest.raises(GaveWay):
        tiny.start(OTHER, 2, gives_way=True)
    tiny.scheduler.cancel([caller.generation])
    assert tiny.write(OTHER, 2, gives_way=True).finished


def test_who_wants_an_embedding_is_a_caller_too(tiny: Scheduled) -> None:
    background = tiny.start(PROMPT, LONG, gives_way=True)
    with tiny.scheduler.caller():
        assert gave_way(background)
        with pytest.raises(GaveWay):
            tiny.start(OTHER, 2, gives_way=True)
    assert tiny.write(OTHER, 2, gives_way=True).finished


def test_they_are_computed_together(tiny: Scheduled, steps: list[list[bool]]) -> None:
    prompts = [[*OTHER, token_of(letter)] for letter in "abcd"]
    answers = [tiny.start(prompt, 60, gives_way=True) for prompt in prompts]
    assert all(answer.ended.wait(ANSWER_S) for answer in answers)
    assert [True] * 4 in steps


def test_their_places_are_free_for_callers(tiny: Scheduled) -> None:
    tiny.scheduler._max_queue = 0
    background = [tiny.start(PROMPT, LONG, gives_way=True) for _ in range(4)]
    callers = [tiny.start(OTHER, 2) for _ in range(4)]
    assert all(map(gave_way, background))
    assert all(caller.ended.wait(ANSWER_S) and caller.finished for caller in callers)


def test_they_are_no_load_and_change_no_speed(tiny: Scheduled) -> None:
    scheduler = tiny.scheduler
    before = (scheduler.speeds.reading.value, scheduler.speeds.writing.value, scheduler._usual_tokens)
    answers = [tiny.start([*OTHER, token_of(letter)], 40, gives_way=True) for letter in "abcdefgh"]
    told = (scheduler.n_running, scheduler.n_waiting, scheduler.expected_wait_s)
    assert (told, scheduler.unread_tokens, scheduler.ends_in_s) == ((0, 0, 0), [], [])
    assert not scheduler.has_callers
    assert all(answer.ended.wait(ANSWER_S) for answer in answers)
    assert (scheduler.speeds.reading.value, scheduler.speeds.writing.value, scheduler._usual_tokens) == before
    assert tiny.counted("first_token_seconds_count") == 0


STEPS: dict[str, Callable[[list[int]], bool]] = {
    "reads": lambda sizes: len(sizes) == 1 and sizes[0] > 1,
    "writes": lambda sizes: set(sizes) == {1},
    "both": lambda sizes: 1 in sizes and max(sizes) > 1,
}


@pytest.mark.parametrize("kind", STEPS)
def test_a_caller_does_not_wait_for_the_end_of_their_step(
    tiny: Scheduled, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    in_step, arrived = threading.Event(), threading.Event()
    sizes: list[int] = []
    statuses: list[DecodeStatus] = []
    real_plan, real_decode = plan_step_batch, Context.decode
    real_abort_when = cast("Any", Context.abort_when)

    def plan(running: Sequence[Any], *limits: int) -> Any:
        chunks = real_plan(running, *limits)
        sizes[:] = [chunk.n_tokens for chunk in chunks]
        return chunks

    def abort_when(self: Context, wanted: Any) -> None:
        def once_somebody_came() -> bool:
            in_step.set()
            assert arrived.wait(ANSWER_S)
            return bool(wanted())

        real_abort_when(self, once_somebody_came if wanted and STEPS[kind](sizes) else wanted)

    def decode(self: Context, batch: Any) -> DecodeStatus:
        statuses.append(real_decode(self, batch))
        return statuses[-1]

    monkeypatch.setattr(scheduling, "plan_step_batch", plan)
    monkeypatch.setattr(Context, "abort_when", abort_when)
    monkeypatch.setattr(Context, "decode", decode)
    background = [tiny.start(PROMPT, LONG, gives_way=True)]
    if kind == "both":
        wait_for(lambda: background[0].generation.n_written > 2)
        background.append(tiny.start([*OTHER, *PROMPT], LONG, gives_way=True))
    assert in_step.wait(ANSWER_S)
    n_steps = len(statuses)
    caller = tiny.start(OTHER, 5)
    arrived.set()
    assert caller.ended.wait(ANSWER_S)
    assert all(map(gave_way, background))
    assert statuses[n_steps] is DecodeStatus.ABORTED
    assert statuses.count(DecodeStatus.ABORTED) == 1
    assert caller.tokens == tiny.write(OTHER, 5).tokens


BACKGROUND = {BACKGROUND_HEADER: "1"}
BODY: dict[str, Any] = {"model": "local", "messages": [{"role": "user", "content": "hello"}], **NEVER_ENDS}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    folder = tmp_path_factory.mktemp("engine")
    with running_engine(folder / "state", command=engine_that(folder, SLOW)) as engine:
        engine.ready()
        yield engine


def ask(engine: LiveEngine, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(f"{engine.url}/v1/chat/completions", json=body, headers=headers, timeout=110)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]


@pytest.mark.parametrize("stream", [False, True])
def test_over_http_a_caller_ends_them(engine: LiveEngine, stream: bool) -> None:
    n_steps, n_ended = engine.metrics("step_seconds_count"), engine.metrics('finished_total{reason="gave_way"')
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, engine, {**BODY, "max_tokens": 1900, "stream": stream}, BACKGROUND)
        wait_for(lambda: engine.metrics("step_seconds_count") > n_steps + 5)
        assert engine.health()["running"] == 0
        assert ask(engine, {**BODY, "max_tokens": 3}).status_code == 200
        answer = asking.result()
    assert engine.metrics('finished_total{reason="gave_way"') == n_ended + 1
    if stream:
        *texts, last = answer.text.split("\n\n")[:-1]
        error = json.loads(last.removeprefix("data: "))["error"]
        assert texts
        assert (error["code"], error["status"]) == ("gave_way", 503)
    else:
        assert refusal(answer) == (503, "gave_way", "1")


@pytest.mark.parametrize(("headers", "is_refused"), [(BACKGROUND, True), ({BACKGROUND_HEADER: "0"}, False)])
def test_over_http_they_are_refused_while_a_caller_is_here(
    engine: LiveEngine, headers: dict[str, str], is_refused: bool
) -> None:
    body = {**BODY, "stream": True, "max_tokens": 1900}
    with httpx.stream("POST", f"{engine.url}/v1/chat/completions", json=body, timeout=110) as caller:
        next(caller.iter_lines())
        answer = ask(engine, {**BODY, "max_tokens": 2}, headers)
        assert answer.status_code == (503 if is_refused else 200)
        if is_refused:
            assert refusal(answer) == (503, "gave_way", "1")
            text = {"model": "local", "prompt": "hello", "max_tokens": 2}
            refused = httpx.post(f"{engine.url}/v1/completions", json=text, headers=BACKGROUND, timeout=110)
            assert refusal(refused) == (503, "gave_way", "1")
    wait_for(lambda: engine.health()["running"] == 0)
    assert ask(engine, {**BODY, "max_tokens": 2}, BACKGROUND).status_code == 200
