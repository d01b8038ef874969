"""Items are asked over real HTTP: failures are tried again, callers come first, and what came back is graded."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from gateway.config.sections.local import LocalSettings
from gateway.dispatch.local_server import open_backend
from gateway.exam import answering, asking
from gateway.exam.asking import MOST_FAILURES, Asker, ExamFailed, examine
from gateway.exam.manners import GaveWay, Hold
from router.decision import Turn
from router.exam.graded import Graded, ItemKey
from router.exam.item import Answer, Item, ToolCall, asked
from tests.provider import PROMPT_TOKENS, WORDS, Call, Provider, fault

HEADER = {"x-slimgate-background": "1"}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
ITEM = Item(asked("Say eight words."), lambda answer: "eight words" in answer.text, 16, "eight words")
WRONG = Item(asked("Say nine words."), lambda answer: "nine words" in answer.text, 16, "nine words")
WITH_TOOL = Item(asked("Rain?"), lambda answer: answer.tool_calls[0].name == "weather", 16, "weather", (TOOL,))


@fault
async def exam_gave_way(call: Call) -> None:
    """What the engine says to a request that gives way to callers."""
    await call.error("503 Service Unavailable", "It answers callers.", "gave_way", "retry-after: 1")


@fault
async def exam_gave_way_midway(call: Call) -> None:
    """The same once the answer has begun."""
    await call.begin_stream()
    await call.words(3)
    error = {"message": "It answers callers.", "type": "server_error", "param": None, "code": "gave_way", "status": 503}
    await call.event({"error": error})


@fault
async def exam_calls_tools(call: Call) -> None:
    """Two calls in pieces; the arguments of the second are not JSON."""
    await call.begin_stream()
    for index, name, pieces in ((0, "weather", ('{"ci', 'ty": "Rome"}')), (1, "time", ("{", "oops"))):
        function = {"name": name, "arguments": ""}
        await call.event(call.chunk({"tool_calls": [{"index": index, "id": f"c{index}", "function": function}]}))
        for piece in pieces:
            delta = {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            await call.event(call.chunk(delta))
    await call.finish()
    await call.done()


@fault
async def exam_tells_logprobs(call: Call) -> None:
    await call.begin_stream()
    for word, logprob in (("yes", -0.25), (" sir", -0.75)):
        chunk = call.chunk({"content": word})
        chunk["choices"][0]["logprobs"] = {"content": [{"token": word, "logprob": logprob, "top_logprobs": []}]}
        await call.event(chunk)
    await call.finish()
    await call.done()


class Listed:
    """A sitting that wants these items, in this order, each once."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.todo = [ItemKey("listed", 1, "en", number) for number in range(len(items))]
        self.recorded: list[Graded] = []
        self.given_back: list[ItemKey] = []

    def next(self) -> ItemKey | None:
        return self.todo.pop(0) if self.todo else None

    def record(self, graded: Graded) -> None:
        self.recorded.append(graded)

    def give_back(self, key: ItemKey) -> None:
        self.given_back.append(key)


@pytest.fixture
def ask(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Listed]:
    """Examines the provider in these items."""
    monkeypatch.setattr(asking, "RETRY_PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(asking, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(asking, "LONGEST_WAIT_S", 0.02)

    def run(*items: Item, at_once: int = 1, hold: Hold | None = None, **asker: Any) -> Listed:
        sitting = Listed(list(items))
        monkeypatch.setattr(asking, "item", lambda key: items[key.seed])

        async def graded(_graded: Graded) -> None: ...

        async def session() -> None:
            backend = open_backend(LocalSettings(base_url=provider.base_url, model="small"), HEADER)
            try:
                told = Asker(backend, **{"logprobs": False, "hold": hold or Hold(), **asker})
                await examine(sitting, told, at_once, graded)
            finally:
                await backend.aclose()

        asyncio.run(session())
        return sitting

    return run


def test_what_is_asked(ask: Callable[..., Listed], provider: Provider) -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "Hi"), Turn("assistant", "Hello"), Turn("user", "Bye"))
    ask(Item(turns, lambda _answer: True, 7, "", (TOOL,)))
    (body,) = provider.requests
    assert body["messages"] == [{"role": turn.role, "content": turn.text} for turn in turns]
    assert (body["model"], body["temperature"], body["max_tokens"], body["tools"]) == ("small", 0, 7, [TOOL])
    assert "logprobs" not in body
    assert provider.headers[0]["x-slimgate-background"] == "1"


def test_what_is_graded(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.pause_s = 0.01
    right, wrong = ask(ITEM, WRONG).recorded
    assert (right.key.seed, right.passed, wrong.passed) == (0, True, False)
    assert right.answer == "".join(WORDS)
    assert (right.prompt_tokens, right.completion_tokens) == (PROMPT_TOKENS, len(WORDS))
    assert 0 < right.first_token_s < right.total_s < 5
    assert right.total_s - right.first_token_s > 0.05
    assert right.first_tokens is None


def test_calls_of_tools_are_put_together(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.always = "exam_calls_tools"
    seen: list[Answer] = []

    def check(answer: Answer) -> bool:
        seen.append(answer)
        return True

    (graded,) = ask(Item(asked("Rain?"), check, 9, "", (TOOL,))).recorded
    assert seen == [Answer("", [ToolCall("weather", {"city": "Rome"}), ToolCall("time", None)])]
    assert graded.answer == 'weather({"city":"Rome"})\ntime()'


def test_how_sure_it_was_follows_from_probabilities(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.always = "exam_tells_logprobs"
    (graded,) = ask(ITEM, logprobs=True).recorded
    assert (provider.requests[0]["logprobs"], provider.requests[0]["top_logprobs"]) == (True, 5)
    assert graded.first_tokens is not None
    assert (graded.first_tokens.n, graded.first_tokens.mean_logprob, graded.first_tokens.least_logprob) == (
        2,
        -0.5,
        -0.75,
    )


@pytest.mark.parametrize("failure", ["error_500", "error_503", "reset", "cut_stream", "error_event", "html_200"])
def test_an_item_is_tried_four_times(ask: Callable[..., Listed], provider: Provider, failure: str) -> None:
    provider.faults.extend([failure] * 3)
    sitting = ask(ITEM)
    assert [graded.passed for graded in sitting.recorded] == [True]
    assert len(provider.requests) == 4
    provider.faults.extend([failure] * 4)
    sitting = ask(ITEM, ITEM)
    assert [key.seed for key in sitting.given_back] == [0]
    assert [graded.key.seed for graded in sitting.recorded] == [1]


def test_a_refused_request_is_not_tried_again(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.faults.append("content_filter")
    sitting = ask(ITEM, ITEM)
    assert [key.seed for key in sitting.given_back] == [0]
    assert len(provider.requests) == 2


@pytest.mark.parametrize(("item", "refusal"), [(ITEM, "context_length"), (WITH_TOOL, "content_filter")])
def test_what_the_model_cannot_take_it_fails(
    ask: Callable[..., Listed], provider: Provider, item: Item, refusal: str
) -> None:
    provider.faults.append(refusal)
    (graded,) = ask(item).recorded
    assert (graded.passed, graded.answer, graded.completion_tokens) == (False, "", 0)


@pytest.mark.parametrize("way", ["exam_gave_way", "exam_gave_way_midway"])
def test_what_gave_way_is_asked_again_and_counts_for_nothing(
    ask: Callable[..., Listed], provider: Provider, way: str
) -> None:
    provider.faults.extend([way] * (MOST_FAILURES + 2))
    (graded,) = ask(ITEM, most_requests=1).recorded
    assert graded.passed
    assert graded.total_s < 1


def test_a_server_that_never_answers_ends_the_exam(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.always = "error_500"
    with pytest.raises(ExamFailed, match=r"20 times in a row; the last time: .*status 500"):
        ask(*[ITEM] * 50)
    assert len(provider.requests) == MOST_FAILURES


def test_an_answer_between_failures_is_a_sign_of_life(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.faults.extend(["error_500", "error_500", "none"] * 20)
    assert len(ask(*[ITEM] * 20).recorded) == 20


def test_no_more_requests_than_allowed(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.faults.append("error_500")
    sitting = ask(*[ITEM] * 9, most_requests=5, n_requests=1)
    assert len(provider.requests) == 4
    assert len(sitting.recorded) == 3


@pytest.mark.parametrize("at_once", [1, 3])
def test_so_many_at_once(ask: Callable[..., Listed], provider: Provider, at_once: int) -> None:
    provider.pause_s = 0.01
    assert len(ask(*[ITEM] * 6, at_once=at_once).recorded) == 6
    assert provider.most_at_once == at_once


def test_an_endless_answer_is_cut_off(ask: Callable[..., Listed], provider: Provider) -> None:
    provider.always = "endless"
    (graded,) = ask(ITEM).recorded
    assert len(graded.answer) == answering.KEPT_CHARS
    assert graded.total_s < 5


@pytest.mark.parametrize(
    ("check", "says"), [(lambda _answer: 1 / 0, "failed"), (lambda _answer: time.sleep(2), "took")]
)
def test_a_broken_check_fails_its_item_only(
    check: Callable[[Answer], bool], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Item(asked("x"), check, 1, "")
    assert asyncio.run(answering.check(broken, Answer("x"), limit_s=0.05)) is False
    assert says in caplog.text


def test_callers_of_a_server_elsewhere_come_first(ask: Callable[..., Listed], provider: Provider) -> None:
    """What is being asked is cancelled; asking goes on when the callers have been gone for a while."""
    provider.faults.append("slow_first_token")
    hold, times = Hold(quiet_s=0.2), []

    async def caller() -> None:
        while not provider.requests:  # noqa: ASYNC110 - it is another thread's
            await asyncio.sleep(0.005)
        hold.hold()
        while provider.at_once:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        assert len(provider.requests) == 1
        hold.go()
        times.append(time.monotonic())

    async def run() -> Graded | None:
        backend = open_backend(LocalSettings(base_url=provider.base_url, model="small"), HEADER)
        calling = asyncio.create_task(caller())
        try:
            return await Asker(backend, logprobs=False, hold=hold).grade(ItemKey("sums", 1, "en", 0))
        finally:
            times.append(time.monotonic())
            await calling
            await backend.aclose()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "item", lambda _key: ITEM)
        graded = asyncio.run(run())
    assert graded is not None
    assert graded.passed
    assert times[1] - times[0] >= 0.19
    assert provider.hung_up == 1


def test_a_hold_before_the_request_lets_nothing_out() -> None:
    async def run() -> None:
        hold = Hold(quiet_s=0.05)
        hold.hold()
        with pytest.raises(GaveWay):
            await hold.unless_held(asyncio.sleep(60))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await hold.until_free()
        hold.go()
        hold.go()  # said twice, it changes nothing
        began = time.monotonic()
        await hold.until_free()
        assert 0.03 < time.monotonic() - began < 10

    asyncio.run(run())
