"""Prices: the public tables, the user's own prices, and usage without a price."""

from decimal import Decimal
from typing import Any

import pytest
from genai_prices import calc_price

from models.usage import pricing
from models.usage.pricing import Price, PriceBook, undated
from models.usage.usage import Usage

OWN = Price(Decimal(2), Decimal(8), Decimal("0.5"))
OPENAI = "https://api.openai.com/v1"


def cost(model: str, **usage: Any) -> Decimal | None:
    """The cost by the public tables of a thousand prompt and a thousand completion tokens."""
    return PriceBook().cost_usd(model, Usage(1000, 1000, **usage))


def known(model: str, **usage: Any) -> Decimal:
    found = cost(model, **usage)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "part", "dearer"),
    [
        ("claude-sonnet-4-5", {"cache_write_tokens": 1000}, True),
        ("claude-sonnet-4-5", {"cached_tokens": 1000}, False),
        ("gpt-audio", {"input_audio_tokens": 1000}, True),
        ("gpt-audio", {"output_audio_tokens": 1000}, True),
        ("gemini-2.5-flash", {"input_audio_tokens": 1000}, True),
        ("gemini-2.5-flash-image", {"output_image_tokens": 1000}, True),
        ("gpt-5", {"service_tier": "priority"}, True),
        ("gpt-5", {"service_tier": "flex"}, False),
        ("gpt-5", {"web_searches": 3}, True),
    ],
)
def test_each_part_has_its_own_price(model: str, part: dict[str, Any], dearer: bool) -> None:
    assert (known(model, **part) > known(model)) is dearer
    assert known(model, **part) != known(model)


def test_an_hour_in_the_cache_costs_more_than_five_minutes() -> None:
    five = known("claude-sonnet-4-5", cache_write_tokens=1000)
    assert known("claude-sonnet-4-5", cache_write_tokens=1000, cache_write_1h_tokens=1000) > five


def test_a_flat_price_is_not_used_for_detailed_usage() -> None:
    """The flat price that a plain answer stores must not be used for other answers."""
    book = PriceBook(provider_url=OPENAI)
    plain = book.cost_usd("gpt-audio", Usage(1000, 1000))
    heard = book.cost_usd("gpt-audio", Usage(1000, 1000, input_audio_tokens=1000))
    assert plain is not None
    assert heard is not None
    assert heard > plain
    assert book.cost_usd("gpt-audio", Usage(1000, 1000)) == plain


def test_the_flat_price_equals_the_tables_price(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def counted(*args: Any, **more: Any) -> Any:
        calls.append(args)
        return calc_price(*args, **more)

    monkeypatch.setattr(pricing, "calc_price", counted)
    book = PriceBook()
    assert book.cost_usd("gpt-4.1", Usage(1000, 500, 100)) == book.cost_usd("gpt-4.1", Usage(1000, 500, 100))
    assert len(calls) == 1


def test_a_fee_for_each_request_is_charged_each_time() -> None:
    book = PriceBook(provider_url="https://api.perplexity.ai")
    costs = {book.cost_usd("sonar", Usage(1000, 1000)) for _ in range(3)}
    assert costs == {Decimal("0.002") + Decimal(12) / 1000}


@pytest.mark.parametrize("cached", [0, 300, 600, 1000])
@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("gpt-realtime", "input_audio_tokens"),
        ("gpt-realtime", "input_image_tokens"),
        ("gemini-2.5-flash", "input_audio_tokens"),
        ("gemini-2.5-flash", "input_image_tokens"),
        ("gpt-image-1", "input_image_tokens"),
    ],
)
def test_cached_media_are_priced_although_unreported(model: str, cached: int, part: str) -> None:
    assert known(model, cached_tokens=cached, **{part: 500}) > 0


def test_text_counts_as_cached_first() -> None:
    usage = Usage(1000, 0, 600, input_audio_tokens=500, input_image_tokens=200)
    assert (usage.audio_cached, usage.image_cached) == (100, 200)


@pytest.mark.parametrize("model", ["gpt-4.1", "claude-sonnet-4-5"])
@pytest.mark.parametrize("tier", ["priority", "fast", "scale", "ultrafast"])
def test_a_costlier_tier_without_a_price_is_unknown(model: str, tier: str) -> None:
    priced = model == "gpt-4.1" and tier in ("priority", "fast")
    assert (cost(model, service_tier=tier) is not None) is priced
    assert PriceBook().knows(model, tier) is priced


def test_a_cheaper_tier_without_a_price_costs_the_standard_price() -> None:
    assert known("kimi-k2", service_tier="flex") == known("kimi-k2")
    assert known("gpt-4.1", service_tier="batch") < known("gpt-4.1")


def test_a_tier_at_another_provider_has_no_price() -> None:
    """Azure offers OpenAI's models; its price for the priority tier is in no table."""
    azure = PriceBook(provider_url="https://me.openai.azure.com/openai/v1")
    assert azure.cost_usd("gpt-4.1", Usage(1000, 1000)) is not None
    assert azure.cost_usd("gpt-4.1", Usage(1000, 1000, service_tier="priority")) is None


@pytest.mark.parametrize(
    ("model", "service_tier", "answer"),
    [
        ("own", None, True),
        ("own", "priority", False),
        ("own", "flex", True),
        ("gpt-4.1", "default", True),
        ("gpt-4.1-2025-04-14", None, True),
        ("nobody's", None, False),
        ("", None, False),
    ],
)
def test_whether_a_price_is_known(model: str, service_tier: str | None, answer: bool) -> None:
    book = PriceBook({"own": OWN})
    assert [book.knows(model, service_tier) for _ in range(2)] == [answer, answer]


def test_whether_a_price_is_known_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    book = PriceBook()
    known = [book.knows(model) for model in ("claude-sonnet-4-5", "nobody's")]
    monkeypatch.setattr(pricing, "calc_price", lambda *_, **__: pytest.fail("looked up"))
    assert [book.knows(model) for model in ("claude-sonnet-4-5", "nobody's")] == known == [True, False]


@pytest.mark.parametrize("error", [ValueError, ArithmeticError, LookupError])
def test_a_failing_table_gives_no_price(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(pricing, "calc_price", fails)
    assert PriceBook().cost_nusd("gpt-4.1", Usage(1000, 1000)) is None


@pytest.mark.parametrize(
    "usage", [Usage(100, 10, 900), Usage(-1, -1, -1), Usage(10**30, 10**30), Usage(5, 5, cache_write_tokens=99)]
)
@pytest.mark.parametrize("model", ["own", "gpt-4.1", "claude-sonnet-4-5"])
def test_impossible_usage_is_priced_without_an_error(model: str, usage: Usage) -> None:
    found = PriceBook({"own": OWN}).cost_nusd(model, usage)
    assert found is not None
    assert 0 <= found < 10**16


def test_an_override_holds_for_dated_names() -> None:
    book = PriceBook({"gpt-4.1": OWN})
    assert book.cost_usd("gpt-4.1-2025-04-14", Usage(1_000_000, 0)) == 2
    assert book.cost_usd("gpt-4.1-mini-2025-04-14", Usage(1_000_000, 0)) != 2


@pytest.mark.parametrize("name", ["gpt-4.1", "gpt-4.1-mini", "o1-2024", "model-20", "llama-3-8b-8192"])
def test_names_without_a_date(name: str) -> None:
    assert undated(name) == name


def test_a_reported_charge_is_the_cost_without_an_override() -> None:
    book = PriceBook({"own": OWN})
    usage = Usage(1_000_000, 0, charged_nusd=7)
    assert book.cost_nusd("gpt-4.1", usage) == book.cost_nusd("nobody's", usage) == 7
    assert book.cost_usd("own", usage) == 2
    assert not book.knows("nobody's")


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(1_000_000, 1_000_000), 10),
        (Usage(1_000_000, 0, cache_write_tokens=1_000_000), 2),
        (Usage(1_000_000, 0, input_audio_tokens=1_000_000), 2),
        (Usage(0, 1_000_000, output_audio_tokens=1_000_000), 8),
        (Usage(0, 1_000_000, output_image_tokens=1_000_000), 8),
    ],
)
def test_tokens_without_a_price_of_their_own_cost_the_standard_price(usage: Usage, usd: int) -> None:
    assert OWN.cost_usd(usage) == usd


@pytest.mark.parametrize("part", ["input_audio_tokens", "output_audio_tokens"])
def test_audio_without_a_price_is_not_priced_like_text(part: str) -> None:
    told: Any = {part: 500}
    book = PriceBook()
    assert book.cost_usd("gpt-4o-audio-preview", Usage(1000, 1000, **told)) is None
    assert book.cost_usd("gpt-4o-audio-preview", Usage(1000, 1000)) is not None
