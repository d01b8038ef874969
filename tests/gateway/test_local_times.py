"""How long the local model would take, by arithmetic alone."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.dispatch.kept_prefixes import KeptPrefixes
from gateway.dispatch.local_load import LocalLoad
from gateway.dispatch.local_times import LocalTimes, n_read_before
from gateway.dispatch.prompt_outline import PromptOutline
from models.engine.scheduling.forecast import Pace
from models.usage.usage import Usage
from models.wire.backend import Completion
from models.wire.chat import ChatRequest
from models.wire.errors import BackendUnavailable
from router.decision import LocalEstimate

IDLE = LocalLoad(0, 0, 0.0, pace=Pace(100.0, 10.0, 1.0), max_sequences=2, n_kept_tokens=8192)
TEXT = "word " * 800
"""About 1,000 tokens: 10 s of reading."""

Messages = list[dict[str, Any]]


class Side:
    """A local side whose clock and load a test sets."""

    def __init__(self, load: LocalLoad | None = IDLE) -> None:
        self.load, self.now = load, 0.0
        self.times = LocalTimes(lambda: self.load, lambda: self.now)

    def estimate(self, *messages: str, **fields: Any) -> LocalEstimate:
        found = self.times.estimate(request(*messages, **fields))
        assert found is not None
        return found

    def first_token_s(self, *messages: str, **fields: Any) -> float:
        return self.estimate(*messages, **fields).first_token_s

    def answer(self, *messages: str, usage: Usage | None = None, reason: str = "stop") -> None:
        """Let it answer a request at once."""

        async def work() -> Completion:
            return Completion(b"{}", "m", usage, (reason,))

        asyncio.run(self.times.watch(request(*messages), work()))


def request(*texts: str, **fields: Any) -> ChatRequest:
    """A conversation; of the roles `system:`, `assistant:` or nobody's, which is the user's."""
    messages: Messages = []
    for text in texts:
        role, found, content = text.partition(":")
        messages.append({"role": role, "content": content} if found else {"role": "user", "content": text})
    return ChatRequest.parse({"model": "auto", "messages": messages, **fields})


def test_a_long_prompt_takes_its_time_to_be_read() -> None:
    side = Side()
    assert side.first_token_s("hello") < 0.3
    assert side.first_token_s(TEXT) == pytest.approx(10.2, abs=0.3)


def test_the_answer_takes_what_it_may_or_what_is_usual() -> None:
    side = Side()
    one, ten, usual = (
        side.estimate("hello", max_tokens=1),
        side.estimate("hello", max_tokens=10),
        side.estimate("hello"),
    )
    assert one.answer_s == one.first_token_s
    assert ten.answer_s - ten.first_token_s == pytest.approx(0.9)
    assert usual.answer_s - usual.first_token_s == pytest.approx(19.9)
    for _ in range(50):
        side.answer("hello", usage=Usage(10, 20))
    assert side.estimate("hello").answer_s < 3


def test_answers_that_were_cut_do_not_make_the_usual_one_shorter() -> None:
    side = Side()
    before = side.estimate("hello").answer_s
    for _ in range(20):
        side.answer("hello", usage=Usage(10, 5), reason="length")
    assert side.estimate("hello").answer_s == pytest.approx(before, rel=0.05)


def test_a_counted_prompt_needs_no_guess() -> None:
    found = Side().times.estimate(request("hello"), 3000)
    assert found is not None
    assert found.first_token_s == pytest.approx(30.1)


def test_what_a_guessed_token_really_is_is_learnt() -> None:
    side = Side()
    before = side.first_token_s(TEXT)
    for number in range(10):
        side.answer(f"{number} {TEXT}", usage=Usage(2000, 5))
    assert side.first_token_s(f"more {TEXT}") == pytest.approx(2 * before, rel=0.1)


def test_without_a_speed_there_is_no_estimate() -> None:
    assert Side(None).times.estimate(request("hello")) is None
    assert Side(LocalLoad(0, 0, 0.0)).times.estimate(request("hello")) is None


def test_a_growing_conversation_is_read_once() -> None:
    side = Side()
    side.answer(TEXT)
    assert side.first_token_s(TEXT, "assistant:" + TEXT, "And then?") < 0.5
    assert side.first_token_s("other " + TEXT, "assistant:" + TEXT, "And then?") > 15


def test_a_shared_system_prompt_is_read_once() -> None:
    side = Side()
    side.answer("system:" + TEXT, "one")
    assert side.first_token_s("system:" + TEXT, "two") < 0.5
    assert side.first_token_s("system:" + TEXT, "two", tools=[{"type": "function", "function": {"name": "f"}}]) > 9


def test_nothing_is_known_of_what_another_process_had_read() -> None:
    side = Side()
    side.answer(TEXT)
    assert side.first_token_s(TEXT) < 0.5
    side.load = replace(IDLE, created=7)
    assert side.first_token_s(TEXT) > 9


def test_an_engine_that_keeps_nothing_reads_everything() -> None:
    side = Side(replace(IDLE, n_kept_tokens=0))
    side.answer(TEXT)
    assert side.first_token_s(TEXT) > 9


def test_what_others_have_in_the_queue_comes_first() -> None:
    side = Side(replace(IDLE, running=1, unread_tokens=(2000,)))
    assert side.first_token_s(TEXT) == pytest.approx(20.2, abs=0.5)  # half of the steps go to the other
    assert side.first_token_s("hello") < 0.5
    side.load = replace(IDLE, running=1, unread_tokens=(500,))
    assert side.first_token_s(TEXT) == pytest.approx(15.2, abs=0.5)
    side.now = 3.0
    assert side.first_token_s(TEXT) == pytest.approx(12.2, abs=0.5)  # it has read on since it was asked


def test_without_a_place_one_waits_for_the_end_of_an_answer() -> None:
    side = Side(replace(IDLE, running=2, ends_in_s=(30.0, 7.0)))
    assert side.first_token_s("hello") == pytest.approx(7.2, abs=0.2)
    side.load = replace(IDLE, running=1, ends_in_s=(30.0,))
    assert side.first_token_s("hello") < 0.5


def test_an_answer_is_written_slowly_while_others_are_read() -> None:
    side = Side(replace(IDLE, running=1, unread_tokens=(5000,)))
    found = side.estimate("hello", max_tokens=21)  # one token a second, of its 50 s
    assert found.answer_s - found.first_token_s == pytest.approx(20, abs=0.1)
    side.now = 49.9
    assert side.estimate("hello", max_tokens=21).answer_s < 3


def test_an_engine_that_hangs_takes_longer_and_longer() -> None:
    assert Side(replace(IDLE, stalled_s=20.0)).first_token_s("hello") > 20


def test_an_engine_that_has_answered_since_it_was_asked_does_not_hang() -> None:
    side = Side()

    async def work() -> Completion:
        side.load = replace(IDLE, running=1, stalled_s=4.0, unread_tokens=(300,), asked_at=5.0)
        side.now = 5.2
        assert side.first_token_s("hello") > 4
        return Completion(b"{}", "m", Usage(12, 5), ("stop",))

    asyncio.run(side.times.watch(request("a question"), work()))
    assert side.first_token_s("hello") < 0.3


def test_what_was_sent_since_the_engine_was_asked_counts_too() -> None:
    side = Side()

    async def send() -> None:
        ended = asyncio.Event()

        async def work() -> Completion:
            await ended.wait()
            return Completion(b"{}", "m", Usage(900, 5), ("stop",))

        side.now = 0.1
        tasks = [asyncio.create_task(side.times.watch(request(f"{n} {TEXT}"), work())) for n in range(2)]
        await asyncio.sleep(0)
        assert side.first_token_s("three " + TEXT) > 25
        assert side.first_token_s("hello") > 5  # no place for it
        side.load = replace(IDLE, max_sequences=8)  # places enough, but three prompts to read
        assert side.first_token_s("three " + TEXT) == pytest.approx(29, abs=3)
        side.load = replace(IDLE, asked_at=0.2)  # it knows of them now, and has done with them
        assert side.first_token_s("hello") < 0.5
        ended.set()
        await asyncio.gather(*tasks)

    asyncio.run(send())


def test_a_request_that_failed_is_no_longer_in_hand() -> None:
    side = Side()

    async def work() -> Completion:
        raise BackendUnavailable("local", "it is gone")

    side.now = 0.1
    for _ in range(3):
        with pytest.raises(BackendUnavailable):
            asyncio.run(side.times.watch(request(TEXT), work()))
    assert side.first_token_s("hello") < 0.5


@pytest.mark.parametrize(
    ("n_unread", "ahead", "read"),
    [(100, [], 0), (100, [50], 50), (100, [5000], 100), (100, [50, 5000], 200), (5000, [100, 100], 200)],
)
def test_half_of_each_step_goes_to_the_oldest_prompt(n_unread: int, ahead: list[int], read: int) -> None:
    assert n_read_before(n_unread, ahead) == read


def test_what_is_kept_is_bounded_as_in_the_engine() -> None:
    kept = KeptPrefixes()
    chains = [PromptOutline.of(request(f"conversation {n}", "more")).chain for n in range(100)]
    for chain in chains:
        kept.keep(chain, 1000, room=8192)
    assert [kept.n_known(chain) for chain in chains] == [0] * 92 + [2] * 8
    kept.forget()
    for chain in chains:
        kept.keep(chain, 100, room=8192)  # small ones take 512 tokens together
    assert sum(kept.n_known(chain) > 0 for chain in chains) == 5
    kept.forget()
    assert kept.n_known(chains[-1]) == 0


def test_a_conversation_that_goes_on_takes_the_place_of_its_beginning() -> None:
    kept = KeptPrefixes()
    other = PromptOutline.of(request("another one")).chain
    kept.keep(other, 300, room=8192)
    texts: list[str] = []
    for number in range(40):
        texts += [f"turn {number}", f"assistant:answer {number}"]
        kept.keep(PromptOutline.of(request(*texts[:-1])).chain, 100, room=8192)
    assert kept.n_known(other) == 1
    assert kept.n_known(PromptOutline.of(request(*texts, "next")).chain) == 79


def test_an_outline_says_nothing_of_the_text_and_takes_whatever_comes() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "\ud800", "n": 1 << 80}}
    body = {"model": "auto", "messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}
    outline = PromptOutline.of(ChatRequest.parse(body))
    assert (len(outline.chain[0]), outline.answers) == (16, (True,))
    assert outline.n_tokens > 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"running": "x"},
        {"expected_wait_s": float("nan")},
        {"stalled_s": -1},
        {"reading_tokens_per_s": float("inf")},
        {"unread_tokens": ["x"]},
        {"ends_in_s": [float("nan")]},
    ],
)
def test_what_an_engine_cannot_mean_is_refused(wrong: dict[str, Any]) -> None:
    health = {"running": 0, "queued": 0, "expected_wait_s": 0.0}
    assert LocalLoad.from_health(health, 5.0) == LocalLoad(0, 0, 0.0, asked_at=5.0)
    with pytest.raises((ValueError, TypeError, OverflowError)):
        LocalLoad.from_health({**health, **wrong}, 5.0)
