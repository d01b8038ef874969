"""Several local servers: each request goes to the one that would answer first, and a server that fails is one less."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.dispatch.foreign_load import load_in_metrics
from gateway.dispatch.local_load import LocalLoad
from models.engine.options import EngineOptions
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway, wait_for
from tests.models.engine.live import LiveEngine
from tests.models.engine.tiny import NEVER_ENDS, tiny_model
from tests.provider import MODEL, Provider, running_provider

LOCAL = {"x-slimgate-threshold": "1.0001"}
VLLM = """# HELP vllm:num_requests_running x
vllm:num_requests_running{{model_name="m"}} {}
vllm:num_requests_waiting {}
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.dispatch.load_watch.LOAD_S", 0.05)
    monkeypatch.setattr("gateway.dispatch.load_watch.METRICS_AGAIN_S", 0.05)
    monkeypatch.setattr("gateway.dispatch.local_server.LOOK_AGAIN_S", 0.1)


@pytest.fixture
def servers() -> Iterator[list[Provider]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running_provider()) for _ in range(3)]


def fleet(make_gateway: MakeGateway, servers: list[Provider], **more: Any) -> Gateway:
    gateway = make_gateway(local={"base_urls": [server.base_url for server in servers]}, **more)
    wait_for(lambda: sum(server["up"] for server in told(gateway)) == len(servers))
    return gateway


def told(gateway: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gateway.get("/v1/status").json()["local"]["servers"]
    return found


def ask(gateway: Gateway, *texts: str, **fields: Any) -> httpx.Response:
    messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    body = {"model": "auto", "messages": messages, **fields}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=LOCAL, timeout=60)


def test_callers_at_the_same_time_are_spread(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    gateway = fleet(make_gateway, servers)
    for server in servers:
        server.pause_s = 0.1
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda number: ask(gateway, f"question {number}", stream=True), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert [len(server.requests) for server in servers] == [2, 2, 2]


def test_a_conversation_stays_where_its_beginning_is_kept(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    gateway = fleet(make_gateway, servers)
    for number in range(3):
        talk = [f"conversation {number} " * 50]
        for _ in range(3):
            answer = ask(gateway, *talk)
            talk += [answer.json()["choices"][0]["message"]["content"], "and then? " * 20]
    for server in servers:
        assert len({request["messages"][0]["content"] for request in server.requests}) == 1
        assert len(server.requests) == 3


def test_one_that_takes_nothing_is_passed_over(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    gateway = fleet(make_gateway, servers)
    servers[0].always = "error_503"
    for number in range(12):
        answer = ask(gateway, f"question {number}")
        assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, "local")
    assert 1 <= len(servers[0].requests) <= 4, "its circuit breaker opens"
    assert [server["up"] for server in told(gateway)] == [False, True, True]
    servers[0].always = "none"
    wait_for(lambda: ask(gateway, "again").status_code == 200 and told(gateway)[0]["up"])


def test_what_was_lost_with_a_server_is_not_given_to_the_next(
    make_gateway: MakeGateway, servers: list[Provider]
) -> None:
    gateway = fleet(make_gateway, servers)
    for server in servers:
        server.faults.append("reset")
    assert ask(gateway, "a question that kills").status_code == 503
    assert sum(len(server.requests) for server in servers) == 1


def test_another_model_gets_nothing_and_is_named(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    servers[2].listed = {"id": "another-model"}
    gateway = make_gateway(local={"base_urls": [server.base_url for server in servers]})
    wait_for(lambda: sum(server["up"] for server in told(gateway)) == 2)
    wait_for(lambda: told(gateway)[2]["trouble"] is not None and "another-model" in told(gateway)[2]["trouble"])
    for number in range(6):
        assert ask(gateway, f"question {number}").status_code == 200
    assert servers[2].requests == []
    assert gateway.get("/v1/status").json()["local"]["model"] == MODEL


def test_all_down_is_the_side_down(make_gateway: MakeGateway, servers: list[Provider], provider: Provider) -> None:
    gateway = fleet(make_gateway, servers, cloud={"base_url": provider.base_url})
    for server in servers:
        server.always = "error_503"
    routes = {ask(gateway, f"question {number}").headers["x-slimgate-route"] for number in range(12)}
    assert routes == {"cloud"}
    assert gateway.get("/health/ready").json()["local"] == "down"
    assert "slimgate_local_up 0.0" in gateway.get("/metrics").text


def test_one_where_nobody_listens_is_down_without_any_request(
    make_gateway: MakeGateway, servers: list[Provider]
) -> None:
    with running_provider() as one_more:
        one_more.metrics = VLLM.format(0, 0)
        gateway = fleet(make_gateway, [*servers[:1], one_more])
    wait_for(lambda: [server["up"] for server in told(gateway)] == [True, False])
    assert "nobody listens" in told(gateway)[1]["trouble"]
    assert "slimgate_local_servers_up 1.0" in gateway.get("/metrics").text
    with running_provider(one_more.port):
        wait_for(lambda: [server["up"] for server in told(gateway)] == [True, True])


def test_what_the_fleet_can_do_is_what_each_can(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    servers[0].listed = {"features": ["tools", "vision"], "n_ctx": 4096}
    servers[1].listed = {"features": ["tools"], "n_ctx": 2048}
    gateway = fleet(make_gateway, servers[:2])
    assert gateway.get("/v1/status").json()["local"]["n_ctx"] == 2048


def test_the_queue_of_others_is_seen_in_metrics(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    servers[0].metrics, servers[1].metrics = VLLM.format(9, 4), VLLM.format(0, 0)
    gateway = fleet(make_gateway, servers[:2])
    wait_for(lambda: (told(gateway)[0]["load"] or {}).get("queued") == 4)
    for number in range(4):
        ask(gateway, f"question {number}")
    assert [len(server.requests) for server in servers] == [0, 4, 0]


def estimates(gateway: Gateway, text: str) -> float:
    body = {"messages": [{"role": "user", "content": text}]}
    return float(httpx.post(f"{gateway.url}/v1/route", json=body).json()["estimate"]["first_token_s"])


def test_the_queue_of_others_counts_where_speeds_are_known(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    for server in servers[:2]:
        server.metrics, server.pause_s = VLLM.format(0, 0), 0.01
    gateway = fleet(make_gateway, servers[:2])
    texts = [f"question {number} " * 100 for number in range(2)]
    for text in texts:
        ask(gateway, text, stream=True, stream_options={"include_usage": True})
    assert all(server["speeds"]["reading_tokens_per_s"] for server in told(gateway))
    first = next(number for number in range(2) if servers[0].requests[0]["messages"][0]["content"] == texts[number])
    free = estimates(gateway, texts[first])
    servers[0].metrics = VLLM.format(3, 5)
    wait_for(lambda: (told(gateway)[0]["load"] or {}).get("queued") == 5)
    servers[0].metrics = VLLM.format(3, 0)  # all its places are taken, as was seen
    wait_for(lambda: told(gateway)[0]["load"]["queued"] == 0)
    ask(gateway, texts[first])
    assert [len(server.requests) for server in servers[:2]] == [1, 2], "it has kept that prompt, and a queue"
    servers[1].metrics = VLLM.format(3, 5)
    wait_for(lambda: told(gateway)[1]["load"]["queued"] == 5)
    assert estimates(gateway, texts[first]) > 2 * free, "the time rule sees it"


def test_one_that_asks_for_a_pause_is_passed_over(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    gateway = fleet(make_gateway, servers[:2])
    servers[0].always = servers[1].always = "rate_limited_briefly"
    assert ask(gateway, "hello").status_code == 429
    servers[1].always = "none"
    assert [ask(gateway, f"question {number}").status_code for number in range(4)] == [200] * 4


def test_a_request_leaves_a_server_that_is_stuck(
    make_gateway: MakeGateway, servers: list[Provider], provider: Provider
) -> None:
    for server in servers:
        server.listed, server.health = {"features": []}, engine_health(0, 0, 100.0)
        server.always = "silence"
    local = {"base_urls": [server.base_url for server in servers], "first_byte_timeout_s": 120}
    gateway = make_gateway(local=local, cloud={"base_url": provider.base_url})
    wait_for(lambda: all(server["load"] for server in told(gateway)))
    with ThreadPoolExecutor() as callers:
        answer = callers.submit(ask, gateway, "hello")
        wait_for(lambda: sum(len(server.requests) for server in servers) == 1)
        next(server for server in servers if server.requests).health["stalled_s"] = 60.0
        assert answer.result().headers["x-slimgate-route"] == "cloud"
    assert sum(len(server.requests) for server in servers) == 1, "it may be what the server is stuck with"


def test_metrics_that_break_off_come_back(make_gateway: MakeGateway, servers: list[Provider]) -> None:
    servers[0].metrics = VLLM.format(9, 4)
    gateway = fleet(make_gateway, servers[:2])
    wait_for(lambda: told(gateway)[0]["load"] is not None)
    servers[0].metrics = 'vllm:num_requests_running{engine="0",'
    wait_for(lambda: told(gateway)[0]["load"] is None)
    servers[0].metrics = VLLM.format(1, 1)
    wait_for(lambda: told(gateway)[0]["load"] is not None)
    metrics = gateway.get("/metrics").text
    assert "slimgate_local_servers 2.0" in metrics
    assert "slimgate_local_servers_up 2.0" in metrics


def test_metrics_that_are_none_tell_nothing() -> None:
    assert load_in_metrics("", 0.0) is None
    assert load_in_metrics("<html>", 0.0) is None
    told = load_in_metrics("vllm:num_requests_running NaN\nvllm:num_requests_waiting -3\n", 0.0)
    assert told is None
    two = load_in_metrics(VLLM.format(2, 1) + 'vllm:num_requests_running{engine="1"} 3\n', 0.0)
    assert two is not None
    assert (two.running, two.queued) == (5, 1)
    with pytest.raises(ValueError, match="could not convert"):
        load_in_metrics('vllm:num_requests_running{engine="1" 3\n', 0.0)


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ({"base_url": "http://a/v1", "base_urls": ["http://b/v1"]}, "both set"),
        ({"base_urls": ["http://b/v1", "http://b/v1/"]}, "twice"),
        ({"base_urls": []}, "at least 1"),
    ],
)
def test_mistakes_are_named(local: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings(local=local)


def engine_health(running: int, unread: int, reads_per_s: float) -> dict[str, Any]:
    return {
        "running": running,
        "queued": 0,
        "expected_wait_s": 0.0,
        "unread_tokens": [unread] * running,
        "reading_tokens_per_s": reads_per_s,
        "writing_tokens_per_s": 50.0,
        "reading_step_s": 0.0,
        "max_sequences": 8,
        "n_kept_tokens": 100_000,
        "created": 1,
    }


def test_replicas_behind_one_address_are_seen_one_by_one(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.listed = {"features": ["tools"], "n_ctx": 8192}
    busy, idle = engine_health(3, 5000, 100.0), engine_health(0, 0, 100.0)
    provider.health = {"status": "ok", "replicas": [{"id": "one", **busy}, {"id": "other", **idle}]}
    gateway = make_gateway(local={"base_url": provider.base_url})
    wait_for(lambda: [each["name"] for each in told(gateway)] == ["one", "other"])
    assert [each["load"]["unread_tokens"] for each in told(gateway)] == [15_000, 0]
    text = "word " * 1000

    def estimate() -> float:
        body = {"messages": [{"role": "user", "content": text}]}
        found = httpx.post(f"{gateway.url}/v1/route", json=body).json()["estimate"]
        return float(found["first_token_s"])

    first = estimate()
    assert 5 < first < 40, "of the idle one"
    provider.extra_headers = {"x-slimgate-replica": "other"}
    assert ask(gateway, text).status_code == 200
    assert estimate() < first / 4, "that one has read it"
    provider.health = {"status": "ok", "replicas": [{"id": "one", **busy}]}
    wait_for(lambda: len(told(gateway)) == 1)
    assert estimate() > 1.8 * first, "the one that is left is busy, and has read nothing of it"


NESTED: dict[str, Any] = {"id": "a", "replicas": []}
for _ in range(900):
    NESTED = {"id": "a", "replicas": [NESTED]}


def test_numbers_below_zero_are_none() -> None:
    load = LocalLoad.from_health({**engine_health(0, 0, 1.0), "running": -5, "queued": -5}, 0.0)
    assert (load.running, load.queued) == (0, 0)


@pytest.mark.parametrize(
    "replicas",
    [[{"id": "a"}], "no", [None], [{"running": 1}], [NESTED]],
    ids=["no figures", "a text", "nothing", "no id", "replicas of replicas"],
)
def test_health_that_is_none_is_refused(replicas: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        LocalLoad.from_health({"replicas": replicas}, 0.0)


@pytest.mark.engine
@pytest.mark.slow
def test_two_engines_over_tcp(tmp_path_factory: pytest.TempPathFactory) -> None:
    with ExitStack() as stack:
        engines = []
        for name in ("one", "other"):
            options = EngineOptions(tiny_model(), n_ctx=4096)
            engine = LiveEngine(options, tmp_path_factory.mktemp(name))
            stack.callback(engine.close)
            engine.ready()
            engines.append(engine)
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("gateway"),
            local={"base_urls": [f"{engine.url}/v1" for engine in engines], "model": engines[0].ready().model},
        )
        gateway = stack.enter_context(running_gateway(settings))
        wait_for(lambda: all(server["up"] and server["load"] for server in told(gateway)), 30)
        with ThreadPoolExecutor(8) as callers:
            answers = list(callers.map(lambda n: ask(gateway, f"hello {n}", max_tokens=200, **NEVER_ENDS), range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert all(engine.metrics("completion_tokens_total") >= 3 * 200 for engine in engines), "each has a fair part"
        with httpx.stream(
            "POST",
            f"{gateway.url}/v1/chat/completions",
            json={
                "model": "local",
                "stream": True,
                "max_tokens": 3500,
                "messages": [{"role": "user", "content": "hi"}],
                **NEVER_ENDS,
            },
            timeout=60,
        ) as answer:
            lines = answer.iter_lines()
            next(line for line in lines if "content" in line)
            busy = next(engine for engine in engines if engine.health()["running"])
            os.kill(busy.pid, signal.SIGKILL)
            rest = "".join(lines)
        assert "error" in rest
        assert "[DONE]" not in rest
        time.sleep(0.1)
        assert ask(gateway, "hello again", max_tokens=4).status_code == 200
