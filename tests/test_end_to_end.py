"""The whole thing: the real bundled model in its own process, a live gateway, the official client as judge."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from gateway.config.settings import Settings
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.models.engine.tiny import tiny_model
from tests.provider import WORDS, Provider, running_provider

pytestmark = pytest.mark.engine

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
EASY: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Thanks, that is all for today!"}]
TOPICS = ("bread", "horse", "rain", "train", "chess", "coffee", "winter", "music")
HARD: list[ChatCompletionMessageParam] = [
    {
        "role": "user",
        "content": "Prove that for every prime p > 3 the sum of the squares of the quadratic residues modulo p is "
        "divisible by p, and derive the exact value of the sum for p = 10007. Justify each step rigorously.",
    }
]


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    state_dir = tmp_path_factory.mktemp("hybrid")
    with running_provider() as provider:
        limits = {"first_byte_timeout_s": 1, "total_timeout_s": 1, "breaker_failures": 1000}
        cloud = {"base_url": provider.base_url, **limits}
        with running_gateway(Settings(state_dir=state_dir, cloud=cloud)) as gateway:
            gateway.wait_ready()
            yield gateway, provider


@pytest.fixture
def misbehaving(hybrid: tuple[Gateway, Provider]) -> Iterator[tuple[Gateway, Provider]]:
    yield hybrid
    hybrid[1].always = "none"


def engine_pids() -> list[int]:
    """Engine processes that are children of this one."""

    def is_engine(pid: int) -> bool:
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            return parent == os.getpid() and b"models.engine" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and is_engine(int(path.name))]


def test_a_first_answer_without_key_or_network(local_gateway: Gateway) -> None:
    raw = local_gateway.client().chat.completions.with_raw_response.create(model="auto", messages=HELLO, max_tokens=8)
    answer = raw.parse()
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 8
    assert (raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"]) == ("local", "offline")
    assert "SmolLM2" in raw.headers["x-slimgate-model"]
    row = local_gateway.row()
    assert (row["outcome"], row["cost_usd"]) == ("ok", "0.000000000")
    assert row["completion_tokens"] == answer.usage.completion_tokens
    assert float(row["baseline_usd"]) > 0


def test_streamed_text_equals_unstreamed(local_gateway: Gateway) -> None:
    """Under a grammar that leaves one answer: greedy answers alone may differ by a near tie."""
    chat = local_gateway.client().chat.completions
    schema = {"name": "only", "strict": True, "schema": {"enum": ["whole and streamed are the same, é and all"]}}
    asked: dict[str, Any] = {
        "model": "local",
        "messages": HELLO,
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
    whole = chat.create(**asked).choices[0].message.content
    stream = chat.create(**asked, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream) == whole
    assert whole == '"whole and streamed are the same, é and all"'


def test_eight_streams_at_once_are_all_intact(local_gateway: Gateway) -> None:
    client = local_gateway.client()

    def ask(number: int) -> str:
        messages: list[Any] = [{"role": "user", "content": f"Write a sentence about {TOPICS[number]}."}]
        stream = client.chat.completions.create(
            model="auto", messages=messages, max_tokens=32, temperature=0, stream=True
        )
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, range(8)))
    assert all(together)
    assert len(set(together)) == len(TOPICS)
    on_topic = [topic in text.lower() for topic, text in zip(TOPICS, together, strict=True)]
    assert sum(on_topic) >= 6, together  # a model this small may miss one
    assert {row["outcome"] for row in local_gateway.rows(8)} == {"ok"}


def test_a_prompt_that_does_not_fit_is_refused_not_cut(local_gateway: Gateway) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        local_gateway.client().chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "word " * 20_000}]
        )
    assert caught.value.code == "context_length_exceeded"
    assert "context" in caught.value.message


def test_what_the_local_model_lacks_is_named(local_gateway: Gateway) -> None:
    image: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(openai.BadRequestError, match="images"):
        local_gateway.client().chat.completions.create(model="auto", messages=[{"role": "user", "content": [image]}])


def test_the_score_decides_both_ways(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    seen = len(provider.requests)
    chat = gateway.client().chat.completions.with_raw_response
    easy = chat.create(model="auto", messages=EASY, max_tokens=8)
    hard = chat.create(model="auto", messages=HARD, max_tokens=8)
    assert [r.headers["x-slimgate-route"] for r in (easy, hard)] == ["local", "cloud"]
    assert [r.headers["x-slimgate-reason"] for r in (easy, hard)] == ["score", "score"]
    assert len(provider.requests) == seen + 1
    hard_row, easy_row = gateway.rows(2)
    assert easy_row["score"] < easy_row["threshold"] <= hard_row["score"]
    assert float(hard_row["cost_usd"]) > 0


def test_the_header_moves_the_line(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, _ = hybrid
    chat = gateway.client().chat.completions.with_raw_response
    answers = [
        chat.create(model="auto", messages=HELLO, max_tokens=4, extra_headers={"x-slimgate-threshold": value})
        for value in ("0", "1.0001")
    ]
    assert [answer.headers["x-slimgate-route"] for answer in answers] == ["cloud", "local"]


def test_a_prompt_that_does_not_fit_goes_to_the_cloud(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, _ = hybrid
    raw = gateway.client().chat.completions.with_raw_response.create(
        model="auto", messages=[{"role": "user", "content": "word " * 20_000}]
    )
    assert (raw.headers["x-slimgate-route"], raw.headers["x-slimgate-reason"]) == ("cloud", "context")


FAULTS = ["error_500", "reset", "silence", "html_200", "empty_200", "bad_key", "error_event_first"]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_local_model_answers_for_a_cloud_that_fails(misbehaving: tuple[Gateway, Provider], fault: str) -> None:
    gateway, provider = misbehaving
    provider.always = fault
    stream = gateway.client().chat.completions.create(model="auto", messages=HARD, max_tokens=8, stream=True)
    headers = stream.response.headers
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert (headers["x-slimgate-route"], headers["x-slimgate-reason"]) == ("local", "failover")
    row = gateway.row()
    assert (row["route"], row["reason"], row["outcome"]) == ("local", "failover", "ok")


def test_a_pinned_request_is_never_moved(misbehaving: tuple[Gateway, Provider]) -> None:
    gateway, provider = misbehaving
    provider.always = "error_500"
    with pytest.raises(openai.InternalServerError):
        gateway.client().chat.completions.create(model="cloud", messages=HARD)
    assert gateway.row()["route"] == "cloud"


def test_a_request_that_the_cloud_refuses_is_not_tried_elsewhere(misbehaving: tuple[Gateway, Provider]) -> None:
    gateway, provider = misbehaving
    provider.always = "content_filter"
    with pytest.raises(openai.BadRequestError):
        gateway.client().chat.completions.create(model="auto", messages=HARD)
    assert gateway.row()["outcome"] == "rejected"


def engine_restarts(gateway: Gateway) -> float:
    """How often its engine was started again: once on machines where repacked weights crash, if that is news."""
    lines = gateway.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("slimgate_engine_restarts_total "))


def test_an_engine_that_dies_costs_one_answer(make_gateway: MakeGateway) -> None:
    before = set(engine_pids())
    gateway = make_gateway()
    gateway.wait_ready()
    restarts = engine_restarts(gateway)
    (pid,) = set(engine_pids()) - before
    stream = gateway.client().chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "Write a long story."}], max_tokens=1000, stream=True
    )
    next(stream)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(openai.APIError, match="local"):
        list(stream)
    assert gateway.row()["outcome"] == "interrupted"
    answer = gateway.client().chat.completions.create(model="auto", messages=HELLO, max_tokens=4)
    assert answer.choices[0].message.content
    assert engine_restarts(gateway) == restarts + 1


def test_who_calls_at_the_moment_of_an_engines_death_is_answered(make_gateway: MakeGateway, provider: Provider) -> None:
    before = set(engine_pids())
    gateway = make_gateway(cloud={"base_url": provider.base_url, "retries": 0}, local={"model_path": tiny_model()})
    gateway.wait_ready()
    (pid,) = set(engine_pids()) - before
    chat = gateway.client().chat.completions.with_raw_response
    os.kill(pid, signal.SIGKILL)
    assert chat.create(model="local", messages=HELLO, max_tokens=4).headers["x-slimgate-route"] == "local"
    (pid,) = set(engine_pids()) - before
    provider.always = "error_500"
    os.kill(pid, signal.SIGKILL)
    assert chat.create(model="auto", messages=HARD, max_tokens=4).headers["x-slimgate-route"] == "local"


def test_the_cloud_answers_for_an_engine_that_dies(make_gateway: MakeGateway, provider: Provider) -> None:
    before = set(engine_pids())
    gateway = make_gateway(cloud={"base_url": provider.base_url})
    gateway.wait_ready()
    (pid,) = set(engine_pids()) - before
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: httpx.get(f"{gateway.url}/health/ready").json()["local"] == "down")
    raw = gateway.client().chat.completions.with_raw_response.create(model="auto", messages=EASY)
    assert raw.parse().choices[0].message.content == "".join(WORDS)
    assert raw.headers["x-slimgate-reason"] in ("failover", "offline")


def test_who_insists_on_the_local_model_waits_for_it(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = make_gateway(cloud={"base_url": provider.base_url})
    chat = gateway.client().chat.completions.with_raw_response  # the engine is still starting
    assert chat.create(model="local", messages=HELLO, max_tokens=4).headers["x-slimgate-route"] == "local"
    assert not provider.requests


def test_a_caller_who_goes_away_frees_the_place(local_gateway: Gateway) -> None:
    client = local_gateway.client()
    for _ in range(12):  # more than there are places
        stream = client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "Tell a long story."}], max_tokens=2000, stream=True
        )
        next(stream)
        stream.close()
    wait_for(lambda: [row["outcome"] for row in local_gateway.rows(12)] == ["cancelled"] * 12)
    assert client.chat.completions.create(model="auto", messages=HELLO, max_tokens=2).choices


def test_a_local_tier_that_runs_elsewhere(local_gateway: Gateway, make_gateway: MakeGateway) -> None:
    """Any OpenAI-compatible server will do: another slimgate, for one."""
    gateway = make_gateway(local={"base_url": f"{local_gateway.url}/v1", "model": "local"})
    gateway.wait_ready()
    raw = gateway.client().chat.completions.with_raw_response.create(model="auto", messages=HELLO, max_tokens=4)
    assert raw.headers["x-slimgate-route"] == "local"


def test_a_local_tier_that_is_not_there(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(local={"base_url": "http://127.0.0.1:9/v1", "ready_timeout_s": 0.2})
    with pytest.raises(openai.InternalServerError) as caught:
        gateway.client().chat.completions.create(model="auto", messages=HELLO)
    assert caught.value.status_code == 503


def test_one_request_is_counted_everywhere_alike(local_gateway: Gateway) -> None:
    before = httpx.get(f"{local_gateway.url}/v1/savings").json()
    local_gateway.client().chat.completions.create(model="auto", messages=HELLO, max_tokens=4)
    after = httpx.get(f"{local_gateway.url}/v1/savings").json()
    assert after["requests"] == before["requests"] + 1
    assert after["answered_locally"] == before["answered_locally"] + 1
    assert float(after["saved_usd"]) > float(before["saved_usd"])
    counted = httpx.get(f"{local_gateway.url}/metrics").text
    total = sum(
        float(line.rpartition(" ")[2]) for line in counted.splitlines() if line.startswith("slimgate_requests_total{")
    )
    assert total == after["requests"]


def test_route_explains_without_generating(hybrid: tuple[Gateway, Provider]) -> None:
    gateway, provider = hybrid
    seen, rows = len(provider.requests), len(gateway.rows(1000))
    decision = httpx.post(f"{gateway.url}/v1/route", json={"prompt": HARD[0]["content"]}).raise_for_status().json()
    assert (decision["route"], decision["reason"]) == ("cloud", "score")
    assert decision["score"] >= decision["threshold"]
    assert decision["contributions"]
    assert (len(provider.requests), len(gateway.rows(1000))) == (seen, rows)
