"""Text completions and embeddings by the built-in engine, through the gateway."""

from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest

from tests.live import Gateway
from tests.process import running_command

pytestmark = pytest.mark.engine

ONCE: dict[str, Any] = {
    "model": "local", "prompt": "Once upon a time there was a", "temperature": 0, "max_tokens": 8
}  # fmt: skip


def test_a_text_is_continued_as_it_stands(local_gateway: Gateway) -> None:
    """Seven tokens and no chat template around them."""
    completions = local_gateway.client().completions
    whole = completions.create(**ONCE, n=2, logprobs=1)
    assert whole.usage is not None
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (7, 16)
    assert whole.choices[0].text == whole.choices[1].text
    assert whole.choices[0].logprobs is not None
    assert "".join(whole.choices[0].logprobs.tokens or []) == whole.choices[0].text
    chunks = list(completions.create(**ONCE, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text
    assert all(chunk.usage is None for chunk in chunks)
    streamed, unstreamed = local_gateway.rows(2)
    assert (streamed["prompt_tokens"], streamed["completion_tokens"]) == (7, 8)
    assert (unstreamed["prompt_tokens"], unstreamed["completion_tokens"]) == (7, 16)


def test_more_prompts_than_the_queue_and_the_context_hold_together(local_gateway: Gateway) -> None:
    prompts = [f"{'The sea is deep. ' * 25} Number {number}" for number in range(100)]
    answer = local_gateway.client().completions.create(model="local", prompt=prompts, max_tokens=1)
    assert [choice.index for choice in answer.choices] == list(range(100))
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 8192
    assert local_gateway.row()["prompt_tokens"] == answer.usage.prompt_tokens


def test_several_prompts_can_be_streamed(local_gateway: Gateway) -> None:
    prompts = ["The sea is", [504, 5345, 314]]
    stream = local_gateway.client().completions.create(**{**ONCE, "prompt": prompts[:1] * 2}, stream=True)
    texts = {0: "", 1: ""}
    for chunk in stream:
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts[0] == texts[1] != ""
    tokens = local_gateway.client().completions.create(**{**ONCE, "prompt": prompts[1:]})
    assert tokens.usage is not None
    assert tokens.usage.prompt_tokens == 3


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"echo": True}, "echo"),
        ({"suffix": "the end"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"logprobs": 9}, "logprobs"),
        ({"prompt": [10**9]}, "prompt"),
    ],
)
def test_what_the_engine_cannot_do_is_named(local_gateway: Gateway, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        local_gateway.client().completions.create(**{**ONCE, **fields})
    assert caught.value.param == param
    assert local_gateway.row()["outcome"] == "rejected"


def near(vectors: list[Any]) -> bool:
    """Whether the first two are nearer to each other than to the third."""
    one, like, unlike = (np.array(vector.embedding) for vector in vectors)
    return bool(one @ like > one @ unlike)


TEXTS = ["A cat sleeps on the sofa.", "A kitten naps on the couch.", "The central bank raised interest rates."]


def test_the_engine_makes_embeddings(local_gateway: Gateway) -> None:
    client = local_gateway.client()
    for model in ("auto", "SmolLM2-135M-Instruct.Q4_1", "local"):
        answer = client.embeddings.create(model=model, input=TEXTS)
        assert near(answer.data)
    row = local_gateway.row()
    assert (row["route"], row["outcome"], row["served_model"]) == ("local", "ok", "SmolLM2-135M-Instruct.Q4_1")
    assert row["prompt_tokens"] == answer.usage.prompt_tokens > 15
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="local", input="word " * 3000)
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="local", input="x", dimensions=3)
    assert caught.value.param == "dimensions"


def test_several_workers_share_the_engine_for_both(tmp_path: Path) -> None:
    """They reach it over its unix socket."""
    with running_command("--workers", "2", state_dir=tmp_path, SLIMGATE_EMBEDDINGS__BACKEND="local") as command:
        client = command.client()
        completion = client.completions.create(**ONCE)
        assert completion.usage is not None
        assert completion.usage.prompt_tokens == 7
        assert near(client.embeddings.create(model="local", input=TEXTS).data)
        client.close()
