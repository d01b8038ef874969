"""The time until the local model's first token decides too: the real engine, the bundled model, and a cloud."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings, SettingsError, load_settings
from tests.live import Gateway, running_gateway, wait_for
from tests.provider import Provider, running_provider

LOCAL = {"x-slimgate-threshold": "1.0001"}
LIMIT, ESTIMATE = "x-slimgate-max-first-token-s", "x-slimgate-first-token-estimate-s"
WORDS = "The harbour lay quiet in the morning, and the gulls walked up and down the wall. "


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the bundled model and a cloud."""
    with running_provider() as provider:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("both"),
            cloud={"base_url": provider.base_url},
            router={"max_first_token_s": 3600, "aliases": {"quick": "auto:1.0001:0.0001s", "patient": "auto:1.0001"}},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready(300)
            wait_for(lambda: speeds(gateway)["reading_tokens_per_s"])
            yield gateway


def speeds(gateway: Gateway) -> dict[str, float]:
    return dict(gateway.get("/v1/status").json()["local"]["speeds"])


def ask(gateway: Gateway, messages: Any, headers: dict[str, str] = LOCAL, **fields: Any) -> httpx.Response:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    body = {"model": "auto", "messages": messages, "max_tokens": 4, **fields}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers, timeout=300)
    assert answer.status_code == 200
    return answer


def way(answer: httpx.Response) -> tuple[str, str]:
    return answer.headers["x-slimgate-route"], answer.headers["x-slimgate-reason"]


def estimate(gateway: Gateway, messages: Any, headers: dict[str, str] = LOCAL) -> float:
    """What a request would be told."""
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    body = {"messages": messages, "max_tokens": 4}
    told = httpx.post(f"{gateway.url}/v1/route", json=body, headers=headers).raise_for_status().json()
    assert told["estimate"]["answer_s"] > told["estimate"]["first_token_s"] > 0
    return float(told["estimate"]["first_token_s"])


@pytest.mark.engine
def test_a_first_token_that_would_come_too_late_comes_from_the_cloud(both: Gateway) -> None:
    assert way(ask(both, "Hello.")) == ("local", "score")
    late = ask(both, "Hello.", {**LOCAL, LIMIT: "0.0001"})
    assert way(late) == ("cloud", "load")
    assert float(late.headers[ESTIMATE]) > 0.0001
    assert way(ask(both, "Hello.", model="quick", headers={})) == ("cloud", "load")
    assert way(ask(both, "Hello.", model="patient", headers={})) == ("local", "score")
    assert way(ask(both, "Hello.", model="auto:1.0001:0.0001s", headers={})) == ("cloud", "load")
    assert way(ask(both, "Hello.", model="quick", headers={LIMIT: "3600"})) == ("local", "score")  # the header wins


@pytest.mark.engine
def test_who_must_stay_here_stays_however_long_it_takes(both: Gateway) -> None:
    late = {LIMIT: "0.0001"}
    assert way(ask(both, "Hello.", late, model="local")) == ("local", "pinned")
    assert way(ask(both, "Hello.", {**late, "x-slimgate-privacy": "local"})) == ("local", "privacy")


@pytest.mark.engine
def test_the_estimate_is_told_and_explained(both: Gateway) -> None:
    assert float(ask(both, "Hello.").headers[ESTIMATE]) > 0
    assert ESTIMATE in ask(both, "Hello.", {}, model="cloud").headers
    shown = speeds(both)
    assert shown["reading_tokens_per_s"] > 0
    assert shown["writing_tokens_per_s"] > 0
    assert shown["usual_answer_tokens"] > 0
    ask(both, "Hello.", {**LOCAL, LIMIT: "0.0001"})
    row = both.get(f"/v1/decisions/{both.row()['id']}").json()
    steps = {step["rule"]: (step["verdict"], step["text"]) for step in row["rules"]}
    assert steps["load"][0] == "decided"
    assert "first token would have come too late" in steps["load"][1]


@pytest.mark.engine
def test_a_longer_prompt_takes_longer_and_one_that_was_read_does_not(both: Gateway) -> None:
    conversation = [{"role": "user", "content": f"Of gulls. {WORDS * 20}"}]
    fresh = estimate(both, conversation)
    assert fresh > 3 * estimate(both, "Hello.")
    said = ask(both, conversation).json()["choices"][0]["message"]["content"]
    more = [*conversation, {"role": "assistant", "content": said}, {"role": "user", "content": "And then?"}]
    assert estimate(both, more) < fresh / 2
    other = [{"role": "user", "content": f"Of ships. {WORDS * 20}"}, *more[1:]]
    assert estimate(both, other) > fresh / 2


@pytest.mark.engine
def test_a_shared_system_prompt_is_counted_once(both: Gateway) -> None:
    system = {"role": "system", "content": f"You know the sea. {WORDS * 20}"}
    fresh = estimate(both, [system, {"role": "user", "content": "One?"}])
    ask(both, [system, {"role": "user", "content": "One?"}])
    assert estimate(both, [system, {"role": "user", "content": "Two?"}]) < fresh / 2


@pytest.mark.engine
def test_what_is_in_hand_delays_a_long_prompt(both: Gateway) -> None:
    idle = estimate(both, f"Alone. {WORDS * 20}")
    asked = [threading.Thread(target=ask, args=(both, f"Number {n}. {WORDS * 25}")) for n in range(2)]
    for thread in asked:
        thread.start()
    try:
        wait_for(lambda: estimate(both, f"Alone. {WORDS * 20}") > 1.5 * idle, 30)
    finally:
        for thread in asked:
            thread.join(300)


def test_a_server_that_tells_no_speed_is_watched(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_provider() as server, running_provider() as cloud:
        settings = Settings(
            state_dir=tmp_path_factory.mktemp("watched"),
            local={"base_url": server.base_url},
            cloud={"base_url": cloud.base_url},
        )
        with running_gateway(settings) as gateway:
            gateway.wait_ready()
            _learns(gateway, server)


def _learns(gateway: Gateway, server: Provider) -> None:
    assert ESTIMATE not in ask(gateway, WORDS).headers
    assert speeds(gateway)["reading_tokens_per_s"] is None
    assert way(ask(gateway, WORDS, {**LOCAL, LIMIT: "0.0001"})) == ("local", "score")  # nobody knows
    server.pause_s = 0.05
    assert way(ask(gateway, WORDS * 8, stream=True)) == ("local", "score")
    wait_for(lambda: speeds(gateway)["writing_tokens_per_s"])
    assert 10 < speeds(gateway)["writing_tokens_per_s"] < 21  # a word every 0.05 s
    assert way(ask(gateway, WORDS, {**LOCAL, LIMIT: "0.0001"})) == ("cloud", "load")


def test_a_decision_takes_no_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The estimate of a prompt of 200 words, with what is remembered of others, takes a fraction of a millisecond."""
    from gateway.dispatch.local_load import LocalLoad
    from gateway.dispatch.local_times import LocalTimes
    from models.engine.scheduling.forecast import Pace
    from models.wire.chat import ChatRequest

    load = LocalLoad(8, 60, 9.0, 0.0, Pace(20.0, 8.0), (900,) * 68, 8, (40.0,) * 68, 8192)
    times = LocalTimes(lambda: load)
    request = ChatRequest.parse({"model": "auto", "messages": [{"role": "user", "content": "word " * 200}]})
    took_s = []
    for _ in range(200):
        began = time.thread_time()
        times.estimate(request)
        took_s.append(time.thread_time() - began)
    assert min(took_s) < 0.0001


@pytest.mark.parametrize("setting", ["file", "environment"])
def test_the_earlier_setting_names_the_one_in_its_place(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    path = tmp_path_factory.mktemp("earlier") / "slimgate.toml"
    path.write_text("[router]\nmax_local_wait_s = 3\n" if setting == "file" else "", "utf-8")
    if setting == "environment":
        monkeypatch.setenv("SLIMGATE_ROUTER__MAX_LOCAL_WAIT_S", "3")
    with pytest.raises(SettingsError, match=r"no longer a setting: use .*(max_first_token_s|MAX_FIRST_TOKEN_S)"):
        load_settings(path)
