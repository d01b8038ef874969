"""The engine on a real Ray cluster: a head and two nodes, each with a replica that runs the tiny model."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from openai import AuthenticationError, NotFoundError, OpenAI

from tests.conftest import MakeGateway
from tests.live import wait_for
from tests.models.engine.tiny import NEVER_ENDS, tiny_model
from tests.ray_cluster import KEY, RayCluster, engines_of, is_alive, running_cluster

pytestmark = [pytest.mark.engine, pytest.mark.slow]

HEADERS = {"authorization": f"Bearer {KEY}"}
ASK: dict[str, Any] = {
    "model": "local",
    "messages": [{"role": "user", "content": "hello"}],
    "max_tokens": 8,
    **NEVER_ENDS,
}
ENDLESS: dict[str, Any] = {**ASK, "max_tokens": 3900, "stream": True}
HOURS: dict[str, Any] = {"model": "local", **NEVER_ENDS, "prompt": ["a"] * 64, "max_tokens": 3900, "stream": True}
"""64 answers, a few at a time: a minute's work."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with running_cluster(
        [1, 1], {}, model_path=str(tiny_model()), num_cpus=1, max_sequences=4, min_replicas=2, max_replicas=2
    ) as cluster:
        wait_for(lambda: len(cluster.told()) == 2, 30)
        yield cluster


@pytest.fixture
def whole(cluster: RayCluster) -> RayCluster:
    """Both replicas are up, whatever the test before did to them."""
    wait_for(lambda: sorted(row["id"] for row in cluster.told()) == sorted(cluster.replicas()), 40)
    wait_for(lambda: len(cluster.told()) == 2, 40)
    return cluster


def post(cluster: RayCluster, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{cluster.url}/v1/chat/completions", json=body, headers=HEADERS | headers, timeout=60)


def client(cluster: RayCluster, key: str = KEY) -> OpenAI:
    return OpenAI(base_url=f"{cluster.url}/v1", api_key=key, max_retries=0, timeout=60)


def test_the_official_client_gets_answers(whole: RayCluster) -> None:
    answer = client(whole).chat.completions.create(**ASK)
    assert (answer.model, answer.choices[0].finish_reason) == ("tiny-phi3", "length")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8
    chunks = list(client(whole).chat.completions.create(**ASK, stream=True))
    assert chunks[-1].choices[0].finish_reason == "length"
    text = client(whole).completions.create(model="local", prompt="hello", max_tokens=3)
    assert text.choices[0].finish_reason == "length"
    (model,) = client(whole).models.list().data
    assert (model.id, model.model_dump()["n_ctx"]) == ("tiny-phi3", 4096)
    assert client(whole).models.retrieve("tiny-phi3").id == "tiny-phi3"
    with pytest.raises(NotFoundError):
        client(whole).models.retrieve("another")


def test_what_only_the_gateway_uses_passes_through(whole: RayCluster) -> None:
    counted = httpx.post(f"{whole.url}/v1/count_tokens", json=ASK, headers=HEADERS, timeout=30)
    assert counted.json()["prompt_tokens"] > 1
    assert "mean_entropy" in post(whole, ASK).headers["x-slimgate-first-tokens"]
    refused = post(whole, ASK, **{"x-slimgate-timeout-s": "soon"})
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
    assert post(whole, ASK, **{"x-slimgate-timeout-s": "0.000001"}).status_code == 504


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("POST", "/v1/models", 405, "method_not_allowed"), ("GET", "/v1/nothing", 404, "unknown_url")],
)
def test_errors_have_openais_shape(whole: RayCluster, method: str, path: str, status: int, code: str) -> None:
    answer = httpx.request(method, whole.url + path, headers=HEADERS, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    wrong = httpx.post(f"{whole.url}/v1/chat/completions", content=b"{", headers=HEADERS, timeout=30)
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (400, "invalid_request_error")


def test_without_the_key_only_health_is_told(whole: RayCluster) -> None:
    with pytest.raises(AuthenticationError):
        client(whole, "wrong").chat.completions.create(**ASK)
    assert httpx.get(f"{whole.url}/v1/models", timeout=30).status_code == 401
    assert httpx.get(f"{whole.url}/health", timeout=30).json()["status"] == "ok"


def test_each_answer_names_its_replica_and_health_tells_of_each(whole: RayCluster) -> None:
    told = {row["id"]: row for row in whole.told()}
    assert len({whole.replicas()[name]["node"] for name in told}) == 2
    assert all(row["reading_tokens_per_s"] > 0 and row["max_sequences"] == 4 for row in told.values())
    assert {post(whole, {**ASK, "stream": stream}).headers["x-slimgate-replica"] for stream in (True, False)} <= set(
        told
    )


def test_callers_at_once_are_shared_among_the_replicas(whole: RayCluster) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(whole, {**ENDLESS, "max_tokens": 600}), range(6)))
    assert len({answer.headers["x-slimgate-replica"] for answer in answers}) == 2
    assert all(answer.text.endswith("data: [DONE]\n\n") for answer in answers)


def test_a_session_stays_with_the_replica_that_has_its_prefix(whole: RayCluster) -> None:
    sessions = [[{"role": "user", "content": f"{name} has a ship. " * 40}] for name in ("Ada", "Bo", "Cy", "Di")]
    homes: list[set[str]] = [set() for _ in sessions]
    for turn in range(4):
        for messages, home in zip(sessions, homes, strict=True):
            answer = post(whole, {**ASK, "messages": messages})
            home.add(answer.headers["x-slimgate-replica"])
            cached = answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"]
            assert cached > 256 if turn else cached < 256
            messages += [answer.json()["choices"][0]["message"], {"role": "user", "content": f"And {turn}?"}]
    assert all(len(home) == 1 for home in homes)


def test_an_engine_killed_in_mid_stream_cuts_its_streams_only(whole: RayCluster) -> None:
    pids = {name: engines_of(row["pid"])[0] for name, row in whole.replicas().items()}
    assert cut(whole, kill=lambda name: whole.kill(pids[name])) == "replica_lost"
    assert post(whole, ASK).status_code == 200
    wait_for(lambda: len(whole.told()) == 2, 40)
    assert set(whole.replicas()) == set(pids)


def test_a_replica_killed_in_mid_stream_is_replaced(whole: RayCluster) -> None:
    pids = {name: row["pid"] for name, row in whole.replicas().items()}
    engines = [engine for pid in pids.values() for engine in engines_of(pid)]
    assert cut(whole, kill=lambda name: whole.kill(pids[name])) == "replica_lost"
    assert post(whole, ASK).status_code == 200
    wait_for(lambda: len(whole.replicas()) == 2 and len(set(whole.replicas()) & set(pids)) == 1, 40)
    wait_for(lambda: sum(map(is_alive, engines)) == 1, 10)  # the engine of a replica ends with it


def test_what_waits_behind_a_lost_engine_is_answered_by_another(whole: RayCluster) -> None:
    pids = {name: row["pid"] for name, row in whole.replicas().items()}
    with ThreadPoolExecutor(12) as pool:
        answers = [pool.submit(post, whole, {**ENDLESS, "max_tokens": 1500, "stream": False}) for _ in range(12)]
        time.sleep(0.3)
        whole.kill(next(iter(pids.values())))
        assert [answer.result().status_code for answer in answers] == [200] * 12


def test_hanging_up_ends_the_engines_work(whole: RayCluster) -> None:
    with httpx.stream("POST", f"{whole.url}/v1/completions", json=HOURS, headers=HEADERS, timeout=30) as stream:
        next(stream.iter_bytes())
        wait_for(lambda: sum(row["running"] for row in whole.told()) > 0, 10)
    wait_for(lambda: len(whole.told()) == 2 and not any(row["running"] for row in whole.told()), 10)


def test_a_gateway_in_front_goes_on_when_an_engine_is_lost(whole: RayCluster, make_gateway: MakeGateway) -> None:
    gateway = make_gateway(local={"base_url": f"{whole.url}/v1", "api_key": KEY})
    gateway.wait_ready()
    pids = [engines_of(row["pid"])[0] for row in whole.replicas().values()]
    begun = threading.Barrier(9)
    with ThreadPoolExecutor(8) as pool:
        endings = [pool.submit(ending, gateway.url, begun) for _ in range(8)]
        begun.wait(30)
        whole.kill(pids[0])
        assert {ending.result() for ending in endings} == {"[DONE]", "stream_interrupted"}
    assert gateway.client().chat.completions.create(**ASK).choices[0].finish_reason == "length"


def ending(url: str, begun: threading.Barrier) -> str:
    """How a long stream ends: with ``[DONE]``, or the code of an error."""
    with httpx.stream("POST", f"{url}/v1/chat/completions", json={**ENDLESS, "max_tokens": 2000}, timeout=60) as stream:
        lines = (line.removeprefix("data: ") for line in stream.iter_lines() if line.startswith("data: "))
        next(lines)
        begun.wait(30)
        *_, last = lines
    return last if last == "[DONE]" else str(json.loads(last)["error"]["code"])


def cut(cluster: RayCluster, kill: Callable[[str], None]) -> str:
    """Kill who answers after its first event; the code of the error in which the stream ends, without ``[DONE]``."""
    with httpx.stream(
        "POST", f"{cluster.url}/v1/chat/completions", json=ENDLESS, headers=HEADERS, timeout=30
    ) as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data: "))
        next(lines)
        kill(stream.headers["x-slimgate-replica"])
        *_, last = lines
    return str(json.loads(last.removeprefix("data: "))["error"]["code"])
