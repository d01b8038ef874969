"""What providers tell of an answer's tokens, through a live gateway, in every API shape, to the ledger's row."""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from tests.live import Gateway, running_gateway
from tests.natively import Events, message, response
from tests.provider import FAULTS, WORDS, Call, Provider, fault, running_provider
from tests.usages import HOSTILE, MODEL, PRICES, SHAPES, UNLISTED

EMBEDDER = "an-embedder"
HELLO = "Say hello."
PROMPT_GUESS = 10
"""Of `HELLO` as a chat."""

ASKED: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": [{"role": "user", "content": HELLO}]},
    "responses": {"input": HELLO},
    "messages": {"messages": [{"role": "user", "content": HELLO}], "max_tokens": 50},
    "completions": {"prompt": HELLO},
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Gateway, Provider]]]:
    with running_provider() as provider, running_provider() as native:
        chat, responses = (_settings(one, tmp_path_factory) for one in (provider, native))
        responses = responses.model_copy(update={"cloud": responses.cloud.model_copy(update={"responses": "native"})})
        with running_gateway(chat) as gateway, running_gateway(responses) as other:
            yield {"chat": (gateway, provider), "native": (other, native)}


def _settings(provider: Provider, folders: pytest.TempPathFactory) -> Settings:
    cloud = {"base_url": provider.base_url, "model": "asked-model", "retries": 0, "breaker_failures": 1_000_000}
    embeddings = {"backend": "cloud", "model": EMBEDDER}
    prices = {**PRICES, EMBEDDER: {"input_usd_per_mtok": "0.02", "output_usd_per_mtok": "0"}}
    return Settings(
        state_dir=folders.mktemp("usage"), local={"enabled": False}, cloud=cloud, embeddings=embeddings, prices=prices
    )


@pytest.fixture
def gateway(pairs: dict[str, tuple[Gateway, Provider]]) -> Gateway:
    return pairs["chat"][0]


@pytest.fixture
def provider(pairs: dict[str, tuple[Gateway, Provider]]) -> Provider:
    return pairs["chat"][1]


def ask(gateway: Gateway, endpoint: str, stream: bool, **more: Any) -> httpx.Response:
    body = {"model": "auto", "stream": stream, **ASKED[endpoint], **more}
    return httpx.post(f"{gateway.url}/v1/{endpoint}", json=body, timeout=30)


def events_of(answer: httpx.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def tokens_of(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_the_row_has_what_was_told_and_what_it_costs(
    gateway: Gateway, provider: Provider, name: str, stream: bool
) -> None:
    shape = SHAPES[name]
    provider.always = f"tells_{name}"
    assert ask(gateway, "chat/completions", stream).status_code == 200
    row = gateway.row()
    assert (row["served_model"], row["outcome"]) == (shape.model, "ok")
    assert tokens_of(row) == shape.tokens
    assert (row["usage_details"] or {}) == shape.details
    assert not row["usage_estimated"]
    cost = None if row["cost_usd"] is None else Decimal(row["cost_usd"]) * 1_000_000_000
    assert cost == shape.nusd


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", ASKED)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_tells_nothing_harms_nothing_and_is_estimated(
    gateway: Gateway, provider: Provider, name: str, endpoint: str, stream: bool
) -> None:
    provider.always = f"tells_{name}"
    answer = ask(gateway, endpoint, stream)
    assert answer.status_code == 200
    if stream:
        assert not any("error" in event and event["error"] for event in events_of(answer))
    assert "all." in answer.text
    row = gateway.row()
    assert (row["endpoint"], row["outcome"], row["usage_estimated"]) == (endpoint.replace("/", "."), "ok", True)
    assert tokens_of(row) == (PROMPT_GUESS, len(WORDS) if stream else row["completion_tokens"], 0)
    assert len(WORDS) <= row["completion_tokens"] <= 2 * len(WORDS)
    assert row["usage_details"] is None


@fault
async def tells_the_prompt_only(call: Call) -> None:
    await _tells(call, {"prompt_tokens": 100, "completion_tokens": 2**64 - 1})


@fault
async def tells_the_completion_only(call: Call) -> None:
    await _tells(call, {"prompt_tokens": "100", "completion_tokens": 50})


@fault
async def tells_the_total_only(call: Call) -> None:
    await _tells(call, {"total_tokens": 60})


@fault
async def tells_of_no_completion(call: Call) -> None:
    await _tells(call, {"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100})


async def _tells(call: Call, usage: Any) -> None:
    if not call.streams:
        choice = {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}
        await call.answer("200 OK", {"model": MODEL, "choices": [choice], "usage": usage})
        return
    await call.begin_stream()
    await call.words()
    await call.event({**call.chunk({}, "stop"), "usage": usage})
    await call.done()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", ASKED)
@pytest.mark.parametrize(
    ("kind", "prompt", "completion"),
    [
        ("tells_the_prompt_only", 100, None),
        ("tells_the_completion_only", PROMPT_GUESS, 50),
        ("tells_the_total_only", None, None),
        ("tells_of_no_completion", 100, None),
    ],
)
def test_what_is_told_in_part_is_estimated_in_part(
    gateway: Gateway,
    provider: Provider,
    kind: str,
    prompt: int | None,
    completion: int | None,
    endpoint: str,
    stream: bool,
) -> None:
    provider.always = kind
    assert ask(gateway, endpoint, stream).status_code == 200
    row = gateway.row()
    guess = len(WORDS) if stream else 11
    assert row["usage_estimated"] is True
    assert row["completion_tokens"] == (guess if completion is None else completion)
    assert row["prompt_tokens"] == (60 - guess if prompt is None else prompt)


@fault
async def counts_up_and_breaks_off(call: Call) -> None:
    """As Anthropic's first event does, it tells of one token."""
    await call.begin_stream()
    await call.event({**call.chunk({"content": WORDS[0]}), "usage": {"prompt_tokens": 100, "completion_tokens": 1}})
    await call.words(5)


def test_an_answer_that_breaks_off_took_what_was_seen_of_it(gateway: Gateway, provider: Provider) -> None:
    provider.always = "counts_up_and_breaks_off"
    ask(gateway, "chat/completions", stream=True)
    row = gateway.row()
    assert (row["outcome"], row["usage_estimated"], tokens_of(row)) == ("interrupted", True, (100, 6, 0))


def test_callers_are_told_the_same_as_the_ledger(gateway: Gateway, provider: Provider) -> None:
    """In shapes that the gateway writes itself."""
    provider.always = "tells_xai"
    for stream in (False, True):
        answer = ask(gateway, "responses", stream)
        told = events_of(answer)[-1]["response"]["usage"] if stream else answer.json()["usage"]
        assert (told["input_tokens"], told["output_tokens"], told["total_tokens"]) == (10120, 4308, 14428)
        assert told["output_tokens_details"] == {"reasoning_tokens": 2809}
    provider.always = "tells_anthropic"
    for stream in (False, True):
        answer = ask(gateway, "messages", stream)
        told = events_of(answer)[-2]["usage"] if stream else answer.json()["usage"]
        assert (told["input_tokens"], told["output_tokens"]) == (10, 50)
        assert (told["cache_read_input_tokens"], told["cache_creation_input_tokens"]) == (30, 40)


@pytest.mark.parametrize("name", ["openai", "moonshot", "xai", "flex"])
def test_several_prompts_are_told_as_one(gateway: Gateway, provider: Provider, name: str) -> None:
    shape = SHAPES[name]
    provider.always = f"tells_{name}"
    answer = ask(gateway, "completions", stream=False, prompt=[HELLO, HELLO])
    row = gateway.row()
    assert tokens_of(row) == tuple(2 * tokens for tokens in shape.tokens)
    assert row["usage_estimated"] is False
    assert Decimal(row["cost_usd"]) * 1_000_000_000 == 2 * (shape.nusd or 0)
    assert answer.json()["usage"]["completion_tokens"] == row["completion_tokens"]


def test_several_prompts_of_which_one_tells_nothing(gateway: Gateway, provider: Provider) -> None:
    provider.always = "tells_nothing"
    provider.faults.extend(["tells_floats"])
    answer = ask(gateway, "completions", stream=False, prompt=[HELLO, HELLO])
    row = gateway.row()
    assert row["usage_estimated"] is True
    assert row["prompt_tokens"] > 100
    assert row["completion_tokens"] >= 50 + len(WORDS)
    assert "usage" not in answer.json()


NATIVE: dict[str, tuple[Any, tuple[int, int, int], bool]] = {
    "told": (SHAPES["openai_responses"].answer["usage"], SHAPES["openai_responses"].tokens, False),
    "total_says_more": ({"input_tokens": 100, "output_tokens": 5, "total_tokens": 150}, (100, 50, 0), False),
    "odd_details": ({"input_tokens": 100, "output_tokens": 50, "input_tokens_details": "x"}, (100, 50, 0), False),
    **{f"hostile_{name}": (usage, (PROMPT_GUESS, 0, 0), True) for name, usage in HOSTILE.items()},
}


def _responding(usage: Any) -> Any:
    async def answer(call: Call) -> None:
        whole = {**response("completed", [message()], usage=usage), "model": MODEL, "service_tier": "priority"}
        if not call.streams:
            await call.answer("200 OK", whole)
            return
        events = Events(call)
        await events.begin()
        await events.words(len(WORDS))
        await events.send("response.completed", response=whole)

    return answer


for _name, _told in NATIVE.items():
    FAULTS[f"responds_{_name}"] = _responding(_told[0])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", NATIVE)
def test_responses_that_are_passed_on(pairs: dict[str, tuple[Gateway, Provider]], name: str, stream: bool) -> None:
    gateway, provider = pairs["native"]
    _, tokens, estimated = NATIVE[name]
    provider.always = f"responds_{name}"
    answer = ask(gateway, "responses", stream)
    assert answer.status_code == 200
    assert provider.paths[-1] == "/v1/responses"
    assert "response.failed" not in answer.text
    row = gateway.row()
    assert (row["outcome"], row["usage_estimated"]) == ("ok", estimated)
    assert row["prompt_tokens"] == tokens[0]
    assert row["completion_tokens"] == tokens[1] if not estimated else row["completion_tokens"] >= len(WORDS)
    if not estimated:
        assert row["usage_details"]["service_tier"] == "priority"


def _embedding(usage: Any) -> Any:
    async def answer(call: Call) -> None:
        data = [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}]
        await call.answer("200 OK", {"object": "list", "model": EMBEDDER, "data": data, "usage": usage})

    return answer


EMBEDDED: dict[str, tuple[Any, int, bool]] = {
    "openai": ({"prompt_tokens": 6, "total_tokens": 6}, 6, False),
    "total_only": ({"total_tokens": 6}, 6, False),
    "prompt_only": ({"prompt_tokens": 6}, 6, False),
    **{f"hostile_{name}": (usage, 3, True) for name, usage in HOSTILE.items()},
}
for _name, _embedded in EMBEDDED.items():
    FAULTS[f"embeds_{_name}"] = _embedding(_embedded[0])


@pytest.mark.parametrize("name", EMBEDDED)
def test_embeddings(gateway: Gateway, provider: Provider, name: str) -> None:
    _, tokens, estimated = EMBEDDED[name]
    provider.always = f"embeds_{name}"
    body = {"model": EMBEDDER, "input": HELLO}
    assert httpx.post(f"{gateway.url}/v1/embeddings", json=body, timeout=30).status_code == 200
    row = gateway.row()
    assert (tokens_of(row), row["usage_estimated"]) == ((tokens, 0, 0), estimated)
    assert Decimal(row["cost_usd"]) == Decimal("0.02") * tokens / 1_000_000


@fault
async def fails_late(call: Call) -> None:
    await asyncio.sleep(0.5)
    await FAULTS["error_500"](call)


def test_several_prompts_of_which_one_fails(gateway: Gateway, provider: Provider) -> None:
    """What the other took is paid, whether it said so or not."""
    provider.always = "fails_late"
    provider.faults.extend(["tells_nothing"])
    assert ask(gateway, "completions", stream=False, prompt=[HELLO, HELLO]).status_code == 503
    row = gateway.row()
    assert (row["outcome"], row["usage_estimated"]) == ("failed", True)
    assert row["prompt_tokens"] > 0
    assert row["completion_tokens"] >= len(WORDS)


def test_one_odd_row_keeps_no_other_out(gateway: Gateway, provider: Provider) -> None:
    provider.always = "tells_openai"
    provider.faults.extend(f"tells_{name}" for name in HOSTILE)
    before = len(gateway.rows(1000))
    for _ in range(len(HOSTILE) + 1):
        assert ask(gateway, "chat/completions", stream=False).status_code == 200
    assert len(gateway.rows(1000)) == before + len(HOSTILE) + 1
    assert tokens_of(gateway.row()) == SHAPES["openai"].tokens


def test_what_was_charged_says_nothing_of_the_baseline(gateway: Gateway, provider: Provider) -> None:
    provider.always = "tells_xai_ticks"
    ask(gateway, "chat/completions", stream=False)
    row = gateway.row()
    assert (row["served_model"], row["baseline_model"]) == (UNLISTED, "asked-model")
    assert row["baseline_usd"] is None
