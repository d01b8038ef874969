"""What tokens cost: the user's own prices first, then the `genai-prices` tables.

Money is `Decimal` here and integer nano-dollars (1e-9 USD) wherever it is stored; never a binary float.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from models.usage.shapes import NUSD_PER_USD as NUSD_PER_USD
from models.usage.shapes import tier
from models.usage.usage import Usage, may_cost_more

_TOKENS_PER_MTOK = 1_000_000

MAX_UNKNOWN = 1000
"""Most models remembered to be in no table: a search through all tables takes 0.3 ms."""

_DATE = re.compile(r"[-@]20\d\d-?[01]\d-?[0-3]\d$")
"""The date at the end of a model's name in an answer, such as gpt-4.1-2025-04-14."""

_TIER_NAMES = ("service_tier", "speed", "processing")
"""The tables' names for a service tier, which differ by provider."""


@dataclass(frozen=True, slots=True)
class Price:
    """The user's own price of a model, in US dollars for a million tokens.

    Attributes
    ----------
    cached_input_usd_per_mtok, cache_write_usd_per_mtok, cache_write_1h_usd_per_mtok : Decimal or None
        For prompt tokens read from the provider's cache, written to it, and written to it for an hour. Default: the
        input price; for an hour, the price of a cache write.
    input_audio_usd_per_mtok, output_audio_usd_per_mtok, output_image_usd_per_mtok : Decimal or None
        For audio and images. Default: the price of text.
    service_tiers : mapping of str to Decimal
        The factor on the price in a service tier of the provider. Flex and batch have factor 1 by default; the price in
        any other tier that is not named here is unknown.
    """

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None
    cache_write_usd_per_mtok: Decimal | None = None
    cache_write_1h_usd_per_mtok: Decimal | None = None
    input_audio_usd_per_mtok: Decimal | None = None
    output_audio_usd_per_mtok: Decimal | None = None
    output_image_usd_per_mtok: Decimal | None = None
    service_tiers: Mapping[str, Decimal] = field(default_factory=dict)

    def cost_usd(self, usage: Usage) -> Decimal | None:
        """What `usage` costs; None if its service tier may cost more and has no factor."""
        default = None if may_cost_more(usage.service_tier) else Decimal(1)
        factor = self.service_tiers.get(usage.service_tier or "", default)
        if factor is None:
            return None
        return factor * (self._input(usage) + self._output(usage)) / _TOKENS_PER_MTOK

    def _input(self, usage: Usage) -> Decimal:
        text_price = self.input_usd_per_mtok
        write_price = _or(self.cache_write_usd_per_mtok, text_price)
        audio = usage.input_audio_tokens - usage.audio_cached_or_written
        text = usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens - audio
        return (
            text * text_price
            + audio * _or(self.input_audio_usd_per_mtok, text_price)
            + usage.cached_tokens * _or(self.cached_input_usd_per_mtok, text_price)
            + (usage.cache_write_tokens - usage.cache_write_1h_tokens) * write_price
            + usage.cache_write_1h_tokens * _or(self.cache_write_1h_usd_per_mtok, write_price)
        )

    def _output(self, usage: Usage) -> Decimal:
        text_price = self.output_usd_per_mtok
        text = usage.completion_tokens - usage.output_audio_tokens - usage.output_image_tokens
        return (
            text * text_price
            + usage.output_audio_tokens * _or(self.output_audio_usd_per_mtok, text_price)
            + usage.output_image_tokens * _or(self.output_image_usd_per_mtok, text_price)
        )


def _or(price: Decimal | None, default: Decimal) -> Decimal:
    return default if price is None else price


class PriceBook:
    """Prices by model name: `overrides` first, then the charge that the provider reports, then the public tables.

    Parameters
    ----------
    overrides : mapping of str to Price
        The user's own prices, by the provider's name for the model. Each holds for the model's dated names too.
    provider_url : str, optional
        The provider's base URL: the same model may have other prices at other providers.
    """

    def __init__(self, overrides: Mapping[str, Price] | None = None, provider_url: str | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._provider_url = provider_url
        self._flat: dict[str, Price] = {}
        self._unknown: set[str] = set()
        self._has_price: dict[tuple[str, str | None], bool] = {}

    def cost_usd(self, model: str, usage: Usage) -> Decimal | None:
        """What `usage` costs with `model`; None if no price is known, which is not the same as free.

        Never raises, whatever a provider has reported.
        """
        usage = usage.clamped()
        if own := self._overrides.get(model) or self._overrides.get(undated(model)):
            return own.cost_usd(usage)
        if usage.charged_nusd is not None:
            return to_usd(usage.charged_nusd)
        if usage.plain and (flat := self._flat.get(model)):
            return flat.cost_usd(usage)
        return None if model in self._unknown else self._public_cost_usd(model, usage)

    def cost_nusd(self, model: str, usage: Usage) -> int | None:
        """As `cost_usd`, in whole nano-dollars."""
        cost = self.cost_usd(model, usage)
        return None if cost is None else to_nusd(cost)

    def knows(self, model: str, service_tier: str | None = None) -> bool:
        """Whether answers of `model` in that service tier have a price. The result is cached."""
        key = model, tier(service_tier)
        if (has_price := self._has_price.get(key)) is None:
            has_price = self.cost_usd(model, Usage(1, 1, service_tier=key[1])) is not None
            if len(self._has_price) < MAX_UNKNOWN:
                self._has_price[key] = has_price
        return has_price

    def _public_cost_usd(self, model: str, usage: Usage) -> Decimal | None:
        # The URL of a proxy or of a self-hosted server is in no table: then only the model's name is searched.
        for url in (self._provider_url, None) if self._provider_url else (None,):
            try:
                price = calc_price(
                    _priced(usage), model, provider_api_url=url, price_context=_context(usage.service_tier)
                )
            except LookupError:
                continue
            except (ValueError, ArithmeticError):  # the table cannot price this combination
                return None
            if may_cost_more(usage.service_tier) and not _names_tier(price, usage.service_tier):
                return None
            if _lacks_audio_price(price.model_price, usage):
                return None
            if flat := _flat_price(price, usage):
                self._flat[model] = flat
            return price.total_price
        if len(self._unknown) < MAX_UNKNOWN:
            self._unknown.add(model)
        return None


def undated(model: str) -> str:
    """A model's name without the date that providers append.

    >>> undated("gpt-4.1-2025-04-14"), undated("claude-sonnet-4-5-20250929"), undated("gpt-4.1-mini")
    ('gpt-4.1', 'claude-sonnet-4-5', 'gpt-4.1-mini')
    """
    return _DATE.sub("", model)


def _priced(usage: Usage) -> PricedUsage:
    """The usage as the tables take it, without zero counts: older tables do not know all of the names."""
    counts = {
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
        "input_audio_tokens": usage.input_audio_tokens,
        "input_image_tokens": usage.input_image_tokens,
        "output_audio_tokens": usage.output_audio_tokens,
        "output_image_tokens": usage.output_image_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
        "web_searches": usage.web_searches,
    }
    counts = {name: tokens for name, tokens in counts.items() if tokens}
    if usage.cached_tokens and (usage.input_audio_tokens or usage.input_image_tokens):
        counts |= {"cache_audio_read_tokens": usage.audio_cached, "cache_image_read_tokens": usage.image_cached}
    return PricedUsage(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens, **counts)


def _context(service_tier: str | None) -> dict[str, str] | None:
    return None if service_tier is None else dict.fromkeys(_TIER_NAMES, service_tier)


def _names_tier(price: Any, service_tier: str | None) -> bool:
    """Whether the table has a price for the tier. Only the model's maker has tiers, not its other providers."""
    context = _context(service_tier) or {}
    variants = price.model.price_variants or ()
    has_variant = any(variant.when.items() <= context.items() for variant in variants)
    return has_variant and any(model is price.model for model in price.provider.models)


def _lacks_audio_price(rates: Any, usage: Usage) -> bool:
    """Whether a table has no price for the audio in `usage` and takes that of text, which is many times too low."""
    lacks_input = usage.input_audio_tokens and rates.input_audio_mtok is None
    return bool(lacks_input or (usage.output_audio_tokens and rates.output_audio_mtok is None))


def _flat_price(price: Any, usage: Usage) -> Price | None:
    """A price by tokens alone, so that the tables need not be searched for every request (0.15 ms).

    It is for plain usage only. None if the price depends on length, time of day or reasoning tokens.
    """
    rates = price.model_price
    prices = (rates.input_mtok, rates.output_mtok, rates.cache_read_mtok)
    if not usage.plain or isinstance(price.model.prices, list):
        return None
    if not all(isinstance(each, Decimal | None) for each in prices) or rates.output_reasoning_mtok is not None:
        return None
    if rates.input_mtok is None or rates.output_mtok is None or rates.requests_kcount is not None:
        return None
    return Price(rates.input_mtok, rates.output_mtok, rates.cache_read_mtok)


def to_nusd(usd: Decimal) -> int:
    """Dollars to whole nano-dollars.

    >>> to_nusd(Decimal("0.0000025"))
    2500
    """
    return int((usd * NUSD_PER_USD).to_integral_value(ROUND_HALF_EVEN))


def to_usd(nusd: int) -> Decimal:
    """Nano-dollars to dollars, exactly.

    >>> to_usd(2500)
    Decimal('0.000002500')
    """
    return Decimal(nusd).scaleb(-9)
