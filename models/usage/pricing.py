"""What tokens cost: the `genai-prices` tables, and the user's own prices before them.

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
"""Models remembered to be in no table: looking through all of them costs 0.3 ms."""

_DATE = re.compile(r"[-@]20\d\d-?[01]\d-?[0-3]\d$")
"""The end of a name by which providers answer for the one that was asked for: gpt-4.1-2025-04-14."""

_TIER_NAMES = ("service_tier", "speed", "processing")
"""What the tables call a service tier, by provider."""


@dataclass(frozen=True, slots=True)
class Price:
    """The user's own price of a model, in US dollars for a million tokens.

    Attributes
    ----------
    cached_input_usd_per_mtok, cache_write_usd_per_mtok, cache_write_1h_usd_per_mtok : Decimal or None
        For prompt tokens that the provider had in its cache, put into it, and put into it for an hour. By default they
        cost like the others; the last like all that are put there.
    input_audio_usd_per_mtok, output_audio_usd_per_mtok, output_image_usd_per_mtok : Decimal or None
        For what is no text; by default it costs the same.
    service_tiers : mapping of str to Decimal
        By how much the price is multiplied in a service tier of the provider's. Flex and batch are by default not
        taken to be cheaper; what another costs that is not named here is not known.
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
        """What `usage` costs; None where its service tier is dear and has no factor."""
        factor = self.service_tiers.get(
            usage.service_tier or "", None if may_cost_more(usage.service_tier) else Decimal(1)
        )
        if factor is None:
            return None
        return factor * (self._input(usage) + self._output(usage)) / _TOKENS_PER_MTOK

    def _input(self, usage: Usage) -> Decimal:
        fresh = self.input_usd_per_mtok
        written = _or(self.cache_write_usd_per_mtok, fresh)
        heard = usage.input_audio_tokens - usage.audio_cached_or_written
        text = usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens - heard
        return (
            text * fresh
            + heard * _or(self.input_audio_usd_per_mtok, fresh)
            + usage.cached_tokens * _or(self.cached_input_usd_per_mtok, fresh)
            + (usage.cache_write_tokens - usage.cache_write_1h_tokens) * written
            + usage.cache_write_1h_tokens * _or(self.cache_write_1h_usd_per_mtok, written)
        )

    def _output(self, usage: Usage) -> Decimal:
        usual = self.output_usd_per_mtok
        text = usage.completion_tokens - usage.output_audio_tokens - usage.output_image_tokens
        return (
            text * usual
            + usage.output_audio_tokens * _or(self.output_audio_usd_per_mtok, usual)
            + usage.output_image_tokens * _or(self.output_image_usd_per_mtok, usual)
        )


def _or(price: Decimal | None, usual: Decimal) -> Decimal:
    return usual if price is None else price


FREE = Price(Decimal(0), Decimal(0))


class PriceBook:
    """Prices by model name: `overrides` first, then what the provider says it charges, then the public tables.

    Parameters
    ----------
    overrides : mapping of str to Price
        The user's own prices, by the model name that the provider uses. One holds for the model's dated names too.
    provider_url : str, optional
        The provider's base URL, which tells apart the same model at different sellers.
    """

    def __init__(self, overrides: Mapping[str, Price] | None = None, provider_url: str | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._provider_url = provider_url
        self._flat: dict[str, Price] = {}
        self._unknown: set[str] = set()
        self._known: dict[tuple[str, str | None], bool] = {}

    def cost_usd(self, model: str, usage: Usage) -> Decimal | None:
        """What `usage` costs with `model`; None where no price is known, which is not the same as free.

        Never raises, whatever a provider has told.
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
        """Whether there is a price for answers of `model`, in that service tier. Quick: it is remembered."""
        asked = model, tier(service_tier)
        if (known := self._known.get(asked)) is None:
            known = self.cost_usd(model, Usage(1, 1, service_tier=asked[1])) is not None
            if len(self._known) < MAX_UNKNOWN:
                self._known[asked] = known
        return known

    def _public_cost_usd(self, model: str, usage: Usage) -> Decimal | None:
        # A proxy's or a self-hosted server's address is in no table: then the model's name has to do.
        for url in (self._provider_url, None) if self._provider_url else (None,):
            try:
                found = calc_price(
                    _priced(usage), model, provider_api_url=url, price_context=_context(usage.service_tier)
                )
            except LookupError:
                continue
            except (ValueError, ArithmeticError):  # a table that cannot price this together
                return None
            if may_cost_more(usage.service_tier) and not _names_tier(found, usage.service_tier):
                return None
            if _lacks_audio(found.model_price, usage):
                return None
            if flat := _flat_price(found, usage):
                self._flat[model] = flat
            return found.total_price
        if len(self._unknown) < MAX_UNKNOWN:
            self._unknown.add(model)
        return None


def undated(model: str) -> str:
    """A model's name without the date that providers put behind it.

    >>> undated("gpt-4.1-2025-04-14"), undated("claude-sonnet-4-5-20250929"), undated("gpt-4.1-mini")
    ('gpt-4.1', 'claude-sonnet-4-5', 'gpt-4.1-mini')
    """
    return _DATE.sub("", model)


def _priced(usage: Usage) -> PricedUsage:
    """The usage as the tables take it: only what there is of it, since older tables do not know all of its names."""
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


def _names_tier(found: Any, service_tier: str | None) -> bool:
    """Whether the table that `found` a price has one for the tier; elsewhere than at its maker's, no model has."""
    context = _context(service_tier) or {}
    variants = found.model.price_variants or ()
    asked = any(variant.when.items() <= context.items() for variant in variants)
    return asked and any(model is found.model for model in found.provider.models)


def _lacks_audio(price: Any, usage: Usage) -> bool:
    """Whether a table prices audio like text, for want of its price: that would be many times too little."""
    heard = usage.input_audio_tokens and price.input_audio_mtok is None
    return bool(heard or (usage.output_audio_tokens and price.output_audio_mtok is None))


def _flat_price(found: Any, usage: Usage) -> Price | None:
    """A price that depends on nothing but tokens, so that the tables need not be searched for every request (0.15 ms).

    It is for plain usage only. None where it has steps by length, changes with the time of day, or tells reasoning
    apart.
    """
    price = found.model_price
    rates = (price.input_mtok, price.output_mtok, price.cache_read_mtok)
    if not usage.plain or isinstance(found.model.prices, list):
        return None
    if not all(isinstance(rate, Decimal | None) for rate in rates) or price.output_reasoning_mtok is not None:
        return None
    if price.input_mtok is None or price.output_mtok is None or price.requests_kcount is not None:
        return None
    return Price(price.input_mtok, price.output_mtok, price.cache_read_mtok)


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
