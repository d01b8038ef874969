"""What a budget cannot count: models without a price, and requests whose cost no usage tells."""

import logging
from collections.abc import Sequence

from gateway.ledger import LedgerRow
from gateway.spending.pricing import Pricer
from gateway.spending.unmetered import tier_of, uncounted
from models.wire.chat import ChatRequest

logger = logging.getLogger(__name__)

NO_PRICE = (
    "no price is known for a request of this kind, so the budget could not hold; set [prices.MODEL], or "
    "budget.fail_open = true"
)


class Countable:
    """Says whether the cost of a request will be known, and remembers models of which it was not."""

    def __init__(self, pricer: Pricer) -> None:
        self._pricer = pricer
        self._unpriced: set[str] = set()

    def configure(self) -> None:
        """Begin anew: the settings may have new prices."""
        self._unpriced.clear()

    def obstacle(self, request: ChatRequest, models: Sequence[str]) -> str | None:
        """Why the cost of `request` would not be known, in words; None where it would."""
        if (what := uncounted(request)) is not None:
            return f"{what}, so the budget could not hold; budget.fail_open = true allows it"
        return self.unpriced(models, tier_of(request))

    def unpriced(self, models: Sequence[str], service_tier: str | None = None) -> str | None:
        """A message that none of `models` has a price; None where one has."""
        if any(self.has_price(model, service_tier) for model in models):
            return None
        of_tier = f" in the service tier '{service_tier}'" if service_tier else ""
        return (
            f"no price is known for {' or '.join(models)}{of_tier}, so the budget could not hold; set [prices.MODEL], "
            "or budget.fail_open = true"
        )

    def has_price(self, model: str, service_tier: str | None = None) -> bool:
        """Whether the cost of an answer of `model` is known."""
        return model not in self._unpriced and self._pricer.knows(model, service_tier)

    def exclude_model(self, row: LedgerRow) -> None:
        """Stop calling a model whose answer came without a price, for instance in an unexpected service tier."""
        model = row.backend_model or row.served_model
        if model not in self._unpriced:
            self._unpriced.add(model)
            logger.warning(
                "an answer of %s has no price, so the budget does not count it: set [prices.MODEL]; that model is not "
                "called again unless budget.fail_open is set",
                model,
            )
