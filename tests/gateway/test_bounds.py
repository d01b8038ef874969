"""What comes from outside without end, or larger than it should be: bounded, and refused by name."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.record.request_record import RequestRecord
from models.engine.http import asgi as engine_asgi
from models.engine.http.failures import describe_error
from models.wire.asgi import BodyGivenUp, UnfinishedBodies, read_body
from tests.command import run
from tests.live import Gateway
from tests.provider import FAULTS, Call, Provider, fault


@fault
async def never_ends(call: Call) -> None:
    """JSON that goes on for ever, as fast as it is taken; a stream of one long event after another."""
    if call.streams:
        await FAULTS["endless"](call)
    await call.head("200 OK", "application/json")
    await call.send(b'{"choices": [{"message": {"content": "')
    while True:
        await call.send(b"word " * 20_000)


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"cloud": {"max_answer_bytes": 1_000_000}, "embeddings": {"backend": "cloud", "model": "m"}}


def post(gateway: Gateway, path: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{gateway.url}/v1/{path}", json={"model": "auto", **body}, timeout=20)


@pytest.mark.parametrize(
    ("path", "body"),
    [("chat/completions", {"messages": [{"role": "user", "content": "hi"}]}), ("embeddings", {"input": "hi"})],
)
def test_an_answer_without_end_is_an_error(
    shared_gateway: Gateway, shared_provider: Provider, path: str, body: dict[str, Any]
) -> None:
    shared_provider.always = "never_ends"
    answer = post(shared_gateway, path, **body)
    assert answer.status_code == 502
    assert "exceeds 1000000 bytes (max_answer_bytes)" in answer.json()["error"]["message"]
    shared_provider.always = "answers_all"
    assert post(shared_gateway, path, **body).status_code == 200


@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_a_stream_without_end_is_broken_off(shared_gateway: Gateway, shared_provider: Provider, path: str) -> None:
    shared_provider.always = "endless"
    asked = {"messages": [{"role": "user", "content": "hi"}]} if path != "responses" else {"input": "hi"}
    text = post(shared_gateway, path, stream=True, **asked).text
    assert len(text) < 5_000_000
    assert "exceeds 1000000 bytes (max_answer_bytes)" in text[-100_000:] or "response.failed" in text
    assert shared_gateway.row()["outcome"] == "interrupted"


def begin(gateway: Gateway, n_bytes: int) -> socket.socket:
    """A request whose body is `n_bytes` long, and does not end."""
    address = urlsplit(gateway.url)
    sock = socket.create_connection((address.hostname, address.port), timeout=10)
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    head += f"content-length: {2 * n_bytes}\r\n\r\n"
    sock.sendall(head.encode() + b" " * n_bytes)
    return sock


def test_unfinished_bodies_are_bounded_together(
    shared_gateway: Gateway, shared_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones are given up, and whoever sends a whole request meanwhile is served."""
    monkeypatch.setattr("gateway.http.client.MOST_UNFINISHED_BYTES", 34_000_000)  # one of the largest size, and a bit
    socks = [begin(shared_gateway, 8_000_000) for _ in range(6)]
    try:
        answer = socks[0].recv(10_000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"given up" in answer
        assert post(shared_gateway, "chat/completions", messages=[{"role": "user", "content": "hi"}]).status_code == 200
        socks[-1].setblocking(False)
        with pytest.raises(BlockingIOError):  # still waited for
            socks[-1].recv(10)
    finally:
        for sock in socks:
            sock.close()


def test_a_body_that_trickles_has_an_end(
    shared_gateway: Gateway, shared_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.http.client.WHOLE_S", 0.5)
    with begin(shared_gateway, 1000) as sock:
        started = time.monotonic()
        while time.monotonic() < started + 0.4:
            sock.sendall(b" ")
            time.sleep(0.05)
        assert sock.recv(1000).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - started < 3


async def _received(*bodies: int, most: int) -> list[Any]:
    """Begin bodies of so many bytes one after the other, end them all, and see what became of them."""
    unfinished, all_begun = UnfinishedBodies(), asyncio.Event()

    def receiver(n_bytes: int) -> Any:
        messages = [{"type": "http.request", "body": b"x" * n_bytes, "more_body": True}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await all_begun.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        return receive

    reading = []
    for n_bytes in bodies:
        reading.append(
            asyncio.create_task(read_body(receiver(n_bytes), 100, unfinished=unfinished, most_unfinished=most))
        )
        await asyncio.sleep(0.01)
    all_begun.set()
    done = await asyncio.gather(*reading, return_exceptions=True)
    assert unfinished._bytes == 0
    return [len(one) if isinstance(one, bytes) else type(one) for one in done]


def test_the_first_to_begin_are_the_first_to_go() -> None:
    assert asyncio.run(_received(60, 60, 60, most=150)) == [BodyGivenUp, 60, 60]
    assert asyncio.run(_received(20, 90, 20, most=100)) == [BodyGivenUp, BodyGivenUp, 20]
    assert asyncio.run(_received(90, most=10)) == [90]  # one alone may be as large as a body may be


def test_the_engine_alone_gives_up_what_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_asgi, "SILENCE_S", 0.05)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        if begun.is_set():
            await asyncio.sleep(10)
        begun.set()
        return {"type": "http.request", "body": b"{", "more_body": True}

    begun = asyncio.Event()
    with pytest.raises(engine_asgi.SlowCaller) as caught:
        asyncio.run(engine_asgi.read_json(receive, 100))
    assert describe_error(caught.value)[0] == 408


def test_a_long_model_name_is_cut_in_headers() -> None:
    record = RequestRecord("chat.completions", route="local", served_model="m" * 100_000)
    assert len(record.headers()["x-slimgate-model"]) <= 200


def test_a_long_model_name_is_cut_in_errors(shared_gateway: Gateway) -> None:
    assert len(httpx.get(f"{shared_gateway.url}/v1/models/{'x' * 30_000}").content) < 1000
    answer = post(shared_gateway, "chat/completions", model="x" * 100_000, messages=[{"role": "user", "content": "hi"}])
    assert (answer.status_code, len(answer.content) < 1000) == (404, True)


@pytest.mark.parametrize("text", ['[{"id": %s}]', '{"id": %s}\n', '{\n"id": %s}'])
def test_a_number_of_thousands_of_digits_in_a_replay_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text % ("9" * 6000), "utf-8")
    done = run("replay", str(path), cwd=tmp_path, SLIMGATE_STATE_DIR=str(tmp_path / "state"))
    assert "Traceback" not in done.stderr
    assert path.name in done.stdout + done.stderr
    assert "1" in done.stdout + done.stderr


def test_a_number_of_thousands_of_digits_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "slimgate.toml").write_text(f"port = {'9' * 6000}\n", "utf-8")
    done = run("config", "check", cwd=tmp_path)
    assert done.returncode == 2
    assert "slimgate.toml is not valid TOML" in done.stderr
