"""Prices for ledger rows, put on in the ledger's own thread, so that no request waits for a price."""

from collections.abc import Iterator

from gateway.exchange import EMBEDDINGS
from gateway.ledger import LedgerRow
from gateway.look import Look
from gateway.settings import Settings
from models.chat import Usage
from models.pricing import Price, PriceBook, to_nusd
from router.decision import Route


class Pricer:
    """Puts prices on finished rows: what was paid, and what the same tokens cost at the baseline model."""

    def __init__(self, settings: Settings) -> None:
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Price by `settings` from here on; past rows keep their cost."""
        self._own = {model: Price(**price.model_dump()) for model, price in settings.prices.items()}
        self._book = PriceBook(self._own, settings.cloud.base_url)
        self._cloud_models = (settings.cloud.model, *(fallback.model for fallback in settings.cloud.fallbacks))
        self.baseline_model = settings.baseline_model

    def price(self, row: LedgerRow) -> LedgerRow:
        """Put its prices on `row`, and return it."""
        usage, cost = _usage(row), self.cost_nusd(row)
        if row.endpoint == EMBEDDINGS:  # nothing to save: another model could not have made these vectors
            baseline_model, baseline = row.served_model, cost
        else:
            baseline_model, baseline = self.baseline_model, self.at_baseline(usage)
        row.cost_nusd, row.baseline_model, row.baseline_nusd = cost, baseline_model, baseline
        if row.second_look is not None:
            look = Look.from_json(row.second_look)
            row.deciding_nusd = self.at_local(look.model, look.wasted)
        return row

    def cost_nusd(self, row: LedgerRow) -> int | None:
        """What was paid for `row`, in nano-dollars; None where no price is known."""
        usage = _usage(row)
        if row.route != Route.CLOUD:
            return self.at_local(row.served_model, usage)
        costs = (self._book.cost_nusd(name, usage) for name in self._names(row))
        return next((cost for cost in costs if cost is not None), None)

    def knows(self, model: str) -> bool:
        """Whether the price of a cloud model is known."""
        return self._book.knows(model)

    def at_cloud(self, usage: Usage) -> int | None:
        """What `usage` would cost at the cloud model, in nano-dollars; None where no price is known."""
        return self._book.cost_nusd(self._cloud_models[0], usage)

    def at_baseline(self, usage: Usage) -> int | None:
        """What `usage` would cost at the baseline model, in nano-dollars; None where no price is known."""
        return self._book.cost_nusd(self.baseline_model, usage)

    def at_local(self, model: str, usage: Usage) -> int:
        """Nothing, unless the user says what a token costs there: no table knows their power or their GPU."""
        price = self._own.get(model)
        return 0 if price is None else to_nusd(price.cost_usd(usage))

    def _names(self, row: LedgerRow) -> Iterator[str]:
        """Names under which the row's price may stand: that of the model that answered is the best.

        Providers answer as "gpt-4.1-2025-04-14", or under a name of their own that is in no table: then the price is
        that of what was asked for.
        """
        yield row.served_model
        yield from (model for model in self._cloud_models if row.served_model.startswith(model))
        if row.asked_model:
            yield row.asked_model
        elif not row.served_model:  # the gateway died before it could say which
            yield self._cloud_models[0]


def _usage(row: LedgerRow) -> Usage:
    return Usage(row.prompt_tokens, row.completion_tokens, row.cached_tokens)
