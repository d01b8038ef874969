"""The most that tokens cost at a model, without a search through the tables for each request (up to 0.3 ms)."""

from dataclasses import dataclass

from models.usage.pricing import PriceBook
from models.usage.usage import Usage

MOST_KEPT = 1000
"""Rates that are remembered: of a model, a service tier, and a length of the prompt to the power of two."""

SAMPLE_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """What a request costs, what a prompt of `longest` tokens costs beyond that, and what `SAMPLE_TOKENS` more."""

    fee_nusd: int
    longest: int
    read_nusd: int
    written_nusd: int

    def most_nusd(self, read: int, written: int) -> int:
        """The cost of so many tokens, rounded up."""
        return self.fee_nusd - -read * self.read_nusd // self.longest - -written * self.written_nusd // SAMPLE_TOKENS


class PriceBounds:
    """Upper bounds by `book`. A prompt costs what each of its tokens would in one of up to twice its length."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._rates: dict[tuple[str, str | None, int], Rates | None] = {}

    def most_nusd(self, model: str, read: int, written: int, service_tier: str | None) -> int | None:
        """The most that so many tokens of text cost, in nano-dollars; None where no price is known."""
        key = model, service_tier, read.bit_length()
        if key in self._rates:
            rates = self._rates[key]
        else:
            rates = self._looked_up(*key)
            if len(self._rates) < MOST_KEPT:
                self._rates[key] = rates
        return None if rates is None else rates.most_nusd(read, written)

    def _looked_up(self, model: str, service_tier: str | None, bits: int) -> Rates | None:
        longest = 1 << bits

        def cost_nusd(read: int, written: int, thought: int = 0) -> int | None:
            return self._book.cost_nusd(
                model, Usage(read, written, reasoning_tokens=thought, service_tier=service_tier)
            )

        fee, reading = cost_nusd(0, 0), cost_nusd(longest, 0)
        answers = cost_nusd(longest, SAMPLE_TOKENS), cost_nusd(longest, SAMPLE_TOKENS, SAMPLE_TOKENS)
        if fee is None or reading is None or answers[0] is None:
            return None
        return Rates(fee, longest, reading - fee, max(answers[0], answers[1] or 0) - reading)
