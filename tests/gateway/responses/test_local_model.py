"""POST /v1/responses answered by the real local model."""

from typing import Any

import openai
import pytest

from tests.live import Gateway

HELLO = "Say hello."


def test_an_answer(local_gateway: Gateway) -> None:
    answer = local_gateway.client().responses.create(
        model="auto", instructions="You are kind.", input=HELLO, max_output_tokens=8
    )
    assert answer.output_text
    assert answer.usage is not None
    assert 0 < answer.usage.output_tokens <= 8
    row = local_gateway.row()
    assert (row["endpoint"], row["route"], row["outcome"]) == ("responses", "local", "ok")
    assert (row["prompt_tokens"], row["completion_tokens"]) == (answer.usage.input_tokens, answer.usage.output_tokens)


def test_a_stream_asks_the_same_as_a_chat(local_gateway: Gateway) -> None:
    """What comes is not compared: near ties fall differently when a prompt is computed in other portions."""
    client = local_gateway.client()
    events: list[Any] = list(client.responses.create(model="local", input=HELLO, max_output_tokens=16, stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].response.output_text == text != ""
    messages: Any = [{"role": "user", "content": HELLO}]
    client.chat.completions.create(model="local", messages=messages, max_tokens=1)
    assert len({row["prompt_tokens"] for row in local_gateway.rows(2)}) == 1


def test_an_answer_cut_short_is_incomplete(local_gateway: Gateway) -> None:
    answer = local_gateway.client().responses.create(model="auto", input="Write a long story.", max_output_tokens=4)
    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_earlier_output_can_be_sent_back(local_gateway: Gateway) -> None:
    client = local_gateway.client()
    first = client.responses.create(model="auto", input=HELLO, max_output_tokens=8)
    conversation: list[Any] = [{"role": "user", "content": HELLO}, *first.output, {"role": "user", "content": "Again."}]
    assert client.responses.create(model="auto", input=conversation, max_output_tokens=8).output_text


def test_what_the_local_model_lacks_is_named(local_gateway: Gateway) -> None:
    image: Any = {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}
    with pytest.raises(openai.BadRequestError, match="images"):
        local_gateway.client().responses.create(model="auto", input=[image])
