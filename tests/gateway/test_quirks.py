"""Fields that a server or model does not take: renamed or left out where that is known, or learnt from its refusal.

Whatever is left out is told with the answer; what decides on the answer is never left out.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from models.redaction.server_words import ServerWords
from models.remote.learnt_quirks import MOST_CHANGES, MOST_LEARNT, LearntQuirks, refused_fields
from models.remote.quirks import NO_QUIRKS, quirks_of
from models.wire.notes import passed_on
from tests.conftest import MakeGateway
from tests.live import Gateway, running_gateway
from tests.provider import FAULTS, Call, Provider, fault, running_provider

HELLO = [{"role": "user", "content": "Say hello."}]
WARNING = "x-slimgate-warning"

SHAPES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO, "max_completion_tokens": 50},
    "/v1/messages": {"messages": HELLO, "max_tokens": 50},
    "/v1/responses": {"input": "hi", "max_output_tokens": 50},
    "/v1/completions": {"prompt": "hi", "max_tokens": 50},
}

MISTRAL_KNOWS = {"model", "messages", "max_tokens", "stream", "temperature", "top_p", "tools", "stop"}


@fault
async def forbids_extra_fields(call: Call) -> None:
    """Mistral."""
    details = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
        for name in call.body.keys() - MISTRAL_KNOWS
    ]
    error = {"object": "error", "message": {"detail": details}, "type": "invalid_request_error", "code": None}
    await (call.answer("422 Unprocessable Entity", error) if details else FAULTS["none"](call))


async def refuse(call: Call, name: str, message: str, code: str | None = None) -> None:
    error = {"message": message, "type": "invalid_request_error", "param": name, "code": code}
    await call.answer("400 Bad Request", {"error": error})


@fault
async def reasons_with_quirks(call: Call) -> None:
    """OpenAI's reasoning models: one refusal for each field, one at a time."""
    if "max_tokens" in call.body:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        await refuse(call, "max_tokens", message, "unsupported_parameter")
    elif call.body.get("temperature", 1) != 1 and call.body.get("reasoning_effort") != "none":
        message = (
            "Unsupported value: 'temperature' does not support 0.3 with this model. Only the default (1) value is "
            "supported."
        )
        await refuse(call, "temperature", message, "unsupported_value")
    elif "top_p" in call.body:
        await refuse(call, "top_p", "Unsupported parameter: 'top_p' is not supported.", "unsupported_parameter")
    else:
        await FAULTS["none"](call)


@fault
async def refuses_both_limits(call: Call) -> None:
    name = next(name for name in ("max_tokens", "max_completion_tokens") if name in call.body)
    await refuse(call, name, f"Unrecognized request argument supplied: {name}")


@fault
async def repeats_the_made_up(call: Call) -> None:
    error = {"message": f"Invalid value: {call.body['made_up']}", "type": "invalid_request_error"}
    await call.answer("400 Bad Request", {"error": error})


@fault
async def refuses_tools(call: Call) -> None:
    await refuse(call, "tools", "Unsupported parameter: 'tools' is not supported with this model.")


@fault
async def wants_less_heat(call: Call) -> None:
    await refuse(call, "temperature", "temperature must be between 0 and 1")


@fault
async def tells_its_limits(call: Call) -> None:
    head = call.head

    async def telling(status: str, content_type: str, *extra: str) -> None:
        more = ("openai-processing-ms: 17", "X-RateLimit-Remaining-Tokens: 149984", "set-cookie: a=b", "x-other: c")
        await head(status, content_type, *extra, *more)

    call.head = telling  # type: ignore[method-assign]
    await FAULTS["none"](call)


@fault
async def refuses_with_limits(call: Call) -> None:
    await call.error("429 Too Many Requests", "slow down", "rate_limit_exceeded", "x-ratelimit-reset-requests: 6m0s")


def ask(gateway: Gateway, path: str = "/v1/chat/completions", **more: Any) -> httpx.Response:
    body = {"model": "auto", **SHAPES[path], **more}
    return httpx.post(gateway.url + path, json=body, timeout=30)


def at(make_gateway: MakeGateway, provider: Provider, **cloud: Any) -> Gateway:
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, "retries": 0, **cloud})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", SHAPES)
def test_the_limit_has_the_name_that_every_server_knows(
    shared_gateway: Gateway, shared_provider: Provider, path: str, stream: bool
) -> None:
    assert ask(shared_gateway, path, stream=stream).status_code == 200
    assert shared_provider.requests[0]["max_tokens"] == 50
    assert "max_completion_tokens" not in shared_provider.requests[0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", SHAPES)
def test_mistral_answers(make_gateway: MakeGateway, provider: Provider, path: str, stream: bool) -> None:
    """README's own example; what it refuses is asked for once, and by nobody after that."""
    gateway = at(make_gateway, provider, model="mistral-large-latest")
    provider.always = "forbids_extra_fields"
    for _ in range(2):
        assert ask(gateway, path, stream=stream).status_code == 200
    assert provider.requests[-1]["max_tokens"] == 50
    assert len(provider.requests) == (3 if stream else 2)


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_refused_is_learnt_and_told(
    make_gateway: MakeGateway, provider: Provider, caplog: pytest.LogCaptureFixture, stream: bool
) -> None:
    gateway = at(make_gateway, provider, model="some-reasoner")
    provider.always = "reasons_with_quirks"
    with caplog.at_level(logging.WARNING):
        first = ask(gateway, temperature=0.3, top_p=0.5, stream=stream)
    assert first.status_code == 200
    assert first.headers[WARNING] == "left out: temperature, top_p"
    assert provider.requests[-1]["max_completion_tokens"] == 50
    assert len(provider.requests) == 4
    assert [record.message.count("'temperature'") for record in caplog.records].count(1) == 1
    second = ask(gateway, temperature=0.7)
    assert (second.headers[WARNING], len(provider.requests)) == (
        "left out: temperature",
        5,
    )
    assert WARNING not in ask(gateway).headers
    assert len(gateway.rows()) == 3


def test_what_holds_for_one_effort_does_not_for_another(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = at(make_gateway, provider, model="gpt-5.1")
    provider.always = "reasons_with_quirks"
    assert ask(gateway, temperature=0.3).headers[WARNING]
    kept = ask(gateway, temperature=0.3, reasoning_effort="none")
    assert (kept.status_code, kept.headers.get(WARNING)) == (200, None)
    assert provider.requests[-1]["temperature"] == 0.3


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5.2-pro", "gpt-5-chat-latest", "openai/gpt-5.1"])
def test_a_model_that_takes_a_temperature_gets_it(make_gateway: MakeGateway, provider: Provider, model: str) -> None:
    gateway = at(make_gateway, provider, model=model)
    assert WARNING not in ask(gateway, temperature=0.3).headers
    assert (provider.requests[0]["temperature"], provider.requests[0]["max_completion_tokens"]) == (0.3, 50)


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5", "gpt-5-mini-2025-08-07"])
def test_what_is_known_to_be_refused_is_told_too(make_gateway: MakeGateway, provider: Provider, model: str) -> None:
    gateway = at(make_gateway, provider, model=model)
    response = ask(gateway, temperature=0.3, logprobs=False, presence_penalty=0)
    assert response.headers[WARNING] == "left out: temperature"
    assert WARNING not in ask(gateway, temperature=1).headers


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "more"), [("refuses_tools", {"tools": []}), ("wants_less_heat", {"temperature": 2})])
def test_what_decides_on_the_answer_is_never_left_out(
    shared_gateway: Gateway, shared_provider: Provider, name: str, more: dict[str, Any], stream: bool
) -> None:
    shared_provider.always = name
    response = ask(shared_gateway, **more, stream=stream)
    assert (response.status_code, response.json()["error"]["param"]) == (400, next(iter(more)))
    assert len(shared_provider.requests) == 1


def test_a_limit_is_never_left_out(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = at(make_gateway, provider)
    provider.always = "refuses_both_limits"
    for asked in (2, 4):
        assert ask(gateway).status_code == 400
        assert len(provider.requests) == asked


def test_what_a_refusal_quotes_decides_nothing_for_others(make_gateway: MakeGateway, provider: Provider) -> None:
    """A server that repeats a caller's words: they must not take other callers' fields away."""
    gateway = at(make_gateway, provider)
    provider.always = "repeats_the_made_up"
    assert ask(gateway, temperature=0.3, made_up="'temperature' is unsupported").status_code == 400
    provider.always = "none"
    assert WARNING not in ask(gateway, temperature=0.3).headers
    assert provider.requests[-1]["temperature"] == 0.3


def test_the_settings_know_better(make_gateway: MakeGateway, provider: Provider) -> None:
    gateway = at(make_gateway, provider, model="o3", drop_params=["user"], rename_params={"max_tokens": "limit"})
    assert ask(gateway, temperature=0.3, user="u", max_tokens=3).headers[WARNING].endswith(": user")
    asked = provider.requests[0]
    assert (asked["temperature"], asked["limit"], asked["max_completion_tokens"]) == (0.3, 3, 50)
    assert "user" not in asked


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Provider]]:
    with running_provider() as provider:
        local = {"base_url": provider.base_url, "drop_params": ["user"]}
        with running_gateway(Settings(state_dir=tmp_path_factory.mktemp("own"), local=local)) as gateway:
            gateway.wait_ready()
            yield gateway, provider


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
def test_a_local_server_of_ones_own(own_server: tuple[Gateway, Provider], path: str) -> None:
    """Ollama ignores the new name of the limit, and would answer without end."""
    gateway, provider = own_server
    response = ask(gateway, path, user="u") if path == "/v1/chat/completions" else ask(gateway, path)
    assert response.status_code == 200
    assert provider.requests[-1]["max_tokens"] == 50
    assert not {"max_completion_tokens", "user"} & set(provider.requests[-1])


def test_it_may_rename_as_a_cloud_may(tmp_path: Path, provider: Provider) -> None:
    local = {"base_url": provider.base_url, "rename_params": {"max_completion_tokens": "num_predict"}}
    with running_gateway(Settings(state_dir=tmp_path, local=local)) as gateway:
        gateway.wait_ready()
        assert ask(gateway).status_code == 200
        assert provider.requests[-1]["num_predict"] == 50


@pytest.mark.parametrize(
    ("message", "param", "refused"),
    [
        ("Unsupported parameter: 'store'", None, ["store"]),
        ('Invalid JSON payload received. Unknown name "seed": Cannot find field.', None, ["seed"]),
        ("property 'service_tier' is unsupported", None, ["service_tier"]),
        ("user: Extra inputs are not permitted", None, ["user"]),
        ("`temperature` is deprecated for this model.", None, ["temperature"]),
        ("Unrecognized request argument supplied: reasoning_effort", None, ["reasoning_effort"]),
        ("body.metadata: Extra inputs are not permitted; body.store: Extra inputs are not permitted", None,
         ["metadata", "store"]),
        ("unsupported content in a user message", None, []),
        ("messages.0.metadata: Extra inputs are not permitted", None, []),
        ("this is not supported", "messages[0].user", []),
        ("Unsupported value: 'reasoning_effort' does not support 'minimal'. Supported values are: 'low'.", None, []),
        ("model 'm' is not supported", None, []),
        ("seed must be a positive integer", "seed", []),
    ],
)  # fmt: skip
def test_servers_ways_of_saying_it(message: str, param: str | None, refused: list[str]) -> None:
    sent = dict.fromkeys(
        ("model", "messages", "metadata", "store", "user", "seed", "temperature", "service_tier", "reasoning_effort"), 1
    )
    assert sorted(refused_fields(ServerWords(message, param=param), sent)) == refused


def test_what_is_learnt_is_bounded() -> None:
    learnt = LearntQuirks(NO_QUIRKS)
    for number in range(MOST_LEARNT + 50):
        learnt.remember({"top_k": 1, "reasoning_effort": str(number)}, {"top_k": None})
    assert len(learnt._learnt) == MOST_LEARNT
    assert MOST_CHANGES < 10


def test_quirks_are_the_providers_and_the_models() -> None:
    openai = "https://api.openai.com/v1"
    assert quirks_of("gpt-4.1", openai) is NO_QUIRKS
    assert quirks_of("gpt-4.1", "https://x.openai.azure.com/openai") is NO_QUIRKS
    assert quirks_of("gpt-4.1", "https://llm.example/v1").rename == {"max_completion_tokens": "max_tokens"}
    assert quirks_of("o3", "https://llm.example/v1") == quirks_of("o3", openai)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", SHAPES)
def test_limits_and_times_of_the_provider_reach_the_caller(
    shared_gateway: Gateway, shared_provider: Provider, path: str, stream: bool
) -> None:
    shared_provider.always = "tells_its_limits"
    headers = ask(shared_gateway, path, stream=stream).headers
    assert (headers["openai-processing-ms"], headers["x-ratelimit-remaining-tokens"]) == ("17", "149984")
    assert not {"set-cookie", "x-other"} & set(headers)


@pytest.mark.parametrize("path", SHAPES)
def test_they_come_with_its_errors_too(shared_gateway: Gateway, shared_provider: Provider, path: str) -> None:
    shared_provider.always = "refuses_with_limits"
    response = ask(shared_gateway, path)
    assert (response.status_code, response.headers["x-ratelimit-reset-requests"]) == (429, "6m0s")


def test_what_no_header_may_hold_is_not_passed_on() -> None:
    odd = [("x-ratelimit-a", "1\r\nset-cookie: b"), ("x-ratelimit-b", "é"), ("x-ratelimit-c", "1" * 200), ("a", "b")]
    assert passed_on([*odd, ("x-ratelimit-d", "6m0s")]) == {"x-ratelimit-d": "6m0s"}
    assert len(passed_on((f"x-ratelimit-{'a' * n}", "1") for n in range(1, 45))) == 20
