"""The most that a request may cost is never less than what it costs, and not absurdly more."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.settings import Settings
from gateway.dialects.registry import DIALECTS
from gateway.dialects.responses.dialect import ResponsesDialect
from gateway.spending.bounds import KEPT_TOKENS, answer_limit, answers, prompt_size
from gateway.spending.price_bounds import PriceBounds
from gateway.spending.pricing import Pricer
from models.usage.pricing import PriceBook
from models.usage.usage import Usage
from models.wire.chat import ChatRequest

BOOK = PriceBook()
BOUNDS = PriceBounds(BOOK)
MODELS = ("gpt-4.1", "gpt-5", "gemini-2.5-pro", "claude-sonnet-4-5", "o3")


def chat(content: Any = "Hello!", **more: Any) -> ChatRequest:
    return ChatRequest.parse({"model": "auto", "messages": [{"role": "user", "content": content}], **more})


@given(model=st.sampled_from(MODELS), read=st.integers(0, 2_000_000), written=st.integers(0, 200_000))
@settings(deadline=None, max_examples=200)
def test_tokens_never_cost_more(model: str, read: int, written: int) -> None:
    cost = BOOK.cost_nusd(model, Usage(read, written))
    bound = BOUNDS.most_nusd(model, read, written, None)
    assert cost is not None
    assert bound is not None
    assert cost <= bound <= 2 * cost + 1


def test_an_unknown_price_is_none_and_not_free() -> None:
    assert BOUNDS.most_nusd("in-no-table", 1, 1, None) is None
    assert BOUNDS.most_nusd("gpt-4.1", 1, 1, "priority-of-somebody") is None


@pytest.mark.parametrize(
    ("request_", "at_least"),
    [
        (chat("ß" * 100), 200),  # no token is less than a byte
        (chat(tools=[{"type": "function", "function": {"name": "f", "description": "d" * 500}}]), 500),
        (chat(response_format={"type": "json_schema", "json_schema": {"name": "s" * 300}}), 300),
        (chat([{"type": "text", "text": "t" * 400}, {"type": "image_url", "image_url": {"url": "data:"}}]), 400),
        (chat([{"type": "file", "file": {"file_id": "file-1"}}]), KEPT_TOKENS),
    ],
)
def test_everything_that_is_read_counts(request_: ChatRequest, at_least: int) -> None:
    assert prompt_size(request_).tokens >= at_least


def test_media_count_by_their_own_bounds_and_not_by_their_bytes() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    speech = {"type": "input_audio", "input_audio": {"data": "A" * 64_000, "format": "wav"}}
    size = prompt_size(chat([picture, picture, speech]))
    assert (size.images, size.audio_tokens) == (2, 1000)
    assert size.tokens < 200
    assert size.tokens_of("gpt-4o-mini") > size.tokens_of("gpt-4.1") > 10_000


def test_native_bodies_count_whole() -> None:
    body = {"model": "auto", "input": [{"role": "user", "content": "x" * 900}], "instructions": "y" * 300}
    native = ResponsesDialect().request({**body, "max_output_tokens": 9})
    assert prompt_size(native).tokens >= 1200
    assert answer_limit(native) == 9
    continued = ResponsesDialect().request({**body, "previous_response_id": "resp_1"})
    assert prompt_size(continued).tokens >= KEPT_TOKENS


def test_answers_multiply() -> None:
    assert answers(chat(n=3)) == 3
    several = DIALECTS["/v1/completions"].request({"model": "auto", "prompt": ["a", "b"], "n": 2, "max_tokens": 5})
    assert (answers(several), answer_limit(several)) == (4, 5)
    pricer = Pricer(Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}))
    once = pricer.most_nusd(chat(max_tokens=1000), ["gpt-4.1"], 77)
    thrice = pricer.most_nusd(chat(max_tokens=1000, n=3), ["gpt-4.1"], 77)
    assert once is not None
    assert thrice == once + 2 * 1000 * 8000


def test_the_dearest_model_counts() -> None:
    pricer = Pricer(Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}))
    dear, cheap = ("gpt-4.1", "gpt-4.1-nano")
    assert pricer.most_nusd(chat(), [cheap, dear, "in-no-table"], 100) == pricer.most_nusd(chat(), [dear], 100)
    assert pricer.most_nusd(chat(), ["in-no-table"], 100) is None


def test_a_prompt_that_is_written_to_a_cache_costs_more() -> None:
    pricer = Pricer(Settings(local={"enabled": False}, cloud={"base_url": "http://127.0.0.1:9/v1"}))
    part = {"type": "text", "text": "x" * 5000}
    plain = pricer.most_nusd(chat([part]), ["claude-sonnet-4-5"], 1)
    cached = pricer.most_nusd(chat([{**part, "cache_control": {"type": "ephemeral"}}]), ["claude-sonnet-4-5"], 1)
    assert plain is not None
    assert cached is not None
    assert cached > 1.9 * plain
