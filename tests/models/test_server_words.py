"""Error bodies of the servers that people use, as they were published: each becomes words and a code of OpenAI's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.redaction.server_words import CONTEXT_LENGTH, ServerWords

TOO_LONG: dict[str, Any] = {
    "OpenAI": {
        "error": {
            "message": "This model's maximum context length is 8192 tokens.",
            "type": "invalid_request_error",
            "param": "messages",
            "code": "context_length_exceeded",
        }
    },
    "vLLM": {
        "object": "error",
        "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    },
    "SGLang": {
        "object": "error",
        "message": "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        "type": "BadRequest",
        "code": 400,
    },
    "llama-server": {
        "error": {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
        }
    },
    "Ollama": {"error": "input length exceeds maximum context length"},
    "Mistral": {
        "object": "error",
        "message": {"detail": [{"msg": "Prompt contains 40000 tokens, too large for 32768 maximum context length"}]},
        "type": "invalid_request_prompt",
        "code": "3051",
    },
    "Gemini": [
        {
            "error": {
                "code": 400,
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                "status": "INVALID_ARGUMENT",
            }
        }
    ],
    "Anthropic": {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"},
    },
}


@pytest.mark.parametrize("server", TOO_LONG)
def test_a_prompt_that_does_not_fit_has_one_code(server: str) -> None:
    words = ServerWords.from_body(json.dumps(TOO_LONG[server]).encode())
    assert words.code == CONTEXT_LENGTH
    assert "{" not in words.message
    assert len(words.message) > 20


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"message": "no", "code": "unsupported_value"}}, "no", "unsupported_value"),
        ({"error": {"message": "no", "code": 400}}, "no", None),
        ({"message": "no", "code": "400"}, "no", None),
        ({"detail": "no"}, "no", None),
        ({"detail": [{"loc": ["body"], "msg": "field required"}, {"msg": "no"}]}, "field required; no", None),
        ({"error": "no"}, "no", None),
        ([{"error": {"message": "no", "status": "NOT_FOUND"}}], "no", None),
        ({"error": None}, "", None),
        ([], "", None),
        (None, "", None),
        ("no", "no", None),
    ],
)
def test_words_are_found_wherever_they_stand(body: Any, message: str, code: str | None) -> None:
    words = ServerWords.from_body(json.dumps(body).encode())
    assert (words.message, words.code) == (message, code)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "message", "detail", "code", "type", "status", "msg", "param"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_body_is_too_odd(body: Any) -> None:
    words = ServerWords.from_body(json.dumps(body).encode())
    assert isinstance(words.message, str)
    assert "\n" not in words.message
