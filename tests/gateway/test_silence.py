"""Time limits on the local side count silence, not work: what makes progress may take as long as it does."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.models.engine.slow_reader import READ_S, long_prompt, slow_reader
from tests.models.engine.tiny import NEVER_ENDS, tiny_model
from tests.provider import MODEL, WORDS, Call, Provider, fault
from tests.shapes import SHAPES, ask, ends_as_whole, text_in

LIMIT_S = 2.0
LIMITS = {"first_byte_timeout_s": LIMIT_S, "chunk_timeout_s": LIMIT_S, "total_timeout_s": LIMIT_S}
"""Less than the engine needs for a prompt here, and more than it is silent meanwhile."""

SHORT_S = 1.0
SHORT_LIMITS = dict.fromkeys(LIMITS, SHORT_S)
"""The same for a server that only waits."""


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Path]]:
    """A gateway whose engine reads slowly, and the file that stops the engine."""
    folder = tmp_path_factory.mktemp("slow")
    script, flag = slow_reader(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.engine.process.supervisor.PYTHON", (sys.executable, str(script)))
        settings = Settings(
            state_dir=folder,
            local={"model_path": tiny_model(), "n_ctx": 2048, **LIMITS},
            embeddings={"backend": "local"},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            wait_for(lambda: running(gateway) == 0, 60)  # it has tried out what its model can do
            yield gateway, flag


def running(gateway: Gateway) -> int:
    """Answers that the engine works on, as of a second ago; -1 where it has not said yet."""
    return int((gateway.get("/v1/status").json()["local"]["load"] or {"running": -1})["running"])


def prompt(shape: str) -> dict[str, Any]:
    text = long_prompt(2)
    field: Any = [{"role": "user", "content": text}]
    return {"responses": {"input": text}, "completions": {"prompt": text}}.get(shape, {"messages": field})


@pytest.mark.engine
@pytest.mark.parametrize(
    ("shape", "stream"),
    [("completions", False), ("messages", True)],
)
def test_a_long_prompt_is_read_to_its_end(slow: tuple[Gateway, Path], shape: str, stream: bool) -> None:
    gateway, _ = slow
    began = time.monotonic()
    more = NEVER_ENDS if shape != "messages" else {}
    answer = ask(gateway, shape, stream=stream, **{**more, **prompt(shape), "max_tokens": 4})
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - began > 2 * READ_S > LIMIT_S
    assert ends_as_whole(shape, answer.text) is stream
    assert stream or answer.text[0] == "{"  # the engine's blanks stay here
    assert gateway.row()["outcome"] == "ok"


@pytest.mark.engine
def test_so_is_a_long_text_that_is_embedded(slow: tuple[Gateway, Path]) -> None:
    body = {"model": "tiny-phi3", "input": long_prompt(2.5)}
    began = time.monotonic()
    answer = httpx.post(f"{slow[0].url}/v1/embeddings", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - began > LIMIT_S


@pytest.mark.engine
@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_without_progress_is_given_up_all_the_same(slow: tuple[Gateway, Path], stream: bool) -> None:
    gateway, flag = slow
    flag.touch()
    try:
        answer = ask(gateway, "chat.completions", stream=stream, **prompt("chat.completions"))
    finally:
        flag.unlink()
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "backend_timeout")
    assert gateway.row()["total_ms"] < 1000 * LIMIT_S + 1500


@pytest.mark.engine
@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_hangs_up_meanwhile_ends_the_reading(slow: tuple[Gateway, Path], stream: bool) -> None:
    gateway, _ = slow

    wait_for(lambda: running(gateway) == 0)
    body = {"model": "local", "messages": [{"role": "user", "content": long_prompt(2.5)}], "stream": stream}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=0.6)
    gone = time.monotonic()
    wait_for(lambda: gateway.row()["outcome"] == "cancelled")
    wait_for(lambda: running(gateway) == 0)
    assert time.monotonic() - gone < 2.5  # the load is looked at once a second


async def give_signs(call: Call) -> None:
    """For longer than `SHORT_S`."""
    await call.head("200 OK", "text/event-stream" if call.streams else "application/json")
    for _ in range(5):
        await call.send(b": still reading\n\n" if call.streams else b" ")
        await asyncio.sleep(SHORT_S / 4)


@fault
async def signs_of_life(call: Call) -> None:
    await give_signs(call)
    if call.streams:
        await call.event(call.chunk({"role": "assistant", "content": ""}))
        await call.words()
        await call.finish()
        await call.done()
        return
    await call.send(WHOLE)


WHOLE = (
    b'{"id": "p", "object": "chat.completion", "created": 1, "model": "%b", "choices": [{"index": 0, '
    b'"message": {"role": "assistant", "content": "%b"}, "finish_reason": "stop"}]}'
    % (MODEL.encode(), "".join(WORDS).encode())
)


@pytest.fixture(scope="module")
def more_settings() -> dict[str, Any]:
    return {"cloud": SHORT_LIMITS}


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_signs_of_life_of_another_local_server_count_too(
    make_gateway: MakeGateway, provider: Provider, stream: bool
) -> None:
    gateway = make_gateway(local={"base_url": provider.base_url, **SHORT_LIMITS})
    gateway.wait_ready()
    provider.always = "signs_of_life"
    answer = ask(gateway, "chat.completions", stream=stream)
    assert (answer.status_code, text_in("chat.completions", answer)) == (200, "".join(WORDS))
    assert answer.text[0] in "{d"
    provider.always = "silence"
    assert ask(gateway, "chat.completions", stream=stream).status_code == 504
    provider.always = "slow_first_token"  # the head, and nothing more
    assert ask(gateway, "chat.completions", stream=stream).status_code == 504


@pytest.mark.slow
def test_a_second_look_does_not_limit_all_of_an_answer(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(
        local={"base_url": provider.base_url, "features": ["logprobs"], **SHORT_LIMITS},
        cloud={"base_url": provider.base_url},
        router={"second_look": {"band": 1}},
    )
    gateway.wait_ready()
    provider.pause_s = SHORT_S / 6
    path, body = SHAPES["chat.completions"]
    stays = {"x-slimgate-threshold": "1"}
    answer = httpx.post(gateway.url + path, json={"model": "auto", **body}, headers=stays, timeout=30)
    assert (answer.status_code, text_in("chat.completions", answer)) == (200, "".join(WORDS))
    row = gateway.row()
    assert (row["route"], row["second_look"]["verdict"]) == ("local", "unknown")
    assert row["total_ms"] > 1000 * SHORT_S


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_a_cloud_has_to_answer_in_time(shared_gateway: Gateway, shared_provider: Provider, stream: bool) -> None:
    """Its comments tell of no progress, and another may answer."""
    shared_provider.always = "signs_of_life"
    assert ask(shared_gateway, "chat.completions", stream=stream).status_code == 504
