"""POST /v1/chat/completions against a cloud that behaves: shapes, headers, accounting."""

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.conftest import MakeGateway
from tests.live import Gateway, wait_for
from tests.provider import MODEL, PROMPT_TOKENS, WORDS, Provider

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
HEADERS = ("x-request-id", "x-slimgate-route", "x-slimgate-reason", "x-slimgate-score", "x-slimgate-threshold")


@pytest.fixture
def cloud_only(make_gateway: MakeGateway, provider: Provider) -> Gateway:
    return make_gateway(local={"enabled": False}, cloud={"base_url": provider.base_url, "api_key": "sk-provider"})


def raw_stream(gateway: Gateway, **body: object) -> bytes:
    url = f"{gateway.url}/v1/chat/completions"
    return httpx.post(url, json={"model": "cloud", "messages": HELLO, "stream": True, **body}, timeout=30).content


def test_an_answer_in_one_piece(cloud_only: Gateway) -> None:
    raw = cloud_only.client().chat.completions.with_raw_response.create(model="cloud", messages=HELLO)
    answer = raw.parse()
    assert answer.choices[0].message.content == "".join(WORDS)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == PROMPT_TOKENS
    assert all(name in raw.headers for name in (*HEADERS, "x-slimgate-overhead-ms"))
    assert raw.headers["x-slimgate-route"] == "cloud"
    assert raw.headers["x-slimgate-reason"] == "pinned"
    assert raw.headers["x-slimgate-model"] == MODEL
    assert answer._request_id == raw.headers["x-request-id"]


def test_a_stream(cloud_only: Gateway) -> None:
    stream = cloud_only.client().chat.completions.create(model="cloud", messages=HELLO, stream=True)
    chunks = list(stream)
    assert stream.response.headers["x-slimgate-route"] == "cloud"
    assert chunks[0].choices[0].delta.content == ""
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "".join(WORDS)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_usage_is_obtained_but_shown_only_to_who_asked(cloud_only: Gateway, provider: Provider) -> None:
    silent, asked = raw_stream(cloud_only), raw_stream(cloud_only, stream_options={"include_usage": True})
    assert all(body["stream_options"]["include_usage"] for body in provider.requests)
    assert b"usage" not in silent
    assert b'"choices": [], "usage": {"prompt_tokens"' in asked
    assert silent.endswith(b"data: [DONE]\n\n")
    assert [(row["prompt_tokens"], row["completion_tokens"]) for row in cloud_only.rows()] == provider.billed


def test_streamed_text_equals_unstreamed(cloud_only: Gateway) -> None:
    client = cloud_only.client()
    whole = client.chat.completions.create(model="cloud", messages=HELLO).choices[0].message.content
    stream = client.chat.completions.create(model="cloud", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == whole


def test_unknown_fields_reach_the_cloud_untouched(cloud_only: Gateway, provider: Provider) -> None:
    extra = {"verbosity": "low", "made_up": {"deep": [1, 2.5, None]}}
    cloud_only.client().chat.completions.create(model="cloud", messages=HELLO, extra_body=extra)
    assert {name: provider.requests[0][name] for name in extra} == extra
    assert provider.requests[0]["model"] == "gpt-4.1"


def test_the_callers_credentials_stay_here(cloud_only: Gateway, provider: Provider) -> None:
    cloud_only.client(api_key="sk-caller-secret").chat.completions.create(model="cloud", messages=HELLO)
    assert provider.headers[0]["authorization"] == "Bearer sk-provider"
    assert "sk-caller-secret" not in str(provider.headers)


def test_the_row_says_what_happened(cloud_only: Gateway, provider: Provider) -> None:
    raw = cloud_only.client().chat.completions.with_raw_response.create(model="cloud", messages=HELLO)
    row = cloud_only.row()
    assert row["id"] == raw.headers["x-request-id"]
    assert (row["route"], row["reason"], row["outcome"]) == ("cloud", "pinned", "ok")
    assert (row["requested_model"], row["served_model"]) == ("cloud", MODEL)
    assert (row["prompt_tokens"], row["completion_tokens"]) == provider.billed[0]
    # 11 tokens in at $2 and 8 out at $8 for a million
    assert row["cost_usd"] == row["baseline_usd"] == "0.000086000"
    assert "hello" not in str(row).lower()


@pytest.mark.slow
@pytest.mark.parametrize("chunks", range(1, 9))
def test_a_client_that_goes_away_cancels_upstream_and_is_billed(
    cloud_only: Gateway, provider: Provider, chunks: int
) -> None:
    provider.pause_s = 0.1
    stream = cloud_only.client().chat.completions.create(model="cloud", messages=HELLO, stream=True)
    for _ in range(chunks):
        next(stream)
    stream.close()
    wait_for(lambda: provider.hung_up == 1)
    wait_for(lambda: cloud_only.rows() and cloud_only.row()["outcome"] == "cancelled")
    assert cloud_only.row()["usage_estimated"] is True
    # What the provider sent until it noticed is what it bills; one word may have been on its way.
    assert provider.words_sent - 1 <= cloud_only.row()["completion_tokens"] <= provider.words_sent


def test_the_model_list(cloud_only: Gateway) -> None:
    client = cloud_only.client()
    assert [model.id for model in client.models.list()] == ["auto", "cloud", "gpt-4.1"]
    assert client.models.retrieve("gpt-4.1").object == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-5")
    assert caught.value.code == "model_not_found"
