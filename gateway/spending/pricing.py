"""Prices for ledger rows, computed in the ledger's own thread, so that no request waits for them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from gateway.config.settings import Settings
from gateway.ledger import LedgerRow
from gateway.ledger.cascade_result import CascadeResult
from gateway.ledger.row import EMBEDDINGS
from gateway.spending.bounds import PromptSize, answer_limit, answers, prompt_size, speaks
from gateway.spending.price_bounds import PriceBounds
from gateway.spending.unmetered import tier_of
from models.usage.pricing import Price, PriceBook, to_nusd, undated
from models.usage.usage import Usage
from models.wire.chat import ChatRequest
from router.decision import Route


class Pricer:
    """Prices finished rows: what was paid, and what the same tokens cost at the baseline model."""

    def __init__(self, settings: Settings) -> None:
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Use the prices of `settings` from now on; past rows keep their cost."""
        self._own = {model: Price(**price.model_dump()) for model, price in settings.prices.items()}
        self._book = PriceBook(self._own, settings.cloud.base_url)
        self._bounds = PriceBounds(self._book)
        self._cloud_models = (settings.cloud.model, *(fallback.model for fallback in settings.cloud.fallbacks))
        self.baseline_model = settings.baseline_model

    def price(self, row: LedgerRow) -> LedgerRow:
        """Set the prices of `row`, and return it."""
        usage, cost = _usage(row), self.cost_nusd(row)
        if row.endpoint == EMBEDDINGS:  # nothing is saved: another model would have given other vectors
            baseline_model, baseline = row.served_model, cost
        else:
            baseline_model = row.baseline_model or self.baseline_model  # its key's own, where it has one
            if row.route == Route.CLOUD and undated(row.served_model) == undated(baseline_model):
                baseline = cost  # what it really cost, tier and fees included
            else:
                baseline = self.at_baseline(usage, baseline_model)
        row.cost_nusd, row.baseline_model, row.baseline_nusd = cost, baseline_model, baseline
        if row.second_look is not None:
            result = CascadeResult.from_json(row.second_look)
            row.deciding_nusd = self.at_local(result.model, result.wasted)
        return row

    def cost_nusd(self, row: LedgerRow) -> int | None:
        """What was paid for `row`, in nano-dollars; None where no price is known."""
        usage = _usage(row)
        if row.route != Route.CLOUD:
            return self.at_local(row.served_model, usage) + row.abandoned_nusd
        costs = (self._book.cost_nusd(name, usage) for name in self._names(row))
        return next((cost + row.abandoned_nusd for cost in costs if cost is not None), None)

    def of_cloud(self, model: str, usage: Usage) -> int:
        """What `usage` costs at the cloud's `model`, in nano-dollars; 0 where no price is known."""
        return self._book.cost_nusd(model, usage) or 0

    def knows(self, model: str, service_tier: str | None = None) -> bool:
        """Whether the price of a cloud model is known, in that service tier."""
        return self._book.knows(model, service_tier)

    def most_nusd(self, request: ChatRequest, models: Sequence[str], answer_tokens: int) -> int | None:
        """The most that `request` may cost with the dearest of `models`, in nano-dollars; None where no price is known.

        `answer_tokens` is the longest answer where it sets no limit.
        """
        size, service_tier = prompt_size(request), tier_of(request)
        written = answers(request) * (answer_limit(request) or answer_tokens)
        if size.is_plain and not speaks(request):
            costs = [self._bounds.most_nusd(model, size.tokens_of(model), written, service_tier) for model in models]
        else:
            spoken = written if speaks(request) else 0
            usage = Usage(
                size.tokens,
                written,
                input_audio_tokens=size.audio_tokens,
                output_audio_tokens=spoken,
                service_tier=service_tier,
            )
            costs = [self._dearest(model, size, usage) for model in models]
        return max((cost_nusd for cost_nusd in costs if cost_nusd is not None), default=None)

    def _dearest(self, model: str, size: PromptSize, usage: Usage) -> int | None:
        """What `usage` costs with media, and if the provider is made to cache the prompt for the longest time."""
        usage = replace(usage, prompt_tokens=size.tokens_of(model))
        cost_nusd = self._book.cost_nusd(model, usage)
        if cost_nusd is None or not size.is_cached:
            return cost_nusd
        cached = replace(usage, cache_write_tokens=usage.prompt_tokens, cache_write_1h_tokens=usage.prompt_tokens)
        return max(cost_nusd, self._book.cost_nusd(model, cached) or 0)

    def reading_nusd(self, model: str, tokens: int) -> int | None:
        """What a model costs that reads so many tokens and writes none; None where no price is known."""
        return self._book.cost_nusd(model, Usage(tokens))

    def at_cloud(self, usage: Usage) -> int | None:
        """What `usage` would cost at the cloud model, in nano-dollars; None where no price is known."""
        return self._book.cost_nusd(self._cloud_models[0], _listed(usage))

    def at_baseline(self, usage: Usage, model: str | None = None) -> int | None:
        """What `usage` would cost in nano-dollars at a key's own baseline `model`, or else at the gateway's.

        None where no price is known.
        """
        return self._book.cost_nusd(model or self.baseline_model, _listed(usage))

    def at_local(self, model: str, usage: Usage) -> int:
        """What `usage` costs at a local model: 0, unless [prices] has a price for it."""
        price = self._own.get(model)
        return 0 if price is None else to_nusd(price.cost_usd(replace(usage, service_tier=None)) or Decimal(0))

    def _names(self, row: LedgerRow) -> Iterator[str]:
        """Model names to try for the row's price, in order: those in the user's own prices first.

        Providers answer as "gpt-4.1-2025-04-14", or under a name that is in no table: then the price of the backend
        model counts.
        """
        yield from (name for name in (row.served_model, row.backend_model) if name in self._own)
        yield row.served_model
        yield from (model for model in self._cloud_models if row.served_model.startswith(model))
        if row.backend_model:
            yield row.backend_model
        elif not row.served_model:  # the gateway died before the backend was known
            yield self._cloud_models[0]


def _usage(row: LedgerRow) -> Usage:
    return Usage.from_ledger(row.prompt_tokens, row.completion_tokens, row.cached_tokens, row.usage_details)


def _listed(usage: Usage) -> Usage:
    """`usage` without what the provider charged, which says nothing about another model's price."""
    return replace(usage, charged_nusd=None)
