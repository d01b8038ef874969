"""How sure a model was of the first tokens of its answer: what follows from probabilities, and what is believed."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from models.remote.http import HttpServer
from models.remote.openai import OpenAIBackend
from models.wire.collect_stream import collect_stream
from models.wire.first_tokens import FIELD, FirstTokens, TokenSignals, first_tokens_of
from models.wire.sse import DONE, encode_event
from models.wire.stream import ChatStream

TOLD = FirstTokens(8, -0.25, -1.5, 3.0, 0.5)


def entry(probability: float, *others: float) -> dict[str, Any]:
    top = [{"token": "x", "logprob": math.log(other)} for other in others]
    return {"token": "x", "logprob": math.log(probability), "bytes": None, "top_logprobs": top}


def test_means_and_least_of_the_tokens() -> None:
    assert FirstTokens.of([]) is None
    signals = [TokenSignals(-0.1, 1.0, 0.2), TokenSignals(-0.7, 2.0, 0.6), TokenSignals(-0.4, 6.0, 0.1)]
    assert FirstTokens.of(signals) == FirstTokens(3, -0.4, -0.7, 3.0, 0.3)
    assert FirstTokens.of([*signals, TokenSignals(-0.4)]) == FirstTokens(4, -0.4, -0.7)


def test_of_logprobs_the_rest_is_one_more_outcome() -> None:
    first = first_tokens_of([entry(0.5, 0.5, 0.25), entry(0.2, 0.6, 0.3)])
    assert first is not None
    assert first.n == 2
    assert first.mean_logprob == pytest.approx((math.log(0.5) + math.log(0.2)) / 2, abs=1e-6)
    assert first.least_logprob == pytest.approx(math.log(0.2), abs=1e-6)
    assert first.mean_margin == pytest.approx(math.log(2), abs=1e-6)
    one = 0.5 * math.log(2) + 2 * 0.25 * math.log(4)
    other = -(0.6 * math.log(0.6) + 0.3 * math.log(0.3) + 0.1 * math.log(0.1))
    assert first.mean_entropy == pytest.approx((one + other) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(1.0)] * 20, FirstTokens(8, 0.0, 0.0)),
        ([entry(1.0, 1.0)], FirstTokens(1, 0.0, 0.0)),
        ([{"token": "x", "logprob": -9999.0}], FirstTokens(1, -100.0, -100.0)),
        ([{"token": "x", "logprob": 3}], FirstTokens(1, 0.0, 0.0)),
        ([{"logprob": None}, {"logprob": "-1"}, {"logprob": True}, {"logprob": -(10**400)}, 7, None], None),
        ([{"logprob": -1.0, "top_logprobs": [{"logprob": "a"}, 3, None]}], FirstTokens(1, -1.0, -1.0)),
        ([{"logprob": -1.0, "top_logprobs": 4}], FirstTokens(1, -1.0, -1.0)),
        ([], None),
        ({"logprob": -1.0}, None),
        (None, None),
    ],
)
def test_logprobs_in_odd_forms(entries: Any, expected: FirstTokens | None) -> None:
    assert first_tokens_of(entries) == expected


def test_what_is_told_is_read_again() -> None:
    for first in (TOLD, FirstTokens(1, 0.0, 0.0), FirstTokens(3, -2.0, -2.0, None, 0.0)):
        assert FirstTokens.from_json(first.to_json()) == first
        assert FirstTokens.from_comment(first.to_comment()) == first


WRONG = [
    b"",
    b"7",
    b"[]",
    b"{}",
    b'{"n":8,"mean_logprob":NaN,"least_logprob":-1}',
    b'{"n":8,"mean_logprob":-Infinity,"least_logprob":-1}',
    b'{"n":8,"mean_logprob":"-0.5","least_logprob":-1}',
    b'{"n":8,"mean_logprob":null,"least_logprob":-1}',
    b'{"n":8,"mean_logprob":true,"least_logprob":-1}',
    b'{"n":8,"mean_logprob":0.5,"least_logprob":-1}',
    b'{"n":8,"mean_logprob":-1e300,"least_logprob":-1e301}',
    b'{"n":8,"mean_logprob":-2,"least_logprob":-1}',
    b'{"n":8,"mean_logprob":-0.5,"least_logprob":-1,"mean_margin":-1}',
    b'{"n":8,"mean_logprob":-0.5,"least_logprob":-1,"mean_margin":101}',
    b'{"n":8,"mean_logprob":-0.5,"least_logprob":-1,"mean_entropy":[1]}',
    b'{"n":0,"mean_logprob":-0.5,"least_logprob":-1}',
    b'{"n":9,"mean_logprob":-0.5,"least_logprob":-1}',
    b'{"n":8.0,"mean_logprob":-0.5,"least_logprob":-1}',
    b'{"n":%d,"mean_logprob":-0.5,"least_logprob":-1}' % 10**300,
    b'{"n":8,"mean_logprob":-0.5,"least_logprob":-1,"more":"%s"}' % (b"x" * 1000),
]


@pytest.mark.parametrize("told", WRONG)
def test_what_cannot_be_true_is_ignored(told: bytes) -> None:
    stream = streamed(b": first-tokens " + told + b"\n\n", chunk("hello"), chunk("", "stop"))
    assert texts(stream) == ["hello", ""]
    assert stream.first_tokens is None


def test_nothing_of_a_comment_is_passed_on() -> None:
    events = [chunk("he"), TOLD.to_comment(), chunk("llo"), chunk("", "stop")]
    stream = streamed(*events)
    assert texts(stream) == ["he", "llo", ""]
    assert stream.first_tokens == TOLD


def test_what_the_server_tells_itself_counts_more_than_its_logprobs() -> None:
    scored = chunk("hello", logprobs={"content": [entry(0.5)]})
    assert texts(only := streamed(scored, chunk("", "stop")))
    assert only.first_tokens == FirstTokens(1, -0.693147, -0.693147)
    assert texts(both := streamed(scored, TOLD.to_comment(), chunk("", "stop")))
    assert both.first_tokens == TOLD


def test_logprobs_of_a_stream_are_of_the_first_choice_and_its_first_tokens() -> None:
    events = [chunk("x", logprobs={"content": [entry(p)]}) for p in (0.5, *[1.0] * 8, 0.001)]
    other = chunk("y", index=1, logprobs={"content": [entry(0.01)]})
    stream = streamed(other, *events, chunk("", "stop"), chunk("", "stop", index=1))
    texts(stream)
    assert stream.first_tokens == FirstTokens(8, round(math.log(0.5) / 8, 6), -0.693147)


@pytest.mark.parametrize("logprobs", [[1], "x", {"content": "x"}, {"content": {"logprob": -1}}, {"tokens": ["a"]}])
def test_logprobs_of_a_stream_in_odd_forms(logprobs: Any) -> None:
    stream = streamed(chunk("hello", logprobs=logprobs), chunk("", "stop"))
    assert texts(stream) == ["hello", ""]
    assert stream.first_tokens is None


def test_a_collected_stream_keeps_them() -> None:
    completion = asyncio.run(_collected(TOLD.to_comment(), chunk("hello"), chunk("", "stop")))
    assert completion.first_tokens == TOLD
    assert b"first" not in completion.body


async def _collected(*events: bytes) -> Any:
    return await collect_stream(streamed(*events))


@pytest.mark.parametrize(
    ("told", "logprobs", "expected"),
    [
        (None, None, None),
        (None, {"content": [entry(0.5, 0.5, 0.25), entry(1.0, 1.0)]}, FirstTokens(2, -0.346574, -0.693147)),
        (None, {"content": "x"}, None),
        (None, [1], None),
        (TOLD, {"content": [entry(0.5)]}, TOLD),
        ("x", {"content": [entry(0.5)]}, FirstTokens(1, -0.693147, -0.693147)),
        ({"n": 8, "mean_logprob": "-1", "least_logprob": -1}, None, None),
    ],
)
def test_of_a_whole_answer(told: Any, logprobs: Any, expected: FirstTokens | None) -> None:
    choice = {"index": 0, "message": {"content": "hello"}, "finish_reason": "stop", "logprobs": logprobs}
    answer = {"object": "chat.completion", "model": "m", "choices": [choice]}
    sent = orjson.dumps(answer if told is None else {**answer, FIELD: told})
    completion = OpenAIBackend("local", HttpServer("http://127.0.0.1:1/v1", use_proxy=False), "m")._completion(sent)
    assert completion.first_tokens == expected
    assert orjson.loads(completion.body) == answer
    if told is None:
        assert completion.body == sent  # byte for byte


def chunk(text: str, finish: str | None = None, logprobs: Any = None, index: int = 0) -> bytes:
    choice = {"index": index, "delta": {"content": text}, "logprobs": logprobs, "finish_reason": finish}
    return encode_event({"object": "chat.completion.chunk", "model": "m", "choices": [choice]})


def streamed(*events: bytes) -> ChatStream:
    async def chunks() -> AsyncIterator[bytes]:
        for event in (*events, DONE):
            yield event

    return ChatStream("local", chunks(), lambda: None, keep_usage=True)


def texts(stream: ChatStream) -> list[str]:
    """The text of each event that a caller gets."""

    async def read() -> list[str]:
        passed_on = [event async for events in stream for event in events]
        assert passed_on[-1] == DONE
        assert all(event.startswith(b"data: ") for event in passed_on)
        return [orjson.loads(event[6:])["choices"][0]["delta"]["content"] for event in passed_on[:-1]]

    return asyncio.run(read())
