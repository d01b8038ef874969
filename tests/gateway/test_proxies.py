"""What a proxy in the environment sees: what goes to the cloud, and nothing of what stays here.

    pytest -s tests/gateway/test_proxies.py

prints what came to the proxy of each request.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.collector import running_collector
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import FAULTS, MODEL, Call, Provider, fault, running_provider
from tests.proxy import EXCEPT, Proxy, running_proxy

MARK = "Zanzibar-4711"
SENTENCE = f"Say hello to {MARK}."
MESSAGES = [{"role": "user", "content": SENTENCE}]

SHAPES: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": MESSAGES},
    "responses": {"input": SENTENCE},
    "messages": {"messages": MESSAGES, "max_tokens": 32},
    "completions": {"prompt": SENTENCE},
}


@dataclass(frozen=True)
class Way:
    """How a request is made to go where it goes.

    Attributes
    ----------
    fails : str
        The side that fails when it is asked first.
    cloud : bool
        Whether the cloud is asked.
    looks : str
        What the local model's first tokens show, at the gateway with a second look; empty for the other one.
    """

    route: str
    reason: str
    cloud: bool
    threshold: str = "0.5"
    model: str = "auto"
    private: bool = False
    fails: str = ""
    looks: str = ""


ALL_LOCAL, ALL_CLOUD = "1.0001", "0"
WAYS = {
    "the score, local": Way("local", "score", False, ALL_LOCAL),
    "the score, cloud": Way("cloud", "score", True, ALL_CLOUD),
    "pinned local": Way("local", "pinned", False, model="local"),
    "pinned cloud": Way("cloud", "pinned", True, model="cloud"),
    "private": Way("local", "privacy", False, ALL_CLOUD, private=True),
    "private, and the local side fails": Way("local", "privacy", False, ALL_CLOUD, private=True, fails="local"),
    "the cloud fails": Way("local", "failover", True, ALL_CLOUD, fails="cloud"),
    "the local side fails": Way("cloud", "failover", True, ALL_LOCAL, fails="local"),
    "second look, sure": Way("local", "score", False, ALL_LOCAL, looks="sounds_sure"),
    "second look, unsure": Way("cloud", "escalated", True, ALL_LOCAL, looks="sounds_unsure"),
}


ASKED = [(name, path) for name in WAYS for path in SHAPES if not (WAYS[name].looks and path == "completions")]
"""Text completions get no second look."""


async def _sounds(call: Call, logprob: float) -> None:
    if not call.streams:
        await FAULTS["answers_all"](call)
        return
    await call.begin_stream()
    for word in ("One", " two", " three", " four"):
        chunk = call.chunk({"content": word})
        chunk["choices"][0]["logprobs"] = {"content": [{"token": word, "logprob": logprob, "top_logprobs": []}]}
        await call.event(chunk)
    await call.finish()
    await call.done()


@fault
async def sounds_sure(call: Call) -> None:
    await _sounds(call, -0.01)


@fault
async def sounds_unsure(call: Call) -> None:
    await _sounds(call, -9.0)


@dataclass
class Lane:
    """Gateways between a local server and a cloud, with proxies all over the environment."""

    proxy: Proxy
    local: Provider
    cloud: Provider
    plain: Gateway
    looking: Gateway
    told: list[str] = field(default_factory=list)

    def post(self, way: Way, path: str, body: dict[str, Any]) -> httpx.Response:
        for side, provider in (("local", self.local), ("cloud", self.cloud)):
            provider.always = "error_500" if way.fails == side else "answers_all"
        if way.looks:
            self.local.always = way.looks
        headers = {"x-slimgate-threshold": way.threshold} | ({"x-slimgate-privacy": "local"} if way.private else {})
        gateway = self.looking if way.looks else self.plain
        self.proxy.forget()
        return post(f"{gateway.url}/v1/{path}", {"model": way.model, **body}, headers)

    def seen(self, name: str) -> None:
        self.told.append(f"| {name} | {len(self.proxy.ports)} | {len(self.proxy.seen)} |")

    def kept_from_proxy(self) -> None:
        assert self.local.port not in self.proxy.ports


def post(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    """Not through the proxy: the callers of these tests are not what is tested."""
    with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
        return client.post(url, json=body, headers=headers)


def wait_ready(gateway: Gateway) -> None:
    with httpx.Client(trust_env=False, verify=False) as client:
        wait_for(lambda: client.get(f"{gateway.url}/health/ready").json()["local"] == "up", 30)


@pytest.fixture(scope="module")
def surroundings() -> Iterator[Proxy]:
    with running_proxy() as proxy, pytest.MonkeyPatch.context() as patch:
        for name in EXCEPT:
            patch.delenv(name, raising=False)
        for name, url in proxy.environment.items():
            patch.setenv(name, url)
        patch.setattr("gateway.dispatch.dispatcher.NOTICE_S", 0.05)  # no engine here whose death is to be noticed
        yield proxy


@pytest.fixture(scope="module")
def _lane(surroundings: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    with running_provider() as local, running_provider() as cloud, running_collector() as collector:
        sides: dict[str, Any] = {
            "local": {"base_url": local.base_url, "model": MODEL, "features": ["logprobs", "json_object"]},
            "cloud": {"base_url": cloud.base_url, "retries": 0, "breaker_failures": 1_000_000},
        }
        plain = Settings(
            state_dir=tmp_path_factory.mktemp("plain"),
            embeddings={"backend": "local", "model": MODEL},
            telemetry={"otlp_endpoint": collector.url},
            **sides,
        )
        look = {"band": 1, "n_tokens": 4, "least_confidence": 0.5}
        looking = Settings(
            state_dir=tmp_path_factory.mktemp("looking"),
            router={"second_look": look},
            embeddings={"backend": "cloud", "model": "vectors"},
            **sides,
        )
        with running_gateway(looking) as second:
            with running_gateway(plain) as first:
                wait_ready(first)
                wait_ready(second)
                assert surroundings.ports == []  # both have seen the local server's models
                lane = Lane(surroundings, local, cloud, first, second)
                yield lane
            assert collector.spans
            assert collector.url.rpartition(":")[2] not in map(str, surroundings.ports)
        print("\n| request | connections at the proxy | bytes |\n| --- | --- | --- |")
        print("\n".join(lane.told))


@pytest.fixture
def lane(_lane: Lane) -> Lane:
    # The breaker at the local side would remember what earlier tests let fail.
    _lane.local.always = _lane.cloud.always = "answers_all"
    asked = {"model": "local", "messages": MESSAGES}
    wait_for(lambda: post(f"{_lane.plain.url}/v1/chat/completions", asked).status_code == 200)
    return _lane


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "path"), ASKED)
def test_only_what_goes_to_the_cloud_goes_through_the_proxy(lane: Lane, name: str, path: str, stream: bool) -> None:
    way = WAYS[name]
    answer = lane.post(way, path, {**SHAPES[path], "stream": stream})
    lane.seen(f"{path}, {'stream' if stream else 'whole'}: {name}")
    expected = 503 if way.private and way.fails else 200
    assert (answer.status_code, answer.headers["x-slimgate-route"]) == (expected, way.route)
    assert answer.headers["x-slimgate-reason"] == way.reason
    lane.kept_from_proxy()
    assert (lane.cloud.port in lane.proxy.ports) is way.cloud
    assert (MARK.encode() in lane.proxy.seen) is way.cloud
    if not way.cloud:
        assert not lane.proxy.seen


@pytest.mark.parametrize("path", ["messages/count_tokens", "route"])
def test_what_is_only_asked_about_goes_nowhere(lane: Lane, path: str) -> None:
    for name, way in WAYS.items():
        answer = lane.post(way, path, {"messages": MESSAGES})
        lane.seen(f"{path}: {name}")
        assert answer.status_code in (200, 404)
        assert not lane.proxy.seen


def test_embeddings_go_where_the_setting_says(lane: Lane) -> None:
    for name, gateway in (("local", lane.plain), ("cloud", lane.looking)):
        lane.proxy.forget()
        answer = post(f"{gateway.url}/v1/embeddings", {"model": "auto", "input": SENTENCE})
        lane.seen(f"embeddings: {name}")
        assert (answer.status_code, answer.headers["x-slimgate-route"]) == (200, name)
        lane.kept_from_proxy()
        assert (MARK.encode() in lane.proxy.seen) is (name == "cloud")


def test_private_embeddings_go_nowhere_where_the_cloud_would_make_them(lane: Lane) -> None:
    lane.proxy.forget()
    asked = {"model": "auto", "input": SENTENCE}
    answer = post(f"{lane.looking.url}/v1/embeddings", asked, {"x-slimgate-privacy": "local"})
    assert (answer.status_code, lane.proxy.ports) == (403, [])


def test_the_local_side_has_a_proxy_where_its_own_setting_says_so(
    surroundings: Proxy, tmp_path: Path, provider: Provider
) -> None:
    surroundings.forget()
    settings = Settings(state_dir=tmp_path, local={"base_url": provider.base_url, "use_proxy": True})
    with running_gateway(settings) as gateway:
        wait_ready(gateway)
        answer = post(f"{gateway.url}/v1/chat/completions", {"model": "auto", "messages": MESSAGES})
    assert answer.headers["x-slimgate-route"] == "local"
    assert set(surroundings.ports) == {provider.port}
    assert MARK.encode() in surroundings.seen


@pytest.mark.slow
@pytest.mark.parametrize("use_proxy", ["false", "true"])
def test_doctor_looks_at_the_local_server_as_the_gateway_does(
    surroundings: Proxy, tmp_path: Path, provider: Provider, use_proxy: str
) -> None:
    surroundings.forget()
    asked = {"SLIMGATE_LOCAL__BASE_URL": provider.base_url, "SLIMGATE_LOCAL__API_KEY": "canary-4711"}
    told = {"SLIMGATE_LOCAL__USE_PROXY": use_proxy, "SLIMGATE_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "gateway.cli", "doctor", "--quick"]
    done = subprocess.run(command, env={**os.environ, **asked, **told}, capture_output=True, text=True)
    assert MODEL in done.stdout
    assert (b"canary-4711" in surroundings.seen) is (use_proxy == "true")
    assert surroundings.ports == ([provider.port] if use_proxy == "true" else [])
