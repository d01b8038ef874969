"""POST /v1/messages answered by the real local model."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.live import Gateway

HELLO: Any = [{"role": "user", "content": "Say hello."}]
ASK: Any = {"model": "local", "max_tokens": 12, "messages": HELLO, "temperature": 0}


@pytest.fixture
def client(local_gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=local_gateway.url, api_key="unused", max_retries=0) as client:
        yield client


def create(client: anthropic.Anthropic, **ask: Any) -> anthropic.types.Message:
    """Temperature has gone from the client's own signature, and is still in the API."""
    body = {**ASK, **ask}
    message: anthropic.types.Message = client.messages.create(
        **{name: value for name, value in body.items() if name != "temperature"},
        extra_body={"temperature": body["temperature"]},
    )
    return message


def test_an_answer(client: anthropic.Anthropic, local_gateway: Gateway) -> None:
    answer = create(client, system="You are kind.")
    assert answer.content[0].type == "text"
    assert answer.content[0].text
    row = local_gateway.row()
    assert (row["endpoint"], row["route"], row["outcome"]) == ("messages", "local", "ok")
    usage = answer.usage
    assert usage.input_tokens + (usage.cache_read_input_tokens or 0) == row["prompt_tokens"]
    assert usage.output_tokens == row["completion_tokens"]


def test_a_stream_asks_the_same_as_a_chat(client: anthropic.Anthropic, local_gateway: Gateway) -> None:
    """What comes is not compared: near ties fall differently when a prompt is computed in other portions."""
    events: list[Any] = list(create(client, stream=True))
    assert "".join(event.delta.text for event in events if event.type == "content_block_delta")
    assert events[-1].type == "message_stop"
    local_gateway.client().chat.completions.create(model="local", max_tokens=1, messages=HELLO)
    assert len({row["prompt_tokens"] for row in local_gateway.rows(2)}) == 1


def test_the_count_is_the_models_own(client: anthropic.Anthropic, local_gateway: Gateway) -> None:
    create(client)
    count = client.messages.count_tokens(model="local", messages=HELLO)
    assert count.input_tokens == local_gateway.row()["prompt_tokens"]


def test_what_the_local_model_lacks_is_named(client: anthropic.Anthropic) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    with pytest.raises(anthropic.BadRequestError, match="images"):
        create(client, messages=[{"role": "user", "content": [{"type": "image", "source": source}]}])


def test_the_prompts_tokens_come_with_the_first_event(client: anthropic.Anthropic, local_gateway: Gateway) -> None:
    events: list[Any] = list(create(client, stream=True))
    usage = events[0].message.usage
    row = local_gateway.row()
    assert usage.input_tokens + usage.cache_read_input_tokens == row["prompt_tokens"] > 0
    assert usage.output_tokens == 0
    assert events[-2].usage.output_tokens == row["completion_tokens"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_stop_sequence_is_told(client: anthropic.Anthropic, stream: bool) -> None:
    """Some letter is in every answer."""
    letters = [*"aeiou", "."]
    answer: Any = create(client, stop_sequences=letters, stream=stream)
    end = next(event.delta for event in answer if event.type == "message_delta") if stream else answer
    assert end.stop_reason == "stop_sequence"
    assert end.stop_sequence in letters


def test_a_chat_is_told_no_usage_before_the_end(local_gateway: Gateway) -> None:
    options: Any = {"include_usage": True}
    chunks = list(
        local_gateway.client().chat.completions.create(
            model="local", max_tokens=2, messages=HELLO, stream=True, stream_options=options
        )
    )
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
