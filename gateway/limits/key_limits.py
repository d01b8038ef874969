"""The limits of a key, as one request meets them: a place, a request a minute, tokens a minute."""

import math
from time import monotonic

from gateway.keys.caller import Caller
from gateway.keys.terms import KeyTerms
from gateway.limits.counts import Counts
from gateway.limits.errors import LimitReached
from gateway.limits.headers import LimitState, rate_headers
from gateway.limits.places import Places

REQUESTS, TOKENS = "requests", "tokens"

PLACE_RETRY_S = 1.0
"""When a place may be free again: nobody knows, so soon."""


class KeyLimits:
    """Makes a `LimitedRequest` of each request whose key has limits.

    Parameters
    ----------
    share : int
        Processes that count by themselves: each gives out its part of every limit, rounded up.
    """

    def __init__(self, counts: Counts, places: Places, share: int = 1) -> None:
        self.counts, self.places = counts, places
        self._share = share

    def of(self, caller: Caller) -> "LimitedRequest | None":
        """One request of `caller`; None where its key has no limits."""
        terms = caller.terms
        if terms.requests_per_minute is None and terms.tokens_per_minute is None and terms.max_concurrent is None:
            return None
        return LimitedRequest(self, caller.id, terms)

    def part(self, limit: int) -> int:
        """What one process gives out of `limit`."""
        return -(-limit // self._share)


class LimitedRequest:
    """One request on its way through the limits of its key: `begin`, `take_tokens`, and in any case `finish`."""

    def __init__(self, limits: KeyLimits, key_id: str, terms: KeyTerms) -> None:
        self._limits, self._key_id, self._terms = limits, key_id, terms
        self._states: dict[str, LimitState] = {}
        self._place: str | None = None
        self._tokens, self._taken_at = 0, 0.0

    def headers(self, *, is_anthropic: bool) -> dict[str, str]:
        """What the answer says of the limits, as they are now."""
        return rate_headers(self._states, is_anthropic=is_anthropic)

    async def begin(self) -> None:
        """Take a place and count the request.

        Raises
        ------
        LimitReached
            Nothing is held then.
        """
        if self._terms.max_concurrent is not None:
            await self._take_place(self._terms.max_concurrent)
        try:
            if self._terms.requests_per_minute is not None:
                await self._take(REQUESTS, self._terms.requests_per_minute, 1)
        except BaseException:
            await self._give_back()
            raise

    async def take_tokens(self, n_tokens: int) -> None:
        """Count about as many tokens as the request will take.

        Raises
        ------
        LimitReached
        """
        if self._terms.tokens_per_minute is not None:
            await self._take(TOKENS, self._terms.tokens_per_minute, n_tokens)
            self._tokens, self._taken_at = n_tokens, monotonic()

    async def finish(self, n_tokens: int) -> None:
        """Give the place back, and count the `n_tokens` that were used in place of what was guessed.

        May be called again, with more tokens or as many.
        """
        try:
            await self._settle(n_tokens)
        finally:
            await self._give_back()

    async def _settle(self, n_tokens: int) -> None:
        state = self._states.get(TOKENS)
        more, self._tokens = n_tokens - self._tokens, n_tokens
        if state is not None and more:
            window = await self._limits.counts.correct(self._name(TOKENS), more, monotonic() - self._taken_at)
            self._states[TOKENS] = LimitState(state.limit, window)

    async def _give_back(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            await self._limits.places.give_back(self._key_id, place)

    def _name(self, what: str) -> str:
        return f"{what}:{self._key_id}"

    async def _take_place(self, most: int) -> None:
        self._place = await self._limits.places.take(self._key_id, self._limits.part(most))
        if self._place is None:
            raise LimitReached(
                f"This key may have {most} requests in progress at the same time (max_concurrent), and has them: send "
                "the request again when one has ended.",
                PLACE_RETRY_S,
            )

    async def _take(self, what: str, per_minute: int, n: int) -> None:
        limit = self._limits.part(per_minute)
        taken = await self._limits.counts.take(self._name(what), limit, n)
        self._states[what] = LimitState(limit, taken.window)
        if not taken.fits:
            raise _over(what, limit, taken.window.used, n, taken.window.free_in_s(limit, n))


def _over(what: str, limit: int, used: int, n: int, free_in_s: float) -> LimitReached:
    told = f"This key may use {limit} {what} a minute ({what}_per_minute)"
    if math.isinf(free_in_s):
        return LimitReached(f"{told}, and this request alone needs {n}: send less, or set a smaller limit on it.", None)
    wait_s = math.ceil(free_in_s)
    return LimitReached(f"{told}: {used} are used and this request needs {n}. Try again in {wait_s} s.", free_in_s)
