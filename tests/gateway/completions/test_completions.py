"""POST /v1/completions, put to a chat model, and passed on to a server that takes it."""

from typing import Any

import openai
import pytest
from openai.types import Completion

from gateway.dialects.completions.request import read_request
from models.remote.fan_out import MAX_CONCURRENT
from models.wire.errors import RequestError
from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.provider import MODEL, PROMPT_TOKENS, WORDS, Provider

TEXT = "".join(WORDS)
STORY = "The old man walked down to the harbour and"  # goes on; after a whole sentence a model may just end


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    return shared_gateway


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {}),
        ({"prompt": ["hi"]}, {}),
        ({"max_tokens": 7}, {"max_completion_tokens": 7}),
        ({"temperature": 0, "stop": ["x"], "n": 2, "seed": 1}, {"temperature": 0, "stop": ["x"], "n": 2, "seed": 1}),
        ({"echo": False, "suffix": None, "best_of": 1, "logprobs": None}, {}),
        ({"n": 2, "best_of": 2}, {"n": 2}),
        ({"stream": True, "top_k": 3}, {"stream": True, "top_k": 3}),
    ],
)
def test_what_a_chat_model_is_asked(body: dict[str, Any], expected: dict[str, Any]) -> None:
    request = read_request({"model": "auto", "prompt": "hi", **body})
    assert request.native is not None
    assert request.native.untranslatable is None
    messages = [{"role": "user", "content": "hi"}]
    assert request.body == {"model": "auto", "messages": messages, "max_completion_tokens": 16, **expected}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"echo": True}, "echo"),
        ({"suffix": "end"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"logprobs": 0}, "logprobs"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"prompt": ["a", "b"], "stream": True}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1], [2]]}, "prompt"),
    ],
)
def test_what_a_chat_model_cannot_be_asked(body: dict[str, Any], param: str) -> None:
    request = read_request({"model": "auto", "prompt": "hi", **body})
    assert request.native is not None
    assert request.native.untranslatable is not None
    assert request.native.untranslatable.param == param


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": [["a"]]}, "prompt"),
        ({"prompt": ["a"] * 257}, "prompt"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": False}, "max_tokens"),
        ({"stream": 1}, "stream"),
        ({"model": None}, "model"),
    ],
)
def test_the_field_at_fault_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_request({"model": "auto", "prompt": "hi", **body})
    assert caught.value.param == param


def test_a_chat_models_answer(gateway: Gateway, provider: Provider) -> None:
    answer = gateway.client().completions.create(model="auto", prompt="Say hello.")
    Completion.model_validate(answer.model_dump(warnings="none"))
    assert (answer.object, answer.model, answer.choices[0].text) == ("text_completion", MODEL, TEXT)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == PROMPT_TOKENS
    assert provider.paths == ["/v1/chat/completions"]
    row = gateway.row()
    assert (row["endpoint"], row["outcome"], row["completion_tokens"]) == ("completions", "ok", len(WORDS))


def test_several_prompts_are_asked_one_by_one_and_answered_as_one(gateway: Gateway, provider: Provider) -> None:
    before = len(gateway.rows(1000))
    prompts = [f"Say {number}." for number in range(12)]
    answer = gateway.client().completions.create(model="auto", prompt=prompts, n=1, temperature=0)
    assert [choice.index for choice in answer.choices] == list(range(12))
    assert {choice.text for choice in answer.choices} == {TEXT}
    asked = [(request["messages"][0]["content"], request["temperature"]) for request in provider.requests]
    assert sorted(asked) == sorted((prompt, 0) for prompt in prompts)
    assert answer.usage is not None
    assert answer.usage.total_tokens == 12 * (PROMPT_TOKENS + len(WORDS))
    assert len(gateway.rows(1000)) == before + 1
    row = gateway.row()
    assert (row["prompt_tokens"], row["completion_tokens"]) == tuple(map(sum, zip(*provider.billed, strict=True)))


def test_if_one_of_several_fails_at_once_the_others_cost_what_they_read(gateway: Gateway, provider: Provider) -> None:
    provider.faults.extend(["silence", "silence", "context_length"])  # by the order in which they arrive
    with pytest.raises(openai.APIStatusError):
        gateway.client().completions.create(model="cloud", prompt=["a " * 2000] * 3)
    row = gateway.row()
    assert row["usage_estimated"]
    assert row["prompt_tokens"] > 2000


def test_if_one_of_several_fails_all_do_and_the_others_are_counted(gateway: Gateway, provider: Provider) -> None:
    provider.faults.extend(["none"] * MAX_CONCURRENT + ["error_500"] * 4)  # later ones wait for a place
    with pytest.raises(openai.InternalServerError):
        gateway.client().completions.create(model="auto", prompt=["a"] * 12)
    row = gateway.row()
    assert row["outcome"] == "failed"
    assert row["completion_tokens"] % len(WORDS) == 0
    assert 0 < row["completion_tokens"] <= sum(completion for _, completion in provider.billed)
    assert float(row["cost_usd"]) > 0


def test_if_the_caller_leaves_what_was_answered_and_read_is_counted(gateway: Gateway, provider: Provider) -> None:
    provider.faults.extend(["none"] * 3 + ["silence"] * 2)
    with pytest.raises(openai.APITimeoutError):
        gateway.client(timeout=1).completions.create(model="cloud", prompt=["a " * 2000] * 5)
    wait_for(lambda: gateway.row()["outcome"] == "cancelled")
    row = gateway.row()
    assert (row["completion_tokens"], row["usage_estimated"]) == (3 * len(WORDS), True)
    assert row["prompt_tokens"] > 3 * PROMPT_TOKENS + 2000  # as the provider counts, and as estimated
    assert float(row["cost_usd"]) > 0


def test_of_several_only_the_one_that_failed_is_asked_again(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.faults.extend(["none", "error_500"])
    gateway = make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, "retries": 1})
    answer = gateway.client().completions.create(model="auto", prompt=["a", "b", "c"])
    assert len(answer.choices) == 3
    assert len(provider.requests) == 4
    assert gateway.row()["completion_tokens"] == sum(completion for _, completion in provider.billed)


def test_several_prompts_to_the_local_model(local_gateway: Gateway) -> None:
    prompts = [STORY, "In the morning the small boat"]
    answer = local_gateway.client().completions.create(model="local", prompt=prompts, max_tokens=6, temperature=0)
    assert len(answer.choices) == 2
    assert all(choice.text for choice in answer.choices)


@pytest.mark.parametrize("include_usage", [False, True])
def test_a_chat_models_stream(gateway: Gateway, provider: Provider, include_usage: bool) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if include_usage else {}
    chunks = list(gateway.client().completions.create(model="auto", prompt="Say hello.", stream=True, **options))
    assert {chunk.object for chunk in chunks} == {"text_completion"}
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == TEXT
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].usage is not None) is include_usage


def test_what_only_other_models_can_do_is_named(gateway: Gateway, provider: Provider) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().completions.create(model="auto", prompt="Say hello.", echo=True)
    assert caught.value.param == "echo"
    assert not provider.requests
    assert gateway.row()["outcome"] == "rejected"


def test_a_stream_that_breaks_never_ends_as_if_it_were_whole(gateway: Gateway, provider: Provider) -> None:
    provider.always = "cut_stream"
    with pytest.raises(openai.APIError):
        list(gateway.client().completions.create(model="auto", prompt="Say hello.", stream=True))
    assert gateway.row()["outcome"] == "interrupted"


@pytest.mark.parametrize("side", ["local", "cloud"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_takes_completions_gets_them_as_they_came(
    make_gateway: MakeGateway, provider: Provider, side: str, stream: bool
) -> None:
    provider.always = "completes_text"
    cloud = {"base_url": provider.base_url, "completions": "native"}
    gateway = make_gateway(
        local={"enabled": side == "local", "base_url": provider.base_url},
        **({"cloud": cloud} if side == "cloud" else {}),
    )
    if side == "local":
        gateway.wait_ready()
    asked: dict[str, Any] = {"prompt": ["one", "two"], "echo": True, "logprobs": 2, "best_of": 3, "made_up": {"a": [1]}}
    answer: Any = gateway.client().completions.create(
        model="auto", prompt=["one", "two"], stream=stream, extra_body=asked
    )
    text = "".join(chunk.choices[0].text for chunk in answer) if stream else answer.choices[0].text
    assert text == TEXT
    assert provider.paths == ["/v1/completions"]
    assert {name: provider.requests[0][name] for name in asked} == asked
    row = gateway.row()
    assert (row["route"], row["outcome"]) == (side, "ok")
    assert (row["prompt_tokens"], row["completion_tokens"]) == provider.billed[0]


def test_a_cut_completion_is_counted(make_gateway: MakeGateway, provider: Provider) -> None:
    provider.always = "cuts_text"
    gateway = make_gateway(
        local={"enabled": False}, cloud={"base_url": provider.base_url, "completions": "native", "retries": 0}
    )
    with pytest.raises(openai.APIError):
        list(gateway.client().completions.create(model="auto", prompt="hi", stream=True))
    assert gateway.row()["completion_tokens"] == 3


def test_the_local_model(local_gateway: Gateway) -> None:
    client = local_gateway.client()
    whole = client.completions.create(model="local", prompt=STORY, max_tokens=8, temperature=0)
    stream = client.completions.create(model="local", prompt=STORY, max_tokens=8, temperature=0, stream=True)
    assert whole.choices[0].text
    assert "".join(chunk.choices[0].text for chunk in stream)
    assert [(row["endpoint"], row["outcome"]) for row in local_gateway.rows(2)] == [("completions", "ok")] * 2


def test_an_answer_has_openais_default_length(local_gateway: Gateway) -> None:
    answer = local_gateway.client().completions.create(model="local", prompt="Tell me a long story.")
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 16
