"""Caps of a key, in every API shape."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.dialects.chat import ChatDialect
from gateway.dialects.completions.dialect import CompletionsDialect
from gateway.dialects.dialect import Dialect
from gateway.dialects.messages.dialect import MessagesDialect
from gateway.dialects.responses.dialect import ResponsesDialect
from gateway.keys.terms import KeyTerms
from gateway.limits.caps import check_inputs, within_caps
from models.wire.errors import RequestError

MESSAGES = [{"role": "user", "content": "hi"}]
CHAT: tuple[Dialect, Mapping[str, Any]] = ChatDialect(), {"model": "auto", "messages": MESSAGES}
COMPLETIONS: tuple[Dialect, Mapping[str, Any]] = CompletionsDialect(), {"model": "auto", "prompt": "hi"}
RESPONSES: tuple[Dialect, Mapping[str, Any]] = ResponsesDialect(), {"model": "auto", "input": "hi"}
ANTHROPIC: tuple[Dialect, Mapping[str, Any]] = MessagesDialect(), {"model": "auto", "messages": MESSAGES}

TERMS = KeyTerms(max_n=2, max_tokens=10)


@pytest.mark.parametrize(
    ("shape", "asked", "field", "told"),
    [
        (CHAT, {"n": 3}, "n", "'n' asks for 3 answers"),
        (CHAT, {"max_completion_tokens": 11}, "max_completion_tokens", "is 11, and this key may ask for 10 tokens"),
        (CHAT, {"max_tokens": 11}, "max_tokens", "'max_tokens' is 11"),
        (COMPLETIONS, {"max_tokens": 11}, "max_tokens", "'max_tokens' is 11"),
        (COMPLETIONS, {"best_of": 3}, "best_of", "'best_of' asks for 3"),
        (COMPLETIONS, {"prompt": ["a", "b", "c"]}, "prompt", "'prompt' asks for 3 answers"),
        (COMPLETIONS, {"prompt": [[1], [2], [3]]}, "prompt", "'prompt' asks for 3 answers"),
        (COMPLETIONS, {"prompt": ["a", "b"], "n": 2}, "prompt", "'prompt' asks for 4 answers"),
        (RESPONSES, {"max_output_tokens": 16}, "max_output_tokens", "'max_output_tokens' is 16"),
        (ANTHROPIC, {"max_tokens": 11}, "max_tokens", "'max_tokens' is 11"),
    ],
)
def test_more_than_the_key_may_is_refused_by_name(
    shape: tuple[Dialect, Mapping[str, Any]], asked: Mapping[str, Any], field: str, told: str
) -> None:
    dialect, body = shape
    with pytest.raises(RequestError, match=told) as refused:
        within_caps(TERMS, dialect.request({**body, **asked}))
    assert refused.value.param == field
    assert "max_n" in str(refused.value) or "max_tokens" in str(refused.value)


@pytest.mark.parametrize("shape", [CHAT, COMPLETIONS, RESPONSES])
def test_an_answer_without_a_limit_gets_the_cap(shape: tuple[Dialect, Mapping[str, Any]]) -> None:
    dialect, body = shape
    request = within_caps(TERMS, dialect.request(body))
    assert (request.max_tokens, request.body["max_completion_tokens"]) == (10, 10)
    if request.native is not None:
        assert 10 in (request.native.body.get("max_tokens"), request.native.body.get("max_output_tokens"))


def test_each_of_several_prompts_gets_the_cap() -> None:
    dialect, body = COMPLETIONS
    request = within_caps(TERMS, dialect.request({**body, "prompt": ["a", "b"]}))
    assert [one.max_tokens for one in request.sub_requests] == [10, 10]


def test_what_the_key_may_is_left_as_it_is() -> None:
    dialect, body = CHAT
    request = dialect.request({**body, "n": 2, "max_tokens": 10})
    assert within_caps(TERMS, request) is request
    free = dialect.request({**body, "n": 100, "max_tokens": 10_000})
    assert within_caps(KeyTerms(), free) is free


def test_inputs_of_embeddings_are_counted() -> None:
    check_inputs(TERMS, ["a", "b"])
    check_inputs(TERMS, [1, 2, 3])  # one text, as tokens
    with pytest.raises(RequestError, match="'input' asks for 3 inputs, and this key may ask for 2 at most"):
        check_inputs(TERMS, ["a", "b", "c"])
