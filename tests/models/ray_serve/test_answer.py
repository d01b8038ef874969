"""An answer whose replica is lost on the way, without Ray."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence

import pytest

from models.ray_serve.answer import Answer, Part, ReplicaLost
from models.ray_serve.messages import Head
from models.wire.sse import event_data

OK = Head(200, (("content-type", "text/event-stream"),))
WAITING, WORD, DONE = b": waiting\n\n", b'data: {"a": 1}\n\n', b"data: [DONE]\n\n"
LOST = "lost"
Script = Sequence[Part]


def collect(*scripts: Script, is_stream: bool = True) -> tuple[bytes, list[frozenset[str]], str]:
    """The body of an answer for which the replicas r0, r1, … do what the scripts say, and those that were avoided."""
    asked: list[frozenset[str]] = []

    async def ask(lost: frozenset[str]) -> AsyncGenerator[Part, None]:
        number = len(asked)
        asked.append(lost)
        yield f"r{number}"
        for part in scripts[number]:
            if part == LOST:
                raise ReplicaLost
            yield part

    async def run() -> bytes:
        answer = Answer(ask)
        await answer.begin()
        body = b"".join([part async for part in answer.body(is_stream=is_stream)])
        names.append(answer.replica)
        return body

    names: list[str] = []
    return asyncio.run(run()), asked, names[0]


def test_bytes_pass_as_they_came() -> None:
    assert collect([OK, WAITING, WORD, DONE]) == (WAITING + WORD + DONE, [frozenset()], "r0")


@pytest.mark.parametrize("first", [[LOST], [OK, LOST], [OK, WAITING, LOST]])
def test_a_replica_lost_before_it_said_anything_is_replaced(first: Script) -> None:
    body, asked, replica = collect(first, [OK, WORD, DONE])
    assert body.endswith(WORD + DONE)
    assert b"error" not in body
    assert (asked, replica) == ([frozenset(), frozenset({"r0"})], "r1")


@pytest.mark.parametrize("scripts", [[[OK, WORD, LOST]], [[OK, WAITING, LOST], [LOST]], [[OK, LOST], [OK, WORD, LOST]]])
def test_a_stream_that_is_cut_says_so_and_is_not_done(scripts: list[Script]) -> None:
    body, asked, _ = collect(*scripts)
    *_, last, rest = body.split(b"\n\n")
    error = json.loads(event_data(last + b"\n\n"))["error"]
    assert (error["code"], error["status"], rest) == ("replica_lost", 503, b"")
    assert DONE not in body
    assert len(asked) == len(scripts)


def test_a_request_that_loses_two_replicas_is_not_given_to_a_third() -> None:
    with pytest.raises(ReplicaLost):
        collect([LOST], [LOST], [OK, WORD, DONE])


def test_an_answer_in_one_piece_is_an_error_object_or_breaks_off() -> None:
    body, _, _ = collect([OK, b" ", LOST], [LOST], is_stream=False)
    assert json.loads(body)["error"]["code"] == "replica_lost"
    with pytest.raises(ReplicaLost):
        collect([OK, b'{"id": ', LOST], is_stream=False)
