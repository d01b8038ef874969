"""What tokens cost: the `genai-prices` tables, and the user's own prices before them.

Money is `Decimal` here and integer nano-dollars (1e-9 USD) wherever it is stored; never a binary float.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from models.chat import Usage

NUSD_PER_USD = 1_000_000_000
_TOKENS_PER_MTOK = 1_000_000

MAX_UNKNOWN = 1000
"""Models remembered to be in no table: looking through all of them costs 0.3 ms."""


@dataclass(frozen=True, slots=True)
class Price:
    """The user's own price of a model, in US dollars for a million tokens.

    `cached_input_usd_per_mtok` is for prompt tokens that the provider had in its cache; by default they cost like the
    others.
    """

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None

    def cost_usd(self, usage: Usage) -> Decimal:
        cached = self.cached_input_usd_per_mtok
        cached = self.input_usd_per_mtok if cached is None else cached
        fresh_tokens = usage.prompt_tokens - usage.cached_tokens
        total = (
            fresh_tokens * self.input_usd_per_mtok
            + usage.cached_tokens * cached
            + usage.completion_tokens * self.output_usd_per_mtok
        )
        return total / _TOKENS_PER_MTOK


FREE = Price(Decimal(0), Decimal(0))


class PriceBook:
    """Prices by model name: `overrides` first, then the public tables.

    Parameters
    ----------
    overrides : mapping of str to Price
        The user's own prices, by the model name that the provider uses.
    provider_url : str, optional
        The provider's base URL, which tells apart the same model at different sellers.
    """

    def __init__(self, overrides: Mapping[str, Price] | None = None, provider_url: str | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._provider_url = provider_url
        self._flat: dict[str, Price] = {}
        self._unknown: set[str] = set()

    def cost_usd(self, model: str, usage: Usage) -> Decimal | None:
        """What `usage` costs with `model`; None where no price is known, which is not the same as free."""
        if price := self._overrides.get(model) or self._flat.get(model):
            return price.cost_usd(usage)
        if model in self._unknown:
            return None
        return self._public_cost_usd(model, usage)

    def knows(self, model: str) -> bool:
        """Whether a price of `model` is known."""
        return self.cost_usd(model, Usage(1, 1)) is not None

    def cost_nusd(self, model: str, usage: Usage) -> int | None:
        """As `cost_usd`, in whole nano-dollars."""
        cost = self.cost_usd(model, usage)
        return None if cost is None else to_nusd(cost)

    def _public_cost_usd(self, model: str, usage: Usage) -> Decimal | None:
        priced = PricedUsage(
            input_tokens=usage.prompt_tokens,
            cache_read_tokens=usage.cached_tokens,
            output_tokens=usage.completion_tokens,
        )
        # A proxy's or a self-hosted server's address is in no table: then the model's name has to do.
        for url in (self._provider_url, None) if self._provider_url else (None,):
            try:
                found = calc_price(priced, model, provider_api_url=url)
            except LookupError:
                continue
            if flat := _flat_price(found):
                self._flat[model] = flat
            return found.total_price
        if len(self._unknown) < MAX_UNKNOWN:
            self._unknown.add(model)
        return None


def _flat_price(found: Any) -> Price | None:
    """A price that depends on nothing but tokens, so that the tables need not be searched for every request (0.15 ms).

    None where it has steps by length or changes with the time of day.
    """
    price = found.model_price
    rates = (price.input_mtok, price.output_mtok, price.cache_read_mtok)
    if isinstance(found.model.prices, list) or not all(isinstance(rate, Decimal | None) for rate in rates):
        return None
    if price.input_mtok is None or price.output_mtok is None:
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
