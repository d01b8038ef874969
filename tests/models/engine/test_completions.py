"""Text completions and embeddings, with the real model and the official client."""

import base64
import math
from typing import Any

import numpy as np
import openai
import pytest

from tests.models.engine.live import LiveEngine
from tests.models.engine.test_server import events

PLAIN: dict[str, Any] = {"model": "local", "prompt": "Once upon a time there was a", "temperature": 0, "max_tokens": 8}


def test_a_prompt_is_continued(engine: LiveEngine) -> None:
    answer = engine.client().completions.create(**PLAIN)
    assert (answer.object, answer.choices[0].finish_reason) == ("text_completion", "length")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8
    assert answer.usage.prompt_tokens == 7
    chunks = events(
        engine.post({**PLAIN, "stream": True, "stream_options": {"include_usage": True}}, "/v1/completions")
    )
    assert chunks[-1] == "[DONE]"
    *pieces, usage = chunks[:-1]
    assert "".join(piece["choices"][0]["text"] for piece in pieces) == answer.choices[0].text
    assert pieces[-1]["choices"][0]["finish_reason"] == "length"
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 8)


def test_several_prompts_and_choices_keep_their_order(engine: LiveEngine) -> None:
    prompts = ["The sea is", "The sun is"]
    alone = [engine.client().completions.create(**{**PLAIN, "prompt": p}).choices[0].text for p in prompts]
    together = engine.client().completions.create(**{**PLAIN, "prompt": prompts, "n": 2})
    assert [c.index for c in together.choices] == [0, 1, 2, 3]
    texts = [c.text for c in together.choices]
    assert texts == [alone[0], alone[0], alone[1], alone[1]]
    assert together.usage is not None
    assert together.usage.completion_tokens == 32


def test_a_prompt_of_tokens_equals_its_text(engine: LiveEngine) -> None:
    tokens = engine.client().completions.create(**{**PLAIN, "prompt": [504, 5345, 314]})
    assert tokens.usage is not None
    assert tokens.usage.prompt_tokens == 3
    with pytest.raises(openai.BadRequestError, match="unknown token"):
        engine.client().completions.create(**{**PLAIN, "prompt": [10**9]})


def test_probabilities_of_completions(engine: LiveEngine) -> None:
    choice = engine.client().completions.create(**PLAIN, logprobs=2).choices[0]
    assert choice.logprobs is not None
    assert "".join(choice.logprobs.tokens or []) == choice.text
    assert all(p <= 0 for p in choice.logprobs.token_logprobs or [])
    assert all(len(top) == 2 for top in choice.logprobs.top_logprobs or [])
    assert (choice.logprobs.text_offset or [])[:2] == [0, len((choice.logprobs.tokens or [""])[0])]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"echo": True}, "echo"),
        ({"suffix": "x"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": [1.5]}, "prompt"),
        ({"prompt": "word " * 4000}, "prompt"),
        ({"logprobs": 6}, "logprobs"),
        ({"model": None}, "model"),
    ],
)
def test_bad_completion_fields_are_named(engine: LiveEngine, fields: dict[str, Any], param: str) -> None:
    response = engine.post({**PLAIN, **fields}, "/v1/completions")
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_similar_texts_have_similar_embeddings(engine: LiveEngine) -> None:
    texts = ["A cat sleeps on the sofa.", "A kitten naps on the couch.", "The central bank raised interest rates."]
    answer = engine.client().embeddings.create(model="local", input=texts)
    cat, kitten, bank = (np.array(item.embedding) for item in answer.data)
    assert [item.index for item in answer.data] == [0, 1, 2]
    assert all(math.isclose(float(v @ v), 1, rel_tol=1e-4) for v in (cat, kitten, bank))
    assert cat @ kitten > cat @ bank
    again = engine.client().embeddings.create(model="local", input=texts[0])
    assert np.allclose(again.data[0].embedding, cat, atol=1e-5)


def test_embeddings_come_in_both_encodings(engine: LiveEngine) -> None:
    body = {"model": "local", "input": "word " * 120}
    as_floats = engine.post({**body, "encoding_format": "float"}, "/v1/embeddings").json()
    as_base64 = engine.post({**body, "encoding_format": "base64"}, "/v1/embeddings").json()
    decoded = np.frombuffer(base64.b64decode(as_base64["data"][0]["embedding"]), "<f4")
    assert np.allclose(decoded, as_floats["data"][0]["embedding"], atol=1e-5)
    assert as_floats["usage"]["prompt_tokens"] == as_floats["usage"]["total_tokens"] > 100


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"input": []}, "input"), ({"dimensions": 3}, "dimensions"), ({"encoding_format": "int8"}, "encoding_format"),
     ({"input": "word " * 3000}, "input"), ({"model": "other"}, "model")],
)  # fmt: skip
def test_bad_embedding_fields_are_named(engine: LiveEngine, fields: dict[str, Any], param: str) -> None:
    response = engine.post({"model": "local", "input": "x", **fields}, "/v1/embeddings")
    assert response.status_code in (400, 404)
    assert response.json()["error"]["param"] == param
